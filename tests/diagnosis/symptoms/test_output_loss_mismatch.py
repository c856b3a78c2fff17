from __future__ import annotations

from dataclasses import replace

import pytest

from assay.choices import Choice
from assay.diagnosis import OutputFacts

LOGITS = Choice("categorical_crossentropy", {"from_logits": True})


@pytest.mark.parametrize(
    ("output", "units", "loss", "fitting"),
    [
        ("relu", 1, Choice("binary_crossentropy"), "sigmoid"),
        ("linear", 10, Choice("categorical_crossentropy"), "softmax"),
        ("sigmoid", 10, Choice("categorical_crossentropy"), "softmax"),
        ("softmax", 10, LOGITS, "linear"),
        ("relu", 1, Choice("binary_crossentropy", {"from_logits": True}), "linear"),
    ],
)
def test_what_is_no_probability_or_no_score_is_found(facts, found, output, units, loss, fitting):
    """A cross-entropy needs a probability, that of many classes shares, and one from logits raw scores."""
    (told,) = found("output_loss_mismatch", facts(output=output, units=units, loss=loss))
    assert (told.level, told.layers) == ("certain", (4,))
    assert told.remedy.settings == {"network.output_activation": fitting}


def test_scores_of_0_and_above_can_express_the_shares_of_several_classes(facts, found):
    """Only differences count: softmax of (z, 0) for z ≥ 0 and of (0, z) has every share."""
    (told,) = found("output_loss_mismatch", facts(output="relu", units=10, loss=LOGITS))
    assert (told.level, told.remedy.settings) == ("note", {"network.output_activation": "linear"})


@pytest.mark.parametrize(
    ("output", "units", "loss"),
    [
        ("sigmoid", 1, Choice("binary_crossentropy")),
        ("sigmoid", 10, Choice("binary_crossentropy")),
        ("softmax", 10, Choice("categorical_crossentropy")),
        ("linear", 10, LOGITS),
        ("tanh", 10, Choice("mean_squared_error")),
    ],
)
def test_what_goes_together_is_sound(facts, found, output, units, loss):
    """Several questions of yes or no are several sigmoids; a squared error takes any number."""
    assert found("output_loss_mismatch", facts(output=output, units=units, loss=loss)) == []


@pytest.mark.parametrize("loss", [Choice("categorical_crossentropy"), LOGITS])
@pytest.mark.parametrize("output", ["sigmoid", "linear"])
def test_a_single_output_cannot_be_compared_with_others(facts, found, output, loss):
    """Keras says it is right every time: the loss of one class among one is 0."""
    (told,) = found("output_loss_mismatch", facts(output=output, units=1, loss=loss, task="binary"))
    assert told.remedy.settings == {"network.output_activation": "sigmoid", "training.loss": "binary_crossentropy"}


def test_a_single_softmax_is_left_to_the_constant_output(facts, found):
    """One thing is told once."""
    assert found("output_loss_mismatch", facts(units=1, loss=LOGITS)) == []


@pytest.mark.parametrize(
    ("output", "is_found"),
    [("linear", True), ("softmax", True), ("relu", True), ("log_softmax", False), ("log_sigmoid", False)],
)
@pytest.mark.parametrize("loss", ["categorical_crossentropy", "kl_divergence"])
def test_a_loss_of_logarithms_needs_a_log_softmax(facts, found, loss, output, is_found):
    """PyTorch's NLLLoss and KLDivLoss return −log p as it is given."""
    known = facts(output=output, loss=Choice(loss), as_read=OutputFacts(takes_logarithms=True))
    told = found("output_loss_mismatch", known)
    assert [(one.level, one.remedy.settings) for one in told] == [
        ("certain", {"network.output_activation": "log_softmax"})
    ] * is_found


def test_an_output_that_is_not_known_is_left_alone(facts, found):
    """A logarithm written by hand may follow a softmax."""
    known = facts(as_read=OutputFacts(takes_logarithms=True))
    unknown = replace(known, layers=(*known.layers[:-1], replace(known.output, activation=None)))
    assert found("output_loss_mismatch", unknown) == []
