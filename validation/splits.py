"""How often intervals over several splits of one table hold the truth, and how often equal learners are told apart.

    python validation/splits.py [--tables N]

Tables are drawn from a population whose truth is known; on each, learners with a closed form are trained on several
splits. What a split came to is compared as assay compares networks: by Student's t with the variance of Nadeau and
Bengio (2003), and beside it by the plain t, which takes splits for independent. Writes validation/splits.md.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assay.analysis import POSITIVE, SHARE, Rules, Sample, compare_paired, mean_interval
from assay.analysis.scales import Scale
from assay.data import Resample, Split
from assay.data.splitting import Rows, split_rows

HERE = Path(__file__).parent
ROWS, FEATURES = 150, 5
"""Of a table, and those that one learner sees of twice as many."""
TEST = Split(fraction=0.2)
SEED = 0

Learner = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], float]
"""From x and y of the training and of the test rows to what is measured on the test rows."""


@dataclass(frozen=True)
class Population:
    """Where tables come from, and what is learnt of them.

    Attributes
    ----------
    name : str
    draw : callable
        A table of so many rows: x (rows, 2 · FEATURES) and y.
    learner : callable
    truth : callable
        The expected measurement after learning from so many rows.
    scale : Scale
    step : float
        The smallest one between two measurements.
    """

    name: str
    draw: Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
    learner: Learner
    truth: Callable[[int], float]
    scale: Scale
    step: float = 0.0


def _linear(generator: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Normal features, each with the same weight, and noise of variance 1."""
    x = generator.normal(size=(rows, 2 * FEATURES))
    return x, x.sum(axis=1) / math.sqrt(2 * FEATURES) + generator.normal(size=rows)


def _least_squares(x: np.ndarray, y: np.ndarray, x_test: np.ndarray, y_test: np.ndarray) -> float:
    """The mean squared error of least squares without intercept."""
    weights = np.linalg.lstsq(x, y, rcond=None)[0]
    return float(np.square(y_test - x_test @ weights).mean())


def _error_of_least_squares(rows: int) -> float:
    """σ² (1 + F / (n - F - 1)); what is not seen of the features is noise of variance ½ beside that of 1."""
    return 1.5 * (1 + FEATURES / (rows - FEATURES - 1))


