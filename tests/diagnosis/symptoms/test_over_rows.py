from __future__ import annotations

from assay.diagnosis import OutputFacts


def test_a_softmax_over_the_examples_is_named(facts, found):
    """Axis 0 holds the examples of a batch."""
    (told,) = found("over_rows", facts(as_read=OutputFacts(over_rows=("softmax",))))
    assert (told.level, told.layers) == ("fault", ())
    assert told.evidence.text == "A softmax runs along axis 0, over the examples of the batch."


def test_other_axes_are_sound(facts, found):
    """As those of every study are."""
    assert found("over_rows", facts()) == []
