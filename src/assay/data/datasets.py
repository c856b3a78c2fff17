"""From what a study asks for to arrays ready for training.

::

    request = DataRequest("digits", test=Split(fraction=0.3), validation=Split(first=50))
    describe(request)    # shapes, at once
    load(request)        # the arrays
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assay.data import keras_files
from assay.data.digests import kept, label
from assay.data.files import check_kind, kinds_in_words
from assay.data.fitting import count_features, fit_preparation
from assay.data.npz_files import outline_npz
from assay.data.preparation import Preparation
from assay.data.raw import RawData, WordRanks, take_rows
from assay.data.registry import CLASS_NAMES, DATASETS, DatasetInfo
from assay.data.request import DataRequest, Dataset, DataShape
from assay.data.scaling import check_scaling, fit_scaling
from assay.data.sources import ARRAYS_ONLY, read_file, read_kept, refuse_columns
from assay.data.splitting import ONE_SPLIT, Resample, Rows, Split, split_rows
from assay.data.synthetic import SYNTHETIC, check_arguments
from assay.data.tables import Question, check
from assay.data.targets import Target, check_task, class_target
from assay.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import polars as pl

_OWN_SPLIT = Split(fraction=0.2)


def is_available(name: str) -> bool:
    """Whether a named data set can be loaded here without a download.

    Raises
    ------
    DataError
        If no data set has this name.
    """
    info = _info(name)
    return info.origin != "keras.datasets" or keras_files.find(name) is not None


def describe(request: DataRequest, base: Path | None = None) -> DataShape:
    """The sizes that `load` would give, without loading a named set.

    Parameters
    ----------
    request : DataRequest
        What is wanted.
    base : Path, optional
        The folder from which a relative `request.path` is taken.

    Raises
    ------
    DataError
        If the request does not fit itself, the data set is unknown, or too few rows are left.
    """
    info = _check_request(request)
    if request.group is not None:
        return load(request, base).shape  # how many rows whole groups have is seen in the table alone
    if info is None:
        features, target, rows = _outline_own(request, base)
    else:
        features, target, rows = _outline_named(info, request)
    _check_target_scaling(request, target)
    train, validation, test = _sizes(request, info, rows)
    row_bytes = features * (1 if info is not None and info.is_text else 4) + 4 * target.outputs
    return DataShape(
        features=features,
        outputs=target.outputs,
        task=target.task,
        train_rows=train,
        validation_rows=validation,
        test_rows=test,
        classes=target.classes,
        bytes=row_bytes * (train + validation + test),
        has_own_test="test" in rows,
    )


def load(request: DataRequest, base: Path | None = None) -> Dataset:
    """Read, split and scale a data set.

    Parameters
    ----------
    request : DataRequest
        What is wanted.
    base : Path, optional
        The folder from which a relative `request.path` is taken.

    Raises
    ------
    DataError
        As `describe`; if a file is missing, damaged, not the published one, or holds what is not a finite number; if
        the training rows hold one class only.
    """
    info = _check_request(request)
    raw = read_own(request, base) if info is None else _read_named(info, request, base)
    _check_target_scaling(request, raw.target)
    where = _name(request)

    chosen = _choose_rows(request, info, raw)
    y = {part: raw.target.encode(raw.y[source][index]) for part, (source, index) in chosen.items()}
    source, index = chosen["train"]
    if raw.target.classes is not None and len(np.unique(raw.y[source][index])) < 2:
        raise DataError(f"{where}: all {len(index)} training rows have the same class. Keep more rows for training.")

    taken = {part: take_rows(raw.x[source], index) for part, (source, index) in chosen.items()}
    preparation = _prepare(raw, taken["train"], _scaling_name(request, info))
    x: dict[str, np.ndarray] = {}
    for part in chosen:  # one part at a time, so that raw and scaled rows do not all lie in memory together
        rows = taken.pop(part)
        x[part] = rows if info is not None and info.is_text else preparation.apply(rows)
    target_scaling = None
    if request.target_scaling != "none":
        target_scaling = fit_scaling(request.target_scaling, y["train"])
        y = {part: target_scaling.apply(values) for part, values in y.items()}

    if info is None:
        _check_range(where, x, y)

    arrays = {f"{axis}_{part}": values[part] for part in chosen for axis, values in (("x", x), ("y", y))}
    weights = {}
    if raw.weights is not None:
        weights = {
            f"weights_{part}": raw.weights[source][index].astype(np.float32) for part, (source, index) in chosen.items()
        }
        if not weights["weights_train"].any():
            raise DataError(
                f"{where}: the weights of all {len(index)} training rows are 0. Keep more rows for training."
            )
    shape = DataShape(
        features=x["train"].shape[1],
        outputs=raw.target.outputs,
        task=raw.target.task,
        train_rows=len(x["train"]),
        validation_rows=len(x["validation"]),
        test_rows=len(x["test"]),
        classes=raw.target.classes,
        bytes=sum(array.nbytes for array in arrays.values()),
        has_own_test="test" in raw.y,
    )
    return Dataset(
        name=where,
        shape=shape,
        target=raw.target,
        class_names=raw.class_names,
        feature_names=preparation.feature_names or raw.feature_names,
        target_names=raw.target_names,
        source=raw.source,
        preparation=preparation,
        target_scaling=target_scaling,
        rows={part: index.astype(np.int64) for part, (_, index) in chosen.items()},
        fingerprint=_fingerprint({**arrays, **weights}),
        **arrays,
        **weights,
    )


def read_own(request: DataRequest, base: Path | None = None, *, is_checked: bool = True) -> RawData:
    """The own data of a request as they are read, before they are split: columns, and what should be known of them.

    Parameters
    ----------
    request : DataRequest
        With a path and no name, or with rows that were given in Python.
    base : Path, optional
        The folder from which a relative `request.path` is taken.
    is_checked : bool
        Whether columns that cannot be used as they are raise; otherwise `RawData.faults` tells them.

    Raises
    ------
    DataError
        As `load`.
    """
    raw = (
        read_file(_path(request, base), _question(request))
        if request.kept is None
        else read_kept(request.kept, _question(request))
    )
    return check(raw) if is_checked else raw


def training_index(request: DataRequest, raw: RawData) -> np.ndarray:
    """Which rows of `raw`, what a request for own data reads, are trained on."""
    return _choose_rows(request, None, raw)["train"][1]


def _question(request: DataRequest) -> Question:
    """What a request asks of a table."""
    target = request.target if request.target is None or isinstance(request.target, str) else tuple(request.target)
    return Question(target, request.task, request.columns, request.weight, request.group, request.time)


# ---- what is asked for


def _info(name: str) -> DatasetInfo:
    if name not in DATASETS:
        raise DataError(
            f"data: unknown data set '{name}'.{did_you_mean(name, DATASETS)} Known data sets: {', '.join(DATASETS)}. "
            f"For a file of your own write its path, ending in {kinds_in_words()}."
        )
    return DATASETS[name]


def _check_request(request: DataRequest) -> DatasetInfo | None:
    """Check what can be checked without the data; the named set, or None for an own file."""
    if request.name is None and request.path is None and request.kept is None:
        raise DataError(f"data: expected the name of a data set or a path. Known data sets: {', '.join(DATASETS)}.")
    info = None if request.name is None else _info(request.name)
    if request.scaling is not None:
        check_scaling(request.scaling, where="data.scaling")
    check_task(request.task)
    if request.rows is not None and request.rows < 1:
        raise DataError(f"data.rows: expected a whole number of at least 1, got {request.rows}.")
    if request.arguments and (info is None or info.origin != "synthetic"):
        raise DataError(
            f"data.arguments: only synthetic sets ({', '.join(SYNTHETIC)}) take arguments, "
            f"got {', '.join(request.arguments)} for {_name(request)}."
        )
    if info is None:
        return None
    if request.path is not None and info.origin != "keras.datasets":
        raise DataError(f"data: '{info.name}' is not read from a file; leave out its name or the path {request.path}.")
    refuse_columns(request, f"'{info.name}' has its own target and features")
    if info.is_text and request.words < 4:
        raise DataError(f"data.words: expected at least 4 (ranks 0 to 2 are marks, not words), got {request.words}.")
    if info.is_text and request.scaling not in (None, "none"):
        raise DataError(f'data.scaling: the words of {info.name} are 0 or 1; expected "none", got "{request.scaling}".')
    return info


def _check_target_scaling(request: DataRequest, target: Target) -> None:
    if request.target_scaling not in ("none", "standard"):
        raise DataError(f'data.target_scaling: expected "none" or "standard", got "{request.target_scaling}".')
    if request.target_scaling != "none" and target.task != "regression":
        raise DataError(f"data.target_scaling: only the targets of a regression are scaled; the task is {target.task}.")


def _name(request: DataRequest) -> str:
    return label(request.kept) if request.kept else request.name or Path(request.path or "").stem


def _path(request: DataRequest, base: Path | None) -> Path:
    return (base or Path()) / Path(request.path or "").expanduser()


def _scaling_name(request: DataRequest, info: DatasetInfo | None) -> str:
    """The scaling asked for, or the default of the set."""
    if request.scaling is not None:
        return request.scaling
    if info is not None:
        return info.scaling
    is_array = isinstance(kept(request.kept), dict) if request.kept else str(request.path).lower().endswith(".npz")
    return "none" if is_array else "standard"


# ---- own files


def _outline_own(request: DataRequest, base: Path | None) -> tuple[int, Target, dict[str, int]]:
    """Features, target and rows of an own file; how many features a table has may follow from its training rows."""
    path = _path(request, base)
    if request.kept is None and check_kind(path) == ".npz":
        refuse_columns(request, ARRAYS_ONLY.format(path))
        outline = outline_npz(path, task=request.task)
        return outline.features, outline.target, outline.rows
    raw = read_own(request, base)
    table = raw.x["train"]
    if isinstance(table, np.ndarray | WordRanks):
        return math.prod(table.shape[1:]), raw.target, raw.rows
    plans = [plan for plan in raw.plans if plan.is_feature]
    if all(plan.features is not None for plan in plans):
        return sum(plan.features or 0 for plan in plans), raw.target, raw.rows
    return count_features(plans, table[training_index(request, raw)]), raw.target, raw.rows


def _prepare(raw: RawData, train: np.ndarray | pl.DataFrame, scaling: str) -> Preparation:
    """What is done to a row, learnt from the training rows."""
    if not isinstance(train, np.ndarray):
        features = [plan for plan in raw.plans if plan.is_feature]
        return fit_preparation(features, train, scaling, aside=[plan.name for plan in raw.plans if not plan.is_feature])
    source = raw.x["train"]
    shape = (source.columns,) if isinstance(source, WordRanks) else tuple(source.shape[1:])
    return Preparation(shape, fit_scaling(scaling, train))


# ---- named sets


def _outline_named(info: DatasetInfo, request: DataRequest) -> tuple[int, Target, dict[str, int]]:
    """Features, target and rows of a named set, from what is known of it."""
    features, classes, rows = info.features, info.classes, {"train": info.train_rows}
    if info.test_rows:
        rows["test"] = info.test_rows
    if info.is_text:
        features = request.words
    elif info.origin == "synthetic":
        arguments = check_arguments(info.name, request.arguments)
        features, classes = arguments.get("features", features), arguments.get("classes", classes)
        rows["train"] = arguments["rows"]
    if classes is not None:
        return features, class_target(classes, request.task, where=info.name), rows
    if request.task not in (None, "regression"):
        raise DataError(f'{info.name}: holds quantities, not classes; task = "{request.task}" does not fit it.')
    return features, Target("regression", 1, None), rows


def _read_named(info: DatasetInfo, request: DataRequest, base: Path | None) -> RawData:
    """Rows and labels of a named set."""
    _, target, _ = _outline_named(info, request)
    if info.origin == "scikit-learn":
        from sklearn import datasets

        bunch = getattr(datasets, f"load_{info.name}")()
        class_names = tuple(str(name) for name in bunch.target_names) if info.classes else None
        y = bunch.target if info.classes else bunch.target[:, None]
        source = "scikit-learn"
        x = bunch.get("images", bunch.data)  # digits are images, and known as such
        return RawData({"train": x}, {"train": y}, target, source, class_names, tuple(bunch.feature_names))
    if info.origin == "synthetic":
        arguments = check_arguments(info.name, request.arguments)
        points, labels = SYNTHETIC[info.name](request.seed, **arguments)
        source = f"synthetic, seed {request.seed}"
        return RawData({"train": points}, {"train": labels}, target, source, _numbers(target))
    path = _path(request, base) if request.path is not None else None
    x, y, source = keras_files.read_keras(info.name, words=request.words, path=path)
    return RawData(x, y, target, source, CLASS_NAMES.get(info.name, _numbers(target)))


def _numbers(target: Target) -> tuple[str, ...] | None:
    return None if target.classes is None else tuple(str(label) for label in range(target.classes))


# ---- parts


def _splits(request: DataRequest, info: DatasetInfo | None, rows: Mapping[str, int]) -> tuple[Split, Split]:
    """The splits to make for validation and test, in rows that the source has not already set apart."""
    where = _name(request)
    test = request.test or (info.test if info is not None else _OWN_SPLIT)
    if "test" in rows and request.test is not None and request.test.size(rows["test"]) > 0:
        raise DataError(
            f"data.test: {where} comes with a test set of {rows['test']} rows, got {request.test}. "
            "Leave data.test out, or set it to 0 to do without a test set."
        )
    validation = request.validation or (info.validation if info is not None else _OWN_SPLIT)
    if "validation" in rows and request.validation is not None:
        raise DataError(f"data.validation: {where} comes with validation rows, got {request.validation}. Leave it out.")
    if request.validation is None and request.rows is not None and validation.size(request.rows) > request.rows // 2:
        validation = _OWN_SPLIT  # a default meant for the whole set would leave too little of a few rows
    return validation, test


def _resamples(request: DataRequest, rows: Mapping[str, int], test: Split) -> tuple[Resample, Resample]:
    """Which of several splits the test rows are of, and the validation rows.

    The test rows are cut anew for each, and with them the validation rows. Where the source has its own test set, or
    none is wanted, it is the validation rows alone.
    """
    asked = request.resample
    if "test" not in rows and test.size(rows["train"]) > 0:
        return asked, ONE_SPLIT[0] if asked.folds is None and request.time is not None else Resample(asked.number)
    if "validation" in rows and asked != ONE_SPLIT[0]:
        raise DataError(
            f"design.splits: {_name(request)} comes with its own validation and test rows, so there is nothing to "
            "split in several ways. Leave design.splits out."
        )
    return ONE_SPLIT[0], asked


def _sizes(request: DataRequest, info: DatasetInfo | None, rows: Mapping[str, int]) -> tuple[int, int, int]:
    """Rows for training, validation and test; see `_choose_rows`, which takes them. Groups may be of other sizes."""
    where, in_time = _name(request), request.time is not None
    validation, test = _splits(request, info, rows)
    of_test, of_validation = _resamples(request, rows, test)
    left = rows["train"]
    if "test" in rows:
        test_rows = 0 if request.test is not None else rows["test"]
    else:
        left, test_rows = of_test.sizes(test, left, in_time=in_time)
    if request.rows is not None:
        if request.rows > left:
            raise DataError(
                f"data.rows: expected at most {max(left, 0)}, the training rows of {where}, got {request.rows}."
            )
        left = request.rows
    if "validation" in rows:
        train_rows, validation_rows = left, rows["validation"]
    else:
        train_rows, validation_rows = of_validation.sizes(validation, left, in_time=in_time)
    if train_rows < 1:
        raise DataError(
            f"{where}: too few rows: of {rows['train']} rows, {0 if 'test' in rows else test_rows} go to the test set "
            f"and {validation_rows} to validation, which leaves none for training. Hold out less."
        )
    return train_rows, validation_rows, test_rows


def _choose_rows(request: DataRequest, info: DatasetInfo | None, raw: RawData) -> dict[str, tuple[str, np.ndarray]]:
    """For each part, the part of the source that it is taken from, and the rows there."""
    rows = raw.rows
    _sizes(request, info, rows)
    validation, test = _splits(request, info, rows)
    of_test, of_validation = _resamples(request, rows, test)
    known = Rows(
        rows["train"],
        raw.y["train"] if raw.target.classes is not None else None,
        None if raw.groups is None else raw.groups["train"],
        None if raw.times is None else raw.times["train"],
    )
    train = np.arange(rows["train"])
    chosen: dict[str, tuple[str, np.ndarray]] = {}

    def draw(split: Split, resample: Resample) -> np.ndarray:
        nonlocal train
        rest, part = split_rows(split, known.taken(train), seed=request.seed, resample=resample)
        train, part = train[rest], train[part]
        return part

    if "test" in rows:
        chosen["test"] = ("test", np.arange(0 if request.test is not None else rows["test"]))
    else:
        chosen["test"] = ("train", draw(test, of_test))
    if request.rows is not None:
        train = train[: request.rows] if known.times is None else train[-request.rows :]  # the last ones in time
    if "validation" in rows:
        chosen["validation"] = ("validation", np.arange(rows["validation"]))
    else:
        chosen["validation"] = ("train", draw(validation, of_validation))
    return {"train": ("train", train), **chosen}


def _check_range(where: str, x: Mapping[str, np.ndarray], y: Mapping[str, np.ndarray]) -> None:
    """Finite numbers of an own file may still be beyond float32, which ends at 3.4e38."""
    for noun, arrays in (("features", x), ("targets", y)):
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise DataError(f"{where}: some {noun} are beyond 3.4e38, the range of float32. Scale or remove them.")


def _fingerprint(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over name, type, shape and buffer of each array."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).data)
    return digest.hexdigest()
