"""Train thousands of networks, and find out how often the judgement is right: `make calibrate`.

::

    python validation/calibrate.py                 # all of it; what is trained already is not trained again
    python validation/calibrate.py --only digits   # train one data set's networks and work out their features

Each data set has a process of its own, for one process holds only so many compiled programs. What is fitted, the trees
of the forecast, sees no held-out data set and no held-out depth. Written are `src/assay/diagnosis/forecast.json` and
`docs/calibration.md`; the networks lie in `assay-runs/calibration`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from calibration_studies import DATA, DEPTHS, HELD_OUT_DATA, HELD_OUT_DEPTHS, PROBE_ROWS, calibration_study

import assay
from assay.data import load
from assay.diagnosis import LayerSignals, TrainingCourse, layer_signals, start_findings, training_findings
from assay.diagnosis.course import learnt_share
from assay.diagnosis.forecast import forecast_features, will_train_probability
from assay.judging import condition_facts, training_courses
from assay.linearized import LINEARIZED_ROWS, DenseWeights, linearized_course
from assay.networks.initializers import draw_bias, draw_kernel
from assay.planning import plan_study
from assay.probes import probe_rows

RUNS = Path("assay-runs/calibration")
MODEL = Path(__file__).parent.parent / "src/assay/diagnosis/forecast.json"
PAGE = Path(__file__).parent.parent / "docs/calibration.md"
# A network has trained if it learnt at least this part of what the best of its data set did.
HALF = 0.5
# Of the boosting: what a tree's leaf counts for.
RATE = 0.05
# The best is a mean over so many, so that one lucky network does not set the bar.
BEST = 7


def collect(name: str) -> pl.DataFrame:
    """Train the networks of one data set; of each, what the forecast sees, what rules found, and what it learnt.

    Returns
    -------
    polars.DataFrame
        A row a trial: ``data``, ``depth``, ``optimizer``, ``learning_rate``, ``learnt`` (share of what chance leaves),
        ``start`` and ``course`` (symptoms that are no notes, at epoch 0 and through training), and ``x_`` columns.
    """
    study = calibration_study(name)
    results = assay.run(study, RUNS / name)
    plan, dataset = plan_study(study), None
    facts, courses = condition_facts(results), training_courses(results)
    signals = {trial: measured for (trial, epoch), measured in layer_signals(results.signals).items() if epoch == 0}
    rows = []
    for population in plan.populations:
        dataset = dataset or load(population.request)
        shown = probe_rows(len(dataset.x_train), PROBE_ROWS)[:LINEARIZED_ROWS]
        for condition, member, trials in zip(population.conditions, population.members, population.trials, strict=True):
            known, trial = facts[condition.name], int(trials[0])
            course: TrainingCourse = courses[condition.name][0]
            measured: LayerSignals = signals[trial]
            weights = [
                DenseWeights(
                    draw_kernel(layer.kernel_initializer, seed=0, fan_in=layer.fan_in, layer=at, units=layer.units).T,
                    draw_bias(layer.bias_initializer, seed=0, layer=at, units=layer.units),
                    layer.activation,
                )
                for at, layer in enumerate(member.layers, start=1)
            ]
            linear = linearized_course(
                weights,
                dataset.x_train[shown],
                dataset.y_train[shown],
                task=population.shape.task,
                loss=member.loss,
                optimizer=member.optimizer,
                steps=population.select_steps,
                batch_size=population.batch_size,
            )
            assert linear is not None
            features = forecast_features(known, measured, linear)
            learnt = learnt_share(known, course)
            probability = will_train_probability(known, measured, linear)
            learns = None if probability is None else probability >= HALF
            rows.append(
                {
                    "data": name,
                    "depth": len(member.layers),
                    "width": member.layers[0].units,
                    "activation": str(member.layers[0].activation),
                    "initializer": str(member.layers[0].kernel_initializer),
                    "optimizer": member.optimizer.name,
                    "learning_rate": float(member.optimizer.arguments["learning_rate"]),
                    "learnt": -1.0 if course.has_diverged or learnt is None or not np.isfinite(learnt) else learnt,
                    "start": [f.symptom for f in start_findings(known, measured, learns=learns) if f.level != "note"],
                    "course": [f.symptom for f in training_findings(known, course) if f.level != "note"],
                    "notes": [f.symptom for f in training_findings(known, course) if f.level == "note"],
                }
                | {f"x_{key}": value for key, value in features.items()}
            )
    table = pl.DataFrame(rows)
    best = table["learnt"].top_k(BEST).mean()
    return table.with_columns(trained=pl.col("learnt") >= HALF * best, best=pl.lit(best))


# --- The trees --------------------------------------------------------------------------------------------------------


def classifier() -> Any:
    """Small trees, many of them."""
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(
        n_estimators=200,
        learning_rate=RATE,
        max_depth=3,
        subsample=0.6,
        max_features=0.4,
        min_samples_leaf=8,
        random_state=0,
    )


def numbers(table: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (rows, features), outcomes (rows,), and weights by which both outcomes count the same."""
    x, y = table.select(pl.col("^x_.*$")).to_numpy(), table["trained"].to_numpy()
    return x, y, np.where(y, 0.5 / y.mean(), 0.5 / (1 - y.mean()))


