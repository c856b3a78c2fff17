import math
from itertools import pairwise

import numpy as np
import pytest

from assay.theory.correlation_map import chi_1
from assay.theory.finite_networks import NetworkLayer, backward_signals, forward_signals
from assay.theory.variance_map import variance_map

# The variance of a standard normal cut at ±2, 1 - 4 φ(2) / (Φ(2) - Φ(-2)): what Keras' TruncatedNormal loses.
TRUNCATED = 1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2))


def layers_of(widths, activation, kernel_variance, **settings):
    """Layers between the given widths; `kernel_variance` is a function of (fan_in, fan_out)."""
    return [
        NetworkLayer(fan_in, units, activation, kernel_variance(fan_in, units), **settings)
        for fan_in, units in pairwise(widths)
    ]


def test_square_layers_follow_the_maps_of_infinite_width():
    """With equal widths the recursion is the length map upwards, and χ₁ downwards."""
    layers = layers_of([50] * 5, np.tanh, lambda fan_in, _: 1.5 / fan_in, bias_variance=0.1)
    forward = forward_signals(layers, 0.6)
    q = forward.preactivation_variance[:, 0]
    assert q[0] == pytest.approx(1.5 * 0.6 + 0.1)
    settings = {"activation": np.tanh, "weight_variance": 1.5}
    np.testing.assert_allclose(q[1:], variance_map(q[:-1], **settings, bias_variance=0.1))
    errors = backward_signals(layers, forward, 4.0).error_mean_square[:, 0]
    assert errors[-1] == 4.0
    np.testing.assert_allclose(errors[:-1] / errors[1:], chi_1(q[:-1], **settings))


def test_linear_networks_multiply_fans_and_variances():
    """A linear network multiplies mean squares by fan_in · Var upwards and by units · Var downwards."""
    layers = layers_of([4, 8, 2, 3], lambda z: z, lambda fan_in, units: 2 / (fan_in + units))
    forward = forward_signals(layers, 3.0)
    q = 3 * np.cumprod([4 * 2 / 12, 8 * 2 / 10, 2 * 2 / 5])
    np.testing.assert_allclose(forward.preactivation_variance[:, 0], q)
    np.testing.assert_allclose(forward.activation_std, np.sqrt(q))
    backward = backward_signals(layers, forward, 1.0)
    errors = np.array([2 * 0.2 * 3 * 0.4, 3 * 0.4, 1.0])
    np.testing.assert_allclose(backward.error_std**2, errors)
    np.testing.assert_allclose(backward.kernel_gradient_std**2, errors * [3.0, q[0], q[1]])


def test_relu_activations_have_a_mean(formulas):
    """A ReLU of standard normal pre-activations has mean 1/√2π and standard deviation √(1/2 - 1/2π)."""
    forward = forward_signals(layers_of([9, 9], formulas["relu"].activation, lambda fan_in, _: 1 / fan_in), 1.0)
    assert forward.activation_mean[0, 0] == pytest.approx(1 / math.sqrt(2 * math.pi))
    assert forward.activation_std[0] == pytest.approx(math.sqrt(1 / 2 - 1 / (2 * math.pi)))


def test_a_constant_bias_moves_the_mean(formulas):
    """A bias of ones shifts pre-activations by 1 and leaves their variance: a ReLU then passes 84 % of errors."""
    relu = formulas["relu"].activation
    layers = layers_of([9, 9, 9], relu, lambda fan_in, _: 1 / fan_in, bias_mean=1.0)
    forward = forward_signals(layers, 1.0)
    assert forward.preactivation_mean.tolist() == [1.0, 1.0]
    assert forward.preactivation_std[0] == pytest.approx(1.0)
    passed = backward_signals(layers, forward, 1.0).error_mean_square[0, 0]
    assert passed == pytest.approx((1 + math.erf(1 / math.sqrt(2))) / 2)


