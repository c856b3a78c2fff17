from __future__ import annotations

import numpy as np
import pytest

from assay.diagnosis.ahead import LookAhead, within_budget


@pytest.mark.parametrize(("fall", "is_found"), [(0.0199, False), (0.0201, True)])
def test_a_validation_loss_that_falls_by_two_percent_per_epoch(facts, course, found, fall, is_found):
    """Of the last, over the last third of nine epochs."""
    validation = 1 + fall * np.arange(9, -1, -1)
    told = found("too_few_epochs", facts(), course(validation, 0.9, validation_loss=validation))
    assert [(one.level, one.remedy.settings) for one in told] == [("note", {"training.epochs": 18})] * is_found


def test_the_last_epoch_must_be_the_best(facts, course, found):
    """A loss that turned at the end has had its epochs."""
    validation = np.append(1 + 0.1 * np.arange(9, 0, -1), 1.2)
    assert found("too_few_epochs", facts(), course(validation, 0.9, validation_loss=validation)) == []


@pytest.mark.parametrize(("within", "is_found"), [(0.61, True), (0.49, False)])
@pytest.mark.parametrize(("last", "learns_more"), [(0.1, True), (0.45, False)])
def test_a_budget_that_ends_before_a_look_ahead_has_learnt(facts, signals, found, within, is_found, last, learns_more):
    """Less than half within eight updates, and 30 % more behind them: a fault, before training."""
    seen = within_budget(LookAhead((1.0, *[within] * 8, *[last] * 56), chance=1.0), 8)
    told = found("too_few_epochs", facts(ahead=seen), signals())
    assert [one.level for one in told] == ["fault"] * (is_found and learns_more)