def with_nothing_held_out(table: pl.DataFrame) -> float:
    """Balanced accuracy of the same trees in an 8-fold split at random: the most that these features give."""
    from sklearn.model_selection import KFold

    x, y, weights = numbers(table)
    said = np.zeros(len(y), bool)
    for known, new in KFold(8, shuffle=True, random_state=0).split(x):
        said[new] = classifier().fit(x[known], y[known], sample_weight=weights[known]).predict(x[new])
    return scores(said, y)["balanced"]


def grow(table: pl.DataFrame) -> dict[str, object]:
    """Gradient-boosted trees as plain numbers."""
    names = [name.removeprefix("x_") for name in table.columns if name.startswith("x_")]
    x, y, weights = numbers(table)
    model = classifier().fit(x, y, sample_weight=weights)
    trees = []
    for (stage,) in model.estimators_:
        tree = stage.tree_
        splits = zip(tree.feature, tree.threshold.round(6), tree.children_left, tree.children_right, strict=True)
        nodes = [[int(feature), float(at), int(left), int(right)] for feature, at, left, right in splits]
        leaves = [[round(RATE * float(value), 6)] for value in tree.value.ravel()]
        trees.append([node if node[2] >= 0 else leaf for node, leaf in zip(nodes, leaves, strict=True)])
    share = float(weights[y].sum() / weights.sum())
    return {
        "grown_on": {
            "networks": len(table),
            "data": sorted(set(table["data"])),
            "depths": sorted(set(table["depth"])),
        },
        "features": names,
        "baseline": float(np.log(share / (1 - share))),
        "trees": trees,
    }


def probabilities(model: dict[str, object], table: pl.DataFrame) -> np.ndarray:
    """What the shipped evaluator says of each row."""
    from assay.diagnosis.forecast import probability_of

    columns = [table[f"x_{name}"].to_numpy() for name in model["features"]]  # type: ignore[attr-defined]
    return np.array([probability_of(model, list(values)) for values in zip(*columns, strict=True)])


# --- The page ---------------------------------------------------------------------------------------------------------


