r"""Which factor matters: an exact analysis of variance over every combination of levels, with the seed as a block.

::

    analysis = analyse_factors(values, [Factor("network.activation", ("relu", "tanh"), baseline=0), …], rules)

Every condition has the same seeds, so the design is balanced and its sums of squares are exact and add up
(Montgomery, *Design and Analysis of Experiments*, 2017, section 5.6). Shapes: k factors of L1, …, Lk levels make
C conditions; with S seeds there are N = C · S trials. Of several splits the split is the block, with the mean over its
seeds, and S is their number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal, cast

import numpy as np

from assay.analysis.comparison import Comparison, Rules, Sample, compare_paired, holm
from assay.analysis.intervals import Interval
from assay.analysis.share_intervals import share_intervals
from assay.analysis.splits import widening

SMALLEST_INTERACTION = 0.05
"""An interaction with less of the variance seldom changes which level one would choose, and has no simple effects."""
Kind = Literal["main", "interaction", "higher interactions", "seed", "split", "residual"]
Row = tuple[Kind, tuple[str, ...], int, float]
"""Of a term: kind, factors, degrees of freedom, sum of squares."""


@dataclass(frozen=True)
class Factor:
    """A setting that varies.

    Attributes
    ----------
    key : str
        Dotted: ``network.activation``.
    levels : tuple
        As a study file writes them.
    baseline : int, optional
        The place of the baseline's level among them.
    """

    key: str
    levels: tuple[Any, ...]
    baseline: int | None = None


@dataclass(frozen=True)
class Term:
    """A main effect, an interaction of two factors, all higher interactions together, the block, or the residual.

    The block is the ``seed``, or the ``split`` where there are several.

    Attributes
    ----------
    kind : str
    factors : tuple of str
        Their keys; empty for the seed and the residual.
    degrees : int
    sum_of_squares : float
    f, p : float or None
        Against the residual. None where there is no noise to test against.
    p_adjusted : float or None
        By Holm's method among the terms of the factors. None for the seed.
    share : float or None
        Of the variance of a trial, ω². None where all values are equal.
    low, high : float or None
        Ends of its interval. None where there is no noise.
    """

    kind: Kind
    factors: tuple[str, ...]
    degrees: int
    sum_of_squares: float
    f: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    share: float | None = None
    low: float | None = None
    high: float | None = None

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {**vars(self), "factors": list(self.factors)}


@dataclass(frozen=True)
class Gain:
    """What a level gains over another.

    Attributes
    ----------
    level : setting
        Of a simple effect the level of the other factor, of a marginal gain the level itself.
    difference : Interval
        In units of the metric; negative where a loss is lowered. Over paired seeds.
    is_clear : bool
        Whether luck is excluded: of a simple effect by the interval, of a marginal gain by its conclusion.
    """

    level: Any
    difference: Interval
    is_clear: bool

    def written(self) -> dict[str, Any]:
        """As JSON."""
        found = self.difference
        return {
            "level": self.level,
            "gain": found.mean,
            "low": found.low,
            "high": found.high,
            "is_clear": self.is_clear,
        }


@dataclass(frozen=True)
class SimpleEffect:
    """What the exchange of one factor's level gains at each level of another factor.

    Attributes
    ----------
    factor, other : str
        Keys: of the factor whose level is exchanged, and of the one that the gain depends on.
    start, end : setting
        The level before and after the exchange.
    gains : tuple of Gain
        At each level of the other factor, averaged over all further factors.
    """

    factor: str
    other: str
    start: Any
    end: Any
    gains: tuple[Gain, ...]

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "factors": [self.factor, self.other],
            "exchange": {"factor": self.factor, "from": self.start, "to": self.end},
            "gains": [gain.written() for gain in self.gains],
        }


@dataclass(frozen=True)
class MarginalGains:
    """What each level of one factor gains over the baseline, where factors vary one at a time; by seeds, or splits."""

    factor: str
    gains: tuple[Gain, ...]
    unit: str = "seed"

    @property
    def span(self) -> float:
        """From the smallest to the largest gain; that of the baseline, 0, is one of them."""
        means = [gain.difference.mean or 0.0 for gain in self.gains]
        return max(0.0, *means) - min(0.0, *means)

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {"factor": self.factor, "span": self.span, "gains": [gain.written() for gain in self.gains]}


@dataclass(frozen=True)
class FactorAnalysis:
    """The analysis of variance of one metric.

    Attributes
    ----------
    terms : tuple of Term
        Main effects, interactions of two factors, and from three factors on the rest of the interactions.
    seed : Term
        What a seed does to all conditions alike; of several splits, what a split does.
    residual : Term
        What it does to one condition alone: the noise. It has no test and no interval.
    confidence : float
    simple_effects : tuple of SimpleEffect
        Of large interactions that stand out, the largest first.
    """

    terms: tuple[Term, ...]
    seed: Term
    residual: Term
    confidence: float
    simple_effects: tuple[SimpleEffect, ...] = ()

    def stands_out(self, term: Term) -> bool:
        """Whether a term is more than the seeds' noise; the chance of one false alarm is 1 - confidence."""
        return bool(term.share) and (term.p_adjusted is None or term.p_adjusted <= 1 - self.confidence)

    @property
    def pair(self) -> tuple[str, str] | None:
        """Two factors to show: those of the largest interaction that stands out, else the two that matter most."""
        mains = sorted((t for t in self.terms if t.kind == "main"), key=lambda term: -term.sum_of_squares)
        if len(mains) < 2:
            return None
        clear = [term for term in self.terms if term.kind == "interaction" and self.stands_out(term)]
        chosen = max(clear, key=lambda term: term.share or 0.0).factors if clear else ()
        return cast(tuple[str, str], chosen or (mains[0].factors[0], mains[1].factors[0]))

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "confidence": self.confidence,
            "terms": [term.written() for term in self.terms],
            "seed": self.seed.written(),
            "residual": {
                "degrees": self.residual.degrees,
                "sum_of_squares": self.residual.sum_of_squares,
                "share": self.residual.share,
            },
            "simple_effects": [effect.written() for effect in self.simple_effects],
        }


