"""What the rows of a data set hold, in pictures or in words: the data are read again, as the study asks for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from assay.analysis.error_analysis import AnsweredRows, Example
from assay.data import Dataset, load
from assay.data.preparation import Column, Preparation
from assay.errors import DataError, StoreError, StudyError
from assay.study.spec import Study

if TYPE_CHECKING:
    from assay.kept import Kept
    from assay.results import Results

SHOWN_COLUMNS = 6
MOST_NAMELESS = 50
"""More features without a name, such as the words of a text by their rank, say nothing to a reader."""
MISSING = "–"


@dataclass(frozen=True, eq=False)
class ExampleRows:
    """What some rows hold.

    Attributes
    ----------
    images : array, shape (n, height, width) or (n, height, width, 3), optional
        Between 0 and 1, where rows are pictures.
    columns : list of str
        Of a table; those on which the network's answer depends most, first.
    cells : list of list of str
        A line for each row.
    note : str
        Which columns these are, or why there is nothing.
    """

    images: np.ndarray | None
    columns: list[str]
    cells: list[list[str]]
    note: str = ""


def study_of(results: Results) -> Study:
    """The study of a folder that keeps networks; of a training that was watched none is kept."""
    study = results.study
    assert isinstance(study, Study)
    return study


def data_of(results: Results, condition: str) -> Dataset:
    """The data set of a condition, read again and found to be that of the folder; of several splits the first.

    Raises
    ------
    StoreError
        If it is gone or another one; the message is a sentence.
    """
    study = study_of(results)
    found = next(one for one in study.expand() if one.name == condition)
    try:
        dataset = load(found.data.request(study.folder, study.design.splits[0]))
    except DataError as error:
        raise StoreError(f"The data could not be read again: {error}") from error
    if dataset.fingerprint not in results.manifest["data"].values():
        raise StoreError(f"The data '{dataset.name}' are no longer those that the study was trained on.")
    return dataset


def example_rows(results: Results, answers: AnsweredRows, examples: Sequence[Example]) -> ExampleRows:
    """What the rows of some examples hold; nothing but a note where the data are gone."""
    try:
        dataset = data_of(results, answers.condition)
    except StoreError as error:
        return ExampleRows(None, [], [[] for _ in examples], str(error))
    x = getattr(dataset, f"x_{answers.split}")[[example.row for example in examples]]
    preparation = dataset.preparation
    if is_image(preparation.shape):
        return ExampleRows(_pictures(x, preparation), [], [[] for _ in examples])
    columns = described_columns(preparation, dataset.feature_names, x.shape[1])
    if not (preparation.columns or dataset.feature_names) and len(columns) > MOST_NAMELESS:
        return ExampleRows(None, [], [[] for _ in examples], f"Rows hold {len(columns):,} numbers without names.")
    try:
        network = results.model(answers.condition, seed=answers.seed)
        order = np.argsort(-sensitivities(network, x, dataset.x_train.mean(axis=0), columns), kind="stable")
    except (StoreError, StudyError):  # it is not kept, or is made of code that was not run
        order = np.arange(len(columns))
    shown = [columns[place] for place in order[:SHOWN_COLUMNS]]
    raw = preparation.scaling.undo(x)
    texts = [column_texts(column, raw[:, features]) for column, features in shown_features(columns, shown)]
    note = ""
    if len(columns) > len(shown):
        note = f"The {len(shown)} of {len(columns)} columns on which its answers for these rows depend most."
    return ExampleRows(
        None,
        [column.name for column in shown],
        [list(line) for line in zip(*texts, strict=True)] if texts else [[] for _ in examples],
        note,
    )


def is_image(shape: tuple[int, ...]) -> bool:
    """Whether rows of this shape are pictures: in grey, or in red, green and blue."""
    return len(shape) in (2, 3) and min(shape[:2]) > 1 and shape[2:] in ((), (1,), (3,))


def _pictures(x: np.ndarray, preparation: Preparation) -> np.ndarray:
    raw = preparation.scaling.undo(x)
    shape = preparation.shape[:2] if preparation.shape[2:] == (1,) else preparation.shape
    images = raw.reshape(len(raw), *shape)
    low, high = float(images.min()), float(images.max())
    whole = 255.0 if high > 16 else 16.0 if high > 1 else 1.0  # eight bits, the grey levels of digits, or shares
    if low < 0:
        return np.asarray((images - low) / max(high - low, 1e-9))
    return np.asarray(images / max(whole, high))


def described_columns(preparation: Preparation, names: Sequence[str] | None, features: int) -> list[Column]:
    """The columns of a table; of an array a column of numbers for each feature."""
    if preparation.columns:
        return list(preparation.columns)
    known = names if names is not None and len(names) == features else [f"feature {n}" for n in range(1, features + 1)]
    return [Column(name, "numeric") for name in known]


def shown_features(columns: Sequence[Column], shown: Sequence[Column]) -> list[tuple[Column, slice]]:
    """Each of the columns `shown`, with the place of its features among those of all columns."""
    places, start = {}, 0
    for column in columns:
        width = len(column.feature_names)
        places[column.name] = slice(start, start + width)
        start += width
    return [(column, places[column.name]) for column in shown]


def sensitivities(network: Kept, x: np.ndarray, mean: np.ndarray, columns: Sequence[Column]) -> np.ndarray:
    """By how much outputs change where a column is replaced by its mean over the training rows.

    Parameters
    ----------
    network : Kept
    x : array, shape (rows, F)
        Features, as the network takes them.
    mean : array, shape (F,)
    columns : sequence of Column, length C

    Returns
    -------
    array, shape (C,)
        The mean absolute change over rows and outputs: occlusion, as of Zeiler and Fergus, *Visualizing and
        understanding convolutional networks*, ECCV 2014, section 4.2.
    """
    before = network.outputs(x)
    changes = []
    for _, features in shown_features(columns, columns):
        hidden = x.copy()
        hidden[:, features] = mean[features]
        changes.append(float(np.abs(network.outputs(hidden) - before).mean()))
    return np.asarray(changes)


def column_texts(column: Column, features: np.ndarray) -> list[str]:
    """The cells of a column, all numbers with as many decimals, from the features before scaling, (rows, width)."""
    if column.kind != "numeric":
        return [_word(column, row) for row in features]
    gaps = ~np.isfinite(features[:, 0])
    if column.has_indicator:
        gaps |= features[:, -1] > 0.5
    values = np.where(gaps, 0.0, features[:, 0])
    decimals = _decimals(values)
    return [
        MISSING if gap else f"{round(value, decimals) + 0.0:,.{decimals}f}"
        for gap, value in zip(gaps, values, strict=True)
    ]


def _decimals(values: np.ndarray) -> int:
    """None for whole numbers, up to what float32 gives back; else so many that the largest has three digits."""
    size = float(np.abs(values).max(initial=0.0))
    if np.abs(values - values.round()).max(initial=0.0) <= 1e-6 * max(size, 1.0):
        return 0
    return int(np.clip(2 - math.floor(math.log10(size)), 0, 6))


def _word(column: Column, features: np.ndarray) -> str:
    """A cell that is no number."""
    if column.has_indicator and features[-1] > 0.5:
        return MISSING
    if column.kind == "categorical":
        levels = features[: len(column.levels)]
        return column.levels[int(levels.argmax())] if levels.max(initial=0) > 0.5 else "another"
    value = float(features[0])
    if not math.isfinite(value):
        return MISSING
    if column.kind == "boolean":
        return "true" if value > 0.5 else "false"
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=round(value)):%Y-%m-%d}"
