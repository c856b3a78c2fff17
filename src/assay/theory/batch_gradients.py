"""The gradient of a batch's mean loss: examples that the network cannot tell apart add up, others cancel.

One example's kernel gradient is a δᵀ, whose size `backward_signals` gives. The mean over a batch depends on how similar
the examples look in each layer, so here all covariances between examples are followed, upwards and downwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from assay.theory.finite_networks import NetworkLayer, check_layers
from assay.theory.gaussian_integrals import SMALLEST_VARIANCE, GaussianRule, gaussian_rule
from assay.theory.smooth_pieces import evaluate, smooth_pieces

_TERMS = 64  # of the Hermite series; what is beyond them is known at correlation 1, and small below 0.9
_NEGLIGIBLE = 1e-9  # part of E f² that may be left to the terms beyond
_ROUNDING = 1e-30  # part of E f² that a term of rounding errors has
_PANELS = np.concatenate([[-38.0, -28.0, -20.0], np.arange(-12.0, 13.0, 2.0), [20.0, 28.0, 38.0]])


@dataclass(frozen=True)
class PairSignals:
    """Expected products between examples on the way up, over all draws of the parameters.

    Attributes
    ----------
    covariances : array, shape (L, B, B)
        E[z z'] of a unit's pre-activation in each layer, its bias' mean left out: the neural network Gaussian process
        kernel (Lee et al., ICLR 2018, Eq. 5).
    inputs : array, shape (L, B, B)
        Mean over units of a aᵀ of what enters each layer.
    outputs : array, shape (B, B)
        The same of what leaves the last.
    slopes : array, shape (L, B, B)
        E[φ'(z) φ'(z')] of each layer.

    All are nan behind an activation that is None, and where a signal explodes beyond what a double can hold.
    """

    covariances: np.ndarray
    inputs: np.ndarray
    outputs: np.ndarray
    slopes: np.ndarray


def pair_signals(layers: Sequence[NetworkLayer], input_products: ArrayLike) -> PairSignals:
    """Follow the products between examples from the inputs to the output.

    Parameters
    ----------
    layers : sequence of NetworkLayer, length L
        From the first to the output.
    input_products : array, shape (B, B)
        Mean over features of x xᵀ for each pair of examples: ``x @ x.T / features``.

    Returns
    -------
    PairSignals

    Raises
    ------
    ValueError
        If the layers do not fit on one another, or the matrix is not square.
    """
    check_layers(layers)
    products = np.asarray(input_products, float)
    if products.ndim != 2 or products.shape[0] != products.shape[1]:
        raise ValueError(
            f"input_products: expected a square array (B, B), got shape {products.shape}. Pass x @ x.T / features."
        )
    inputs, covariances, slopes = [products], [], []
    for layer in layers:
        covariances.append(layer.fan_in * layer.kernel_variance * inputs[-1] + layer.bias_variance)
        above, slope = _pair_expectations(layer, covariances[-1])
        inputs.append(above)
        slopes.append(slope)
    return PairSignals(np.stack(covariances), np.stack(inputs[:-1]), inputs[-1], np.stack(slopes))


def batch_gradient_std(
    layers: Sequence[NetworkLayer], pairs: PairSignals, output_error_products: ArrayLike
) -> np.ndarray:
    r"""Root mean square of each kernel's gradient, for the mean loss of a batch.

    Parameters
    ----------
    layers : sequence of NetworkLayer, length L
        From the first to the output.
    pairs : PairSignals
        What `pair_signals` returned for them.
    output_error_products : array, shape (B, B)
        Mean over the output's units of δ δᵀ for each pair, δ the gradient of an example's own loss with respect to the
        pre-activations of the output layer: ``error @ error.T / outputs``.

    Returns
    -------
    array, shape (L,)
        √(E[(∂ mean loss / ∂W)²]) of an entry of each kernel; nan in and below a layer whose activation is None, unless
        it is the output layer.

    Raises
    ------
    ValueError
        If the errors are not of as many examples as the pairs.

    Notes
    -----
    With A the products of a layer's inputs and Δ those of its errors, each averaged over units, the mean square is
    Σ A ∘ Δ / B². Upwards A follows the covariance recursion of [1]_; downwards Δ is multiplied by
    units · Var[kernel] · E[φ'(z) φ'(z')], as in [2]_. Expectations over pairs are Hermite series of 64 terms, exact for
    equal examples, and within about 1 % for φ' that jump at correlations above 0.95.

    References
    ----------
    .. [1] Lee et al., *Deep neural networks as Gaussian processes*, ICLR 2018.
    .. [2] Jacot et al., *Neural tangent kernel*, NeurIPS 2018.
    """
    errors = np.asarray(output_error_products, float)
    if errors.shape != pairs.outputs.shape:
        raise ValueError(
            f"output_error_products: expected shape {pairs.outputs.shape}, one number for each pair of examples, got "
            f"{errors.shape}. Pass error @ error.T / outputs."
        )
    mean_squares = [(pairs.inputs[-1] * errors).mean()]
    for below in range(len(layers) - 2, -1, -1):
        errors = errors * layers[below + 1].units * layers[below + 1].kernel_variance * pairs.slopes[below]
        mean_squares.append((pairs.inputs[below] * errors).mean())
    return np.sqrt(np.maximum(mean_squares[::-1], 0.0))  # errors that cancel may leave less than 0 by rounding


def _pair_expectations(layer: NetworkLayer, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """E φ(z) φ(z') and E φ'(z) φ'(z') for each pair of examples, both (B, B)."""
    if layer.activation is None or not np.isfinite(covariance).all():
        return np.full_like(covariance, np.nan), np.full_like(covariance, np.nan)
    pieces = smooth_pieces(layer.activation)
    variance = np.maximum(np.diagonal(covariance), SMALLEST_VARIANCE)
    rule = gaussian_rule(pieces.breaks, variance, layer.bias_mean, panels=_PANELS)
    correlation = np.clip(covariance / np.sqrt(np.outer(variance, variance)), -1.0, 1.0)

    expectations = [
        _HermiteSeries(rule, evaluate(function, rule.z), correlation)
        for function in (layer.activation, layer.derivative or pieces.derivative)
    ]
    before, hermite, power = np.zeros_like(rule.standard), np.ones_like(rule.standard), np.ones_like(correlation)
    for n in range(_TERMS):
        for series in expectations:
            series.add(hermite, power)
        if all(series.is_complete for series in expectations):
            break
        power *= correlation
        before *= -np.sqrt(n)  # h_{n+1}(u) = (u h_n − √n h_{n−1}) / √(n+1), in the place of h_{n−1}
        before += rule.standard * hermite
        before /= np.sqrt(n + 1)
        before, hermite = hermite, before
    of_values, of_slopes = (series.sum() for series in expectations)
    return of_values, of_slopes


class _HermiteSeries:
    """E f(z) f(z') = Σ_n a_n a'_n c^n for each pair, a_n = E f(z) h_n(u), h_n the normalised Hermite polynomials.

    The a_n² of all n add up to E f². A series is complete where next to nothing is left of that.
    """

    def __init__(self, rule: GaussianRule, values: np.ndarray, correlation: np.ndarray) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            self.exact = rule.mean(values, values)
        self.is_finite = bool(np.isfinite(self.exact).all())
        self.correlation, self.mean_with = correlation, rule.means_with(values)
        self.total, self.rest, self.terms = np.zeros_like(correlation), self.exact.copy(), 0

    @property
    def is_complete(self) -> bool:
        return not self.is_finite or bool((self.rest <= _NEGLIGIBLE * self.exact).all())

    def add(self, hermite: np.ndarray, power: np.ndarray) -> None:
        """Add the next term: h_n at the nodes of the rule, and c^n of each pair."""
        if self.is_complete:
            return
        self.terms += 1
        coefficient = self.mean_with(hermite)
        if (coefficient**2 > _ROUNDING * self.exact).any():  # every second one is 0 of odd and of even functions
            self.total += np.outer(coefficient, coefficient) * power
            self.rest -= coefficient**2

    def sum(self) -> np.ndarray:
        """The series, with what is left of it as one more term; exact on the diagonal, nan where f overflows."""
        if not self.is_finite:
            return np.full_like(self.correlation, np.nan)
        rest = np.sqrt(np.maximum(self.rest, 0.0))
        power = np.where(self.correlation > 0, np.abs(self.correlation) ** self.terms, 0.0)
        total = self.total + np.outer(rest, rest) * power
        np.fill_diagonal(total, self.exact)
        return total
