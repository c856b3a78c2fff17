"""Programs with known faults, rebuilt from their descriptions: data, the faulty network, and its principled cure.

They come from questions on Stack Overflow (benchmarks of DeepLocalize, NeuraLint and DeepFD), from AUTOTRAINER, and
from published notebooks. Each is a chain of dense layers, so that a `Variant` says all of it: the same one is a
condition of a study, which trains all seeds at once, and a Keras model, for what a study refuses (softmax on one unit)
or does not know (a loss written by hand).

Data that would need a download are made here with the same ranges, and say so; MNIST is the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from assay import Study

SGD_FAST = {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True}
SMALL_UNIFORM = {"name": "random_uniform", "minval": -0.05, "maxval": 0.05}
SMALL_NORMAL = {"name": "random_normal", "stddev": 0.05}
UNIT_NORMAL = {"name": "random_normal", "stddev": 1.0}
BINARY, CATEGORICAL, SQUARED = "binary_crossentropy", "categorical_crossentropy", "mean_squared_error"
# Losses written by hand in the programs, no loss of Keras: see `handwritten_loss`.
SUM_OF_SQUARES, LOG_OF_SCORES = "sum_of_squares", "log_of_scores"


# A study's dotted keys, and the fields of a variant.
KEYS = {
    "data.scaling": "scaling",
    "data.target_scaling": "target_scaling",
    "network.hidden": "hidden",
    "network.activation": "activation",
    "network.output_activation": "output_activation",
    "network.kernel_initializer": "kernel_initializer",
    "network.layers.output.kernel_initializer": "output_initializer",
    "network.bias_initializer": "bias_initializer",
    "network.dropout": "dropout",
    "training.loss": "loss",
    "training.optimizer": "optimizer",
    "training.epochs": "epochs",
    "training.batch_size": "batch_size",
}


@dataclass(frozen=True)
class Table:
    """What is learnt; the test rows are never trained on.

    Attributes
    ----------
    x_train, x_test : array, shape (rows, F)
    y_train, y_test : array, shape (rows,)
        Classes from 0, or quantities.
    task : {"binary", "multiclass", "regression"}
    note : str
        What stands in for data that are not here.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    task: str
    note: str = ""

    @property
    def outputs(self) -> int:
        """Units of the last layer."""
        return int(self.y_train.max()) + 1 if self.task == "multiclass" else 1


@dataclass(frozen=True)
class Variant:
    """One way to write a program: a chain of dense layers and its training."""

    hidden: tuple[int, ...]
    activation: str
    output_activation: str
    loss: str
    optimizer: Mapping[str, Any]
    epochs: int
    batch_size: int
    kernel_initializer: str | Mapping[str, Any] = "glorot_uniform"
    output_initializer: str | Mapping[str, Any] | None = None
    bias_initializer: str | Mapping[str, Any] = "zeros"
    dropout: float = 0.0
    scaling: str = "none"
    target_scaling: str = "none"

    def settings(self) -> dict[str, Any]:
        """The same as a condition of a study, by dotted key."""
        told = {key: getattr(self, name) for key, name in KEYS.items()}
        return {
            key: list(value) if isinstance(value, tuple) else value for key, value in told.items() if value is not None
        }

    def changed(self, settings: Mapping[str, Any]) -> Variant:
        """With what a remedy offers, by dotted key."""
        own = {KEYS[key]: value for key, value in settings.items()}
        if "kernel_initializer" in own:
            own["output_initializer"] = None
        return replace(self, **own)

    def model(self, table: Table, seed: int = 0) -> Any:
        """A compiled Keras model, its initial weights drawn from `seed`."""
        import keras

        keras.utils.set_random_seed(seed)
        layers: list[Any] = [keras.Input((table.x_train.shape[1],))]
        for units in self.hidden:
            layers.append(self._dense(units, self.activation, self.kernel_initializer))
            if self.dropout:
                layers.append(keras.layers.Dropout(self.dropout))
        layers.append(
            self._dense(table.outputs, self.output_activation, self.output_initializer or self.kernel_initializer)
        )
        model = keras.Sequential(layers)
        name, arguments = self.optimizer["name"], {k: v for k, v in self.optimizer.items() if k != "name"}
        model.compile(
            optimizer=keras.optimizers.get({"class_name": name, "config": arguments}),
            loss=handwritten_loss(self.loss) if self.loss in (SUM_OF_SQUARES, LOG_OF_SCORES) else self.loss,
            metrics=["mean_absolute_error" if table.task == "regression" else "accuracy"],
        )
        return model

    def _dense(self, units: int, activation: str, kernel_initializer: str | Mapping[str, Any]) -> Any:
        import keras

        return keras.layers.Dense(
            units,
            activation=activation,
            kernel_initializer=_keras_initializer(kernel_initializer),
            bias_initializer=_keras_initializer(self.bias_initializer),
        )

    def rows(self, table: Table) -> Table:
        """The table as this variant feeds it: inputs, and targets of a regression, scaled by the training rows."""
        x_train, x_test, y_train, y_test = table.x_train, table.x_test, table.y_train, table.y_test
        if self.scaling == "standard":
            mean, std = x_train.mean(axis=0), x_train.std(axis=0)
            std = np.where(std > 0, std, 1.0)
            x_train, x_test = (x_train - mean) / std, (x_test - mean) / std
        if self.target_scaling == "standard":
            mean, std = y_train.mean(), y_train.std()
            y_train, y_test = (y_train - mean) / std, (y_test - mean) / std
        if table.task == "multiclass":
            one = np.eye(table.outputs, dtype=np.float32)
            y_train, y_test = one[y_train], one[y_test]
        else:
            y_train, y_test = y_train[:, None], y_test[:, None]
        return replace(table, x_train=x_train, x_test=x_test, y_train=y_train, y_test=y_test)


