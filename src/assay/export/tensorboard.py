"""A study as TensorBoard shows it: scalars, histograms and distributions by layer, and the table of its HPARAMS tab.

::

    train_relu_width=32/seed_0           loss, accuracy                 of the selection phase, by epoch
                                         final/loss, final/accuracy     of the final phase
                                         preactivations/layer_1 …       histograms and distributions
                                         preactivations_std/layer_1 …   the other statistics of each layer
                                         trial/test_accuracy …          what the trial came to: columns of HPARAMS
    validation_relu_width=32/seed_0      loss, accuracy
    test_relu_width=32/seed_0            loss, accuracy                 once, at the best epoch

Steps are epochs. Everything comes from the store; TensorFlow is not needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.analysis.measurements import best_epochs, measurements
from assay.errors import MissingExtra, StoreError
from assay.export.events import Run, histogram_buckets
from assay.export.hyperparameters import Hyperparameters, session_end
from assay.export.run_names import run_names
from assay.probes.quantity import QUANTILES

if TYPE_CHECKING:
    import polars as pl

    from assay.results import Results

OUTCOME_TAGS = "trial/"
UNIT_NAMES = {"resample": "split", "seed": "seed"}
"""In the name of a trial's folder: ``seed_0``, or ``split_2_seed_0``."""
SCALAR_COLUMNS = ("trial", "split", "epoch", "tag", "value")


def write_tensorboard(results: Results, folder: str | Path) -> list[Path]:
    """Write a folder for ``tensorboard --logdir``: a run for each trial and split.

    Trials that diverged are in it, with the values that are not finite; so are those still in training. Quantiles are
    left out of the scalars, because the distributions show them.

    Parameters
    ----------
    results : Results
        Finished or still being written.
    folder : path
        Made if it is not there. An earlier export of the same study is replaced, run by run.

    Returns
    -------
    list of Path
        The folder of each run.

    Raises
    ------
    MissingExtra
        If TensorBoard is not installed.
    StoreError
        If nothing has been recorded yet.
    """
    check_tensorboard_is_installed()
    scalars = _scalars(results)
    if scalars.is_empty():
        raise StoreError(f"{results.directory}: nothing has been recorded yet, so there is nothing to export.")
    created = datetime.fromisoformat(results.manifest["created"]).timestamp()
    names = run_names([condition.name for condition in results.conditions])
    identities = _identities(results)
    by_run = scalars.partition_by("trial", "split", as_dict=True)
    histograms = results.histograms.partition_by("trial", as_dict=True)
    outcomes = {row["trial"]: row for row in results.trials.iter_rows(named=True)}
    table = Hyperparameters(results.conditions)
    metrics = scalars["tag"].unique(maintain_order=True).to_list()
    experiment = table.experiment([tag for tag in metrics if tag.startswith(OUTCOME_TAGS)], created)

    written: list[Path] = []
    for (trial, split), rows in by_run.items():
        condition, unit = identities[trial]
        run = Run(Path(folder) / f"{split}_{names[condition]}" / unit)
        run.add_scalars(rows.select("epoch", "tag", "value").iter_rows())
        if split == "train":
            if not written:  # one run defines the columns for all
                run.add(experiment)
            run.add(table.session_start(condition, created))
            if trial in outcomes:
                ended = created + outcomes[trial]["elapsed_seconds"]
                run.add(session_end(outcomes[trial]["outcome"], ended))
            if (trial,) in histograms:
                _add_histograms(run, histograms[trial,])
        run.write(created)
        written.append(run.folder)
    return written


def check_tensorboard_is_installed() -> None:
    """Raise MissingExtra if it is not."""
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        raise MissingExtra(
            "TensorBoard is not installed, and its files are written with its own code. "
            "Install it with: pip install 'assay[tensorboard]'"
        ) from None


def _scalars(results: Results) -> pl.DataFrame:
    """All scalars, in `SCALAR_COLUMNS`; those of the training rows first."""
    import polars as pl

    is_final_training = (pl.col("phase") == "final") & (pl.col("split") == "train")
    history = results.history.with_columns(
        tag=pl.when(is_final_training).then(pl.format("final/{}", "metric")).otherwise("metric")
    )
    signals = results.signals.filter(~pl.col("statistic").is_in(list(QUANTILES))).with_columns(
        split=pl.lit("train"), tag=pl.format("{}_{}/layer_{}", "quantity", "statistic", "layer")
    )
    found = pl.concat([frame.select(SCALAR_COLUMNS) for frame in (history, signals, _outcome_scalars(results))])
    order = {"train": 0, "validation": 1, "test": 2}
    return found.sort(pl.col("split").replace_strict(order, return_dtype=pl.Int8), "trial", maintain_order=True)


def _outcome_scalars(results: Results) -> pl.DataFrame:
    """What each trial came to at its condition's best epoch, and whether it diverged; losses last."""
    import polars as pl

    best = {name: found.epoch for name, found in best_epochs(results).items() if found is not None}
    keys = ["condition", *results.unit_columns]
    came_to = (
        measurements(results)
        .join(results.trials.select("trial", *keys), on=keys)
        .sort(pl.col("split") == "test", maintain_order=True)
        .with_columns(
            epoch=pl.col("condition").replace_strict(best, default=None, return_dtype=pl.Int64),
            tag=pl.format(OUTCOME_TAGS + "{}_{}", "split", "metric"),
        )
    )
    ended = results.trials.filter(pl.col("outcome").is_in(["completed", "diverged"])).with_columns(
        epoch=pl.col("outcome_epoch").fill_null(0),
        tag=pl.lit(OUTCOME_TAGS + "diverged"),
        value=(pl.col("outcome") == "diverged").cast(pl.Float64),
    )
    frames = [frame.with_columns(split=pl.lit("train")).select(SCALAR_COLUMNS) for frame in (came_to, ended)]
    return pl.concat(frames).sort(pl.col("tag").str.ends_with("_loss"), maintain_order=True)


def _identities(results: Results) -> Mapping[Any, tuple[str, str]]:
    """Condition, and split and seed as a folder is called, of each trial that has been heard of."""
    import polars as pl

    tables = (results.trials, results.history, results.signals)
    columns = results.unit_columns
    known = pl.concat([table.select("trial", "condition", *columns).unique() for table in tables]).unique()
    names = [UNIT_NAMES[column] for column in columns]
    return {
        trial: (condition, "_".join(f"{name}_{number}" for name, number in zip(names, unit, strict=True)))
        for trial, condition, *unit in known.iter_rows()
    }


def _add_histograms(run: Run, table: pl.DataFrame) -> None:
    import polars as pl

    counts = table["counts"].explode().to_numpy().reshape(len(table), -1)
    buckets = histogram_buckets(table["low"].to_numpy(), table["high"].to_numpy(), counts)
    run.add_histograms(table.select("epoch", pl.format("{}/layer_{}", "quantity", "layer")).iter_rows(), buckets)
