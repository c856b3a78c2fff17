"""The data of a program: made from its number, learnable, and as the program feeds them, right or wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from corpus.program import Program

DATA_SEED = 1_130
TEST_ROWS, TEST_ROWS_OF_RARE = 600, 2000
# Raw features are this large, by column in turn; raw targets lie about 20,000.
RAW_SIZES, RAW_TARGETS, RAW_SPREAD = (1.0, 300.0, 20.0, 4000.0), 20_000.0, 6_000.0
TWICE = 1 / 255**2
OVERFLOWING = 30_000.0


@dataclass(frozen=True)
class Data:
    """Rows for training and held-out rows.

    Attributes
    ----------
    x_train, x_test : array, shape (rows, …)
        Images have the channel first, (rows, 1, side, side); tokens are integers, (rows, length).
    y_train : array
        As the program feeds them: classes (rows,), labels (rows, K), quantities (rows, 1), tokens (rows, length).
    y_test : array
        The right answers in the same units, classes always from 0.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def data_of(program: Program) -> Data:
    """The data of a program; a twin and its mutated program have the same rows."""
    return _as_fed(program, _rows(program))


def _rows(program: Program) -> Data:
    """Standardized rows and right targets."""
    random = np.random.Generator(np.random.Philox(key=[DATA_SEED, program.base]))
    held_out = TEST_ROWS_OF_RARE if program.rare_share < 0.5 else TEST_ROWS
    make = {"table": _table, "image": _image, "tokens": _tokens, "sequence": _sequence}[program.data]
    x, y = make(program, program.rows + held_out, random)
    if program.task == "regression":
        y = program.centre + program.spread * _standard(y, program.rows)[:, None]
    if x.dtype.kind == "f":
        x = _standard(x, program.rows) if program.data != "image" else (x - x.mean()) / x.std()
        if program.inputs == "unit":
            x = (x - x.min()) / (x.max() - x.min())
        x = x.astype(np.float32)
    if program.task == "reconstruction":
        y = x
    if y.dtype.kind == "f":
        y = y.astype(np.float32)
    cut = program.rows
    return Data(x[:cut], y[:cut], x[cut:], y[cut:])


def _standard(values: np.ndarray, rows: int) -> np.ndarray:
    """Mean 0 and standard deviation 1 on the training rows, by column."""
    return (values - values[:rows].mean(axis=0)) / values[:rows].std(axis=0)


# --- What is learnt ---------------------------------------------------------------------------------------------------


def _classes(program: Program, rows: int, random: np.random.Generator) -> np.ndarray:
    """Class numbers: as many of each, or with a rare one."""
    if program.task == "binary":
        y = (random.random(rows) < program.rare_share).astype(np.int64) if program.rare_share < 0.5 else None
        return y if y is not None else random.permutation(np.arange(rows) % 2)
    return random.permutation(np.arange(rows) % program.classes)


