from __future__ import annotations

import pytest


@pytest.mark.parametrize(("ratio", "is_found"), [(0.051, False), (0.05, True)])
def test_the_first_hidden_layer_is_compared_with_the_last(facts, signals, found, ratio, is_found):
    """At 0.05 of the errors' root mean square; the output layer does not count."""
    told = found("vanishing_gradient", facts(), signals(errors_rms=[ratio, ratio**0.5, 1, 1000]))
    assert [(one.layers, one.evidence.value) for one in told] == [((1, 2, 3), ratio)] * is_found


@pytest.mark.parametrize(("per_layer", "is_found"), [(0.81, False), (0.79, True)])
def test_each_layer_must_take_part(facts, signals, found, per_layer, is_found):
    """By a mean factor below 0.8, however much comes together over nineteen layers."""
    deep = signals(20, errors_rms=[per_layer ** (19 - at) for at in range(20)])
    assert len(found("vanishing_gradient", facts(hidden=19), deep)) == is_found


@pytest.mark.parametrize(("gradient", "is_found"), [(1e-300, False), (0.0, True)])
def test_a_gradient_of_exactly_0_in_every_layer_is_found(facts, signals, found, gradient, is_found):
    """In all layers; a single number other than 0 can move a kernel."""
    told = found("vanishing_gradient", facts(), signals(kernel_gradient_rms=[0, 0, 0, gradient]))
    assert [one.layers for one in told] == [(1, 2, 3, 4)] * is_found


def test_a_constant_output_gets_another_output(facts, signals, found):
    """No initializer mends a single softmax."""
    (told,) = found("vanishing_gradient", facts(units=1), signals(kernel_gradient_rms=0))
    assert told.remedy.settings == {"network.output_activation": "sigmoid"}


def test_the_sentence_compares_the_first_layer_with_the_last(facts, signals, found):
    """And tells how far the first update goes."""
    (told,) = found("vanishing_gradient", facts(activation="sigmoid"), signals(errors_rms=[0.001, 0.03, 1, 1]))
    assert "is 1,000 times smaller than in the last" in told.evidence.text
    assert told.evidence.text.endswith("The first update changes the first kernel by 1 % of its size.")
