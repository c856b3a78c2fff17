from __future__ import annotations

import pytest


@pytest.mark.parametrize(("share", "is_found"), [(0.4, False), (0.401, True)])
def test_a_hidden_layer_may_be_saturated_to_two_fifths(facts, signals, found, share, is_found):
    """More than 40 % of its activations are an illness; a saturated output is none."""
    told = found("saturation", facts(activation="tanh"), signals(saturation_fraction=[0, share, 0.1, 1]))
    assert [(one.layers, one.evidence.value) for one in told] == [((2,), share)] * is_found


@pytest.mark.parametrize(
    ("rms", "share", "blamed"),
    [(1.99, [0.9, 0.9, 0, 0], "kernels"), (2.0, [0.9, 0.9, 0, 0], "inputs"), (2.0, [0, 0.9, 0, 0], "kernels")],
)
def test_inputs_are_to_blame_where_they_are_large_and_reach_the_layer(facts, signals, found, rms, share, blamed):
    """From a root mean square of 2, and for the first layer; else it is the kernels."""
    known = facts(activation="tanh", data={"rms": rms})
    (told,) = found("saturation", known, signals(saturation_fraction=share))
    assert told.cause.startswith(f"The {blamed} are too large")
