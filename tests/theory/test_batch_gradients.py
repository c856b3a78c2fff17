import math
from itertools import pairwise

import numpy as np
import pytest

from assay.theory.batch_gradients import batch_gradient_std, pair_signals
from assay.theory.finite_networks import NetworkLayer, backward_signals, forward_signals


def network(widths, activation, gain):
    """Layers between the given widths, with σ_w = gain and σ_b² = 0.02."""
    return [
        NetworkLayer(fan_in, units, activation, gain**2 / fan_in, bias_variance=0.02)
        for fan_in, units in pairwise(widths)
    ]


def test_a_batch_of_one_is_one_example(formulas):
    """With one example the batch's gradient is that of `backward_signals`."""
    layers = network([20, 30, 40, 5], formulas["relu"].activation, math.sqrt(2))
    expected = backward_signals(layers, forward_signals(layers, 0.8), 0.3).kernel_gradient_std
    np.testing.assert_allclose(batch_gradient_std(layers, pair_signals(layers, [[0.8]]), [[0.3]]), expected, rtol=1e-10)


def test_equal_examples_add_up_and_unlike_ones_cancel(formulas):
    """B copies of an example give its own gradient; orthogonal errors divide it by √B."""
    layers = network([20, 30, 40, 5], np.tanh, 1.2)
    one = batch_gradient_std(layers, pair_signals(layers, [[0.8]]), [[0.3]])
    same = np.ones((4, 4))
    pairs = pair_signals(layers, 0.8 * same)
    np.testing.assert_allclose(batch_gradient_std(layers, pairs, 0.3 * same), one, rtol=1e-9)
    np.testing.assert_allclose(batch_gradient_std(layers, pairs, 0.3 * np.eye(4)), one / 2, rtol=1e-9)


@pytest.mark.parametrize(("name", "gain"), [("relu", math.sqrt(2)), ("tanh", 1.3), ("gelu", 1.5)])
def test_gradients_of_wide_random_networks_agree(formulas, name, gain):
    """Backpropagation through 16 networks of width 300 gives the predicted gradients of a batch's mean loss."""
    phi, slope, _ = formulas[name]
    rng = np.random.default_rng(2)
    widths, batch = [40, 300, 300, 300, 10], 20
    layers = network(widths, phi, gain)
    x = rng.standard_normal((1, 40)) + 0.7 * rng.standard_normal((batch, 40))
    output_error = rng.standard_normal((1, 10)) + rng.standard_normal((batch, 10))
    squares = []
    for _ in range(16):
        inputs, preactivations, kernels, a = [], [], [], x
        for layer in layers:
            kernels.append(rng.standard_normal((layer.fan_in, layer.units)) * math.sqrt(layer.kernel_variance))
            inputs.append(a)
            preactivations.append(a @ kernels[-1] + rng.standard_normal(layer.units) * math.sqrt(0.02))
            a = phi(preactivations[-1])
        # A random rotation of the errors' units keeps their products, and makes them independent of the network.
        error = output_error @ np.linalg.qr(rng.standard_normal((10, 10)))[0]
        found = []
        for number in range(len(layers) - 1, -1, -1):
            found.append(((inputs[number].T @ error / batch) ** 2).mean())
            if number:
                error = error @ kernels[number].T * slope(preactivations[number - 1])
        squares.append(found[::-1])
    predicted = batch_gradient_std(layers, pair_signals(layers, x @ x.T / 40), output_error @ output_error.T / 10)
    np.testing.assert_allclose(np.sqrt(np.mean(squares, axis=0)), predicted, rtol=0.06)


@pytest.mark.parametrize(("c", "tolerance"), [(-0.5, 1e-4), (0.7, 1e-4), (0.9, 1e-4), (0.995, 0.015), (0.9999, 0.015)])
def test_pairs_of_relu_errors_are_the_arc_cosine_kernel(formulas, c, tolerance):
    """E relu' relu' is (π - θ) / 2π: right to 1e-4 up to a correlation of 0.9, and to 1.5 % everywhere."""
    layers = [NetworkLayer(5, 4, formulas["relu"].activation, 1 / 5), NetworkLayer(4, 3, None, 1 / 4)]
    alone, together = 1 / 2, (math.pi - math.acos(c)) / (2 * math.pi)
    expected = 3 / 4 * (2 * alone + 2 * c * together) / 4
    found = batch_gradient_std(layers, pair_signals(layers, [[1, c], [c, 1]]), np.ones((2, 2)))[0] ** 2
    assert found == pytest.approx(expected, rel=tolerance)


def test_products_are_square():
    """Products that are not one number per pair are refused with both shapes."""
    layers = network([4, 2], np.tanh, 1.0)
    with pytest.raises(ValueError, match=r"\(B, B\), got shape \(3, 4\)"):
        pair_signals(layers, np.ones((3, 4)))
    with pytest.raises(ValueError, match=r"expected shape \(3, 3\).* got \(4, 4\)"):
        batch_gradient_std(layers, pair_signals(layers, np.eye(3)), np.ones((4, 4)))


def test_the_diagonal_is_each_examples_own_variance(formulas):
    """Covariances between equal examples are the variances that `forward_signals` follows."""
    layers = network([20, 30, 5], formulas["relu"].activation, math.sqrt(2))
    pairs = pair_signals(layers, np.diag([0.3, 0.9]))
    forward = forward_signals(layers, [0.3, 0.9])
    np.testing.assert_allclose(
        np.diagonal(pairs.covariances, axis1=1, axis2=2), forward.preactivation_variance, rtol=1e-9
    )
    np.testing.assert_allclose(np.diagonal(pairs.outputs), forward.activation_mean_square[-1], rtol=1e-9)