def _keras_initializer(initializer: str | Mapping[str, Any]) -> Any:
    import keras

    if isinstance(initializer, str):
        return keras.initializers.get(initializer)
    arguments = {key: value for key, value in initializer.items() if key != "name"}
    return keras.initializers.get({"class_name": initializer["name"], "config": arguments})


def handwritten_loss(name: str) -> Callable[[Any, Any], Any]:
    """A loss as its program's author wrote it."""
    import keras

    def sum_of_squares(targets: Any, outputs: Any) -> Any:
        """Every example has the sum over the batch, so the batch size multiplies the gradient."""
        return keras.ops.sum(keras.ops.square(targets - outputs))

    def log_of_scores(targets: Any, outputs: Any) -> Any:
        """The cross-entropy of raw scores: the logarithm of what may be negative."""
        return -keras.ops.sum(targets * keras.ops.log(outputs), axis=-1)

    return {SUM_OF_SQUARES: sum_of_squares, LOG_OF_SCORES: log_of_scores}[name]


@dataclass(frozen=True)
class Program:
    """One program with a known fault.

    Attributes
    ----------
    number : str
        Of the list that it is from.
    source : str
        Where it was published.
    published : tuple of str
        The classes of fault that its publication names.
    causes : tuple of str
        The judged causes as symptoms of the rule book, the decisive one first.
    remedy : str
        What mends it, in words.
    table : callable
        Makes the data.
    buggy, cured : Variant
    measure : {"accuracy", "error", "loss", "saturation"}
        What proves the cure: accuracy; the mean absolute error in units of what the median has; the loss, where both
        have the same and labels are random; the saturated share of the first layer, where rows are too few for a score.
    seen_at_start : bool
        Whether the decisive cause can be told from the untrained network.
    """

    number: str
    source: str
    published: tuple[str, ...]
    causes: tuple[str, ...]
    remedy: str
    table: Callable[[], Table] = field(repr=False)
    buggy: Variant = field(repr=False)
    cured: Variant = field(repr=False)
    measure: str = "accuracy"
    seen_at_start: bool = True

    @property
    def needs_keras(self) -> bool:
        """Whether a study cannot say it: it refuses softmax on one unit, and knows no loss written by hand."""
        one_softmax = self.buggy.output_activation == "softmax" and self.table().outputs == 1
        return one_softmax or self.buggy.loss in (SUM_OF_SQUARES, LOG_OF_SCORES)

    @property
    def needs_mnist(self) -> bool:
        """Whether it learns the real digits."""
        return self.table is mnist


@dataclass(frozen=True)
class Control:
    """A sound network that must stay silent."""

    number: str
    what: str
    table: Callable[[], Table] = field(repr=False)
    variant: Variant = field(repr=False)


