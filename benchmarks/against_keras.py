"""A study against the same trainings with `keras.Model.fit` one after another, end to end.

    python benchmarks/against_keras.py [--repeats 3] [--only digits|mnist-24]

Both sides are whole processes, from start to last result: imports, data, compilation (no compilation cache), training,
validation after every epoch, and for a study with a final phase the retraining and the test. They alternate, ours first
in one round and Keras first in the next.

A row is `invalid` unless both compute the same: from the same initial kernels and batches, one epoch of Keras' `fit`
must give every condition the training loss (its mean over the epoch) that the timed assay runs have in their history,
to one part in a thousand. A single later number, such as the validation loss after hundreds of large steps, would not
do: differences of rounding grow. (In the timed Keras runs Keras draws and shuffles for itself, as a user's would.)

Writes benchmarks/results.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from measuring import TOLERANCE, median_interval, timed

from assay.engine.devices import available_cores
from assay.planning import measure_gemm_rate, plan_study
from assay.results import open_results
from assay.study import load_study

HERE = Path(__file__).parent
WORKLOADS = {"digits": ("digits", 5.0), "mnist-24": (str(HERE / "mnist-24.toml"), 1.5)}


PAGE = """\
# assay against Keras, end to end

Written by `make bench` (`benchmarks/against_keras.py` says how it is measured). Wall / CPU seconds are medians of
{repeats} whole processes on each side, alternating; the ratio is of wall times, with a bootstrap 95 % interval of its
median.

| study | trials | assay, s | Keras `fit`, s | ratio | goal | results |
|---|---|---|---|---|---|---|
{rows}

Machine: {cores} cores, {processor}, {gemm:.0f} GFLOP/s in a float32 matrix product, load {load:.2f} before; Python
{python}, {packages}.
"""


def ours(study: str) -> tuple[dict[str, float], float, float]:
    """One cold run of assay: training loss of the first seed's first epoch by condition, wall and CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"}
        command = [sys.executable, "-m", "assay.cli.main", "run", study, "--out", f"{folder}/run"]
        _, wall, cpu = timed(command, environment)
        results = open_results(f"{folder}/run")
        seed = results.study.seed_list()[0]
        first = results.history.filter(phase="select", epoch=1, split="train", metric="loss", seed=seed)
        losses = dict(first.select("condition", "value").iter_rows())
    return losses, wall, cpu


def theirs(study: str) -> tuple[float, float]:
    """One cold run of Keras: wall and CPU seconds."""
    _, wall, cpu = timed([sys.executable, str(HERE / "keras_twin.py"), study], dict(os.environ))
    return wall, cpu


def disagreement(assay: dict[str, float], keras: dict[str, float]) -> str:
    """The first condition whose losses differ, or the empty string."""
    for condition, loss in keras.items():
        if abs(assay[condition] - loss) > TOLERANCE * abs(loss):
            return f"{condition}: {assay[condition]} against {loss}"
    return ""


def measure(name: str, repeats: int) -> str:
    """One row of the table."""
    study, goal = WORKLOADS[name]
    output, *_ = timed([sys.executable, str(HERE / "keras_twin.py"), study, "--first-epoch"], dict(os.environ))
    expected = json.loads(output.splitlines()[-1])
    rows, invalid = [], ""
    for repeat in range(repeats):
        if repeat % 2 == 0:
            mine, yours = ours(study), theirs(study)
        else:
            yours, mine = theirs(study), ours(study)
        invalid = invalid or disagreement(mine[0], expected)
        rows.append((*mine[1:], *yours))
        print(f"{name} round {repeat + 1}: assay {mine[1]:.1f} s, Keras {yours[0]:.1f} s", file=sys.stderr)
    wall, cpu, keras_wall, keras_cpu = np.median(rows, axis=0)
    ratios = np.array([row[2] / row[0] for row in rows])
    ratio, low, high = median_interval(ratios)
    verdict = f"invalid ({invalid})" if invalid else "agree"
    return (
        f"| {name} | {plan_study(load_study(study)).num_trials} | {wall:.1f} / {cpu:.1f} "
        f"| {keras_wall:.1f} / {keras_cpu:.1f} | "
        f"**{ratio:.1f}×** [{low:.1f}, {high:.1f}] | {goal:g}× | {verdict} |"
    )


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", choices=WORKLOADS)
    options = parser.parse_args()
    load_before = os.getloadavg()[0]
    gemm = measure_gemm_rate() / 1e9
    names = [options.only] if options.only else list(WORKLOADS)
    rows = [measure(name, options.repeats) for name in names]
    packages = ", ".join(f"{package} {version(package)}" for package in ("jax", "keras", "numpy"))
    text = PAGE.format(
        repeats=options.repeats,
        rows="\n".join(rows),
        cores=available_cores(),
        processor=platform.processor() or platform.machine(),
        gemm=gemm,
        load=load_before,
        python=platform.python_version(),
        packages=packages,
    )
    print(text)
    if not options.only:
        (HERE / "results.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
