from __future__ import annotations

from assay.diagnosis import OutputFacts


def test_different_shapes_are_told_with_the_one_to_give(facts, found):
    """The remedy reshapes the targets as the outputs are."""
    known = facts(units=1, as_read=OutputFacts(broadcast=((8, 1), (8,))))
    (told,) = found("broadcast_targets", known)
    assert (told.level, told.layers) == ("certain", (4,))
    assert told.evidence.text == "The loss compares outputs of shape (8, 1) with targets of shape (8,)."
    assert "y.reshape(-1, 1)" in told.remedy.text


def test_equal_shapes_are_sound(facts, found):
    """As those of every study are."""
    assert found("broadcast_targets", facts()) == []
