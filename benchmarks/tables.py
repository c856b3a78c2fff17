"""The default study of four tables against scikit-learn's own networks with their defaults: how good, and how long.

    python benchmarks/tables.py [--repeats 5] [--only wine …]

Each side is a whole process that takes the tables one after another, from start to last score: imports, data,
preparation, compilation, ten trainings a table, the test. They take turns, ours first in one round and theirs first in
the next. The first round is told apart: it begins with an empty cache of compiled programs, and the others find them
there, as a user's second command does. Ours is `assay.default_study(data, seeds=10)`: its epochs are chosen on
validation rows, then ten networks are trained anew. Theirs is a pipeline of medians or most frequent values for gaps,
one-hot levels and `StandardScaler`, then `MLPClassifier` or `MLPRegressor` with every default but the seed, 0 to 9; it
learns from all rows that are not for the test. Both are tested on the same rows: those that the study draws.

A score is the accuracy, or R² of a regression, by scikit-learn's `accuracy_score` and `r2_score` on both sides.
`better` and `worse` are by Welch's t test of ten scores against ten (5 %), all else is a tie.

Writes benchmarks/tables.md, unless --only is given.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from measuring import machine, median_interval, timed

HERE = Path(__file__).parent
NAMES = ("breast_cancer", "diabetes", "wine", "titanic")
SEEDS = 10
TARGET, NAMELIKE = "Survived", ("Name", "Ticket", "Cabin")
"""What is said of the stand-in of Titanic's table, on both sides: three columns are as good as names."""

PAGE = """\
# The default study against scikit-learn's default networks

Written by `python benchmarks/tables.py`, whose first lines say how it is measured. A score is the mean over ten seeds
on the same test rows, ± one standard deviation. Seconds are medians over {repeats} rounds; a table's are counted
within its process, the first one's with the imports.

| table | score | assay | scikit-learn | assay is | assay, s | scikit-learn, s |
|---|---|---|---|---|---|---|
{rows}

The whole: assay {own:.1f} s, scikit-learn {other:.1f} s; scikit-learn takes {ratio} times as long (median, bootstrap
95 % interval). With an empty cache of programs, in the round before: assay {cold:.1f} s, scikit-learn {cold_other:.1f}
s.

Load {load:.2f} before, {after:.2f} after; {machine}.
"""


def table_of(name: str, folder: Path) -> Any:
    """What a study takes as its data: the name of a set, or the file of the stand-in."""
    if name != "titanic":
        return name
    sys.path.insert(0, str(HERE.parent / "tests" / "data"))
    from real_tables import TABLES

    [titanic] = [table for table in TABLES if table.name == name]
    columns = dict.fromkeys(NAMELIKE, "ignore")
    return {"path": str(titanic.write(folder)), "target": TARGET, "columns": columns}


def ours(name: str, folder: Path) -> list[float]:
    """Scores of ten seeds of the default study."""
    import assay

    study = assay.default_study(table_of(name, folder), name=name, seeds=SEEDS, design={"keep": "all"})
    results = assay.run(study, folder / name)
    answers = results.predictions.filter(split="test")
    return [_score(answers.filter(seed=seed)) for seed in range(SEEDS)]


def _score(answers: Any) -> float:
    """Of one network, from its outputs for the test rows; R² does not change with the scale of the targets."""
    from sklearn.metrics import accuracy_score, r2_score

    outputs, targets = (np.asarray(answers[column].to_list()) for column in ("outputs", "target"))
    if len(np.unique(targets)) > 2:
        return float(r2_score(targets, outputs))
    said, true = (values.argmax(1) if values.shape[1] > 1 else values[:, 0] > 0.5 for values in (outputs, targets))
    return float(accuracy_score(true, said))


def theirs(name: str, folder: Path, test_rows: list[int]) -> list[float]:
    """Scores of ten seeds of scikit-learn's network."""
    import warnings

    from sklearn import datasets
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    warnings.simplefilter("ignore")  # that it has not converged after its default of 200 passes
    prepared = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    if name == "titanic":
        import pandas

        x = pandas.read_csv(table_of(name, folder)["path"]).drop(columns=list(NAMELIKE))
        y = x.pop(TARGET).to_numpy()
        coded = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
        is_number = make_column_selector(dtype_include=np.number)
        prepared = make_column_transformer(
            (prepared, is_number), (coded, make_column_selector(dtype_exclude=np.number))
        )
    else:
        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    is_test = np.zeros(len(y), bool)
    is_test[test_rows] = True
    network = MLPRegressor if name == "diabetes" else MLPClassifier
    models = [
        make_pipeline(prepared, network(random_state=seed)).fit(x[~is_test], y[~is_test]) for seed in range(SEEDS)
    ]
    return [float(model.score(x[is_test], y[is_test])) for model in models]


