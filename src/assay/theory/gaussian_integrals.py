"""Expectations of an activation over one Gaussian variable, or over two correlated ones.

Composite Gauss-Legendre quadrature between the activation's kinks (`smooth_pieces`): unlike Gauss-Hermite, it is as
exact for ReLU as for tanh, and as exact at variance 10⁶, where tanh looks like a step, as at variance 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from assay.theory.smooth_pieces import NODES, WEIGHTS, Activation, evaluate, smooth_pieces

# In standard deviations. exp(-38² / 2) is about the least number of float64; E exp(2√q Z), whose bulk lies about 2√q,
# is right up to 10¹⁷³. Panels of width 4 carry a Gaussian to rounding, wider ones its product with an exponential.
_TAILS = np.array([4.0, 8.0, 12.0, 20.0, 28.0, 38.0])
_GAUSSIAN_BREAKS = np.concatenate([-_TAILS[::-1], [0.0], _TAILS])
_REACH = 38.0

SMALLEST_VARIANCE = 1e-60
"""Where a derivative is asked at variance 0, the limit from above is meant: 1e-30 is still a number in float32."""


@dataclass(frozen=True)
class GaussianRule:
    """Nodes and weights for expectations over several Gaussian variables at once.

    Attributes
    ----------
    standard : array, shape (panels, 16)
        The standard normal variable u.
    z : array, shape (panels, 16)
        mean + √variance · u.
    weights : array, shape (panels, 16)
        Sum to 1 over the panels of each variable.
    owner : array of int, shape (panels,)
        The variable to which a panel belongs.
    shape : tuple of int
        Shape of the array of variables.
    """

    standard: np.ndarray
    z: np.ndarray
    weights: np.ndarray
    owner: np.ndarray
    shape: tuple[int, ...]

    def mean(self, *factors: np.ndarray) -> np.ndarray:
        """E of the product of factors given at the nodes, an array of `shape`."""
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            product = self.weights
            for factor in factors:  # the tiny weight first: φ² may overflow where the integrand does not
                product = product * factor
            sums = np.bincount(self.owner, product.sum(axis=1), minlength=int(np.prod(self.shape, dtype=int)))
        return sums.reshape(self.shape)[()]

    def means_with(self, values: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """E of the product of `values` with another factor, as a function of that: for many factors, one by one."""
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            weighted, count = self.weights * values, int(np.prod(self.shape, dtype=int))

        def mean_with(factor: np.ndarray) -> np.ndarray:
            sums = np.einsum("pn,pn->p", weighted, factor)
            return np.bincount(self.owner, sums, minlength=count).reshape(self.shape)

        return mean_with


def gaussian_rule(
    breaks: np.ndarray, variance: ArrayLike, mean: ArrayLike = 0.0, *, panels: np.ndarray = _GAUSSIAN_BREAKS
) -> GaussianRule:
    """A rule that is exact to rounding for functions that are smooth between the breaks.

    Parameters
    ----------
    breaks : array, shape (K,)
        In units of z, ascending.
    variance, mean : array, broadcast together
        Of the Gaussian variables; a variance is finite and at least 0.
    panels : array, shape (J,)
        Breaks in units of the standard normal variable, from -38 to 38.
    """
    variance, mean = np.broadcast_arrays(np.asarray(variance, float), np.asarray(mean, float))
    shape, mean, deviation = variance.shape, mean.reshape(-1, 1), np.sqrt(variance).reshape(-1, 1)
    low, high = np.min(mean - _REACH * deviation, initial=0.0), np.max(mean + _REACH * deviation, initial=0.0)
    breaks = breaks[(breaks > low) & (breaks < high)]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        cuts = np.where(deviation > 0, (breaks - mean) / deviation, _REACH)
    bounds = np.concatenate([np.broadcast_to(panels, (len(mean), len(panels))), cuts], axis=1)
    bounds = np.sort(np.clip(bounds, -_REACH, _REACH), axis=1)
    owner, panel = np.nonzero(bounds[:, 1:] > bounds[:, :-1])
    left, right = bounds[owner, panel][:, None], bounds[owner, panel + 1][:, None]
    standard = (left + right) / 2 + (right - left) / 2 * NODES
    weights = (right - left) / 2 * WEIGHTS * np.exp(-(standard**2) / 2) / np.sqrt(2 * np.pi)
    return GaussianRule(standard, mean[owner] + deviation[owner] * standard, weights, owner, shape)


def check_variance(name: str, value: ArrayLike) -> np.ndarray:
    """`value` as an array of float64.

    Raises
    ------
    ValueError
        If an entry is negative or not a number.
    """
    array = np.asarray(value, dtype=np.float64)
    if not np.all(array >= 0):
        raise ValueError(f"{name}: expected numbers of at least 0, got {value!r}. A variance is a mean of squares.")
    return array


def activation_moments(
    variance: ArrayLike, *, activation: Activation, mean: ArrayLike = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and mean square of an activation.

    Parameters
    ----------
    variance : array, shape (P,)
        Of the pre-activations, at least 0.
    activation : callable
        The function φ, elementwise.
    mean : float or array, shape (P,)
        Of the pre-activations.

    Returns
    -------
    tuple of two arrays, shape (P,)
        E φ(z) and E φ(z)², with z normal; infinite where the variance is.

    Raises
    ------
    ValueError
        If a variance is negative, or the activation is not elementwise.
    """
    variance = check_variance("variance", variance)
    finite = np.isfinite(variance)
    rule = gaussian_rule(smooth_pieces(activation).breaks, np.where(finite, variance, 0.0), mean)
    values = evaluate(activation, rule.z)
    return np.where(finite, rule.mean(values), np.inf)[()], np.where(finite, rule.mean(values, values), np.inf)[()]


