"""What a study asks of its data, and what it gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from assay.data.columns import ColumnChoice
from assay.data.preparation import Preparation
from assay.data.scaling import Scaling
from assay.data.splitting import ONE_SPLIT, Resample, Split
from assay.data.targets import Target


@dataclass(frozen=True)
class DataRequest:
    """What a study asks of its data.

    Attributes
    ----------
    name : str, optional
        A key of `DATASETS`; not needed with the path of an own file.
    path : str, optional
        An own file (`assay.data.files.FILE_KINDS`), or with `name` a local copy of a file of `keras.datasets`.
    words : int
        For texts: number of the most frequent words that count (Keras' ``num_words``), the width of a row.
    validation, test : Split, optional
        What is held out; each set has its default. Where the source has a test set of its own, `test` may only be
        ``Split(count=0)``, which leaves it out.
    scaling : str, optional
        Of the features: ``none``, ``unit``, ``standard`` or ``minmax``; each set has its default: ``unit`` for images,
        ``standard`` for tables, ``none`` for synthetic sets, texts and own ``.npz``.
    target_scaling : str
        Of the targets of a regression: ``none`` or ``standard``.
    target : str or sequence of str, optional
        The column of a table to learn, or several; the last one unless given.
    task : str, optional
        One of `assay.data.targets.TASKS`, where it should not be read off the data.
    columns : mapping of str to ColumnChoice
        What is said of single columns of a table.
    weight, group, time : str, optional
        Columns of a table that are no features: how much a row counts, which rows belong together and are never parted,
        when a row was: the last ones are held out.
    rows : int, optional
        Keep only the first rows of the training set, after the test set was split off and before validation is.
    seed : int
        Decides random splits and synthetic points.
    arguments : mapping
        Of a synthetic set, such as ``{"rows": 1000, "noise": 0.1}``.
    kept : str, optional
        The digest of rows that were given in Python; see `assay.data.digests`.
    resample : Resample
        Which of several splits: of the test rows, or of the validation rows where the test rows are set apart.
    """

    name: str | None = None
    path: str | None = None
    words: int = 10000
    validation: Split | None = None
    test: Split | None = None
    scaling: str | None = None
    target_scaling: str = "none"
    target: str | Sequence[str] | None = None
    task: str | None = None
    rows: int | None = None
    seed: int = 0
    arguments: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, ColumnChoice] = field(default_factory=dict)
    weight: str | None = None
    group: str | None = None
    time: str | None = None
    kept: str | None = None
    resample: Resample = ONE_SPLIT[0]

    def __hash__(self) -> int:
        """Equal requests have equal hashes; `arguments` and `columns` are dicts."""
        own = self.name, self.path, self.kept, self.rows, self.seed, self.resample
        return hash((*own, tuple(sorted(self.arguments.items()))))


@dataclass(frozen=True)
class DataShape:
    """The sizes of a data set, as a plan needs them.

    Attributes
    ----------
    features, outputs : int
        Columns of x and of y.
    task : str
        One of `assay.data.targets.TASKS`.
    train_rows, validation_rows, test_rows : int
    classes : int or None
        None for multilabel and regression.
    bytes : int
        Memory of all arrays.
    has_own_test : bool
        Whether the source has set the test rows apart, so that they are the same in every split.
    """

    features: int
    outputs: int
    task: str
    train_rows: int
    validation_rows: int
    test_rows: int
    classes: int | None
    bytes: int
    has_own_test: bool = False


@dataclass(frozen=True)
class Dataset:
    """A data set, split and scaled.

    Attributes
    ----------
    name : str
    shape : DataShape
    x_train, x_validation, x_test : array, shape (rows, F)
        float32, or uint8 for multi-hot texts.
    y_train, y_validation, y_test : array of float32, shape (rows, K)
        One-hot for multiclass, 0 or 1 with K = 1 for binary, 0 or 1 for each label, values for regression.
    target : Target
    class_names, feature_names : tuple of str or None
    target_names : tuple of str or None
        The columns of a table that are learnt.
    source : str
        Where the rows came from.
    preparation : Preparation
        What was done to a row, learnt from the training rows.
    target_scaling : Scaling or None
        What was done to the targets of a regression.
    rows : dict of str to array of int64
        By part, the numbers of its rows in the source, from 0; in a part that the source has apart, of that part.
    fingerprint : str
        SHA-256 of all arrays, in hexadecimal: the same data have the same.
    weights_train, weights_validation, weights_test : array of float32, shape (rows,), optional
        How much each row counts, where a column says so.
    """

    name: str
    shape: DataShape
    x_train: np.ndarray
    y_train: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    target: Target
    class_names: tuple[str, ...] | None
    feature_names: tuple[str, ...] | None
    target_names: tuple[str, ...] | None
    source: str
    preparation: Preparation
    target_scaling: Scaling | None
    rows: dict[str, np.ndarray]
    fingerprint: str
    weights_train: np.ndarray | None = None
    weights_validation: np.ndarray | None = None
    weights_test: np.ndarray | None = None
