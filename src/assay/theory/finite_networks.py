"""What to expect in each layer of a network as it is: its own widths, depth, data, and variances of parameters.

The maps of infinite width (`variance_map`, `chi_1`) say where a signal ends; here it is followed layer by layer from
the inputs up and from the output's errors down, with every fan_in and fan_out. Indices: L layers, B examples.

>>> layers = [NetworkLayer(fan_in=4, units=64, activation=np.tanh, kernel_variance=1 / 4),
...           NetworkLayer(fan_in=64, units=1, activation=None, kernel_variance=1 / 64)]
>>> forward = forward_signals(layers, (x**2).mean(axis=1))
>>> forward.preactivation_std
>>> backward_signals(layers, forward, 1.0).error_std
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from assay.theory.gaussian_integrals import activation_moments, check_variance, mean_square_derivative
from assay.theory.smooth_pieces import Activation


@dataclass(frozen=True)
class NetworkLayer:
    """One dense layer at initialization.

    Attributes
    ----------
    fan_in, units : int
        Rows and columns of the kernel.
    activation : callable or None
        The function φ, elementwise; None for one of the whole layer (softmax), behind which nothing is predicted.
    kernel_variance : float
        Variance of the kernel's entries as they are drawn, truncation included; their mean is 0.
    bias_variance, bias_mean : float
        Of the bias' entries.
    derivative : callable, optional
        φ'; see `mean_square_derivative` for what is done without.
    """

    fan_in: int
    units: int
    activation: Activation | None
    kernel_variance: float
    bias_variance: float = 0.0
    bias_mean: float = 0.0
    derivative: Activation | None = None


@dataclass(frozen=True)
class ForwardSignals:
    """Expected moments of what goes up, over all draws of the parameters.

    Attributes
    ----------
    input_mean_square : array, shape (B,)
        Mean over features of x².
    preactivation_mean : array, shape (L,)
        The mean of the bias, for kernels have none.
    preactivation_variance : array, shape (L, B)
        Of a unit's pre-activation for one example.
    activation_mean, activation_mean_square : array, shape (L, B)
        Of a unit's activation for one example; nan behind an activation that is None.
    """

    input_mean_square: np.ndarray
    preactivation_mean: np.ndarray
    preactivation_variance: np.ndarray
    activation_mean: np.ndarray
    activation_mean_square: np.ndarray

    @property
    def preactivation_std(self) -> np.ndarray:
        """Standard deviation over units and examples, shape (L,)."""
        return np.sqrt(self.preactivation_variance.mean(axis=1))

    @property
    def activation_std(self) -> np.ndarray:
        """Standard deviation over units and examples, shape (L,)."""
        variance = self.activation_mean_square.mean(axis=1) - self.activation_mean.mean(axis=1) ** 2
        return np.sqrt(np.maximum(variance, 0.0))  # of a constant, rounding may leave less than 0


@dataclass(frozen=True)
class BackwardSignals:
    """Expected mean squares of what comes down, for the loss of one example at a time; their means are about 0.

    Attributes
    ----------
    error_mean_square : array, shape (L, B)
        Of the gradient with respect to a unit's pre-activation.
    kernel_gradient_mean_square : array, shape (L, B)
        Of the gradient with respect to an entry of the kernel.
    """

    error_mean_square: np.ndarray
    kernel_gradient_mean_square: np.ndarray

    @property
    def error_std(self) -> np.ndarray:
        """Root mean square over units and examples, shape (L,)."""
        return np.sqrt(self.error_mean_square.mean(axis=1))

    @property
    def kernel_gradient_std(self) -> np.ndarray:
        """Root mean square over entries and examples, shape (L,); for a batch's mean see `batch_gradient_std`."""
        return np.sqrt(self.kernel_gradient_mean_square.mean(axis=1))