def analyse_factors(values: np.ndarray, factors: Sequence[Factor], rules: Rules) -> FactorAnalysis | None:
    """Split the variance of a metric among the factors of a study, their interactions and the seed.

    Parameters
    ----------
    values : array, shape (L1, …, Lk, S)
        One value per trial.
    factors : sequence of Factor
        In the order of the axes; one of a single level is left out.
    rules : Rules
        How conditions are compared. A spread between seeds below the resolution cannot be seen, so the residual is
        taken to be at least that of such a spread.

    Returns
    -------
    FactorAnalysis or None
        None with fewer than two seeds, without a factor of two levels, and where a value is not finite.

    Notes
    -----
    The factors are fixed and the seed is a random block; the error is seed × condition, with (C - 1)(S - 1) degrees of
    freedom. Of a term t with d degrees of freedom ω² = (SS_t - d · MSE) / (SS_total + MS_seed), at least 0: its part of
    the variance of a trial with a new seed (Vaughan and Corballis, "Beyond tests of significance", Psychological
    Bulletin 72, 1969). The seed has S (MS_seed - MSE) and the residual N · MSE of the same total; where none is
    below 0, all add up to 1.

    The shares are of the metric as it is, and the noise is taken to be about as large in every condition.

    Splits share rows, so the means of conditions differ by more luck than the splits show. MSE is taken (1 + S ·
    overlap) times as large then, with which F of two conditions is the square of the corrected t of
    `assay.analysis.splits`; F of more is approximate, and the share of the split is at most a little small.
    """
    array = np.asarray(values, dtype=float)
    kept = [factor for factor in factors if len(factor.levels) > 1]
    array = array.reshape(*(len(factor.levels) for factor in kept), array.shape[-1])
    if not kept or array.shape[-1] < 2 or not np.isfinite(array).all():
        return None
    split = _Split.of(array, kept)
    analysis = split.analysed(rules)
    place = {factor.key: axis for axis, factor in enumerate(kept)}
    large = [
        term
        for term in analysis.terms
        if term.kind == "interaction" and analysis.stands_out(term) and (term.share or 0) >= SMALLEST_INTERACTION
    ]
    effects = []
    for term in sorted(large, key=lambda term: -(term.share or 0)):
        # The factor with the larger main effect is exchanged: it is the one that a reader would choose first.
        factor, other = sorted(term.factors, key=lambda key: -split.squares_of(key))
        cells = factor_means(array, place[factor], place[other])
        effects.append(_simple_effect(cells, kept[place[factor]], kept[place[other]], rules))
    return replace(analysis, simple_effects=tuple(effects))


def factor_means(values: np.ndarray, first: int, second: int) -> np.ndarray:
    """Means over all factors but two, per seed.

    Parameters
    ----------
    values : array, shape (L1, …, Lk, S)
    first, second : int
        The axes of the two factors.

    Returns
    -------
    array, shape (levels of the first, levels of the second, S)
    """
    others = tuple(axis for axis in range(values.ndim - 1) if axis not in (first, second))
    means = values.mean(axis=others) if others else values
    return means if first < second else means.swapaxes(0, 1)


def marginal_gains(compared: Iterable[tuple[str, Any, Comparison]]) -> tuple[MarginalGains, ...]:
    """What each factor gains over the baseline where factors vary one at a time; the largest span first.

    Parameters
    ----------
    compared : iterable of (factor, level, Comparison)
        Each condition against the baseline.
    """
    gains: dict[str, list[Gain]] = {}
    unit = "seed"
    for factor, level, comparison in compared:
        if comparison.difference.mean is not None:
            is_clear, unit = comparison.conclusion in ("better", "worse"), comparison.unit
            gains.setdefault(factor, []).append(Gain(level, comparison.difference, is_clear))
    found = (MarginalGains(factor, tuple(of_factor), unit) for factor, of_factor in gains.items())
    return tuple(sorted(found, key=lambda one: -one.span))


