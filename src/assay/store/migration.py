"""The step from a folder of format 1, which knew a trial by its number, to format 2, which knows it by its content.

What a condition is follows from the folder's own study file, by its name. Every part is replaced in its place, and the
manifest names the new format last, so that a kill at any moment leaves a folder on which the step is taken again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.own_code import running_nothing
from assay.store.files import read_json, write_json, write_parquet
from assay.store.records import Record
from assay.store.schema import (
    COLUMNS_OF,
    FORMAT_VERSION,
    IDENTITY,
    MANIFEST_FILE,
    STUDY_FILE,
    part_number,
    part_stem,
)
from assay.study.conditions import BASELINE

if TYPE_CHECKING:
    import polars as pl

    from assay.study.spec import Study


def former_names(study: Study) -> dict[str, str]:
    """What format 1 called a condition: its present name. The base of ``one_at_a_time`` was called ``baseline``."""
    return {BASELINE: study.expand()[0].name} if study.design.kind == "one_at_a_time" else {}


def upgrade(directory: Path, manifest: dict[str, Any]) -> None:
    """Take a folder of format 1 to the present one; `manifest` is changed in its place and written."""
    if manifest["format"] >= FORMAT_VERSION:
        return
    import polars as pl

    from assay.study.identity import identities
    from assay.study.spec import Study

    with running_nothing(manifest.get("own_code")):
        study = Study(**read_json(directory / STUDY_FILE))
        names = [condition.name for condition in study.expand()]
        of_name = dict(zip(names, identities(study), strict=True))
    numbers = [part_number(path) for path in (directory / "history").glob("*.parquet")]
    numbers += [part_number(path) for path in (directory / "trials").glob("*.parquet")]
    for number in sorted(set(numbers)):
        _upgrade_population(directory, number, study, of_name, pl.col("condition").replace(former_names(study)))
    manifest |= {"format": FORMAT_VERSION, "last_population": max(numbers, default=0)}
    write_json(directory / MANIFEST_FILE, manifest)


def _upgrade_population(
    directory: Path, number: int, study: Study, of_name: Mapping[str, str], condition: pl.Expr
) -> None:
    import polars as pl

    identity = pl.col("condition").replace_strict(of_name, default="", return_dtype=pl.String).alias(IDENTITY)
    parts = [
        path for table in COLUMNS_OF for path in sorted((directory / table).glob(f"{part_stem(number)}-*.parquet"))
    ]
    for path in parts:
        frame = pl.read_parquet(path.read_bytes())
        if IDENTITY not in frame.columns:
            write_parquet(path, frame.with_columns(condition).with_columns(identity))
    history = [pl.read_parquet(path.read_bytes()) for path in parts if path.parent.name == "history"]
    trials_part = directory / "trials" / f"{part_stem(number)}.parquet"
    trials = pl.read_parquet(trials_part.read_bytes()).with_columns(condition) if trials_part.exists() else None
    # In the order of the population: its trials, or the scores of epoch 0, were written condition by condition.
    rows = trials if trials is not None else pl.concat([frame.filter(epoch=0) for frame in history])
    if rows.is_empty():
        return
    epochs = {condition.name: condition.training.epochs for condition in study.expand()}
    composition = rows["condition"].unique(maintain_order=True).to_list()
    Record(
        number=number,
        identities=tuple(of_name[name] for name in composition),
        seeds=tuple(rows["seed"].unique(maintain_order=True).to_list()),
        epochs=epochs[composition[0]],
        begun="",
    ).write(directory)
    if trials is not None and IDENTITY not in trials.columns:
        finals = [frame.filter(phase="final") for frame in history] if history else []
        write_parquet(trials_part, _with_facts(trials, finals, epochs).with_columns(identity))


def _with_facts(trials: pl.DataFrame, finals: list[pl.DataFrame], epochs: Mapping[str, int]) -> pl.DataFrame:
    """What format 1 did not tell of each trial: the epochs and the steps of its phases."""
    import polars as pl

    asked = pl.col("condition").replace_strict(epochs, return_dtype=pl.Int64)
    is_completed, in_final = pl.col("outcome") == "completed", pl.col("message") == "in the final training"
    steps = trials.filter(is_completed)["outcome_step"].max()
    found = trials.with_columns(epochs=asked, steps=pl.lit(steps, pl.Int64))
    empty = pl.DataFrame(schema={"condition": pl.String, "reached": pl.Int64})
    reached = pl.concat([empty, *(each.select("condition", pl.col("epoch").alias("reached")) for each in finals)])
    found = found.join(reached.group_by("condition").max(), on="condition", how="left", maintain_order="left")
    was_trained = (is_completed & pl.col("reached").is_not_null()) | in_final
    final_epochs = pl.when(was_trained).then(pl.col("best_epoch").fill_null(pl.col("reached")))
    return found.with_columns(final_epochs=final_epochs).drop("reached")
