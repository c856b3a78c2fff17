"""The answers of a kept network, from the folder that keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.analysis.error_analysis.answers import AnsweredRows
from assay.errors import StoreError
from assay.learning.losses import LOSSES
from assay.learning.scores import ONE_CLASS
from assay.own_code import running_nothing
from assay.store.schema import RESAMPLE

if TYPE_CHECKING:
    import polars as pl

    from assay.kept import Kept
    from assay.results import Results

SPLITS = ("validation", "test")


def answers_of(results: Results, condition: str, network: Kept, split: str | None = None) -> AnsweredRows:
    """What a network answered on some rows; of a final phase, its twin of the selection phase on the validation rows.

    Parameters
    ----------
    results : Results
    condition : str
        What the study calls it now.
    network : Kept
        What `Results.model` returns of it.
    split : {"validation", "test"}, optional
        The validation rows where there are any, so that the test rows are left for the last word; else the test rows.

    Raises
    ------
    StoreError
        If the split is unknown, or no predictions of it are kept.
    """
    if split not in (None, *SPLITS):
        raise StoreError(f"split: expected validation or test, got '{split}'.")
    rows = results.predictions.filter(condition=condition, seed=network.seed)
    if RESAMPLE in rows.columns:
        rows = rows.filter(**{RESAMPLE: 0})  # `Results.model` gives a network of the first split
    kept = [one for one in SPLITS if one in rows["split"]]
    chosen = next(iter(kept), None) if split is None else split
    rows = rows.filter(split=chosen)
    if chosen is None or rows.is_empty():
        kinds = "predictions" if split is None else f"predictions of {split} rows"
        has = f" It keeps those of {' and '.join(kept)} rows." if kept else ""
        raise StoreError(
            f"{results.directory}: no {kinds} of '{condition}', seed {network.seed}, are kept.{has} A study "
            'keeps them with design.keep = "final" or "all"; test rows are answered when the test set is opened.'
        )
    with running_nothing(results.manifest.get("own_code")):
        loss = LOSSES.parse(network.loss, where="loss")
    return AnsweredRows(
        condition=condition,
        seed=network.seed,
        split=chosen,
        epoch=int(rows["epoch"][0]),
        task=network.task,
        names=_names(network),
        targets=_matrix(rows["target"]),
        outputs=_matrix(rows["outputs"]),
        rows=rows["row"].to_numpy(),
        source_rows=rows["source_row"].to_numpy(),
        loss=loss,
        output_activation=network.layers[-1].activation,
        scaling=network.target_scaling,
    )


def _names(network: Kept) -> tuple[str, ...]:
    """Of classes, labels or target columns; labels and columns without names are numbered."""
    if network.task in ONE_CLASS or network.target_names:
        return network.output_names
    noun, count = "label" if network.task == "multilabel" else "target", len(network.output_names)
    return (noun,) if count == 1 else tuple(f"{noun} {number}" for number in range(1, count + 1))


def _matrix(lists: pl.Series) -> np.ndarray:
    """Lists of equal lengths as (rows, K)."""
    return lists.list.explode().to_numpy().astype(np.float64).reshape(len(lists), -1)
