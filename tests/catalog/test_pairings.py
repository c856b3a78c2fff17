"""The "goes with" sentences and the measurements behind them."""

from __future__ import annotations

import pytest

from assay.catalog import KINDS, PAIRINGS
from assay.catalog.numbers import fingerprint, numbers
from assay.study.builtin import BUILTIN, find_builtin
from assay.study.parsing import load_study

STUDIES = sorted({pairing.study for pairing in PAIRINGS})


@pytest.mark.parametrize("pairing", PAIRINGS, ids=lambda pairing: pairing.sentence)
def test_a_sentence_stands_beside_names_that_exist(pairing):
    """Under the first of their spellings."""
    for kind, names in pairing.names.items():
        assert set(names) <= set(KINDS[kind])


@pytest.mark.parametrize("pairing", PAIRINGS, ids=lambda pairing: pairing.sentence)
def test_whether_a_sentence_holds_is_what_was_measured(pairing):
    """Yes if every comparison came out as expected, no if none did. If not: measure, and mend `holds` and `found`."""
    measured = numbers()["studies"][pairing.study]["comparisons"]
    conclusions = {(row["condition"], row["against"]): row["conclusion"] for row in measured}
    agree = [one.agrees(conclusions[one.condition, one.against]) for one in pairing.expected]
    assert pairing.holds == ("yes" if all(agree) else "in part" if any(agree) else "no")
    assert pairing.found


@pytest.mark.parametrize("name", STUDIES)
def test_what_was_measured_is_what_the_study_file_says(name):
    """If not: python docs/measure_catalog.py --only studies, and python docs/generate_catalog.py."""
    assert numbers()["studies"][name]["fingerprint"] == fingerprint(find_builtin(name).path)


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_behind_a_sentence_has_enough_seeds(name):
    """At least five; all its conditions were measured."""
    study = load_study(name)
    assert len(study.seed_list()) >= 5
    measured = [row["condition"] for row in numbers()["studies"][name]["conditions"]]
    assert measured == [condition.name for condition in study.expand()]


def test_every_study_of_the_catalogue_has_its_sentence():
    """No goes-with study is without one."""
    builtin = [study.name for study in BUILTIN if study.name.startswith("goes-with-")]
    assert sorted(builtin) == STUDIES
