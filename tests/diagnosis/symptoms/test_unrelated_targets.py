from __future__ import annotations

from dataclasses import replace

import pytest

from assay.diagnosis import start_findings


@pytest.mark.parametrize(("carried", "is_found"), [(2.99, True), (3.01, False), (None, False), (-1.0, True)])
def test_answers_to_new_examples_must_fit_their_targets(facts, signals, ahead, found, carried, is_found):
    """By three standard deviations of what chance does."""
    told = found("unrelated_targets", facts(ahead=replace(ahead(1.0, 0.1), carried=carried)), signals())
    assert [(one.level, one.evidence.value) for one in told] == [("fault", carried)] * is_found


def test_it_is_told_only_where_nothing_certain_was_found(facts, signals, ahead):
    """An output that does not fit its loss explains it."""
    seen = replace(ahead(1.0, 0.1), carried=0.0)
    assert "unrelated_targets" in [one.symptom for one in start_findings(facts(ahead=seen), signals())]
    mismatch = facts(ahead=seen, output="relu")
    assert "unrelated_targets" not in [one.symptom for one in start_findings(mismatch, signals())]


def test_without_a_look_ahead_nothing_is_said(facts, signals, found):
    """A study's condition has none."""
    assert found("unrelated_targets", facts(), signals()) == []
