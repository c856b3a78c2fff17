"""How well the shares of variance of an analysis of variance are known: the noncentral F distribution, inverted."""

from __future__ import annotations

import numpy as np

LARGEST_SERIES = 1e6
"""Noncentrality up to which the series of the noncentral F distribution is summed."""


def share_intervals(
    f: np.ndarray, degrees: np.ndarray, seeds: int, degrees_of_noise: int, total: float, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    r"""Intervals of the shares of all terms, by inverting the noncentral F distribution; the last term is the seed.

    Parameters
    ----------
    f, degrees : array, shape (T,)
        F and its degrees of freedom.
    seeds, degrees_of_noise : int
    total : float
        (SS_total + MS_seed) / MSE.
    confidence : float

    Returns
    -------
    low, high : array, shape (T,)

    Notes
    -----
    Of a fixed term the noncentrality λ = N · Var[effect] / σ² is estimated by d (F - 1). With R = total - d (F - 1),
    which is N times all other variance over σ², its share is λ / (λ + R). Steiger ("Beyond the F test", Psychological
    Methods 9, 2004) inverts F for λ and keeps R. Where σ² is small that is far too wide: another σ² would change λ and
    R alike. So F is referred to ν degrees of freedom, by Satterthwaite's formula those of all sums of squares in R,
    each with its own variance. What the estimate of σ² adds, 1 / m = 1 / (degrees of noise) - 1 / ν, widens the
    interval from normal quantiles to those of Student's t with m degrees of freedom. Whether the lower end is 0 is left
    to the exact F test. The seed is random: S (F / quantile of F - 1) stands for its λ.
    """
    from scipy.special import fdtrc, fdtri, ndtr, stdtrit

    estimated = degrees * (f - 1)
    estimated[-1] = seeds * (f[-1] - 1)
    rest = total - estimated
    # Half the variance of each sum of squares over σ²: of a fixed term, of a random one, of the residual.
    halves = degrees + 2 * np.maximum(estimated, 0)
    halves[-1] = (seeds * f[-1]) ** 2 / degrees[-1]
    effective = rest**2 / (halves.sum() - halves + degrees_of_noise)
    further = np.maximum(1 / degrees_of_noise - 1 / effective, 1e-9)
    below = ndtr(stdtrit(1 / further, (1 - confidence) / 2))
    ends = []
    for probability in (1 - below, below):
        found = noncentrality(f, degrees, effective, probability)
        found[-1] = seeds * max(f[-1] / fdtri(degrees[-1], effective[-1], probability[-1]) - 1, 0)
        ends.append(found / (found + rest))
    is_noise = fdtrc(degrees, degrees_of_noise, f) > (1 - confidence) / 2
    return np.where(is_noise, 0.0, ends[0]), ends[1]


def noncentrality(f: np.ndarray, degrees: np.ndarray, others: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Where the noncentral F distribution lies below `f` with a probability, by bisection; 0 where it nowhere does.

    Parameters
    ----------
    f, degrees, others, probability : array, shape (T,)
        `degrees` of the numerator, `others` of the denominator.
    """
    low, high = np.zeros_like(f), np.maximum(degrees * f, 1.0)
    while (is_low := _noncentral_f(f, degrees, others, high) > probability).any():
        high = np.where(is_low, 2 * high, high)
    for _ in range(60):
        middle = (low + high) / 2
        is_low = _noncentral_f(f, degrees, others, middle) > probability
        low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    return np.where(high < 1e-12, 0.0, high)


def _noncentral_f(f: np.ndarray, degrees: np.ndarray, others: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Its probability below `f`; beyond `LARGEST_SERIES` by Patnaik's two moments (Biometrika 36, 1949)."""
    from scipy.special import fdtr, ncfdtr

    alike = (degrees + shift) ** 2 / (degrees + 2 * shift)
    moments = fdtr(alike, others, f * degrees / (degrees + shift))
    return np.where(shift > LARGEST_SERIES, moments, ncfdtr(degrees, others, np.minimum(shift, LARGEST_SERIES), f))
