"""`assay catalog`."""

from __future__ import annotations

import json

import pytest

from assay.catalog import KINDS, catalog


def test_without_arguments_the_kinds_are_listed(assay):
    """Each with how many it has."""
    told = assay("catalog")
    assert told.code == 0
    for kind in KINDS:
        [line] = [line for line in told.out.splitlines() if line.startswith(kind)]
        assert line.split()[1] == str(len(catalog(kind)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_a_table_with_a_line_for_each_name(assay, kind):
    """In the order of the catalogue."""
    lines = assay("catalog", kind).out.splitlines()
    firsts = [line.split()[0].rstrip(",") for line in lines if line and not line.startswith(" ")]
    assert [first for first in firsts if first in KINDS[kind]] == [entry.name for entry in catalog(kind)]


def test_one_name_is_told_in_full(assay):
    """Formula, gradient, labels, and the sentence on what it goes with beside its study."""
    told = assay("catalog", "losses", "hinge")
    assert told.code == 0
    assert "-t / K if t · y < 1, else 0" in told.out
    assert "linear or tanh" in told.out
    assert "To see it: assay run goes-with-two-classes" in told.out


def test_the_catalogue_as_json(assay):
    """All kinds, one kind, or one name: lists by kind."""
    everything = json.loads(assay("catalog", "--json").out)
    assert {kind: len(entries) for kind, entries in everything.items()} == {kind: len(catalog(kind)) for kind in KINDS}
    told = json.loads(assay("catalog", "activations", "relu", "--json").out)
    [relu] = told["activations"]
    assert relu["derivative"] == "1 if z > 0, else 0"
    assert relu["goes_with"][0]["study"] == "goes-with-relu"


def test_an_unknown_name_is_told_with_the_near_miss(assay):
    """Exit code 2 and one line."""
    told = assay("catalog", "optimizers", "adamm")
    assert told.code == 2
    assert "unknown optimizer 'adamm'. Did you mean 'adam'?" in told.err
    assert assay("catalog", "optimisers").code == 2


def test_pictures_are_written_where_there_is_a_curve(assay, tmp_path):
    """Of an activation, an initializer and a loss; of an optimizer there is none, which is said."""
    for kind, name in (("activations", "relu"), ("initializers", "he_normal"), ("losses", "hinge")):
        told = assay("catalog", kind, name, "--out", tmp_path / "pictures")
        assert told.code == 0
        assert "Picture: " in told.err
        assert (tmp_path / "pictures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    told = assay("catalog", "optimizers", "adam", "--out", tmp_path / "pictures")
    assert "No picture of adam" in told.err
    assert not (tmp_path / "pictures" / "adam.png").exists()
