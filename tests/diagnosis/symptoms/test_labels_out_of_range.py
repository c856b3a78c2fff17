from __future__ import annotations

import pytest

from assay.diagnosis.facts import OutputFacts


@pytest.mark.parametrize(
    ("beyond", "seen", "remedy"),
    [
        ((1.0, 10.0, 10), "The labels run from 1 to 10; for 10 outputs they have to be 0 to 9.", "give y - 1."),
        ((-1.0, 1.0, 10), "from -1 to 1", "give y + 1."),
        ((0.0, 12.0, 10), "from 0 to 12", "one unit for each class (13)"),
        ((1.0, 2.0, 1), "they have to lie in 0 … 1", "Use the labels 0 and 1."),
        ((-1.0, 0.0, 1), "from -1 to 0", "Use the labels 0 and 1."),
    ],
)
def test_labels_without_a_unit_are_found(facts, found, beyond, seen, remedy):
    """The remedy is another numbering where that is enough, else another layer."""
    (told,) = found("labels_out_of_range", facts(as_read=OutputFacts(labels_beyond=beyond)))
    assert (told.level, told.layers) == ("certain", (4,))
    assert seen in told.evidence.text
    assert remedy in told.remedy.text


def test_two_classes_that_are_pulled_apart_are_not_certain_to_fail(facts, found):
    """The slope σ(z) − y has a sign for each class; only the probabilities are wrong."""
    (told,) = found("labels_out_of_range", facts(as_read=OutputFacts(labels_beyond=(-1.0, 1.0, 1))))
    assert told.level == "note"
    assert "the probability less the label" in told.cause


def test_labels_that_fit_are_not(facts, found):
    """Whoever reads them says nothing."""
    assert found("labels_out_of_range", facts()) == []
