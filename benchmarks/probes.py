"""What probes cost: time, space on disk, and the time to read a slice of what they recorded.

    python benchmarks/probes.py [--repeats 5]

Time: a study with every probe after every epoch against the same study without, alternating in one process. Both are
the whole of `assay.run` (data, drawing, training, validation, test, the store) with compiled programs taken from the
cache, as in every run of a study but the first. A row is `invalid` unless both sides have the same history to the bit:
probes only look.

Space: a study of 200 trials, 10 epochs and 6 layers, all probes at every epoch, on the disk; and the time in which a
fresh reader gets the signals of one trial, of one layer, and of one statistic over all trials.

Writes benchmarks/probes.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from measuring import machine, median_interval

import assay
from assay.planning import format_bytes, measure_gemm_rate, plan_study
from assay.results import Results, open_results
from assay.study import Study, load_study

HERE = Path(__file__).parent
GOAL = 1.3

TIMED = {
    "digits": "digits",
    "mnist-24": str(HERE / "mnist-24.toml"),
}
RECORDED = Study(
    name="signals-200",
    data="digits",
    network={"depth": 6, "width": 32},
    training={"epochs": 10},
    vary={
        "network.activation": ["relu", "tanh", "sigmoid", "elu"],
        "network.kernel_initializer": ["he_normal", "glorot_uniform", "lecun_normal", "orthogonal", "random_normal"],
    },
    design={"seeds": 10, "final": False},
    probe={"epochs": "all"},
)

PAGE = """\
# What probes cost

Written by `python benchmarks/probes.py`, whose first lines say how it is measured.

| study | trials | epochs | without, s | all probes, every epoch, s | ratio | goal | results |
|---|---|---|---|---|---|---|---|
{timed}

Seconds are medians of {repeats} runs on each side, alternating; the ratio has a bootstrap 95 % interval of its median.

{recorded}

Machine: {gemm:.0f} GFLOP/s in a float32 matrix product, load {load:.2f} before; {machine}.
"""


def seconds_of(study: Study) -> tuple[float, Results]:
    """Wall seconds of one whole run, and its results, read before the folder goes."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        results = assay.run(study, Path(folder) / "run")
        wall = time.perf_counter() - start
        results.history  # noqa: B018 - a cached property
    return wall, results


def with_probes(study: Study) -> Study:
    """The study with every probe after every epoch."""
    return Study(**{**study.model_dump(mode="json", exclude_defaults=True), "probe": {"epochs": "all"}})


def overhead(name: str, repeats: int) -> str:
    """One row of the table."""
    plain = load_study(TIMED[name])
    watched = with_probes(plain)
    for study in (plain, watched):
        seconds_of(study)  # compiles
    rows, agree = [], True
    for repeat in range(repeats):
        order = (plain, watched) if repeat % 2 == 0 else (watched, plain)
        walls = {}
        for study in order:
            walls[study is watched], results = seconds_of(study)
            if study is watched:
                history = results.history
            else:
                reference = results.history
        agree = agree and history.equals(reference)
        rows.append((walls[False], walls[True]))
        print(f"{name} round {repeat + 1}: {walls[False]:.2f} s, with probes {walls[True]:.2f} s", file=sys.stderr)
    without, watching = np.median(rows, axis=0)
    ratios = np.array([after / before for before, after in rows])
    ratio, low, high = median_interval(ratios)
    plan = plan_study(plain)
    return (
        f"| {name} | {plan.num_trials} | {plan.populations[0].epochs} | {without:.2f} | {watching:.2f} "
        f"| **{ratio:.2f}** [{low:.2f}, {high:.2f}] | {GOAL} "
        f"| {'equal to the bit' if agree else 'invalid'} |"
    )


def recorded() -> str:
    """A sentence on space and reading."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "run"
        assay.run(RECORDED, where)
        files = [path for table in ("signals", "histograms") for path in (where / table).glob("*.parquet")]
        size = sum(path.stat().st_size for path in files)
        slices = {
            "one trial": pl.col("trial") == 7,
            "one layer": pl.col("layer") == 3,
            "one statistic of all trials": (pl.col("quantity") == "activations") & (pl.col("statistic") == "std"),
        }
        told = []
        for name, wanted in slices.items():
            start = time.perf_counter()
            found = open_results(where).signals.filter(wanted)
            told.append(f"{name} ({len(found):,} numbers) {time.perf_counter() - start:.2f} s")
        rows = len(open_results(where).signals), len(open_results(where).histograms)
    plan = plan_study(RECORDED)
    return (
        f"{plan.num_trials} trials × 10 epochs (and the untrained network) × 6 layers: {rows[0]:,} numbers and "
        f"{rows[1]:,} histograms take **{format_bytes(size)}** on disk (goal: under 50 MB). Reading from a cold start "
        f"of the reader: {', '.join(told)} (goal: under 1 s)."
    )


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    load, gemm = os.getloadavg()[0], measure_gemm_rate() / 1e9
    page = PAGE.format(
        timed="\n".join(overhead(name, arguments.repeats) for name in TIMED),
        recorded=recorded(),
        repeats=arguments.repeats,
        gemm=gemm,
        load=load,
        machine=machine("jax", "polars"),
    )
    (HERE / "probes.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