def _two_classes(generator: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Two normal classes, apart in every feature alike."""
    y = np.arange(rows) % 2
    return generator.normal(size=(rows, 2 * FEATURES)) + 0.6 * y[:, None], y


def _nearest_mean(x: np.ndarray, y: np.ndarray, x_test: np.ndarray, y_test: np.ndarray) -> float:
    """The accuracy of the nearer mean of the two classes."""
    means = [x[y == label].mean(axis=0) for label in (0, 1)]
    away = [np.square(x_test - mean).sum(axis=1) for mean in means]
    return float(np.mean((away[1] < away[0]) == (y_test == 1)))


def _accuracy_of_nearest_mean(rows: int) -> float:
    """Over many tables: the probability that a new row of a class lies nearer to its mean, which is normal."""
    from scipy.special import ndtr

    generator, draws = np.random.default_rng(1), 200_000
    size = math.sqrt(2 / rows)
    first = generator.normal(0.0, size, (draws, FEATURES))
    second = generator.normal(0.6, size, (draws, FEATURES))
    apart = second - first
    middle = (first + second) / 2
    edge = np.linalg.norm(apart, axis=1)
    right = [ndtr((apart * middle).sum(axis=1) / edge), ndtr((apart * (0.6 - middle)).sum(axis=1) / edge)]
    return float(np.mean(right))


POPULATIONS = (
    Population("least squares: squared error", _linear, _least_squares, _error_of_least_squares, POSITIVE),
    Population(
        "nearest class mean: accuracy",
        _two_classes,
        _nearest_mean,
        _accuracy_of_nearest_mean,
        SHARE,
        step=1 / TEST.size(ROWS),
    ),
)
WAYS = {
    "5 splits": [Resample(number) for number in range(5)],
    "10 splits": [Resample(number) for number in range(10)],
    "5 folds": [Resample(number, 5) for number in range(5)],
    "10 folds": [Resample(number, 10) for number in range(10)],
}


def measured(
    population: Population, splits: list[Resample], table: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, float, float]:
    """What two learners come to on each split, (2, J), the rows that they learn from and the ratio of the two parts.

    Each learner sees one half of the features; the halves are alike, so that the two are equally good.
    """
    x, y = table
    labels = y if population.scale is SHARE else None
    found, sizes = [], []
    for split in splits:
        rest, part = split_rows(TEST, Rows(ROWS, labels), seed=SEED, resample=split)
        halves = (x[:, :FEATURES], x[:, FEATURES:])
        found.append([population.learner(half[rest], y[rest], half[part], y[part]) for half in halves])
        sizes.append((len(rest), len(part)))
    trained, tested = np.mean(sizes, axis=0)
    return np.transpose(found), float(trained), float(tested / trained)


def shares(population: Population, splits: list[Resample], tables: int) -> dict[str, float]:
    """How often an interval holds the truth, and how often two equal learners are told apart."""
    generator = np.random.default_rng(2)
    held: dict[str, list[bool]] = {"corrected": [], "plain": []}
    alarms: dict[str, list[bool]] = {"corrected": [], "plain": []}
    truth = None
    for _ in range(tables):
        values, trained, ratio = measured(population, splits, population.draw(generator, ROWS))
        truth = population.truth(round(trained)) if truth is None else truth
        samples = [Sample({(split, 0): float(value) for split, value in enumerate(row)}) for row in values]
        for name, overlap in (("corrected", ratio), ("plain", 0.0)):
            interval = mean_interval(values[0], 0.95, population.scale, population.step, overlap)
            held[name].append(interval.low is not None and interval.low <= truth <= interval.high)  # type: ignore[operator]
            rules = Rules(population.scale is SHARE, population.scale, resolution=population.step, overlap=overlap)
            p = compare_paired(*samples, rules).p
            alarms[name].append(p is not None and p <= 0.05)
    return {
        "held": float(np.mean(held["corrected"])),
        "held, plain": float(np.mean(held["plain"])),
        "alarms": float(np.mean(alarms["corrected"])),
        "alarms, plain": float(np.mean(alarms["plain"])),
    }


def percent(share: float) -> str:
    """``94 %``; with a decimal below 10."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"


def page(tables: int) -> Iterator[str]:
    """The lines of validation/splits.md."""
    yield "# How far intervals over several splits can be trusted"
    yield ""
    yield (
        f"Written by `make splits` (`validation/splits.py`). Each line is of {tables:,} tables of {ROWS} rows; a share "
        f"of 5 % then has a standard error of {100 * math.sqrt(0.05 * 0.95 / tables):.1f} points. A table is drawn "
        "from a population whose truth is known, and split several times; a split tests a fifth of the rows, a fold "
        "its part. *assay* takes the variance of the mean of J splits to be (1 / J + rows tested / rows trained) s² "
        "(Nadeau and Bengio 2003); *plain t* takes splits for independent, s² / J. Two learners see features that are "
        "alike, so that each difference that is found between them is a false alarm."
    )
    yield ""
    held = "truth in assay's 95 % interval | in that of plain t"
    yield f"| learner and measure | splits | {held} | false alarms, assay | plain t |"
    yield "|---|---|---|---|---|---|"
    for population in POPULATIONS:
        for name, splits in WAYS.items():
            found = shares(population, splits, tables)
            cells = " | ".join(percent(value) for value in found.values())
            yield f"| {population.name} | {name} | {cells} |"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=HERE / "splits.md")
    options = parser.parse_args()
    text = "\n".join(page(options.tables)) + "\n"
    options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