def program_study(
    name: str,
    table: Table,
    conditions: Mapping[str, Mapping[str, Any]],
    folder: Path,
    *,
    seeds: int = 6,
    epochs: tuple[int, ...] = (0,),
) -> Study:
    """A study of a program: a condition for each variant's settings, scored on the test rows.

    Parameters
    ----------
    name : str
    table : Table
        Written into `folder` for the study to read.
    conditions : mapping of str to settings
    folder : Path
    seeds : int
    epochs : tuple of int
        When the signals are recorded.
    """
    path = folder / "table.npz"
    parts = {"train": (table.x_train, table.y_train), "validation": (table.x_test, table.y_test)}
    parts["test"] = parts["validation"]  # never opened: the study has no final phase
    arrays = {f"{axis}_{part}": array for part, pair in parts.items() for axis, array in zip("xy", pair, strict=True)}
    np.savez(path, **arrays)
    return Study(
        name=name,
        data={"path": str(path), "task": table.task},
        conditions={condition: dict(settings) for condition, settings in conditions.items()},
        design={"kind": "conditions", "seeds": seeds, "select": "last", "final": False},
        probe={"epochs": list(epochs), "rows": 256},
    )


def buggy_study(program: Program, folder: Path, **options: Any) -> Study:
    """The faulty program as a study of one condition, ``buggy``; see `program_study` for the options."""
    settings = {"buggy": program.buggy.settings()}
    return program_study(f"program {program.number}", program.table(), settings, folder, **options)


def cured_study(program: Program, folder: Path, **options: Any) -> Study:
    """The cured program as a study of one condition, ``cured``; see `program_study` for the options."""
    settings = {"cured": program.cured.settings()}
    return program_study(f"program {program.number}", program.table(), settings, folder, **options)


# --- Data -------------------------------------------------------------------------------------------------------------


def _whole(x: np.ndarray, y: np.ndarray, task: str, note: str = "") -> Table:
    """Trained and tested on the same rows, as the program does with so few."""
    return Table(x, y, x, y, task, note)


def _halved(x: np.ndarray, y: np.ndarray, task: str, test: float, note: str = "") -> Table:
    """A share of the rows, drawn once, is for the test."""
    order = np.random.default_rng(0).permutation(len(x))
    ours, theirs = order[round(test * len(x)) :], order[: round(test * len(x))]
    return Table(x[ours], y[ours], x[theirs], y[theirs], task, note)


def xor(repeated: bool = False) -> Table:
    """Four rows; `repeated` has the first two twice, as program 4 has them."""
    x = [[1, 1], [0, 0], [1, 0], [0, 1], [1, 1], [0, 0]] if repeated else [[0, 0], [0, 1], [1, 0], [1, 1]]
    rows = np.array(x, np.float64)
    return _whole(rows, (rows.sum(axis=1) == 1).astype(np.int64), "binary")


def ones_and_zeros() -> Table:
    """2000 rows of 128 ones, then 2000 of zeros; sorted by class."""
    x = np.repeat([[1.0], [0.0]], 2000, axis=0) * np.ones((1, 128))
    return _whole(x, np.repeat([1, 0], 2000), "binary")


def prices() -> Table:
    """A linear function of three columns that reach 10⁴."""
    x = np.random.default_rng(0).uniform(0, 1e4, (4000, 3))
    return _halved(x, x @ [2.0, 1.0, 0.5] + 2.2, "regression", 0.25)


def coin_flips() -> Table:
    """Labels that have nothing to do with the inputs."""
    generator = np.random.default_rng(0)
    return _whole(generator.uniform(0, 1, (1000, 5)), generator.integers(0, 2, 1000), "binary")


def one_threshold() -> Table:
    """Whether a number between 15,000 and 25,000 is below 20,000."""
    x = np.random.default_rng(0).uniform(15_000, 25_000, (1000, 1))
    return _halved(x, (x[:, 0] < 20_000).astype(np.int64), "binary", 0.3)


def iris(test: float = 0.5) -> Table:
    """Four lengths in centimetres, three classes."""
    from sklearn.datasets import load_iris

    x, y = load_iris(return_X_y=True)
    return _halved(x, y, "multiclass", test)


def counties() -> Table:
    """Nine rows of statistics up to 6·10⁵, one of them of the rare class."""
    generator = np.random.default_rng(0)
    x = np.exp(generator.uniform(0, 1, (9, 16)) * generator.uniform(1, np.log(6e5), 16))
    return _whole(x, np.array([0] * 8 + [1]), "multiclass", "16 columns made with the published ranges")


