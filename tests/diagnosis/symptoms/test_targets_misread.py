from __future__ import annotations

import pytest

from assay.choices import Choice
from assay.diagnosis.facts import OutputFacts


@pytest.mark.parametrize(
    ("form", "seen", "remedy"),
    [
        ("one_hot", "takes one class number for each example", "Use categorical_crossentropy"),
        ("labels", "the targets are class numbers", "Use sparse_categorical_crossentropy"),
        ("not_shares", "add up to 1 in each row; those of the targets do not", "binary_crossentropy"),
    ],
)
def test_each_form_has_its_words(facts, found, form, seen, remedy):
    """What the loss takes, what it got, and what to change."""
    loss = Choice("categorical_crossentropy")
    (told,) = found("targets_misread", facts(loss=loss, as_read=OutputFacts(target_form=form)))
    assert (told.level, told.layers) == ("certain", (4,))
    assert told.evidence.text.startswith("categorical_crossentropy takes")
    assert seen in told.evidence.text
    assert remedy in told.remedy.text


def test_targets_that_fit_are_not_found(facts, found):
    """Whoever reads them says nothing."""
    assert found("targets_misread", facts()) == []
