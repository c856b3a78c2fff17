from __future__ import annotations

import pytest

from assay.choices import Choice

LOGITS = Choice("categorical_crossentropy", {"from_logits": True})


@pytest.mark.parametrize(
    ("output", "units", "loss", "fitting"),
    [
        ("relu", 1, Choice("binary_crossentropy"), "sigmoid"),
        ("linear", 10, Choice("categorical_crossentropy"), "softmax"),
        ("sigmoid", 10, Choice("categorical_crossentropy"), "softmax"),
        ("softmax", 10, LOGITS, "linear"),
        ("relu", 10, LOGITS, "linear"),
    ],
)
def test_what_is_no_probability_or_no_score_is_found(facts, found, output, units, loss, fitting):
    """A cross-entropy needs a probability, that of many classes shares, and one from logits raw scores."""
    (told,) = found("output_loss_mismatch", facts(output=output, units=units, loss=loss))
    assert (told.level, told.layers) == ("certain", (4,))
    assert told.remedy.settings == {"network.output_activation": fitting}


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


def test_a_single_softmax_is_left_to_the_constant_output(facts, found):
    """One thing is told once."""
    assert found("output_loss_mismatch", facts(units=1, loss=LOGITS)) == []
