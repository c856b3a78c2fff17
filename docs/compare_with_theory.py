"""Measure theory against wide random networks and write docs/theory.md.

    python docs/compare_with_theory.py [--only ACTIVATION …]

Networks of width 512 with three hidden layers, from 20 seeds, for every activation that theory follows × {He, Glorot,
LeCun} × {normal, uniform, truncated normal}: 5,000 networks, a quarter of an hour on two cores. They go the way of
every study: `assay.probe` draws, measures and predicts. Inputs are normal, of as many sizes as there are examples;
targets are normal and large, so that the errors at the output do not depend on the network, as theory assumes on the
way down.

Compared, as means over seeds: the std of pre-activations in each layer, and χ₁, by which the mean square of the error
is multiplied from one layer to the one below. Theory is that of infinite width: activations that are not within the
goals are measured again, with normal kernels, at twice the width, to see whether width is what they lack.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

import assay
from assay.networks.activations import ACTIVATIONS

PAGE = Path(__file__).parent / "theory.md"
WIDTH, HIDDEN_LAYERS, FEATURES, OUTPUTS, ROWS, SEEDS = 512, 3, 256, 128, 192, 20
WIDER = 2 * WIDTH
STD_GOAL, CHI_GOAL = 0.02, 0.01
GAINS = {"He": (2.0, "fan_in"), "Glorot": (1.0, "fan_avg"), "LeCun": (1.0, "fan_in")}
DISTRIBUTIONS = {"normal": "untruncated_normal", "uniform": "uniform", "truncated": "truncated_normal"}
AT_WIDTH = {WIDTH: list(DISTRIBUTIONS), WIDER: ["normal"]}

Name = tuple[str, str]
"""Gain and distribution."""


class Deviation(NamedTuple):
    """Relative deviations from theory, each that of the layer where it is largest; nan where theory explodes.

    `error` is the standard error of `std` over seeds.
    """

    std: float
    error: float
    chi: float

    @property
    def is_within(self) -> bool:
        return abs(self.std) <= STD_GOAL and abs(self.chi) <= CHI_GOAL

    def __str__(self) -> str:
        if not np.isfinite(self.std):
            return "explodes"
        return f"{100 * self.std:+.1f} ± {100 * self.error:.1f}, {100 * self.chi:+.1f}"


def write_data(path: Path) -> None:
    """Inputs and targets as an .npz file."""
    generator = np.random.default_rng(0)
    rows = ROWS + 8
    x = generator.standard_normal((rows, FEATURES)) * generator.uniform(0.5, 1.5, (rows, 1))
    y = 100 * generator.standard_normal((rows, OUTPUTS))
    np.savez(path, x=x.astype(np.float32), y=y.astype(np.float32))


def names_of(width: int) -> list[Name]:
    """The initializers that are measured at a width."""
    return [(gain, distribution) for gain in GAINS for distribution in DISTRIBUTIONS if distribution in AT_WIDTH[width]]


def study_of(activation: str, data: Path, width: int) -> assay.Study:
    """One activation from all its initializers."""
    levels = [
        {
            "name": "variance_scaling",
            "scale": GAINS[gain][0],
            "mode": GAINS[gain][1],
            "distribution": DISTRIBUTIONS[distribution],
        }
        for gain, distribution in names_of(width)
    ]
    return assay.Study(
        name="theory",
        data={
            "path": str(data),
            "task": "regression",
            "scaling": "none",
            "test": {"first": 4},
            "validation": {"first": 4},
        },
        network={"hidden": [width] * HIDDEN_LAYERS, "activation": activation},
        training={"loss": "mean_squared_error"},
        vary={"network.kernel_initializer": levels},
        seeds=SEEDS,
        probe={"rows": ROWS},
    )


def deviations(report: assay.ProbeReport, names: list[Name]) -> dict[Name, Deviation]:
    """What a probing deviates from theory, for each of its initializers."""
    keys = ["condition", "layer", "quantity", "statistic"]
    both = report.signals.join(report.theory.rename({"value": "theory"}), on=keys)
    ratio = pl.col("value") / pl.col("theory")
    found = {}
    for name, condition in zip(names, report.conditions, strict=True):
        rows = both.filter(condition=condition.name)
        std = rows.filter(quantity="preactivations", statistic="std").group_by("layer")
        std = std.agg(deviation=ratio.mean() - 1, error=ratio.std() / np.sqrt(SEEDS))
        squares = rows.filter(quantity="errors", statistic="rms").group_by("layer")
        squares = squares.agg(measured=(pl.col("value") ** 2).mean(), theory=(pl.col("theory") ** 2).mean())
        if len(std) < HIDDEN_LAYERS + 1 or squares.is_empty():
            found[name] = Deviation(np.nan, np.nan, np.nan)
            continue
        worst = std.sort(pl.col("deviation").abs()).row(-1, named=True)
        measured, theory = squares.sort("layer").select("measured", "theory").to_numpy().T
        chi = (measured[:-1] / measured[1:]) / (theory[:-1] / theory[1:]) - 1
        found[name] = Deviation(worst["deviation"], worst["error"], chi[np.argmax(np.abs(chi))])
    return found


def table(found: dict[str, dict[Name, Deviation]]) -> Iterator[str]:
    """One row for each activation."""
    names = list(next(iter(found.values())))
    yield f"| activation | {' | '.join(', '.join(name) for name in names)} |"
    yield "|---|" + "---|" * len(names)
    for activation, cells in found.items():
        row = [str(cell) if cell.is_within else f"**{cell}**" for cell in cells.values()]
        yield f"| {activation} | {' | '.join(row)} |"
    yield ""


def page(found: dict[str, dict[Name, Deviation]], wider: dict[str, dict[Name, Deviation]]) -> Iterator[str]:
    """All lines of docs/theory.md."""
    cells = [cell for by_name in found.values() for cell in by_name.values()]
    within = sum(cell.is_within for cell in cells)
    exploding = sum(not np.isfinite(cell.std) for cell in cells)
    widths = " – ".join(str(width) for width in [FEATURES, *[WIDTH] * HIDDEN_LAYERS, OUTPUTS])
    yield "# Theory against measurement"
    yield ""
    yield (
        f"Written by `python docs/compare_with_theory.py`, whose first lines say what is measured: networks {widths}, "
        f"{ROWS} examples, means over {SEEDS} seeds. Each cell holds the largest relative deviation from theory over "
        "the layers, in percent: of the std of the pre-activations (± the standard error of that mean), and of χ₁."
    )
    yield ""
    yield (
        f"**{within} of {len(cells)}** combinations are within {STD_GOAL:.0%} (std) and {CHI_GOAL:.0%} (χ₁); the "
        f"others are in bold. In {exploding} of them theory's own variance grows beyond what a double holds within "
        f"{HIDDEN_LAYERS + 1} layers, and nothing is compared."
    )
    yield ""
    yield from table(found)
    if wider:
        yield f"## Those in bold, at width {WIDER}"
        yield ""
        yield (
            "Theory holds for infinite width, and a mean over networks scatters. An activation that grows faster than "
            "linearly carries the chance deviation of one layer on, enlarged, to the next; the mean over networks then "
            "lies above theory by a part "
            "that shrinks with the width. Normal kernels:"
        )
        yield ""
        yield from table(wider)
    of_a_layer = sorted(record.name for record in ACTIVATIONS.records if not record.is_elementwise)
    yield (
        f"Activations of a whole layer ({', '.join(of_a_layer)}) are not followed by theory and left out. "
        f"Python {platform.python_version()}, jax {version('jax')}."
    )


def measured(activation: str, data: Path, width: int) -> dict[Name, Deviation]:
    """Probe one activation at one width."""
    print(f"{activation}, width {width}", file=sys.stderr)
    return deviations(assay.probe(study_of(activation, data, width)), names_of(width))


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these activations; the page is printed, not written")
    only = parser.parse_args().only
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "normal.npz"
        write_data(data)
        names = only or [name for name in ACTIVATIONS if ACTIVATIONS[name].is_elementwise]
        found = {name: measured(name, data, WIDTH) for name in names}
        beyond = [
            name
            for name, cells in found.items()
            if any(np.isfinite(cell.std) and not cell.is_within for cell in cells.values())
        ]
        wider = {name: measured(name, data, WIDER) for name in beyond}
    text = "\n".join(page(found, wider)) + "\n"
    if only:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8")
        print(PAGE)


if __name__ == "__main__":
    main()