def measured(
    side: str, names: list[str], rows: dict[str, list[int]], cache: str
) -> tuple[dict[str, dict[str, Any]], float]:
    """By table, the scores and seconds of one process; and its own seconds."""
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": cache}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--side", side, "--only", *names, "--folder", folder]
        output, wall, _ = timed([*command, "--rows", json.dumps(rows)], environment)
    return json.loads(output.splitlines()[-1]), wall


def one_side(side: str, names: list[str], folder: Path, rows: dict[str, list[int]]) -> dict[str, dict[str, Any]]:
    """What `measured` reads, in the process of this side."""
    found = {}
    for name in names:
        began = time.perf_counter()
        scores = ours(name, folder) if side == "ours" else theirs(name, folder, rows[name])
        found[name] = {"scores": scores, "seconds": time.perf_counter() - began}
    return found


def test_rows(name: str) -> list[int]:
    """Those that the study draws, by their number in the table."""
    from assay.data import load
    from assay.study.spec import Study

    with tempfile.TemporaryDirectory() as folder:
        rows: list[int] = load(Study(data=table_of(name, Path(folder))).data.request()).rows["test"].tolist()
    return rows


def compared(own: list[float], other: list[float]) -> str:
    """By Welch's t test; equal scores without spread are a tie."""
    from scipy.stats import ttest_ind

    if np.std(own) == np.std(other) == 0:
        p = float(np.mean(own) == np.mean(other))
    else:
        p = float(ttest_ind(own, other, equal_var=False).pvalue)
    if p >= 0.05:
        return f"tied (p = {p:.2g})"
    return f"{'better' if np.mean(own) > np.mean(other) else 'worse'} (p = {p:.2g})"


def line(name: str, own: list[dict[str, Any]], other: list[dict[str, Any]]) -> str:
    """A row of the page, from all rounds of both sides."""
    scores = own[0]["scores"], other[0]["scores"]
    if any(each["scores"] != scores[0] for each in own) or any(each["scores"] != scores[1] for each in other):
        sys.exit(f"{name}: a side does not give the same scores twice")
    shown = [f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}" for values in scores]
    seconds = [f"{np.median([each['seconds'] for each in side[1:]]):.1f}" for side in (own, other)]
    cells = [name, "R²" if name == "diabetes" else "accuracy", *shown, compared(*scores), *seconds]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=NAMES)
    parser.add_argument("--side", choices=("ours", "theirs"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = options.only or list(NAMES)
    if options.side:
        print(json.dumps(one_side(options.side, names, options.folder, options.rows)))
        return
    load = os.getloadavg()[0]
    rows = {name: test_rows(name) for name in names}
    found: dict[str, list[dict[str, Any]]] = {"ours": [], "theirs": []}
    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    with tempfile.TemporaryDirectory() as cache:
        for repeat in range(options.repeats + 1):
            for side in list(found) if repeat % 2 == 0 else reversed(list(found)):
                of_tables, wall = measured(side, names, rows, cache)
                found[side].append(of_tables)
                seconds[side].append(wall)
                print(f"round {repeat}, {side}: {wall:.1f} s", file=sys.stderr)
    own, other = np.asarray(seconds["ours"]), np.asarray(seconds["theirs"])
    ratio, low, high = median_interval((other / own)[1:])
    text = PAGE.format(
        repeats=options.repeats,
        rows="\n".join(line(name, *([each[name] for each in found[side]] for side in found)) for name in names),
        cold=own[0],
        cold_other=other[0],
        own=np.median(own[1:]),
        other=np.median(other[1:]),
        ratio=f"{ratio:.2f} [{low:.2f}, {high:.2f}]",
        load=load,
        after=os.getloadavg()[0],
        machine=machine("jax", "scikit-learn", "numpy"),
    )
    print(text)
    if not options.only:
        (HERE / "tables.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
