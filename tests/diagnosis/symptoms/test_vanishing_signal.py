from __future__ import annotations

import pytest


@pytest.mark.parametrize(("ratio", "is_found"), [(0.301, False), (0.3, True)])
def test_the_last_hidden_layer_is_compared_with_the_first(facts, signals, found, ratio, is_found):
    """At 0.3 of the standard deviation; the output layer does not count."""
    told = found("vanishing_signal", facts(), signals(preactivations_std=[1, ratio**0.5, ratio, 0.001]))
    assert [(one.layers, one.evidence.value) for one in told] == [((1, 2, 3), ratio)] * is_found


@pytest.mark.parametrize(("per_layer", "is_found"), [(0.81, False), (0.79, True)])
def test_each_layer_must_take_part(facts, signals, found, per_layer, is_found):
    """By a mean factor below 0.8, however much comes together over eleven layers."""
    deep = signals(12, preactivations_std=[per_layer**at for at in range(12)])
    assert len(found("vanishing_signal", facts(hidden=11), deep)) == is_found


@pytest.mark.parametrize(("later", "is_found"), [(0.81, False), (0.79, True)])
def test_large_inputs_that_come_down_to_a_lasting_size_are_sound(facts, signals, found, later, is_found):
    """The second half of the hidden layers must shrink as well."""
    std = [1, 0.1, 0.05, 0.02, 0.02 * later, 0.02 * later**2, 1]
    assert len(found("vanishing_signal", facts(hidden=6), signals(7, preactivations_std=std))) == is_found


def test_the_sentence_compares_and_names_the_weights(facts, signals, found):
    """Glorot's gain 1 is √2 times too small for ReLU."""
    known = facts(initializer="glorot_uniform")
    (told,) = found("vanishing_signal", known, signals(preactivations_std=[1, 0.5, 0.25, 1]))
    assert told.evidence.text == (
        "The signal of the last hidden layer is 4 times smaller than that of the first (std of the pre-activations × "
        "0.25, threshold × 0.3). Each layer multiplies it by 0.500, its variance by 0.250."
    )
    assert told.cause.startswith("These weights are 1.41 times too small for relu: their gain is 1, it needs 1.41.")
    assert told.remedy.settings == {"network.kernel_initializer": "he_normal"}