def mean_square_derivative(
    variance: ArrayLike, *, activation: Activation, derivative: Activation | None = None, mean: ArrayLike = 0.0
) -> np.ndarray:
    """Mean square of an activation's derivative, as backpropagation meets it.

    Parameters
    ----------
    variance : array, shape (P,)
        Of the pre-activations, at least 0; at 0 the limit from above is given.
    activation : callable
        The function φ, elementwise.
    derivative : callable, optional
        Its derivative φ'. By default that of the polynomials which follow φ between its kinks, right to about 1e-11 for
        a φ in double precision.
    mean : float or array, shape (P,)
        Of the pre-activations.

    Returns
    -------
    array, shape (P,)
        E φ'(z)², with z normal; nan where the variance is infinite.

    Raises
    ------
    ValueError
        If a variance is negative, or the activation is not elementwise.

    Notes
    -----
    φ' is the derivative almost everywhere. Where φ itself jumps (threshold, hard_shrink) that is what automatic
    differentiation returns too; the jump adds nothing to the gradient.
    """
    variance = check_variance("variance", variance)
    finite = np.isfinite(variance)
    pieces = smooth_pieces(activation)
    rule = gaussian_rule(pieces.breaks, np.where(finite, np.maximum(variance, SMALLEST_VARIANCE), 1.0), mean)
    slope = evaluate(derivative or pieces.derivative, rule.z)
    return np.where(finite, rule.mean(slope, slope), np.nan)[()]


def correlated_product(
    correlation: ArrayLike,
    variance: ArrayLike,
    *,
    activation: Activation,
    function: Activation | None = None,
) -> np.ndarray:
    r"""Expected product of a function at two Gaussian variables of equal variance.

    Parameters
    ----------
    correlation : array, shape (P,)
        Between the two variables, in [-1, 1].
    variance : array, shape (P,)
        Of each, at least 0.
    activation : callable
        The function φ, elementwise; its kinks are where the integral is cut.
    function : callable, optional
        What is multiplied, if not φ itself: a function that is smooth where φ is, such as φ'.

    Returns
    -------
    array, shape (P,)
        E f(z₁) f(z₂).

    Raises
    ------
    ValueError
        If a correlation is outside [-1, 1], a variance negative, or the activation not elementwise.

    Notes
    -----
    The two variables share a part w and are independent given it: z₁ = √(q|c|) w + √(q(1 - |c|)) u₁, and z₂ with ± w
    and u₂. So the double integral is E g(w) g(± w), where g(w) = E[f(z₁) | w] is f smoothed over √(q(1 - |c|)): a kink
    of f is felt within 8 such lengths, where the outer integral is cut once more.
    """
    c, q = np.broadcast_arrays(np.asarray(correlation, float), check_variance("variance", variance))
    if not np.all(np.abs(c) <= 1):
        raise ValueError(f"correlation: expected numbers between -1 and 1, got {correlation!r}.")
    pieces = smooth_pieces(activation)
    f = function or activation

    def expectation(c: float, q: float) -> float:
        if not np.isfinite(q):
            return np.inf
        smoothing = np.sqrt(q * (1 - abs(c)))
        felt = (pieces.kinks[:, None] + smoothing * np.array([-8.0, -4.0, 4.0, 8.0])).ravel()
        breaks = np.concatenate([pieces.breaks, felt])
        outer = gaussian_rule(np.unique(np.concatenate([breaks, -breaks]) if c < 0 else breaks), np.asarray(q * abs(c)))

        def smoothed(z: np.ndarray) -> np.ndarray:
            inner = gaussian_rule(pieces.breaks, np.full(z.shape, smoothing**2), z)
            return inner.mean(evaluate(f, inner.z))

        first = smoothed(outer.z)
        return float(outer.mean(first, smoothed(-outer.z) if c < 0 else first))

    return np.array([expectation(*pair) for pair in zip(c.flat, q.flat, strict=True)]).reshape(c.shape)[()]
