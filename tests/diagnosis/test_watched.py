"""The judgement of a loop that was watched, from facts made by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from assay.diagnosis import ParameterFacts
from assay.diagnosis.loop import LoopFacts, NonfiniteFacts
from assay.diagnosis.watched import learning_findings, loop_findings, loop_outcome

MOVING = ParameterFacts("a.weight", 12, True, True, True, 0.1, rms=1.0, gradient=0.2, update=0.02)
LOOKS = (1, 2, 4, 8, 16, 32, 64, 128)
CHANCE = 2.0


def loop(*parameters: ParameterFacts, looks: int = 8, losses: list[float] | None = None) -> LoopFacts:
    steps = LOOKS[:looks]
    known = () if losses is None else tuple(zip(steps, losses, strict=True))
    return LoopFacts(steps[-1], steps, losses=known, parameters=parameters or (MOVING,))


def test_a_sound_loop_shows_nothing():
    """Whatever it has learnt so far."""
    assert loop_findings(replace(loop(), has_ended=True)) == []
    assert learning_findings(loop(losses=[2.1, 2, 1.8, 1.5, 1.2, 1, 0.9, 0.8]), CHANCE) == []


@pytest.mark.parametrize(
    ("changes", "reason", "level"),
    [
        ({"learning_rate": 0.0}, "The learning rate of these parameters is 0", "certain"),
        ({"is_in_optimizer": False, "learning_rate": None}, "The optimizer was not given these", "fault"),
        ({"gradient": 0.0}, "The gradient of these parameters is exactly 0", "fault"),
        ({}, "the update is smaller than the last digit", "fault"),
    ],
)
def test_parameters_that_never_move_are_told_with_the_reason(changes, reason, level):
    """An update of 0 at every look is one finding; a frozen parameter, and one that has moved, is none."""
    still = replace(MOVING, update=0.0, **changes)
    (told,) = loop_findings(loop(still))
    assert (told.symptom, told.level) == ("no_update", level)
    assert reason in told.cause
    assert loop_findings(loop(replace(still, is_trained=False))) == []
    assert loop_findings(loop(replace(still, update=1e-30))) == []
    assert loop_findings(loop(still, looks=2)) == []


def test_an_optimizer_with_a_part_of_the_model_may_be_meant():
    """The others are a note, as long as it has any."""
    other = replace(MOVING, name="b.weight", update=0.0, is_in_optimizer=False, learning_rate=None)
    (told,) = loop_findings(loop(MOVING, other))
    assert (told.symptom, told.level) == ("no_update", "note")


def test_no_gradient_is_told_late():
    """A layer that is left out at random may be left out at some looks: it takes eight, or the end."""
    still = replace(MOVING, update=0.0, gradient=0.0)
    assert loop_findings(loop(still, looks=7)) == []
    (told,) = loop_findings(replace(loop(still, looks=7), has_ended=True))
    assert told.evidence.text == (
        "All 7 updates that were looked at leave 'a.weight' as they are: 100 % of all parameters."
    )


def test_a_bias_that_rounds_to_nothing_is_not_told():
    """Before a normalization its gradient is nearly 0, and that is sound."""
    bias = replace(MOVING, name="a.bias", size=3, update=0.0, gradient=1e-10)
    assert loop_findings(loop(MOVING, bias)) == []


@pytest.mark.parametrize(
    ("losses", "outcome"),
    [
        ([2.3, 2.0, 1.5, 1.2, 0.9, 0.9, 0.9, 0.9], "learnt"),
        ([2.3, 2.0, 1.9, 1.7, 1.5, 1.5, 1.5, 1.5], "unknown"),
        ([2.0, 2.1, 2.0, 1.9, 2.0, 1.9, 2.0, 2.0], "failed"),
        ([2.0, 2.1, 2.0, 1.9, 2.0, 2.0, 1.7, 1.7], "unknown"),
        ([2.0, 2.1, 2.0, 1.9, 2.0, 2.0, 0.9, 0.9], "learnt"),
    ],
)
def test_what_was_learnt_is_a_share_of_the_loss_of_a_constant_output(losses, outcome):
    """Half of it or more is learnt, below a tenth failed; between them nobody knows; nor without that loss."""
    assert loop_outcome(loop(losses=losses), CHANCE) == outcome
    assert loop_outcome(loop(losses=losses), None) == "unknown"
    assert loop_outcome(loop(looks=7, losses=losses[:7]), CHANCE) == "unknown"


def test_a_loss_that_rose_is_a_fault_and_so_is_one_that_stays():
    """It has to be above the first looks at each of the last four; of one that stays the reason is not known."""
    risen, stays = [2.2, 2.1, 2.0, 2.1, 3.0, 2.9, 3.1, 4.0], [2.0, 2.1, 2.0, 2.1, 2.0, 2.1, 2.0, 2.1]
    assert [(one.symptom, one.level) for one in learning_findings(loop(losses=risen), CHANCE)] == [
        ("learning_rate_too_high", "fault")
    ]
    (told,) = learning_findings(loop(losses=stays), CHANCE)
    assert (told.symptom, told.level) == ("plateau", "fault")
    assert "assay.probe" in told.remedy.text
    jumpy = [2.2, 2.1, 2.0, 2.1, 9.0, 2.3, 9.0, 9.0]
    assert [(one.symptom, one.level) for one in learning_findings(loop(losses=jumpy), CHANCE)] == [("plateau", "fault")]


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("weights", "Weights are not finite before that step, first those of 'fc'."),
        ("inputs", "What the model was given is not finite."),
        ("forward", "The first layer by order of execution whose output is not finite is 'fc'."),
        ("loss", "The outputs of the model are finite;"),
        ("backward", "In the backward pass the first layer with such gradients is 'fc'"),
        ("unknown", "before the optimizer made it"),
    ],
)
def test_a_step_that_is_not_finite_comes_first_and_is_told_with_its_origin(origin, words):
    """With the number of the step, and what was measured before."""
    seen = NonfiniteFacts(7, math.nan, ("fc.weight",), origin, "fc", "At step 4 the std of its outputs was 1.2.")
    first, *_ = loop_findings(replace(loop(), nonfinite=seen))
    assert first.symptom == "divergence"
    assert first.evidence.text.startswith("At step 7, before the optimizer made it, the loss is not a number.")
    assert words in first.evidence.text
    assert first.evidence.text.endswith("At step 4 the std of its outputs was 1.2.")
    assert loop_outcome(replace(loop(), nonfinite=seen), CHANCE) == "diverged"


def test_a_loss_that_stretches_shapes_is_told():
    """With both shapes."""
    (told,) = loop_findings(replace(loop(), broadcast=((32, 1), (32,))))
    assert told.symptom == "broadcast_targets"
    assert told.evidence.text == "The loss compares outputs of shape (32, 1) with targets of shape (32,)."


def test_gradients_alone_that_are_not_finite_have_their_own_name():
    """The loss is a number; the first parameter is named."""
    seen = NonfiniteFacts(3, 0.5, ("a.weight", "a.bias"), "unknown")
    (told,) = loop_findings(replace(loop(), nonfinite=seen))
    assert told.symptom == "nonfinite_gradient"
    assert (
        "the loss is 0.5, and the gradients of 2 parameters hold what is not finite ('a.weight' is the first)"
        in told.evidence.text
    )