def scores(said: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """Counts, balanced accuracy, precision and recall of a yes or no."""
    tp, fn = int((said & true).sum()), int((~said & true).sum())
    fp, tn = int((said & ~true).sum()), int((~said & ~true).sum())
    recall, specificity = tp / max(tp + fn, 1), tn / max(tn + fp, 1)
    precision = tp / max(tp + fp, 1)
    return {
        "tp": tp, "fn": fn, "fp": fp, "tn": tn,
        "balanced": (recall + specificity) / 2, "precision": precision, "recall": recall,
    }  # fmt: skip


def matrix(title: str, found: dict[str, float]) -> list[str]:
    """A confusion matrix with its scores."""
    return [
        f"**{title}**: balanced accuracy {found['balanced']:.3f}, precision {found['precision']:.3f}, recall "
        f"{found['recall']:.3f}.",
        "",
        "| | said yes | said no |",
        "|---|---|---|",
        f"| trained | {found['tp']} | {found['fn']} |",
        f"| did not | {found['fp']} | {found['tn']} |",
        "",
    ]


def page(table: pl.DataFrame, model: dict[str, object]) -> str:
    """`docs/calibration.md`."""
    new_data, new_depth = held_out(table)
    said, true = probabilities(model, table) >= 0.5, table["trained"].to_numpy()
    parts = {
        "New data sets at new depths": new_data & new_depth,
        "New data sets at known depths": new_data & ~new_depth,
        "Known data sets at new depths": ~new_data & new_depth,
    }
    lines = [
        "# How often the judgement is right",
        "",
        "*Written by `make calibrate` (`validation/calibrate.py`, `validation/calibration_studies.py`).*",
        "",
        f"{len(table):,} networks, each a condition of its own, one seed each: {', '.join(DATA)}; depths "
        f"{', '.join(map(str, DEPTHS))}; widths 16 to 256; eight activations; fourteen initializers and gains; SGD, "
        f"Adam and RMSprop at learning rates over four decades. {int(true.sum()):,} trained, which means: at the end "
        "of their budget they had learnt, on the training rows, at least half of what the best networks of their data "
        "set had (accuracy beyond the commonest class; of a regression, the part of the variance).",
        "",
        "## Will it train? Said at epoch 0",
        "",
        f"The trees were grown on {model['grown_on']['networks']:,} networks "  # type: ignore[index]
        f"({', '.join(model['grown_on']['data'])}; depths {', '.join(map(str, model['grown_on']['depths']))}) "  # type: ignore[index]
        f"and had never seen {', '.join(HELD_OUT_DATA)} or the depths {', '.join(map(str, HELD_OUT_DEPTHS))}.",
        "",
    ]
    for title, part in parts.items():
        lines += matrix(title, scores(said[part], true[part]))
    held = new_data | new_depth
    linear = table["x_linear_skill"].to_numpy() >= HALF * table["best"].to_numpy()
    sound = table["start"].list.len().to_numpy() == 0
    lines += [
        "On everything held out, beside simpler answers:",
        "",
        "| answer | balanced accuracy | precision | recall |",
        "|---|---|---|---|",
    ]
    for title, answer in (
        ("the forecast", said),
        ("yes if the linear network learns half", linear),
        ("yes if the start has no finding", sound),
        ("always no (or always yes)", np.zeros(len(table), bool)),
    ):
        found = scores(answer[held], true[held])
        lines.append(f"| {title} | {found['balanced']:.3f} | {found['precision']:.3f} | {found['recall']:.3f} |")
    clear = (table["learnt"] / table["best"]).to_numpy()
    clear = (clear < 0.2) | (clear > 0.8)
    found = scores(said[held & clear], true[held & clear])
    lines += [
        "",
        f"Where it fails: {share(~clear[held])} of the held-out networks end between a fifth and four fifths of the "
        f"best, where half is a matter of an epoch; on the others the balanced accuracy is {found['balanced']:.3f}. "
        "With nothing held out, by a random split of all networks, the same trees reach "
        f"{with_nothing_held_out(table):.3f}: beyond that, epoch 0 does not tell through these features. By group:",
        "",
        "| held out | networks | balanced accuracy |",
        "|---|---|---|",
    ]
    for column, groups in (
        ("data", sorted(set(table["data"]))),
        ("optimizer", sorted(set(table["optimizer"]))),
        ("activation", sorted(set(table["activation"]))),
    ):
        for group in groups:
            part = held & (table[column] == group).to_numpy()
            if part.any():
                lines.append(f"| {group} | {part.sum()} | {scores(said[part], true[part])['balanced']:.3f} |")
    for low, high in ((1, 3), (4, 10), (12, 30)):
        part = held & table["depth"].is_between(low, high).to_numpy()
        lines.append(f"| depth {low} to {high} | {part.sum()} | {scores(said[part], true[part])['balanced']:.3f} |")
    lines += ["", *rules_at_start(table, true), *rules_in_training(table, true)]
    return "\n".join(lines) + "\n"


def rules_at_start(table: pl.DataFrame, true: np.ndarray) -> list[str]:
    """How often each rule fires at epoch 0, on networks that went on to train and on those that did not."""
    symptoms = sorted({symptom for found in table["start"].to_list() for symptom in found})
    lines = [
        "## The rules at epoch 0",
        "",
        "A finding at the start says that something is unsound; many such networks train all the same, with Adam above "
        "all. How often each fires:",
        "",
        f"| finding | of {true.sum()} that trained | of {(~true).sum()} that did not |",
        "|---|---|---|",
    ]
    for symptom in symptoms:
        fires = table["start"].list.contains(symptom).to_numpy()
        lines.append(f"| [{symptom}](findings.md#{symptom}) | {share(fires[true])} | {share(fires[~true])} |")
    any_ = table["start"].list.len().to_numpy() > 0
    return [*lines, f"| any | {share(any_[true])} | {share(any_[~true])} |", ""]


def rules_in_training(table: pl.DataFrame, true: np.ndarray) -> list[str]:
    """False alarms on runs that trained, and recall by kind on those that did not."""
    fires = table["course"].list.len().to_numpy() > 0
    lines = [
        "## The rules through training",
        "",
        f"False alarms: {share(fires[true])} of the runs that trained. Recall: {share(fires[~true])} of those that did "
        "not. No rule here was fitted; thresholds were set by looking at the first two data sets (circles, digits).",
        "",
        "| data set | false alarms | recall |",
        "|---|---|---|",
    ]
    for name in DATA:
        part = (table["data"] == name).to_numpy()
        lines.append(f"| {name} | {share(fires[part & true])} | {share(fires[part & ~true])} |")
    first = [found[0] if found else "none" for found in table["course"].to_list()]
    kinds = sorted(set(first) - {"none"})
    lines += ["", "Told first, of the runs that did not train, by learning rate:", ""]
    thirds = table.select(
        pl.col("learning_rate").rank("ordinal").over("optimizer").alias("rank"),
        pl.len().over("optimizer").alias("count"),
    )
    third = np.minimum((3 * (thirds["rank"] - 1) // thirds["count"]).to_numpy(), 2)
    lines += ["| told first | lowest third | middle | highest third |", "|---|---|---|---|"]
    for kind in [*kinds, "none"]:
        counts = [int(((np.array(first) == kind) & ~true & (third == part)).sum()) for part in range(3)]
        lines.append(f"| {kind} | {' | '.join(map(str, counts))} |")
    return [*lines, ""]


def share(flags: np.ndarray) -> str:
    """``3.1 % (9)``."""
    return f"{100 * flags.mean():.1f} % ({int(flags.sum())})" if len(flags) else "–"


def held_out(table: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Which rows have a held-out data set, and which a held-out depth."""
    return table["data"].is_in(HELD_OUT_DATA).to_numpy(), table["depth"].is_in(HELD_OUT_DEPTHS).to_numpy()


def main() -> None:
    """Train, collect, grow, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=DATA, help="train and collect one data set, and stop")
    only = parser.parse_args().only
    if only:
        collect(only).write_parquet(RUNS / f"{only}.parquet")
        return
    for name in DATA:
        if not (RUNS / f"{name}.parquet").exists():
            print(f"{name} …", flush=True)
            subprocess.run([sys.executable, __file__, "--only", name], check=True)
    table = pl.concat(pl.read_parquet(RUNS / f"{name}.parquet") for name in DATA)
    new_data, new_depth = held_out(table)
    model = grow(table.filter(~new_data & ~new_depth))
    MODEL.write_text(json.dumps(model, separators=(",", ":")) + "\n")
    PAGE.write_text(page(table, model))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
