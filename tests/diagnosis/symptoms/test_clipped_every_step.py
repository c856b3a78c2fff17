from __future__ import annotations

from assay.diagnosis import symptom_of
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
