"""How large may the learning rate be? A study made in Python, its results as data frames, and a plot of one's own.

::

    python examples/learning_rates.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import polars as pl

import assay

study = assay.Study(
    name="learning-rates",
    question="How large may the learning rate be, with and without momentum?",
    data="digits",
    network={"hidden": [32]},
    training={"optimizer": "sgd", "epochs": 10},
    vary={
        "training.optimizer.learning_rate": 10.0 ** np.arange(-4, 2),
        "training.optimizer.momentum": [0.0, 0.9],
    },
    seeds=5,
)


def main(folder: Path) -> None:
    """Run the study in `folder`, or what is missing of it, and draw the test accuracy."""
    results = assay.run(study, folder)

    tested = results.history.filter(split="test", metric="accuracy").join(
        results.trials, on=["trial", "condition", "seed"]
    )
    rate, momentum = pl.col("training.optimizer.learning_rate"), pl.col("training.optimizer.momentum")
    table = (
        tested.group_by(rate.alias("learning_rate"), momentum.alias("momentum"))
        .agg(pl.col("value").mean().alias("accuracy"), pl.col("value").min().alias("worst"), pl.len().alias("trials"))
        .sort("momentum", "learning_rate")
    )
    print(table)
    print(results.trials["outcome"].value_counts())

    figure, axes = plt.subplots(layout="constrained")
    for (level,), rows in table.group_by("momentum", maintain_order=True):
        axes.plot(rows["learning_rate"], rows["accuracy"], marker="o", label=f"momentum {level}")
    axes.set(xscale="log", xlabel="learning rate", ylabel="test accuracy, mean over seeds", ylim=(0, 1))
    axes.legend()
    path = folder / "learning_rates.png"
    figure.savefig(path)
    print(f"Wrote {path}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("assay-runs/learning-rates"))
