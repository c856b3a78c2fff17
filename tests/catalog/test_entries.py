"""The entries of the catalogue."""

from __future__ import annotations

import subprocess
import sys

import pytest

from assay.catalog import KINDS, PAIRINGS, catalog, facts, find_entry, find_kind, short_facts
from assay.choices import Choice
from assay.errors import AssayError


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_of_a_table_has_one_entry(kind):
    """Other spellings are in the same entry; each can be told in full and in a table."""
    entries = catalog(kind)
    assert sorted(name for entry in entries for name in (entry.name, *entry.other_names)) == sorted(KINDS[kind])
    labels = {tuple(label for label, _ in short_facts(entry)) for entry in entries}
    assert len(labels) == 1
    for entry in entries:
        told = dict(facts(entry))
        assert told["advantages"]
        assert told["drawbacks"]
        assert all(told.values())


@pytest.mark.parametrize("kind", KINDS)
def test_arguments_are_those_of_the_functions(kind):
    """With their defaults; clipping, which all optimizers share, is told once."""
    for entry in catalog(kind):
        known = dict(KINDS[kind][entry.name].defaults)
        clipping = {"clipnorm", "clipvalue", "global_clipnorm"} if kind == "optimizers" else set()
        assert dict(entry.arguments) == {key: known[key] for key in known if key not in clipping}


def test_another_spelling_finds_the_same_entry():
    """Swish is silu, mse is mean_squared_error."""
    assert find_entry("activations", "swish").name == "silu"
    assert find_entry("losses", "mse") is find_entry("loss", "mean_squared_error")


def test_sentences_stand_beside_both_sides():
    """He beside ReLU, and ReLU beside He."""
    [he] = [pairing for pairing in PAIRINGS if pairing.study == "goes-with-relu"]
    assert he in find_entry("activations", "relu").goes_with
    assert he in find_entry("initializers", "he_normal").goes_with


def test_sources_come_from_docstring_and_notes():
    """The docstring's first."""
    assert find_entry("activations", "silu").sources == (
        "Ramachandran et al., 2017",
        "Elfwing, Uchibe and Doya, 2017",
    )


def test_what_is_unknown_is_told_with_the_near_miss():
    """A name of another kind is told where it is."""
    with pytest.raises(AssayError, match=r"unknown kind 'activatons'. Did you mean 'activations'"):
        find_kind("activatons")
    with pytest.raises(AssayError, match="assay catalog initializers he_normal"):
        find_kind("he_normal")
    with pytest.raises(AssayError, match=r"unknown activation 'tahn'. Did you mean 'tanh'"):
        find_entry("activations", "tahn")
    with pytest.raises(AssayError, match="It is one of the losses"):
        find_entry("activations", "hinge")


def test_names_of_the_catalogue_can_be_chosen():
    """Each is a `Choice` that a study file may hold."""
    assert all(str(Choice(entry.name)) == entry.name for kind in KINDS for entry in catalog(kind))


def test_the_catalogue_is_put_together_without_jax_keras_or_polars():
    """They are not imported, so `assay catalog` answers at once."""
    code = (
        "import sys\n"
        "from assay.catalog import KINDS, catalog, facts\n"
        "[facts(entry) for kind in KINDS for entry in catalog(kind)]\n"
        "print([name for name in ('jaxlib', 'keras', 'polars', 'matplotlib') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