def adult() -> Table:
    """Fourteen columns with the ranges of adult.data, a quarter of the labels 1."""
    generator = np.random.default_rng(0)
    rows = 8000
    z = generator.standard_normal((rows, 14))
    ends = np.array([73, 8, 1.5e6, 15, 15, 6, 14, 5, 4, 1, 1e5, 4356, 98, 41])
    # Standing for age, work, weight, education, …, gains and losses (mostly 0), hours, country.
    x = np.round(ends / (1 + np.exp(-1.5 * z)))
    x[:, 2] = np.round(np.clip(np.exp(12.1 + 0.5 * z[:, 2]), 1.2e4, 1.5e6))
    x[:, 10] = np.where(z[:, 10] > 1.4, np.round(1e5 / (1 + np.exp(4 - z[:, 10]))), 0)
    x[:, 11] = np.where(z[:, 11] > 1.7, 1800 + np.round(100 * z[:, 11]), 0)
    score = 1.2 * z[:, 0] + 1.3 * z[:, 4] + 0.9 * (z[:, 10] > 1.4) + 0.8 * z[:, 12] - 0.7 * z[:, 5] * (z[:, 0] > 0)
    y = (score + generator.logistic(0, 0.6, rows) > 1.45).astype(np.int64)
    return _halved(x, y, "multiclass", 0.25, "8,000 rows made with the ranges of adult.data")


@cache
def mnist() -> Table:
    """6,000 digits to learn and 2,000 to test, each pixel between 0 and 1."""
    from assay.data import DataRequest, Split, load

    data = load(DataRequest("mnist", validation=Split(fraction=0.2), rows=7500))
    classes = data.y_train.argmax(axis=1), data.y_test[:2000].argmax(axis=1)
    return Table(data.x_train, classes[0], data.x_test[:2000], classes[1], "multiclass", "6,000 of the 60,000 rows")


def circle() -> Table:
    """AUTOTRAINER's two noisy circles, between −1 and 1."""
    from sklearn.datasets import make_circles
    from sklearn.preprocessing import MinMaxScaler

    x, y = make_circles(1000, noise=0.1, random_state=1)
    x = MinMaxScaler((-1, 1)).fit_transform(x)
    return Table(x[:700], y[:700], x[700:], y[700:], "binary")


def blob() -> Table:
    """AUTOTRAINER's three Gaussian clouds."""
    from sklearn.datasets import make_blobs

    x, y = make_blobs(1000, centers=3, n_features=2, cluster_std=2, random_state=2)
    return Table(x[:700], y[:700], x[700:], y[700:], "multiclass")


def fuel() -> Table:
    """Miles per gallon of 392 cars from nine columns, as the published table has them."""
    generator = np.random.default_rng(0)
    size = generator.uniform(0, 1, 392)
    cylinders = np.choose((size * 3).astype(int), [4, 6, 8])
    displacement = 68 + 387 * np.clip(size + 0.08 * generator.standard_normal(392), 0, 1)
    power = 46 + 184 * np.clip(size**1.3 + 0.08 * generator.standard_normal(392), 0, 1)
    weight = 1613 + 3527 * np.clip(size + 0.1 * generator.standard_normal(392), 0, 1)
    pace = 8 + 17 * np.clip(1 - size + 0.2 * generator.standard_normal(392), 0, 1)
    year = generator.integers(70, 83, 392)
    origin = np.eye(3)[np.where(size > 0.5, 0, generator.integers(0, 3, 392))]
    x = np.column_stack([cylinders, displacement, power, weight, pace, year, origin])
    gallons = 1.4 + 0.0009 * weight + 0.012 * power - 0.09 * (year - 76)
    miles = 100 / (gallons + 0.25 * generator.standard_normal(392))
    return _halved(x, np.clip(miles, 9, 46.6), "regression", 0.2, "392 rows made with the ranges of the car table")


def parabola() -> Table:
    """A quadratic of 100 points between 0 and 3, linear in its two columns x and x²."""
    t = np.linspace(0, 3, 100)
    return _whole(np.column_stack([t, t**2]), t**2 - 2 * t + 1, "regression")


# --- Programs ---------------------------------------------------------------------------------------------------------


