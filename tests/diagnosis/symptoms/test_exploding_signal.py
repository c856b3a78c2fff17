from __future__ import annotations

from dataclasses import replace

import pytest


@pytest.mark.parametrize(("ratio", "is_found"), [(4.99, False), (5.0, True)])
def test_the_last_hidden_layer_is_compared_with_the_first(facts, signals, found, ratio, is_found):
    """At five times the standard deviation; the output layer does not count."""
    told = found("exploding_signal", facts(), signals(preactivations_std=[1, ratio**0.5, ratio, 1000]))
    assert [(one.layers, one.evidence.value) for one in told] == [((1, 2, 3), ratio)] * is_found


@pytest.mark.parametrize(("per_layer", "is_found"), [(1.24, False), (1.26, True)])
def test_each_layer_must_take_part(facts, signals, found, per_layer, is_found):
    """By a mean factor above 1 / 0.8 = 1.25, however much comes together over eleven layers."""
    deep = signals(12, preactivations_std=[per_layer**at for at in range(12)])
    assert len(found("exploding_signal", facts(hidden=11), deep)) == is_found


def test_one_number_that_is_not_finite_is_enough(facts, signals, found):
    """From its layer to the output."""
    (told,) = found("exploding_signal", facts(), signals(preactivations_nonfinite_count=[0, 0, 1, 5]))
    assert (told.layers, told.evidence.value, told.evidence.threshold) == ((3, 4), 6, 0)


def test_bounded_activations_cannot_explode(facts, signals, found):
    """Too large kernels show as saturation there."""
    growing = signals(preactivations_std=[1, 10, 100, 1])
    assert found("exploding_signal", facts(activation="tanh"), growing) == []
    assert len(found("exploding_signal", facts(activation="relu"), growing)) == 1


@pytest.mark.parametrize(("kind", "is_told"), [("float16", True), ("float32", False), ("bfloat16", False)])
def test_what_float16_cannot_hold_is_told_as_such(facts, signals, found, kind, is_told):
    """It ends at 65,504 = (2 − 2⁻¹⁰) · 2¹⁵; initializers are not to blame."""
    known = facts()
    known = replace(known, layers=tuple(replace(layer, number_type=kind) for layer in known.layers))
    (told,) = found("exploding_signal", known, signals(preactivations_nonfinite_count=[0, 3, 0, 0]))
    assert (told.layers, told.evidence.value) == ((2, 3, 4), 3)
    assert ("65,504" in told.cause and told.remedy.settings == {}) == is_told
    assert (2 - 2**-10) * 2**15 == 65_504
