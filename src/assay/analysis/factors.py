"""The factors of a study as an analysis of variance wants them: an axis for each, and the seeds last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assay.analysis.comparison import Comparison
from assay.analysis.effects import (
    Factor,
    FactorAnalysis,
    MarginalGains,
    analyse_factors,
    factor_means,
    marginal_gains,
)
from assay.analysis.intervals import Interval
from assay.analysis.measured import Measured
from assay.analysis.splits import replicates
from assay.study.spec import Study


@dataclass(frozen=True)
class Factorial:
    """Every combination of levels with its seeds, or with the means of its splits.

    Attributes
    ----------
    factors : tuple of Factor
        Those of more than one level.
    values : array, shape (L1, …, Lk, S)
        One value per trial; one that diverged has that of the best constant answer. Of several splits S is their
        number, and a value the mean over seeds.
    lost : int
        How many diverged.
    """

    factors: tuple[Factor, ...]
    values: np.ndarray
    lost: int

    @classmethod
    def of(cls, measured: Measured) -> Factorial | None:
        """The trials of a factorial study by what its conditions are compared by.

        None of another kind of study, and where fewer than two seeds, or splits, have a value in every condition.
        """
        study, measure, rules = measured.tables.study, measured.measure, measured.rules
        if not isinstance(study, Study) or study.design.kind != "factorial" or measure is None or rules is None:
            return None
        conditions = study.expand()
        samples = [measured.sample(condition.name, measure) for condition in conditions]
        filled = [
            sample.values if sample.chance is None else {**dict.fromkeys(sample.lost, sample.chance), **sample.values}
            for sample in samples
        ]
        units = [unit for unit in filled[0] if all(unit in values for values in filled)]
        whole = [replicates({unit: values[unit] for unit in units}, rules.overlap) for values in filled]
        blocks = sorted(whole[0])
        factors = _factors(study)
        if len(blocks) < 2 or not factors:
            return None
        table = np.array([[values[block] for block in blocks] for values in whole])
        lost = sum(unit in sample.lost for sample in samples for unit in units)
        return cls(factors, table.reshape(*(len(factor.levels) for factor in factors), len(blocks)), lost)

    def analysed(self, measured: Measured) -> FactorAnalysis | None:
        """Which factor matters."""
        assert measured.rules is not None
        return analyse_factors(self.values, self.factors, measured.rules)

    def pair(self, first: str, second: str) -> tuple[Factor, Factor, np.ndarray]:
        """Two factors and the means over all others, shape (levels of the first, levels of the second, S)."""
        place = {factor.key: axis for axis, factor in enumerate(self.factors)}
        means = factor_means(self.values, place[first], place[second])
        return self.factors[place[first]], self.factors[place[second]], means


def intervals_of(means: np.ndarray, measured: Measured) -> list[list[Interval]]:
    """The interval over seeds, or splits, of each mean; shape (L1, L2, S) to L1 lists of L2."""
    rules = measured.rules
    assert rules is not None
    return [[measured.mean(dict(enumerate(blocks)), rules) for blocks in row] for row in means]


def one_at_a_time(measured: Measured, compared: Mapping[str, Comparison]) -> tuple[MarginalGains, ...]:
    """What each level of each factor gains over the base, where factors vary one at a time."""
    study = measured.tables.study
    if not isinstance(study, Study) or study.design.kind != "one_at_a_time":
        return ()
    base, *others = study.expand()
    if study.baseline_name() != base.name:
        return ()
    changed = (
        (key, level, compared[condition.name])
        for condition in others
        for key, level in condition.settings.items()
        if level != base.settings[key] and condition.name in compared
    )
    return marginal_gains(changed)


def _factors(study: Study) -> tuple[Factor, ...]:
    """Those of more than one level, with the place of the baseline's level."""
    baseline = next((c for c in study.expand() if c.name == study.baseline_name()), None)
    return tuple(
        Factor(key, tuple(levels), None if baseline is None else levels.index(baseline.settings[key]))
        for key, levels in study.vary.items()
        if len(levels) > 1
    )