def adam(learning_rate: float = 1e-3, **arguments: Any) -> dict[str, Any]:
    """Keras' Adam."""
    return {"name": "adam", "learning_rate": learning_rate, **arguments}


def sgd(learning_rate: float, **arguments: Any) -> dict[str, Any]:
    """Keras' SGD."""
    return {"name": "sgd", "learning_rate": learning_rate, **arguments}


RMSPROP = {"name": "rmsprop", "learning_rate": 1e-3}
STANDARD = {"scaling": "standard"}
SELU: dict[str, Any] = {"activation": "selu", "kernel_initializer": "lecun_normal"}

_XOR = Variant((4,), "sigmoid", "sigmoid", "mean_absolute_error", sgd(0.05, momentum=0.11, nesterov=True), 1000, 4)
_ROWS = Variant((50, 50), "relu", "softmax", BINARY, RMSPROP, 3, 32, dropout=0.2)
_PRICES = Variant((3, 2), "tanh", "softmax", SQUARED, SGD_FAST, 20, 32, kernel_initializer=SMALL_UNIFORM, dropout=0.5)
_XOR_SMALL = Variant(
    (2, 3),
    "sigmoid",
    "softmax",
    SQUARED,
    sgd(0.001, momentum=0.9, nesterov=True),
    20,
    6,
    kernel_initializer=SMALL_UNIFORM,
)
_COINS = Variant((60, 50), "relu", "softmax", BINARY, adam(), 5, 32)
_THRESHOLD = Variant(
    (1,), "sigmoid", "softmax", "mean_absolute_error", RMSPROP, 100, 200, output_initializer=SMALL_NORMAL
)
_IRIS = Variant((4,), "relu", "sigmoid", CATEGORICAL, adam(), 50, 5, kernel_initializer=SMALL_NORMAL)
_COUNTIES = Variant(
    (64, 64), "tanh", "softmax", SQUARED, SGD_FAST, 20, 9, kernel_initializer=SMALL_UNIFORM, dropout=0.5
)
_ADULT = Variant((21,), "relu", "softmax", CATEGORICAL, adam(), 50, 100)
_DIGITS = Variant(
    (30,),
    "linear",
    "linear",
    SQUARED,
    sgd(3.0),
    10,
    10,
    kernel_initializer=UNIT_NORMAL,
    bias_initializer=UNIT_NORMAL,
)
_CIRCLE = Variant((5,) * 8, "sigmoid", "sigmoid", BINARY, adam(), 300, 128, kernel_initializer="he_uniform")
_BLOB = replace(_CIRCLE, hidden=(5,) * 9, loss=CATEGORICAL, batch_size=256)
_BLOB_RELU = Variant((50,) * 4, "relu", "relu", CATEGORICAL, adam(1e-4), 300, 256, kernel_initializer="he_uniform")
_FUEL = Variant(
    (64, 64),
    "relu",
    "linear",
    SQUARED,
    adam(),
    100,
    32,
    kernel_initializer="he_normal",
    scaling="standard",
    target_scaling="standard",
)
_SCORES = Variant((512,), "sigmoid", "linear", LOG_OF_SCORES, sgd(0.05), 5, 64, kernel_initializer=UNIT_NORMAL)
_PARABOLA = Variant((), "linear", "linear", SUM_OF_SQUARES, sgd(0.01), 100, 100)

