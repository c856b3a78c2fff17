r"""Several splits of one table: what one of them came to, and how far their mean can be trusted.

A trial of a study of one split is known by its seed; of several splits by the number of the split and the seed. What is
repeated is then the split: its value is the mean over its seeds. Splits of one table share training rows, so their
values are not independent, and Student's t takes too narrow an interval. Nadeau and Bengio ("Inference for the
generalization error", Machine Learning 52, 2003) put the variance of the mean of J splits at

.. math:: (1 / J + n_{measured} / n_{trained}) \, s^2

with J - 1 degrees of freedom. Bouckaert and Frank ("Evaluating the replicability of significance tests for comparing
learning algorithms", PAKDD 2004) take the same for cross-validation; of k folds the ratio is 1 / (k - 1).
``validation/splits.py`` measures how often such intervals hold the truth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Unit = int | tuple[int, int]
"""A trial of a condition: its seed, or the number of its split and its seed."""


def unit_of(key: Sequence[int]) -> Unit:
    """From the values of `assay.store.Tables.unit_columns`."""
    return key[0] if len(key) == 1 else (key[0], key[1])


def replicates(values: Mapping[Unit, float], overlap: float | None) -> dict[int, float]:
    """One value for each repetition: of each seed, or of each split the mean over its seeds.

    Parameters
    ----------
    values : mapping of Unit to float
    overlap : float, optional
        Rows measured for each row trained on, where there are several splits. None: there is one.
    """
    grouped: dict[int, list[float]] = {}
    for unit, value in values.items():
        grouped.setdefault(unit if isinstance(unit, int) else unit[0], []).append(value)
    if overlap is None:
        assert all(len(of_seed) == 1 for of_seed in grouped.values())
    return {number: math.fsum(of_one) / len(of_one) for number, of_one in grouped.items()}


def widening(count: float, overlap: float | None) -> float:
    """The standard error of the mean of so many splits over that of independent values: √(1 + count · overlap)."""
    return math.sqrt(1 + count * (overlap or 0.0))
