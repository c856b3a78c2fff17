"""Is a condition better than the baseline? Asked of the same seeds in both, and of all comparisons of a study together.

- **Student's paired t**, on the scale of the metric, looks for a difference of the means.
- **Fisher's exact test** compares the shares of seeds that learnt, where some failed and others did not.
- **Two one-sided t tests** ask whether the difference is smaller than a margin that matters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assay.analysis.intervals import Interval, noncentral_tail, standard_deviation, student_quantile, student_tail
from assay.analysis.scales import PLAIN, Scale
from assay.analysis.splits import Unit, replicates, widening

RESOLUTION = 2.0**-21
"""Values are float32 with 24 binary digits: a difference of two is known to about this part of them."""
LEVEL_OF_SHARES = 0.5
"""Where seeds fail, the shares that learnt get half of the level, and the means of those that learnt the other half."""
POWER = 0.8
"""The chance with which the seeds that are asked for would find a difference like the one seen."""
MOST_SEEDS = 1_000_000

Conclusion = Literal["better", "worse", "same", "undecided"]
CONCLUSIONS: tuple[Conclusion, ...] = ("better", "worse", "same", "undecided")


@dataclass(frozen=True)
class Sample:
    """What the seeds of one condition came to, on each of its splits.

    Attributes
    ----------
    values : mapping of Unit to float
        By seed, or split and seed, the value of each trial that completed.
    at_chance : set of Unit
        Those of them that never left chance, where others of the condition did.
    lost : set of Unit
        The trials that diverged.
    chance : float, optional
        The value of the best constant answer, which is what a trial that diverged counts as. None: not known.
    """

    values: Mapping[Unit, float]
    at_chance: frozenset[Unit] = frozenset()
    lost: frozenset[Unit] = frozenset()
    chance: float | None = None

    @property
    def learnt(self) -> Mapping[Unit, float]:
        """The values of the seeds that learnt; all where none is set apart."""
        return {unit: value for unit, value in self.values.items() if unit not in self.at_chance}

    @property
    def compared(self) -> Mapping[Unit, float]:
        """What stands for the condition in a comparison of means: the best constant answer, where all diverged."""
        if self.values or self.chance is None:
            return self.learnt
        return dict.fromkeys(self.lost, self.chance)

    @property
    def is_split(self) -> bool:
        """Whether some of its seeds failed and others did not."""
        return bool(self.at_chance or (self.lost and self.values))

    @property
    def ended(self) -> int:
        """How many trials completed or diverged."""
        return len(self.values) + len(self.lost)

    @property
    def share_learnt(self) -> float:
        """Of all trials that ended."""
        return len(self.learnt) / max(1, self.ended)


@dataclass(frozen=True)
class Rules:
    """How the conditions of a study are compared.

    Attributes
    ----------
    higher_is_better : bool
    scale : Scale
        Of the metric.
    confidence : float
        Of intervals; 1 - confidence is the chance of one false alarm among all comparisons of a study.
    margin : float
        The smallest difference that matters: of what is counted in points as it is, of another metric as a part of the
        baseline's value.
    resolution : float
        The smallest step between two values: 1 / rows for an accuracy.
    overlap : float, optional
        Of several splits, the rows measured for each row trained on; see `assay.analysis.splits`. None: seeds are
        compared, of one split.
    more : bool
        Whether there may be more seeds, or splits: not of folds.
    """

    higher_is_better: bool
    scale: Scale = PLAIN
    confidence: float = 0.95
    margin: float = 0.01
    resolution: float = 0.0
    overlap: float | None = None
    more: bool = True


@dataclass(frozen=True)
class Evidence:
    """What one pair of conditions shows, before the other comparisons of the study are thought of.

    Attributes
    ----------
    difference : Interval
        Condition minus baseline, over the seeds that learnt in both.
    effect_size : float, optional
        The mean difference in standard deviations of the paired differences.
    p : float, optional
        That of two equal conditions so much or more would be seen. None: nothing to test.
    p_same : float, optional
        That of two conditions at least a margin apart so little or less would be seen.
    is_higher : bool
        The direction that `p` is about.
    is_separate : bool
        Whether all values of the one lie beyond all values of the other.
    deviation_to_margin, deviation_to_shift : float
        Standard deviation of the paired differences, in units of the margin and of the difference seen, all on the
        scale; infinite where it is not known. See `seeds_needed`.
    """

    difference: Interval
    effect_size: float | None = None
    p: float | None = None
    p_same: float | None = None
    is_higher: bool = False
    is_separate: bool = False
    deviation_to_margin: float = math.inf
    deviation_to_shift: float = math.inf


@dataclass(frozen=True)
class Comparison:
    """A paired difference and what follows from it.

    Attributes
    ----------
    difference : Interval
        Condition minus baseline, over the seeds that learnt in both; the interval is for this comparison alone.
    conclusion : str
        ``better`` or ``worse``; ``same`` where the difference is smaller than the margin; else ``undecided``.
    effect_size : float or None
        The mean difference in standard deviations of the paired differences.
    p, p_adjusted : float or None
        Alone, and by Holm's method among all comparisons of the study.
    comparisons : int
        How many those are.
    seeds_needed : int or None
        So many seeds, or splits, would decide it at the spread seen. None where it is decided, or where no spread was
        seen, or where no number of splits would.
    settles_margin : bool
        Whether so many would decide it whatever the true difference is; else only if it is as large as the one seen.
    is_separate : bool
        Whether all values of the one lie beyond all values of the other.
    unit : str
        What is compared: each ``seed``, or the mean of each ``split``.
    is_beyond_reach : bool
        Whether no number of splits would decide it: what they share does not grow less with their number.
    """

    difference: Interval
    conclusion: Conclusion
    effect_size: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    comparisons: int = 1
    seeds_needed: int | None = None
    settles_margin: bool = True
    is_separate: bool = False
    unit: Literal["seed", "split"] = "seed"
    is_beyond_reach: bool = False


def compare_paired(sample: Sample, baseline: Sample, rules: Rules) -> Evidence:
    """Compare a condition with the baseline over the seeds that both completed.

    Notes
    -----
    A seed gives the same initial draws and the same batches in every condition, so what is common to both cancels in
    the difference of one seed. Seeds are assumed independent, and the difference of means about normal on the scale.

    Where some seeds of a condition never left chance or diverged, and others learnt, no mean stands for both groups:
    the shares that learnt are compared (Fisher's exact test), and beside them the means of seeds that learnt in both,
    which count only if they do not point away from the shares. A condition of which all trials diverged stands there
    with the best constant answer.

    Of several splits the means over the seeds that both completed are compared, split by split. Shares that learnt are
    not compared then, for trials of overlapping splits fail together.
    """
    mine, other = sample.compared, baseline.compared
    common = mine.keys() & other.keys()
    own, others = (replicates({unit: each[unit] for unit in common}, rules.overlap) for each in (mine, other))
    values, theirs = [own[number] for number in sorted(own)], [others[number] for number in sorted(own)]
    return _evidence(sample, baseline, _Shift.paired(values, theirs, rules) if common else None, rules)


def compare_unpaired(sample: Sample, baseline: Sample, rules: Rules) -> Evidence:
    """As `compare_paired`, of seeds that have nothing in common: Welch's t test on the scale of the metric.

    B. L. Welch, "The generalization of 'Student's' problem when several different population variances are involved",
    Biometrika 34, 1947.
    """
    values, theirs = (list(replicates(each.compared, rules.overlap).values()) for each in (sample, baseline))
    return _evidence(sample, baseline, _Shift.unpaired(values, theirs, rules) if values and theirs else None, rules)


def _evidence(sample: Sample, baseline: Sample, means: _Shift | None, rules: Rules) -> Evidence:
    """What the means show, and the shares that learnt where some did not."""
    is_split = sample.is_split or baseline.is_split
    found: list[tuple[float, bool]] = []
    if means is not None and means.error > 0:
        p = 2 * student_tail(means.degrees, abs(means.shift) / means.error)
        shared = is_split and rules.overlap is None  # with the test of the shares below
        found.append((p / (1 - LEVEL_OF_SHARES) if shared else p, means.shift > 0))
    if is_split and sample.share_learnt != baseline.share_learnt:
        is_higher = (sample.share_learnt > baseline.share_learnt) == rules.higher_is_better
        found = [one for one in found if one[1] == is_higher]
        if rules.overlap is None:
            found.append((_shares_p(sample, baseline) / LEVEL_OF_SHARES, is_higher))
    smallest = min(found, default=None)
    return Evidence(
        difference=Interval(None, None, None, 0) if means is None else means.difference(rules),
        effect_size=None if means is None else means.effect_size,
        p=None if smallest is None else min(smallest[0], 1.0),
        p_same=None if is_split or means is None else means.p_same(rules),
        is_higher=smallest is not None and smallest[1],
        is_separate=not is_split and means is not None and means.is_separate,
        deviation_to_margin=math.inf if is_split or means is None else means.deviation_over(min(means.margins(rules))),
        deviation_to_shift=math.inf if is_split or means is None else means.deviation_over(abs(means.shift)),
    )


def _shares_p(sample: Sample, baseline: Sample) -> float:
    """Fisher's exact test of the two shares of seeds that learnt, two-sided: all tables at most as likely as this."""
    total, other_total = sample.ended, baseline.ended
    learnt = len(sample.learnt) + len(baseline.learnt)

    def ways(count: int) -> int:
        return math.comb(total, count) * math.comb(other_total, learnt - count)

    seen = ways(len(sample.learnt))
    counts = range(max(0, learnt - other_total), min(total, learnt) + 1)
    return sum(ways(count) for count in counts if ways(count) <= seen) / math.comb(total + other_total, learnt)


def concluded(found: Sequence[Evidence], rules: Rules) -> list[Comparison]:
    """The conclusions of all comparisons of a study.

    Of all comparisons that make no difference, one or more is called better or worse with a probability of at most
    1 - confidence (Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics
    6, 1979). The same holds of the differences beyond the margin and the conclusion ``same``.
    """
    level = 1 - rules.confidence
    adjusted, same = holm([one.p for one in found]), holm([one.p_same for one in found])
    comparisons = sum(one.p is not None for one in found)
    concluded = []
    for one, p, p_same in zip(found, adjusted, same, strict=True):
        conclusion: Conclusion = "undecided"
        if p_same is not None and p_same <= level:
            conclusion = "same"
        elif p is not None and p <= level:
            conclusion = "better" if one.is_higher == rules.higher_is_better else "worse"
        needed, settles_margin, is_known = None, True, math.isfinite(one.deviation_to_margin)
        is_open = conclusion == "undecided" and one.p is not None and rules.more
        if is_open:
            spread = one.deviation_to_margin, one.deviation_to_shift
            needed, settles_margin = seeds_needed(*spread, level / comparisons, rules.overlap)
        concluded.append(
            Comparison(
                difference=one.difference,
                conclusion=conclusion,
                effect_size=one.effect_size,
                p=one.p,
                p_adjusted=p,
                comparisons=max(comparisons, 1),
                seeds_needed=needed,
                settles_margin=settles_margin,
                is_separate=one.is_separate,
                unit="seed" if rules.overlap is None else "split",
                is_beyond_reach=is_open and bool(rules.overlap) and is_known and needed is None,
            )
        )
    return concluded


def holm(p: Sequence[float | None]) -> list[float | None]:
    """Holm's adjusted p-values: the i-th smallest of m times m + 1 - i, never below one before it. None stays None."""
    known = sorted((value, place) for place, value in enumerate(p) if value is not None)
    adjusted: list[float | None] = [None] * len(p)
    highest = 0.0
    for rank, (value, place) in enumerate(known):
        highest = adjusted[place] = max(highest, min(1.0, value * (len(known) - rank)))
    return adjusted


def seeds_needed(
    to_margin: float, to_shift: float, level: float, overlap: float | None = None
) -> tuple[int | None, bool]:
    """How many seeds, or splits, would decide, and whether they would whatever the true difference is.

    Half an interval of half a margin decides: the interval leaves out 0 or lies within the margin. Fewer seeds may do
    where the difference is large: so many find one as large as that seen with a probability of at least `POWER`, by the
    noncentral t distribution.

    Parameters
    ----------
    to_margin, to_shift : float
        Standard deviation s of the paired differences, in units of the margin and of the difference seen.
    level : float
        What one of the study's comparisons may err by.
    overlap : float, optional
        Of splits: their mean errs by at least √overlap · s, however many they are.
    """

    def half_interval(count: int) -> float:
        return student_quantile(count - 1, 1 - level / 2)

    def error(deviation: float, count: int) -> float:
        return deviation * widening(count, overlap)

    whatever = _fewest(
        lambda count: half_interval(count) * error(to_margin, count) / math.sqrt(count) <= 0.5, to_margin
    )
    like_this = _fewest(
        lambda count: (
            noncentral_tail(count - 1, math.sqrt(count) / error(to_shift, count), half_interval(count)) >= POWER
        ),
        to_shift,
    )
    if like_this is not None and (whatever is None or like_this < whatever):
        return like_this, False
    return whatever, True


def _fewest(decides: Callable[[int], bool], deviation: float) -> int | None:
    """The smallest number of seeds that decides, by bisection; None beyond `MOST_SEEDS`."""
    if not math.isfinite(deviation) or not decides(MOST_SEEDS):
        return None
    low, high = 1, MOST_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high


@dataclass(frozen=True)
class _Shift:
    """How far apart two means are on the scale of the metric, g(mean) - g(other), and how well that is known.

    Attributes
    ----------
    mean, other : float
    scale : Scale
        The plain one where a mean lies at an end of the metric.
    count : int
        Pairs, or values of the smaller sample.
    degrees, error : float
        Degrees of freedom and standard error of the shift; an error of 0 is one that is not known.
    deviation : float
        Of one pair on the scale, so that the error is deviation / √count, wider for splits.
    effect_size : float or None
    is_separate : bool
        Whether all values of the one lie beyond all values of the other.
    """

    mean: float
    other: float
    scale: Scale
    count: int
    degrees: float
    error: float
    deviation: float
    effect_size: float | None
    is_separate: bool

    @classmethod
    def paired(cls, values: list[float], theirs: list[float], rules: Rules) -> _Shift:
        """By the delta method, the linearized difference of one seed is g'(mean) · value - g'(other) · other value."""
        scale, count = _scale_of(values, theirs, rules), len(values)
        slope, other_slope = scale.slope(_mean(values)), scale.slope(_mean(theirs))
        linear = [slope * a - other_slope * b for a, b in zip(values, theirs, strict=True)]
        size = max(slope * abs(a) + other_slope * abs(b) for a, b in zip(values, theirs, strict=True))
        deviation = _seen(linear, rules.resolution * max(slope, other_slope), size, rules)
        differences = [a - b for a, b in zip(values, theirs, strict=True)]
        spread = max(standard_deviation(differences), rules.resolution) if count > 1 else 0.0
        effect = _mean(differences) / spread if spread > 0 and deviation > 0 else None
        error = deviation / math.sqrt(count) * widening(count, rules.overlap)
        return cls._of(values, theirs, scale, count, count - 1, error, deviation, effect)

    @classmethod
    def unpaired(cls, values: list[float], theirs: list[float], rules: Rules) -> _Shift:
        """Welch's: the variances of both means add up; the degrees of freedom are those of Satterthwaite."""
        scale, count = _scale_of(values, theirs, rules), min(len(values), len(theirs))
        parts = []
        for sample in (values, theirs):
            slope = scale.slope(_mean(sample))
            spread = _seen([slope * value for value in sample], rules.resolution * slope, abs(_mean(sample)), rules)
            wide = widening(len(sample), rules.overlap)
            parts.append((spread**2 / len(sample) * wide**2, len(sample) - 1))
        variance = sum(part for part, _ in parts) if all(part > 0 for part, _ in parts) else 0.0
        degrees = variance**2 / sum(part**2 / free for part, free in parts) if variance > 0 else 0.0
        pooled = math.sqrt(
            (standard_deviation(values) ** 2 + standard_deviation(theirs) ** 2) / 2 if count > 1 else 0.0
        )
        effect = (_mean(values) - _mean(theirs)) / pooled if pooled > 0 else None
        error = math.sqrt(variance)
        deviation = error * math.sqrt(count) / widening(count, rules.overlap)
        return cls._of(values, theirs, scale, count, degrees, error, deviation, effect)

    @classmethod
    def _of(
        cls,
        values: list[float],
        theirs: list[float],
        scale: Scale,
        count: int,
        degrees: float,
        error: float,
        deviation: float,
        effect: float | None,
    ) -> _Shift:
        is_separate = count > 1 and (max(values) < min(theirs) or min(values) > max(theirs))
        return cls(_mean(values), _mean(theirs), scale, count, degrees, error, deviation, effect, is_separate)

    @property
    def shift(self) -> float:
        return self.scale.transformed(self.mean) - self.scale.transformed(self.other)

    def difference(self, rules: Rules) -> Interval:
        """In units of the metric; the ends are where the baseline's mean would be moved to."""
        mean = self.mean - self.other
        if self.error == 0:
            return Interval(mean, None, None, self.count)
        half_width = student_quantile(self.degrees, (1 + rules.confidence) / 2) * self.error
        centre = self.scale.transformed(self.mean)
        ends = (self.scale.back(centre + way * half_width) for way in (-1, 1))
        low, high = (min(max(end, rules.scale.low), rules.scale.high) - self.other for end in ends)
        return Interval(mean, low, high, self.count)

    def p_same(self, rules: Rules) -> float | None:
        """The larger p of two one-sided tests (Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15, 1987)."""
        if self.error == 0:
            return None
        down, up = self.margins(rules)
        return max(student_tail(self.degrees, gap / self.error) for gap in (up - self.shift, down + self.shift))

    def deviation_over(self, distance: float) -> float:
        """The standard deviation of one pair in units of a distance on the scale."""
        return self.deviation / distance if self.deviation > 0 and distance > 0 else math.inf

    def margins(self, rules: Rules) -> tuple[float, float]:
        """How far below and above the baseline's mean the margin reaches, on the scale; infinite beyond an end."""
        margin = rules.margin if rules.scale.counts_points else rules.margin * abs(self.other)
        down, up = (
            abs(self.scale.transformed(end) - self.scale.transformed(self.other))
            if self.scale.contains(end)
            else math.inf
            for end in (self.other - margin, self.other + margin)
        )
        return down, up


def _scale_of(values: list[float], theirs: list[float], rules: Rules) -> Scale:
    """The scale of the metric, unless one of the means lies within half a step of an end."""
    step = rules.resolution / 2
    means = (_mean(values), _mean(theirs))
    is_inside = all(rules.scale.contains(mean + way * step) for mean in means for way in (-1, 1))
    return rules.scale if is_inside else PLAIN


def _seen(values: list[float], step: float, size: float, rules: Rules) -> float:
    """The standard deviation of some values, but no less than one step; 0 where it is not known.

    Shares come in steps of one example, and a few seeds may agree: where the step is not known, no spread is. A loss is
    known to `RESOLUTION` of its `size`.
    """
    if len(values) < 2:
        return 0.0
    deviation = standard_deviation(values)
    if step > 0:
        return max(deviation, step)
    if deviation <= RESOLUTION * size:
        return 0.0 if rules.scale.counts_points else RESOLUTION * size
    return deviation


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