def test_nothing_is_predicted_behind_a_function_of_the_layer():
    """Softmax as output leaves everything known but its own activations; in between it hides what is above it."""
    output = [*layers_of([9, 9], np.tanh, lambda *_: 0.1), *layers_of([9, 3], None, lambda *_: 0.1)]
    forward = forward_signals(output, 1.0)
    assert np.isfinite(forward.preactivation_std).all()
    assert np.isnan(forward.activation_std).tolist() == [False, True]
    assert np.isfinite(backward_signals(output, forward, 1.0).kernel_gradient_std).all()
    hidden = [*layers_of([9, 9], None, lambda *_: 0.1), *layers_of([9, 9, 3], np.tanh, lambda *_: 0.1)]
    forward = forward_signals(hidden, 1.0)
    assert np.isnan(forward.preactivation_std).tolist() == [False, True, True]
    assert np.isnan(backward_signals(hidden, forward, 1.0).error_std).tolist() == [True, True, False]


CASES = {
    "relu, he uniform": ("relu", lambda rng, i, o: rng.uniform(-1, 1, (i, o)) * math.sqrt(6 / i), lambda i, o: 2 / i),
    "tanh, glorot normal": (
        "tanh",
        lambda rng, i, o: rng.standard_normal((i, o)) * math.sqrt(2 / (i + o)),
        lambda i, o: 2 / (i + o),
    ),
    "sigmoid, truncated normal(0.05)": (
        "sigmoid",
        lambda rng, i, o: 0.05 * cut_normal(rng, (i, o)),
        lambda i, o: 0.05**2 * TRUNCATED,
    ),
}


def cut_normal(rng, shape):
    """Normal draws, those beyond ±2 drawn again: as Keras' TruncatedNormal."""
    draws = rng.standard_normal(shape)
    while (beyond := np.abs(draws) > 2).any():
        draws[beyond] = rng.standard_normal(beyond.sum())
    return draws


@pytest.mark.parametrize("case", CASES)
def test_wide_random_networks_agree(formulas, case):
    """Networks of unequal wide layers have the predicted std in each, upwards and downwards, on inputs of all sizes.

    12 networks with about 400 units a layer scatter by 2 % about their mean (5 % for ReLU, whose units vary most).
    """
    name, draw, kernel_variance = CASES[case]
    phi, slope, _ = formulas[name]
    rng = np.random.default_rng(1)
    widths = [60, 500, 300, 400, 350]
    x = rng.standard_normal((24, 60)) * rng.uniform(0.3, 2, (24, 1))
    up, down = [], []
    for _ in range(12):
        kernels = [draw(rng, *fans) for fans in pairwise(widths)]
        inputs, preactivations, a = [], [], x
        for kernel in kernels:
            inputs.append(a)
            preactivations.append(a @ kernel)
            a = phi(preactivations[-1])
        error = rng.standard_normal(a.shape)
        errors = [error]
        for kernel, z in zip(kernels[:0:-1], preactivations[-2::-1], strict=True):
            errors.append(errors[-1] @ kernel.T * slope(z))
        gradients = [(a**2).mean(1) * (e**2).mean(1) for a, e in zip(inputs, errors[::-1], strict=True)]
        up.append([[(z**2).mean() for z in preactivations], [phi(z).var() for z in preactivations]])
        down.append([[(e**2).mean() for e in errors[::-1]], [g.mean() for g in gradients]])
    layers = layers_of(widths, phi, kernel_variance)
    forward = forward_signals(layers, (x**2).mean(axis=1))
    backward = backward_signals(layers, forward, 1.0)
    tolerance = 0.05 if name == "relu" else 0.02
    predicted = [forward.preactivation_std, forward.activation_std, backward.error_std, backward.kernel_gradient_std]
    measured = np.sqrt(np.concatenate([np.mean(up, axis=0), np.mean(down, axis=0)]))
    np.testing.assert_allclose(measured, predicted, rtol=tolerance)


def test_layers_must_fit():
    """Layers that do not fit on one another are refused with both numbers; so is an empty network."""
    layers = [*layers_of([4, 8], np.tanh, lambda *_: 1.0), *layers_of([7, 2], np.tanh, lambda *_: 1.0)]
    with pytest.raises(ValueError, match="layer 2: expected fan_in 8, the units of layer 1, got 7"):
        forward_signals(layers, 1.0)
    with pytest.raises(ValueError, match="at least one layer"):
        forward_signals([], 1.0)
    with pytest.raises(ValueError, match="layer 1: kernel_variance: expected numbers of at least 0"):
        forward_signals(layers_of([2, 2], np.tanh, lambda *_: -1.0), 1.0)