PROGRAMS = (
    Program(
        "1",
        "Stack Overflow 31556268 (DeepLocalize)",
        ("loss", "epochs", "learning rate", "optimizer"),
        ("plateau", "learning_rate_too_low"),
        "binary cross-entropy instead of the absolute error, Adam",
        xor,
        _XOR,
        replace(_XOR, loss=BINARY, optimizer=adam(0.05)),
        seen_at_start=False,
    ),
    Program(
        "2",
        "Stack Overflow 31880720 (DeepLocalize)",
        ("activation", "epochs"),
        ("constant_output",),
        "sigmoid on the one output unit",
        ones_and_zeros,
        _ROWS,
        replace(_ROWS, output_activation="sigmoid"),
    ),
    Program(
        "3",
        "Stack Overflow 33969059 (DeepLocalize, NeuraLint)",
        ("activation",),
        ("constant_output", "unscaled_inputs"),
        "linear output, standardized inputs and targets, no dropout in layers of 3 and 2 units",
        prices,
        _PRICES,
        replace(
            _PRICES,
            output_activation="linear",
            dropout=0.0,
            kernel_initializer="glorot_uniform",
            optimizer=sgd(0.01, momentum=0.9, nesterov=True),
            scaling="standard",
            target_scaling="standard",
        ),
        measure="error",
    ),
    Program(
        "4",
        "Stack Overflow 34311586 (DeepLocalize, NeuraLint)",
        ("learning rate", "activation", "initializer", "epochs", "batch size"),
        ("constant_output",),
        "sigmoid on the one output unit, binary cross-entropy, tanh with glorot_uniform, Adam",
        partial(xor, repeated=True),
        _XOR_SMALL,
        Variant((4, 4), "tanh", "sigmoid", BINARY, adam(0.05), 500, 6),
    ),
    Program(
        "10",
        "Stack Overflow 45337371 (DeepLocalize)",
        ("activation",),
        ("constant_output",),
        "sigmoid on the one output unit (labels are random, so there is no accuracy to gain)",
        coin_flips,
        _COINS,
        replace(_COINS, output_activation="sigmoid"),
        measure="loss",
    ),
    Program(
        "11",
        "Stack Overflow 45442843 (DeepLocalize)",
        ("loss", "optimizer", "activation", "epochs"),
        ("constant_output", "unscaled_inputs"),
        "sigmoid on the one output unit, standardized input, binary cross-entropy, a larger learning rate",
        one_threshold,
        _THRESHOLD,
        replace(
            _THRESHOLD,
            output_activation="sigmoid",
            loss=BINARY,
            optimizer={"name": "rmsprop", "learning_rate": 0.01},
            output_initializer=None,
            scaling="standard",
        ),
    ),
    Program(
        "18",
        "Stack Overflow 51930566 (DeepLocalize)",
        ("activation",),
        ("output_loss_mismatch", "dead_units"),
        "softmax output, standardized inputs",
        iris,
        _IRIS,
        replace(_IRIS, output_activation="softmax", scaling="standard"),
    ),
    Program(
        "22",
        "Stack Overflow 59278771 (DeepLocalize)",
        ("activation", "optimizer", "preprocessing"),
        ("output_loss_mismatch", "dead_units"),
        "softmax output, standardized inputs, 8 units",
        partial(iris, test=0.3),
        replace(_IRIS, epochs=200),
        replace(_IRIS, epochs=200, hidden=(8,), output_activation="softmax", scaling="standard"),
    ),
    Program(
        "23",
        "Stack Overflow 34673164 (DeepLocalize)",
        ("layers", "activation", "loss"),
        ("unscaled_inputs", "saturation"),
        "standardized inputs, categorical cross-entropy, glorot_uniform, no dropout, no momentum",
        counties,
        _COUNTIES,
        replace(
            _COUNTIES,
            loss=CATEGORICAL,
            kernel_initializer="glorot_uniform",
            dropout=0.0,
            optimizer=sgd(0.1),
            scaling="standard",
        ),
        measure="saturation",
    ),
    Program(
        "25",
        "Stack Overflow 47724077 (DeepLocalize, DeepFD)",
        ("optimizer", "learning rate", "preprocessing", "epochs"),
        ("unscaled_inputs",),
        "standardized inputs",
        adult,
        _ADULT,
        replace(_ADULT, scaling="standard"),
    ),
    Program(
        "27",
        "Stack Overflow 48385830 (DeepFD, DeepLocalize)",
        ("activation", "loss", "learning rate"),
        ("learning_rate_too_high",),
        "sigmoid with glorot_uniform, softmax with categorical cross-entropy, learning rate 0.5",
        mnist,
        _DIGITS,
        Variant((30,), "sigmoid", "softmax", CATEGORICAL, sgd(0.5), 10, 10),
    ),
    Program(
        "30",
        "AUTOTRAINER, demo Gradient_Vanish_Case",
        ("activation", "initializer"),
        ("vanishing_gradient",),
        "selu with lecun_normal instead of sigmoid",
        circle,
        _CIRCLE,
        replace(_CIRCLE, **SELU),
    ),
    Program(
        "31",
        "AUTOTRAINER, demo Improper_Activation_case",
        ("activation",),
        ("output_loss_mismatch",),
        "softmax output, standardized inputs",
        blob,
        _BLOB_RELU,
        replace(_BLOB_RELU, output_activation="softmax", scaling="standard"),
    ),
    Program(
        "34",
        "AUTOTRAINER, circle, 10 × exponential",
        ("activation", "initializer"),
        ("exploding_signal",),
        "selu with lecun_normal instead of exponential",
        circle,
        replace(_CIRCLE, hidden=(5,) * 10, activation="exponential"),
        replace(_CIRCLE, hidden=(5,) * 10, **SELU),
    ),
    Program(
        "37",
        "AUTOTRAINER, circle, 11 × sigmoid",
        ("activation", "initializer"),
        ("vanishing_gradient",),
        "selu with lecun_normal instead of sigmoid",
        circle,
        replace(_CIRCLE, hidden=(5,) * 11),
        replace(_CIRCLE, hidden=(5,) * 11, **SELU),
    ),
    Program(
        "38a",
        "AUTOTRAINER, blob, 9 × exponential",
        ("activation", "initializer"),
        ("exploding_signal",),
        "selu with lecun_normal instead of exponential, softmax output",
        blob,
        replace(_BLOB, activation="exponential"),
        replace(_BLOB, output_activation="softmax", **SELU),
    ),
    Program(
        "38b",
        "AUTOTRAINER, blob, 11 × sigmoid",
        ("activation", "initializer"),
        ("vanishing_gradient",),
        "selu with lecun_normal instead of sigmoid, softmax output",
        blob,
        replace(_BLOB, hidden=(5,) * 11),
        replace(_BLOB, hidden=(5,) * 11, output_activation="softmax", **SELU),
    ),
    Program(
        "high rate",
        "regression, 392 cars: Adam 0.1",
        ("learning rate",),
        ("learning_rate_too_high", "dying_units"),
        "Adam with 0.001",
        fuel,
        replace(_FUEL, optimizer=adam(0.1)),
        _FUEL,
        measure="error",
    ),
    Program(
        "constant",
        "regression, 392 cars: all kernels 0.01",
        ("initializer",),
        ("symmetry",),
        "he_normal",
        fuel,
        replace(_FUEL, kernel_initializer={"name": "constant", "value": 0.01}),
        _FUEL,
        measure="error",
    ),
    Program(
        "unscaled",
        "regression, 392 cars: nothing scaled",
        ("preprocessing",),
        ("unscaled_inputs", "unscaled_targets"),
        "standardized inputs and targets",
        fuel,
        replace(_FUEL, scaling="none", target_scaling="none"),
        _FUEL,
        measure="error",
    ),
    Program(
        "IPS_7",
        "notebook: logarithm of raw scores",
        ("loss", "activation"),
        ("loss_at_start",),
        "softmax with categorical cross-entropy, glorot_uniform, learning rate 0.5",
        mnist,
        _SCORES,
        replace(
            _SCORES,
            output_activation="softmax",
            loss=CATEGORICAL,
            optimizer=sgd(0.5),
            kernel_initializer="glorot_uniform",
        ),
    ),
    Program(
        "IPS_17",
        "notebook: sum of squared errors",
        ("loss", "learning rate"),
        ("learning_rate_too_high",),
        "the mean of the squared errors",
        parabola,
        _PARABOLA,
        replace(_PARABOLA, loss=SQUARED),
        measure="error",
    ),
)
"""All that are rebuilt."""

_SOFTMAX = Variant((), "linear", "softmax", CATEGORICAL, adam(0.05), 50, 15, kernel_initializer="zeros", **STANDARD)

CONTROLS = (
    Control(
        "zeros, linear",
        "zeros on a single linear layer",
        fuel,
        replace(_FUEL, hidden=(), kernel_initializer="zeros", optimizer=adam(0.02)),
    ),
    Control("zeros, softmax", "zeros on a single softmax layer", iris, _SOFTMAX),
    Control(
        "epsilon",
        "Adam with an epsilon of 10⁻¹²",
        iris,
        Variant(
            (16,),
            "relu",
            "softmax",
            CATEGORICAL,
            adam(0.005, epsilon=1e-12),
            50,
            15,
            kernel_initializer="he_normal",
            **STANDARD,
        ),
    ),
    Control("regression", "regression, 392 cars, everything scaled", fuel, _FUEL),
)
"""Sound networks beside the cured programs."""
