from __future__ import annotations

from dataclasses import replace

import pytest

from assay.choices import Choice
from assay.diagnosis import start_findings
from assay.diagnosis.ahead import LookAhead


@pytest.mark.parametrize(("last", "is_found"), [(0.951, True), (0.949, False)])
def test_a_look_ahead_must_close_five_percent_of_the_gap(facts, signals, parameter, ahead, found, last, is_found):
    """From chance, 1, to a perfect answer, 0; however far it came down from the loss at the start."""
    known = facts(ahead=ahead(3.0, last), parameters=(parameter(),))
    told = found("no_progress", known, signals())
    assert [(one.level, one.evidence.value) for one in told] == [("fault", pytest.approx(1 - last))] * is_found


@pytest.mark.parametrize(("skill", "is_found"), [(0.049, True), (0.051, False)])
def test_another_learning_rate_that_learns_is_progress(facts, signals, parameter, ahead, found, skill, is_found):
    """Then the rate is to blame, and told as such."""
    seen = ahead(1.2, 1.1, rates=((10.0, -1.0), (0.1, skill)))
    assert len(found("no_progress", facts(ahead=seen, parameters=(parameter(),)), signals())) == is_found


@pytest.mark.parametrize(("update", "is_found"), [(0.0, False), (None, False), (1e-9, True)])
def test_what_no_update_moves_is_another_symptom(facts, signals, parameter, ahead, found, update, is_found):
    """With a learning rate of 0 nothing can be learnt, and the reason is known."""
    known = facts(ahead=ahead(1.2, 1.1), parameters=(parameter(update=update),))
    assert len(found("no_progress", known, signals())) == is_found


def test_without_a_look_ahead_nothing_is_said(facts, signals, parameter, found):
    """A study's condition has none."""
    assert found("no_progress", facts(parameters=(parameter(),)), signals()) == []


def test_it_is_told_only_where_nothing_certain_was_found(facts, signals, parameter, ahead):
    """A reason that is known says more."""
    sound = facts(ahead=ahead(1.2, 1.1), parameters=(parameter(),))
    assert [one.symptom for one in start_findings(sound, signals())] == ["no_progress"]
    mismatch = facts(ahead=ahead(1.2, 1.1), parameters=(parameter(),), output="relu")
    assert mismatch.loss == Choice("categorical_crossentropy")
    assert [one.symptom for one in start_findings(mismatch, signals())] == ["output_loss_mismatch"]


def test_a_loss_that_is_still_on_its_way_down_says_nothing(facts, signals, parameter, found):
    """From 40 times chance 64 updates are too few; at another rate, too."""
    down = LookAhead((40.0, 40.0, 40.0, 20.0, 20.0, 20.0, 9.0, 9.0, 9.0), chance=1.0)
    stuck = LookAhead((40.0, 40.0, 40.0, 46.0, 46.0, 46.0, 46.0, 46.0, 46.0), chance=1.0)
    for seen, is_found in ((down, False), (stuck, True), (replace(stuck, others_come_down=True), False)):
        assert len(found("no_progress", facts(ahead=seen, parameters=(parameter(),)), signals())) == is_found