@dataclass(frozen=True)
class _Split:
    """The sums of squares, of C conditions and S seeds."""

    terms: list[Row]
    seed: float
    residual: float
    conditions: int
    seeds: int

    @classmethod
    def of(cls, values: np.ndarray, factors: Sequence[Factor]) -> _Split:
        """Each effect is taken out of the means before the next one, so nothing is lost to cancellation."""
        count, seeds = len(factors), values.shape[-1]
        conditions = values.size // seeds
        # Twice: the first mean of values near 1 is rounded, what is left of them is not.
        centred = values - values.mean()
        centred -= centred.mean()
        # What floating-point numbers of this size cannot tell from 0.
        rounding = values.size * (16 * np.finfo(float).eps * float(np.abs(values).max())) ** 2

        def squares(effect: np.ndarray) -> float:
            """Summed over all trials."""
            total = float(np.square(effect).sum()) * (values.size // effect.size)
            return total if total > rounding else 0.0

        rest = centred.mean(axis=-1)
        of_seed = centred.mean(axis=tuple(range(count)))
        noise = centred - rest[..., None] - of_seed
        terms: list[Row] = []
        left = conditions - 1
        for order in (1, 2):
            kind: Kind = "main" if order == 1 else "interaction"
            for axes in combinations(range(count), order):
                others = tuple(axis for axis in range(count) if axis not in axes)
                # Effects of other factors average to 0 here; those of these factors alone are taken out already.
                effect = rest.mean(axis=others, keepdims=True)
                rest = rest - effect
                degrees = math.prod(values.shape[axis] - 1 for axis in axes)
                left -= degrees
                terms.append((kind, tuple(factors[axis].key for axis in axes), degrees, squares(effect)))
        if left:
            terms.append(("higher interactions", tuple(factor.key for factor in factors), left, squares(rest)))
        return cls(terms, squares(of_seed), squares(noise), conditions, seeds)

    def squares_of(self, factor: str) -> float:
        """The sum of squares of a main effect."""
        return next(squares for _, keys, _, squares in self.terms if keys == (factor,))

    def analysed(self, rules: Rules) -> FactorAnalysis:
        """Tests, shares and intervals."""
        from scipy.special import fdtrc

        degrees_of_noise = (self.conditions - 1) * (self.seeds - 1)
        # A difference of two seeds' values has twice the variance of one.
        noise = max(self.residual / degrees_of_noise, rules.resolution**2 / 2)
        seen, noise = noise, noise * widening(self.seeds, rules.overlap) ** 2
        block: Kind = "seed" if rules.overlap is None else "split"
        rows: list[Row] = [*self.terms, (block, (), self.seeds - 1, self.seed)]
        degrees, squares = np.array([row[2] for row in rows], dtype=float), np.array([row[3] for row in rows])
        total = float(squares.sum()) + self.residual + self.seed / (self.seeds - 1)
        columns: dict[str, Any] = {}
        if total > 0:
            parts = squares - degrees * noise
            parts[-1] *= self.seeds / (self.seeds - 1)
            columns["share"] = np.maximum(parts, 0) / total
        if noise > 0 and total > 0:
            f = columns["f"] = squares / degrees / noise
            columns["p"] = fdtrc(degrees, degrees_of_noise, f)
            columns["p_adjusted"] = [*holm(columns["p"][:-1].tolist()), None]
            columns["low"], columns["high"] = share_intervals(
                f, degrees, self.seeds, degrees_of_noise, total / noise, rules.confidence
            )
        terms = []
        for place, row in enumerate(rows):
            entries = ((name, column[place]) for name, column in columns.items())
            known: dict[str, Any] = {name: float(entry) for name, entry in entries if entry is not None}
            terms.append(Term(*row, **known))
        share = self.conditions * self.seeds * seen / total if total > 0 else None
        residual = Term("residual", (), degrees_of_noise, self.residual, share=share and min(share, 1.0))
        return FactorAnalysis(tuple(terms[:-1]), terms[-1], residual, rules.confidence)


def _simple_effect(cells: np.ndarray, factor: Factor, other: Factor, rules: Rules) -> SimpleEffect:
    """From the baseline's level, else from the worst; to the level whose gain depends most on the other factor.

    Parameters
    ----------
    cells : array, shape (levels of the factor, levels of the other, S)
    """
    means = cells.mean(axis=-1)
    order = means.mean(axis=1) if rules.higher_is_better else -means.mean(axis=1)
    start = int(order.argmin()) if factor.baseline is None else factor.baseline
    end = int(np.ptp(means - means[start], axis=1).argmax())
    gains = []
    for place, level in enumerate(other.levels):
        after, before = (Sample(dict(enumerate(cells[row, place].tolist()))) for row in (end, start))
        difference = compare_paired(after, before, rules).difference
        low, high = difference.low, difference.high
        is_clear = difference.mean != 0 if low is None or high is None else low > 0 or high < 0
        gains.append(Gain(level, difference, is_clear))
    return SimpleEffect(factor.key, other.key, factor.levels[start], factor.levels[end], tuple(gains))
