from __future__ import annotations

import pytest

from assay.diagnosis import symptom_of
from assay.diagnosis.loop import LoopFacts, ModeFacts

RULE = symptom_of("wrong_mode").in_loop
LOOKS = (1, 2, 4, 8)


def facts(*in_training: bool, kind: str = "dropout", batches: int | None = None) -> LoopFacts:
    layer = ModeFacts("drop", kind, in_training, batches)
    return LoopFacts(8, LOOKS[: len(in_training)], is_training=in_training, modes=(layer,))


def test_three_looks_in_evaluation_are_told_with_the_first_of_them():
    """From the first step, or from where a validation left it so."""
    (told,) = RULE(facts(False, False, False))
    assert told.evidence.text == (
        "From the first step on, the model was in evaluation mode at every step that was looked at. The layer of "
        "dropout 'drop' drops nothing."
    )
    assert told.level == "note"
    (told,) = RULE(facts(True, False, False, False))
    assert told.evidence.text.startswith("From step 2 on, ")


@pytest.mark.parametrize("modes", [(False, False), (True, True, True), (False, False, True), (True, False, False)])
def test_fewer_looks_or_a_model_that_went_back_are_not(modes):
    """Two looks, a training, and one that was in evaluation at first."""
    assert list(RULE(facts(*modes))) == []


def test_a_model_without_such_layers_or_with_a_frozen_one_is_not_told():
    """Evaluation changes nothing of the first, and is meant in the second."""
    assert list(RULE(LoopFacts(4, LOOKS[:3], is_training=(False,) * 3))) == []
    frozen = ModeFacts("norm", "batch normalization", (False,) * 3)
    assert list(RULE(LoopFacts(4, LOOKS[:3], is_training=(True,) * 3, modes=(frozen,)))) == []


def test_a_normalization_without_statistics_is_told():
    """It has seen no batch, so it divides by 1."""
    (told,) = RULE(facts(False, False, False, kind="batch normalization", batches=0))
    assert "running statistics are those of initialization" in told.evidence.text
    (told,) = RULE(facts(False, False, False, kind="batch normalization", batches=10))
    assert "initialization" not in told.evidence.text