def _table(program: Program, rows: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Clusters on a ring whose classes alternate, in a random plane of the features; curves for what is no class."""
    turn = np.linalg.qr(random.standard_normal((program.features, program.features)))[0]
    z = random.standard_normal((rows, program.features))
    if program.task in ("binary", "multiclass"):
        y, kinds = _classes(program, rows, random), max(2, program.classes)
        around = 2 if kinds <= 3 else 1  # clusters of a class
        angle = 2 * np.pi * (y + kinds * random.integers(0, around, rows)) / (kinds * around)
        z[:, :2] = 2.5 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + 0.5 * z[:, :2]
        z[:, 2:] *= 0.5
        return z @ turn, y
    first, second, third = z[:, 0], z[:, 1], z[:, 2]
    if program.task == "multilabel":
        labels = [first > 0, second * first > 0, third + 0.8 * second > 0, np.abs(third) > 0.7]
        return z @ turn, np.stack(labels[: program.classes], axis=1).astype(np.float32)
    if program.task == "reconstruction":
        spread = random.standard_normal((3, program.features))
        return np.tanh(z[:, :3] @ spread) + 0.1 * z, first
    return z @ turn, first + 0.8 * np.abs(second) + 0.8 * np.sin(2 * third) + 0.1 * random.standard_normal(rows)


def _image(program: Program, rows: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Soft patterns that stand where they may, under noise."""
    side, kinds = program.features, max(3, program.classes, 2)
    coarse = random.standard_normal((kinds, 4, 4))
    patterns = np.stack([_enlarged(pattern, side) for pattern in coarse])
    noise = 0.7 * random.standard_normal((rows, side, side))
    shifts = random.integers(-1, 2, (rows, 2))
    if program.task in ("multilabel", "reconstruction", "regression"):
        present = random.random((rows, kinds)) < 0.5
        size = np.where(present, 1.0, 0.0) if program.task == "multilabel" else random.standard_normal((rows, kinds))
        x = np.einsum("rk,khw->rhw", size, patterns) + noise / (1 if program.task != "reconstruction" else 2)
        y = (
            present[:, : program.classes].astype(np.float32)
            if program.task == "multilabel"
            else size[:, 0] + np.abs(size[:, 1])
        )
        return x[:, None], y
    y = _classes(program, rows, random)
    x = np.stack([np.roll(patterns[label], tuple(shift), (0, 1)) for label, shift in zip(y, shifts, strict=True)])
    return (x + noise)[:, None], y


def _enlarged(pattern: np.ndarray, side: int) -> np.ndarray:
    """A 4 × 4 pattern, interpolated."""
    at = np.linspace(0, 3, side)
    rows = np.stack([np.interp(at, np.arange(4), row) for row in pattern])
    return np.stack([np.interp(at, np.arange(4), column) for column in rows.T], axis=1)


def _tokens(program: Program, rows: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Texts of a topic, three words of which tell it; or a walk in which each token has a successor."""
    shape = (rows, program.length)
    if program.task == "next_token":
        after = random.permutation(program.features)
        x = random.integers(0, program.features, (rows, program.length + 1))
        for place in range(1, program.length + 1):
            follows = random.random(rows) < 0.9
            x[follows, place] = after[x[follows, place - 1]]
        return x[:, :-1], x[:, 1:]
    kinds = program.classes if program.task == "multilabel" else max(2, program.classes)
    words = random.permutation(program.features)[: 3 * kinds].reshape(kinds, 3)
    x = random.integers(0, program.features, shape)
    is_word = np.isin(x, words)
    x[is_word] = np.setdiff1d(np.arange(program.features), words)[0]
    if program.task == "multilabel":
        y = (random.random((rows, kinds)) < 0.5).astype(np.float32)
        for label in range(kinds):  # two words of it, at places of its own
            for place in (2 * label, 2 * label + 1):
                told = y[:, label] > 0
                at = place % program.length
                x[told, at] = words[label, random.integers(0, 3, int(told.sum()))]
        order = np.argsort(random.random(shape), axis=1)
        return np.take_along_axis(x, order, axis=1), y
    y = _classes(program, rows, random)
    of_topic = random.random(shape) < 0.2
    of_topic[np.arange(rows), random.integers(0, program.length, rows)] = True
    topical = words[y[:, None], random.integers(0, 3, shape)]
    return np.where(of_topic, topical, x), y


def _sequence(program: Program, rows: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Waves whose frequency tells the class; or a level and a trend to be read off."""
    time = np.arange(program.length)
    noise = random.standard_normal((rows, program.length, program.features))
    if program.task == "regression":
        level, trend = random.standard_normal((2, rows))
        signal = level[:, None] + trend[:, None] * (time / program.length)
        return signal[:, :, None] + 0.4 * noise, trend + level
    y = _classes(program, rows, random)
    frequency = np.pi * (y + 0.5) / max(2, program.classes)
    phase = random.uniform(0, np.pi / 2, rows)
    signal = np.sin(frequency[:, None] * time + phase[:, None])
    return 1.4 * signal[:, :, None] + 0.5 * noise, y


# --- As it is fed -----------------------------------------------------------------------------------------------------


def _as_fed(program: Program, data: Data) -> Data:
    """Inputs and targets as the program's author made them."""
    random = np.random.Generator(np.random.Philox(key=[DATA_SEED + 1, program.base]))
    x_train, x_test = (_inputs(program, x) for x in (data.x_train, data.x_test))
    if program.inputs == "nan":
        x_train = x_train.copy()
        x_train.reshape(len(x_train), -1)[3::50, 0] = np.nan
    y_train, y_test = data.y_train, data.y_test
    if program.task == "reconstruction":
        y_train, y_test = x_train, x_test
    if program.targets == "raw":
        y_train, y_test = (
            ((y - program.centre) / program.spread * RAW_SPREAD + RAW_TARGETS).astype(np.float32)
            for y in (y_train, y_test)
        )
    if program.targets == "nan":
        y_train = np.where((np.arange(len(y_train)) % 50 == 3)[:, None], np.float32(np.nan), y_train)
    y_train = {
        "right": lambda: y_train,
        "flat": lambda: y_train,  # with another shape, which the framework gives it
        "from_one": lambda: y_train + 1,
        "signed": lambda: 2 * y_train - 1,
        "shuffled": lambda: y_train[random.permutation(len(y_train))],
        "rolled": lambda: np.roll(y_train, 1, axis=0),
    }[program.labels]()
    fed = replace(data, x_train=x_train, x_test=x_test, y_train=y_train, y_test=y_test)
    return _by_label(fed) if program.batches == "sorted" else fed


def _inputs(program: Program, x: np.ndarray) -> np.ndarray:
    if program.inputs == "raw":
        sizes = np.resize(RAW_SIZES, x.shape[-1]) if program.data != "image" else np.full(x.shape[-1], 400.0)
        return ((x + 1.5) * sizes).astype(np.float32)
    if program.inputs == "scaled_twice":
        return (x * TWICE).astype(np.float32)
    if program.inputs == "overflowing":
        return (x * OVERFLOWING).astype(np.float32)
    return x


def _by_label(data: Data) -> Data:
    order = np.argsort(data.y_train.reshape(len(data.y_train), -1)[:, 0], kind="stable")
    return replace(data, x_train=data.x_train[order], y_train=data.y_train[order])