def forward_signals(layers: Sequence[NetworkLayer], input_mean_square: ArrayLike) -> ForwardSignals:
    r"""Follow the signal from the inputs to the output.

    Parameters
    ----------
    layers : sequence of NetworkLayer, length L
        From the first to the output.
    input_mean_square : float or array, shape (B,)
        Mean over features of x², of each example. One mean over all examples serves where they are of about one length;
        otherwise small and large examples saturate differently, and the mean alone would mislead.

    Returns
    -------
    ForwardSignals

    Raises
    ------
    ValueError
        If a layer's fan_in is not the units of the layer before, or a variance is negative.

    Notes
    -----
    q_l = fan_in · Var[kernel] · E[a²] + Var[bias], then a = φ(z) with z normal of mean E[bias] and variance q_l: the
    recursion of [1]_ and [2]_ with each layer's own numbers. Given the layer before, z is exactly normal for normal
    kernels and nearly so for others; single networks scatter by O(√(depth / width)).

    References
    ----------
    .. [1] He et al., *Delving deep into rectifiers*, ICCV 2015.
    .. [2] Poole et al., *Exponential expressivity in deep neural networks through transient chaos*, NeurIPS 2016.
    """
    check_layers(layers)
    mean_square = inputs = np.atleast_1d(check_variance("input_mean_square", input_mean_square))
    variances, means, mean_squares = [], [], []
    for layer in layers:
        variance = layer.fan_in * layer.kernel_variance * mean_square + layer.bias_variance
        if layer.activation is None or np.isnan(variance).any():
            mean = mean_square = np.full_like(variance, np.nan)
        else:
            mean, mean_square = activation_moments(variance, activation=layer.activation, mean=layer.bias_mean)
        variances.append(variance)
        means.append(mean)
        mean_squares.append(mean_square)
    biases = np.array([layer.bias_mean for layer in layers])
    return ForwardSignals(inputs, biases, np.stack(variances), np.stack(means), np.stack(mean_squares))


def backward_signals(
    layers: Sequence[NetworkLayer], forward: ForwardSignals, output_error_mean_square: ArrayLike
) -> BackwardSignals:
    r"""Follow the error from the output to the first layer.

    Parameters
    ----------
    layers : sequence of NetworkLayer, length L
        Those of `forward`.
    forward : ForwardSignals
        What `forward_signals` returned for them.
    output_error_mean_square : float or array, shape (B,)
        Mean over the output layer's units of δ², δ the gradient of an example's loss with respect to the
        pre-activations of the output layer.

    Returns
    -------
    BackwardSignals

    Raises
    ------
    ValueError
        If a layer's fan_in is not the units of the layer before, or a variance is negative.

    Notes
    -----
    E[δ_l²] = units_{l+1} · Var[kernel_{l+1}] · E[φ'(z_l)²] · E[δ_{l+1}²], and E[(∂/∂W_l)²] = E[a_{l-1}²] E[δ_l²]. As
    in [1]_, errors are taken to be independent of the signal that went up.

    References
    ----------
    .. [1] Schoenholz et al., *Deep information propagation*, ICLR 2017.
    """
    check_layers(layers)
    error = np.broadcast_to(
        check_variance("output_error_mean_square", output_error_mean_square), forward.input_mean_square.shape
    )
    errors = [error]
    for below in range(len(layers) - 2, -1, -1):
        layer, above = layers[below], layers[below + 1]
        error = error * above.units * above.kernel_variance * layer_slope(layer, forward.preactivation_variance[below])
        errors.append(error)
    error_mean_square = np.stack(errors[::-1])
    inputs = np.concatenate([forward.input_mean_square[None], forward.activation_mean_square[:-1]])
    return BackwardSignals(error_mean_square, inputs * error_mean_square)


def layer_slope(layer: NetworkLayer, variance: np.ndarray) -> np.ndarray:
    """E φ'² of a layer for pre-activations of this variance; nan where nothing is predicted."""
    if layer.activation is None or np.isnan(variance).any():
        return np.full_like(variance, np.nan)
    return mean_square_derivative(
        variance, activation=layer.activation, derivative=layer.derivative, mean=layer.bias_mean
    )


def check_layers(layers: Sequence[NetworkLayer]) -> None:
    """Check that the layers fit on one another.

    Raises
    ------
    ValueError
        If there is none, a fan_in is not the units of the layer before, or a variance is negative.
    """
    if not layers:
        raise ValueError("layers: expected at least one layer, got none. A network needs a kernel.")
    for number, layer in enumerate(layers, start=1):
        check_variance(f"layer {number}: kernel_variance", layer.kernel_variance)
        check_variance(f"layer {number}: bias_variance", layer.bias_variance)
    for number, (lower, upper) in enumerate(pairwise(layers), start=2):
        if lower.units != upper.fan_in:
            raise ValueError(
                f"layer {number}: expected fan_in {lower.units}, the units of layer {number - 1}, got {upper.fan_in}."
            )
