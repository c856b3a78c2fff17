from __future__ import annotations


def test_one_weight_is_enough_and_its_layer_is_told(facts, signals, found):
    """Other layers are left out."""
    (told,) = found("nonfinite_weights", facts(), signals(kernel_nonfinite_count=[0, 1, 0, 0]))
    assert (told.level, told.layers, told.evidence.value) == ("certain", (2,), 1)
    assert found("nonfinite_weights", facts(), signals()) == []


def test_the_signal_is_not_blamed_for_them(facts, signals, found):
    """Where weights are not numbers, pre-activations cannot be."""
    broken = signals(kernel_nonfinite_count=[0, 1, 0, 0], preactivations_nonfinite_count=[0, 9, 9, 9])
    assert found("exploding_signal", facts(), broken) == []
