from __future__ import annotations

from assay.diagnosis import symptom_of
from assay.diagnosis.loop import LoopFacts

RULE = symptom_of("stale_gradients").in_loop


def test_gradients_that_were_there_at_each_of_three_looks_are_told():
    """At two looks, or at all but one, it may be meant."""
    looks = (1, 2, 4, 8)
    (told,) = RULE(LoopFacts(8, looks, carried_over=(True, True, True)))
    assert told.evidence.text == (
        "At each of 3 steps that were looked at (up to step 8), the gradients of the step before were still there when "
        "the backward pass began."
    )
    assert list(RULE(LoopFacts(4, looks[:3], carried_over=(True, True)))) == []
    assert list(RULE(LoopFacts(8, looks, carried_over=(True, False, True)))) == []
    assert list(RULE(LoopFacts(8, looks, carried_over=()))) == []
