from __future__ import annotations

import pytest

from assay.diagnosis import symptom_of
from assay.diagnosis.facts import ParameterFacts
from assay.diagnosis.loop import ClippingFacts, LoopFacts

RULE = symptom_of("clipped_every_step").in_loop


def told(before: list[float], after: list[float]) -> list[str]:
    clipping = tuple(ClippingFacts(*pair) for pair in zip(before, after, strict=True))
    return [finding.evidence.text for finding in RULE(LoopFacts(16, (1, 2, 4, 8, 16), clipping=clipping))]


def test_five_norms_that_became_one_number_are_told():
    """With the median of what was left: 1 / 4."""
    assert told([2, 3, 4, 5, 6], [1, 1, 1, 1, 1]) == [
        "At each of 5 steps that were looked at, the gradients were scaled down to a norm of 1. Before, it was 2 to 6; "
        "25 % of it was left in the middle."
    ]


def test_norms_that_differ_or_were_not_scaled_are_not():
    """Four looks; an unclipped one; afterwards more than 0.1 % apart; 0.5 % taken; all divided by the same number."""
    assert told([2, 3, 4, 5], [1, 1, 1, 1]) == []
    assert told([2, 3, 4, 5, 1], [1, 1, 1, 1, 1]) == []
    assert told([2, 3, 4, 5, 6], [1, 1, 1, 1, 1.002]) == []
    assert told([2, 3, 4, 5, 1.005], [1, 1, 1, 1, 1]) == []
    assert told([4, 4, 4, 4, 4], [1, 1, 1, 1, 1]) == []


def level(update: float, *, left: float = 0.001, has_ended: bool = True) -> str:
    """Of a loop of 100 steps, the largest of which moves weights of size 1 by `update`."""
    weights = ParameterFacts("weight", 50, True, True, True, 0.1, rms=1.0, gradient=1.0, update=update)
    clipping = tuple(ClippingFacts(norm, left) for norm in (1.0, 1.01, 1.02, 1.03, 1.04))
    (found,) = RULE(LoopFacts(100, (1, 2, 4, 8, 16), parameters=(weights,), clipping=clipping, has_ended=has_ended))
    return found.level


@pytest.mark.parametrize(("update", "expected"), [(0.0009, "fault"), (0.0011, "note")])
def test_it_is_a_fault_where_the_steps_cannot_get_anywhere(update, expected):
    """A hundred steps of 0.0009 come to 9 % of the weights at most."""
    assert level(update) == expected


def test_it_is_a_note_while_the_loop_runs_or_where_more_is_left():
    """Its steps may still be many; 2 % of a gradient are no limit by themselves."""
    assert level(0.0001, has_ended=False) == "note"
    assert level(0.0001, left=0.02) == "note"
