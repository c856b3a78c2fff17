"""Theory beside the measurement: what each layer of an untrained network should show, from the papers alone.

Takes a member (its layers, initializers, loss) and the examples that probes look at, and asks `assay.theory`. No
trained or drawn parameter enters: the errors at the output are those of a network whose outputs are drawn from theory's
own covariance between examples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from assay._lazy import lazy_module
from assay.choices import Choice
from assay.engine.layout import Member
from assay.learning.losses import loss_values
from assay.networks.activations import ACTIVATIONS, activate
from assay.networks.architecture import Layer
from assay.networks.initializers import INITIALIZERS, bias_moments, kernel_moments
from assay.networks.traits import in_double, slope_in_double
from assay.probes import find_quantity
from assay.theory import NetworkLayer, backward_signals, batch_gradient_std, forward_signals, pair_signals

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")

SCHEMA = {
    "condition": pl.String,
    "layer": pl.Int64,
    "quantity": pl.String,
    "statistic": pl.String,
    "value": pl.Float64,
}
# Drawn outputs; their mean errors are known to about one part in √(draws · outputs · examples).
OUTPUT_DRAWS = 64


def predict_signals(condition: str, member: Member, x: np.ndarray, y: np.ndarray) -> pl.DataFrame:
    """What theory predicts for the probes of one condition at epoch 0.

    Parameters
    ----------
    condition : str
    member : Member
    x : array, shape (B, F)
    y : array, shape (B, K)

    Returns
    -------
    polars.DataFrame
        Columns condition, layer, quantity, statistic (``std`` or ``rms``), value. Empty where theory has nothing to
        say: kernels that were learnt, whose entries have a mean, or are all equal.
    """
    layers = theory_layers(member.layers)
    if layers is None:
        return pl.DataFrame(schema=SCHEMA)
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    products = x @ x.T / x.shape[1]
    forward, pairs = forward_signals(layers, np.diagonal(products)), pair_signals(layers, products)
    units = np.array([layer.units for layer in layers])
    left = np.concatenate([pairs.inputs[1:], pairs.outputs[None]])
    predicted = {
        "preactivations": _std_within(pairs.covariances, np.zeros(len(units)), units),
        "activations": _std_within(left, forward.activation_mean.mean(axis=1), units),
        "kernel": np.sqrt([layer.kernel_variance for layer in layers]),
    }
    errors = _output_error_products(member, pairs.covariances[-1], y)
    if np.isfinite(errors).all():  # not where the signal explodes on its way up
        predicted["errors"] = backward_signals(layers, forward, np.diagonal(errors)).error_std
        predicted["kernel_gradient"] = batch_gradient_std(layers, pairs, errors)
    return pl.DataFrame(
        [
            {
                "condition": condition,
                "layer": layer,
                "quantity": name,
                "statistic": find_quantity(name).size,
                "value": float(value),
            }
            for name, values in predicted.items()
            for layer, value in enumerate(values, start=1)
            if np.isfinite(value)
        ],
        schema=SCHEMA,
    )


def _std_within(products: np.ndarray, mean: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Expected spread of a layer's values over units and examples within one network, shape (L,).

    Units are independent draws about `mean` (L,), and `products` (L, B, B) are E[v v'] between examples. The mean over
    units and examples is itself random: its square is Σ E[v v'] / B² for one unit, and `mean`² for infinitely many.
    """
    own = np.diagonal(products, axis1=1, axis2=2).mean(axis=1)
    square_of_mean = products.mean(axis=(1, 2)) / units + (1 - 1 / units) * mean**2
    return np.sqrt(np.maximum(own - square_of_mean, 0.0))


def theory_layers(network: Sequence[Layer]) -> list[NetworkLayer] | None:
    """The layers as theory sees them; None where it has nothing to say, see `predict_signals`."""
    if any(INITIALIZERS.of(layer.kernel_initializer).is_learnt for layer in network):
        return None
    if not all(layer.activation.is_loaded and layer.kernel_initializer.is_loaded for layer in network):
        return None
    layers = []
    for layer in network:
        mean, variance = kernel_moments(
            layer.kernel_initializer, fan_in=layer.fan_in, units=layer.units, depth=len(network)
        )
        if variance == 0 or abs(mean) > 1e-3 * np.sqrt(variance):
            return None
        bias_mean, bias_variance = bias_moments(layer.bias_initializer, units=layer.units)
        is_elementwise = ACTIVATIONS.of(layer.activation).is_elementwise
        layers.append(
            NetworkLayer(
                fan_in=layer.fan_in,
                units=layer.units,
                activation=in_double(layer.activation) if is_elementwise else None,
                derivative=slope_in_double(layer.activation) if is_elementwise else None,
                kernel_variance=variance,
                bias_variance=bias_variance,
                bias_mean=bias_mean,
            )
        )
    if any(layer.activation is None for layer in layers[:-1]):
        return None
    return layers


def _output_error_products(member: Member, covariance: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean over output units of δ δᵀ for each pair of examples, (B, B); δ is the gradient of an example's own loss.

    Outputs z are drawn, unit by unit, from a normal of theory's `covariance` between examples; nan where that is.
    """
    if not np.isfinite(covariance).all():
        return np.full_like(covariance, np.nan)
    examples, outputs = y.shape
    generator = np.random.Generator(np.random.Philox(0))
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    z = generator.standard_normal((OUTPUT_DRAWS, outputs, examples)) @ root.T
    with jax.enable_x64(True):
        error_of = _error_function(member.loss, member.layers[-1].activation)
        errors = np.asarray(error_of(jax.numpy.asarray(z), jax.numpy.asarray(y.T)), np.float64)
    return np.einsum("dkb,dkc->bc", errors, errors, optimize=True) / (OUTPUT_DRAWS * outputs)


@lru_cache(maxsize=16)
def _error_function(loss: Choice, activation: Choice) -> Callable[[Any, Any], Any]:
    """The gradient of each example's loss with respect to the pre-activations of the output, compiled once."""
    return jax.jit(jax.grad(lambda z, targets: loss_values(loss, targets, activate(activation, z)).sum()))
