"""A program in Keras: the compiled model and its fit, as a user would write them. Computed by JAX."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import layers, ops

from corpus.datasets import Data, data_of
from corpus.program import Program
from corpus.schedules import FACTORS


@dataclass(frozen=True)
class KerasRun:
    """What a user has at hand before the fit."""

    program: Program
    seed: int
    model: keras.Model
    x: np.ndarray
    y: np.ndarray
    loss: Any
    optimizer: Any
    data: Data


@keras.saving.register_keras_serializable("corpus")
class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """A factor of `schedules.FACTORS`, read off a table, since Keras counts in tensors."""

    def __init__(self, rate: float, name: str, updates: int) -> None:
        self.settings = {"rate": rate, "name": name, "updates": updates}
        self.rates = np.array([rate * FACTORS[name](call, updates) for call in range(updates + 1)], np.float32)

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        at = ops.minimum(ops.cast(step, "int32"), len(self.rates) - 1)
        return ops.take(ops.convert_to_tensor(self.rates), at)

    def get_config(self) -> dict[str, Any]:
        """For Keras."""
        return self.settings


def build(program: Program, seed: int) -> KerasRun:
    """The program, its initial weights drawn from `seed`."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    data = data_of(program)
    model = _model(program)
    if program.wiring in ("frozen", "all_frozen"):
        for layer in model.layers:
            layer.trainable = program.wiring == "frozen" and layer.name == "head"
    optimizer, loss = _optimizer(program), _loss(program)
    model.compile(optimizer=optimizer, loss=loss, steps_per_execution=program.steps_per_execution)
    return KerasRun(
        program, seed, model, _fed(program, data.x_train), _targets(program, data.y_train), loss, optimizer, data
    )


def train(run: KerasRun, callbacks: Sequence[Any] = ()) -> tuple[float, float]:
    """All updates of the program, in whole epochs; the mean loss of the first and of the last epoch."""
    program = run.program
    x, y = run.x, run.y
    if program.batches == "first":  # the same rows as often as an epoch has batches
        count = program.updates_per_epoch
        x, y = (
            np.tile(x[: program.batch_size], (count, *[1] * (x.ndim - 1))),
            np.tile(y[: program.batch_size], (count, *[1] * (y.ndim - 1))),
        )
    rows = min(len(x), program.updates * program.batch_size)
    history = run.model.fit(
        x[:rows],
        y[:rows],
        epochs=program.epochs,
        batch_size=program.batch_size,
        shuffle=program.batches == "shuffled",
        callbacks=list(callbacks),
        verbose=0,
    )
    losses = history.history["loss"]
    return float(losses[0]), float(losses[-1])


def answers(run: KerasRun, x: np.ndarray) -> np.ndarray:
    """What the trained model says, float32."""
    return np.asarray(run.model.predict(_fed(run.program, x), batch_size=len(x), verbose=0), np.float32)


def _fed(program: Program, x: np.ndarray) -> np.ndarray:
    """Images with the channel last."""
    return np.ascontiguousarray(np.moveaxis(x, 1, -1)) if program.data == "image" else x


def _targets(program: Program, y: np.ndarray) -> np.ndarray:
    if program.task == "reconstruction":
        return _fed(program, y)
    return y[:, None] if program.outputs == 1 and y.ndim == 1 else y


# --- The model --------------------------------------------------------------------------------------------------------


def root(z: Any) -> Any:
    """The square root of numbers that were rectified by hand: its slope at 0 is infinite, and ∞ · 0 is no number."""
    return ops.sqrt(z * ops.cast(z > 0, z.dtype))


ACTIVATIONS: dict[str, Any] = {"root": root}
INITIALIZERS: dict[str, Callable[[], Any]] = {
    "default": lambda: "glorot_uniform",
    "tiny": lambda: keras.initializers.RandomNormal(stddev=1e-3),
    "huge": lambda: keras.initializers.RandomNormal(stddev=2.0),
    "constant": lambda: keras.initializers.Constant(0.05),
}


class Layers:
    """Makes a program's layers with its choices."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.activation = ACTIVATIONS.get(program.activation, program.activation)
        self.bias = keras.initializers.Constant(program.bias) if program.bias else "zeros"

    @property
    def kernel(self) -> Any:
        """A new initializer, since each draws its numbers once."""
        name = self.program.kernel_initializer
        return INITIALIZERS.get(name, lambda: keras.initializers.get(name))()

    def norm(self, x: Any) -> Any:
        """Normalized, if the program does so."""
        kind = self.program.normalization
        if kind == "batch":
            return layers.BatchNormalization(momentum=self.program.norm_memory)(x)
        return layers.LayerNormalization()(x) if kind == "layer" else x

    def dropped(self, x: Any) -> Any:
        """Dropout, if the program has any."""
        return layers.Dropout(self.program.dropout)(x) if self.program.dropout else x

    def dense(self, x: Any, units: int, *, is_linear: bool = False) -> Any:
        """A dense layer."""
        activation = None if is_linear or self.program.normalization != "none" else self.activation
        h = layers.Dense(units, activation, kernel_initializer=self.kernel, bias_initializer=self.bias)(x)
        if is_linear or self.program.normalization == "none":
            return h
        return layers.Activation(self.activation)(self.norm(h))

    def convolution(self, x: Any, axes: int) -> Any:
        """A convolution that keeps the size."""
        kind = layers.Conv2D if axes == 2 else layers.Conv1D
        h = kind(self.program.width, 3, padding="same", kernel_initializer=self.kernel, bias_initializer=self.bias)(x)
        return layers.Activation(self.activation)(self.norm(h))


def _model(program: Program) -> keras.Model:
    made = Layers(program)
    shape = {
        "table": (program.features,),
        "image": (program.features, program.features, 1),
        "tokens": (program.length,),
        "sequence": (program.length, program.features),
    }[program.data]
    x = keras.Input(shape, dtype="int32" if program.data == "tokens" else None)
    h = BUILDERS[program.architecture](program, made, x)
    return keras.Model(x, _head(program, made, h, shape))


def _head(program: Program, made: Layers, h: Any, shape: tuple[int, ...]) -> Any:
    kernel: Any = made.kernel
    activation = "linear" if program.output == "scores" else program.output
    units = program.outputs or shape[-1]
    if program.output_gain != 1:
        base = keras.initializers.get(kernel)
        kernel = lambda shape, dtype=None: program.output_gain * base(shape, dtype=dtype)  # noqa: E731
    if program.task == "reconstruction" and program.data == "image":
        return layers.Conv2D(1, 3, padding="same", activation=activation, kernel_initializer=kernel, name="head")(h)
    return layers.Dense(units, activation, kernel_initializer=kernel, name="head")(h)


def _dense(program: Program, made: Layers, x: Any) -> Any:
    h = layers.Flatten()(x) if program.data == "image" else x
    for _ in range(program.depth):
        h = made.dropped(made.dense(h, program.width))
    return h


def _residual(program: Program, made: Layers, x: Any) -> Any:
    h = made.dense(x, program.width, is_linear=True)
    for _ in range(program.depth):
        h = _around(program, made, h, lambda inner: _two_layers(made, inner, program.width))
    return made.norm(h) if program.norm_position == "pre" else h


def _two_layers(made: Layers, h: Any, inner: int) -> Any:
    width = h.shape[-1]
    h = layers.Dense(inner, made.activation, kernel_initializer=made.kernel, bias_initializer=made.bias)(h)
    return made.dense(h, width, is_linear=True)


def _around(program: Program, made: Layers, h: Any, inner: Callable[[Any], Any]) -> Any:
    """A skip, normalized before the branch or behind the sum."""
    if program.norm_position == "pre":
        return layers.Add()([h, made.dropped(inner(made.norm(h)))])
    return made.norm(layers.Add()([h, made.dropped(inner(h))]))


def _autoencoder(program: Program, made: Layers, x: Any) -> Any:
    if program.data == "table":
        h = _dense(program, made, x)
        return _dense(program, made, made.dense(h, 4, is_linear=True))
    width, side = program.width // 2, program.features // 2
    h = layers.Conv2D(width, 3, 2, padding="same", activation=made.activation, kernel_initializer=made.kernel)(x)
    h = made.dense(layers.Flatten()(h), 8, is_linear=True)
    h = layers.Reshape((side, side, width))(made.dense(h, width * side**2))
    return layers.Conv2DTranspose(
        width, 4, 2, padding="same", activation=made.activation, kernel_initializer=made.kernel
    )(h)


def _convolution(program: Program, made: Layers, x: Any) -> Any:
    h = x
    for number in range(program.depth):
        h = made.convolution(h, 2)
        h = layers.MaxPooling2D()(h) if number < 2 else h
    return made.dropped(layers.GlobalAveragePooling2D()(h) if program.pooling == "mean" else layers.Flatten()(h))


def _convolution_1d(program: Program, made: Layers, x: Any) -> Any:
    h = x
    for _ in range(program.depth):
        h = made.convolution(h, 1)
    return made.dropped(layers.Flatten()(h))


def _embedded(program: Program, made: Layers, x: Any) -> Any:
    if program.data != "tokens":
        return layers.Dense(program.width, kernel_initializer=made.kernel)(x)
    size = keras.initializers.RandomUniform(-0.05 * program.embedding_gain, 0.05 * program.embedding_gain)
    return layers.Embedding(program.features, program.width, embeddings_initializer=size)(x)


def _recurrent(program: Program, made: Layers, x: Any) -> Any:
    h = _embedded(program, made, x) if program.data == "tokens" else x
    kind = {"gru": layers.GRU, "lstm": layers.LSTM, "rnn": layers.SimpleRNN}[program.cell]
    h = kind(program.width, return_sequences=program.pooling != "last", kernel_initializer=made.kernel)(h)
    h = layers.GlobalAveragePooling1D()(h) if program.pooling == "mean" else h
    return made.dropped(made.norm(h))


def _pooled(program: Program, made: Layers, x: Any) -> Any:
    h = layers.GlobalAveragePooling1D()(_embedded(program, made, x))
    for _ in range(program.depth):
        h = made.dropped(made.dense(h, program.width))
    return h


def _attention(program: Program, made: Layers, x: Any) -> Any:
    h = _embedded(program, made, x)
    places = layers.Embedding(program.length, program.width)(ops.arange(program.length))
    h = h + places
    for _ in range(program.depth):
        h = _around(program, made, h, lambda inner: _self_attention(program, made, inner))
        h = _around(program, made, h, lambda inner: _two_layers(made, inner, 2 * program.width))
    h = made.norm(h) if program.norm_position == "pre" else h
    return h if program.pooling == "none" else layers.GlobalAveragePooling1D()(h)


def _self_attention(program: Program, made: Layers, h: Any) -> Any:
    attention = layers.MultiHeadAttention(4, program.width // 4, kernel_initializer=made.kernel)
    return attention(h, h, use_causal_mask=program.task == "next_token")


BUILDERS: dict[str, Callable[[Program, Layers, Any], Any]] = {
    "dense": _dense,
    "residual": _residual,
    "autoencoder": _autoencoder,
    "convolution": _convolution,
    "convolution_1d": _convolution_1d,
    "recurrent": _recurrent,
    "pooled": _pooled,
    "attention": _attention,
}


# --- Loss and optimizer -----------------------------------------------------------------------------------------------


def log_of_scores(targets: Any, outputs: Any) -> Any:
    """The cross-entropy as if raw scores were probabilities."""
    labels = ops.one_hot(ops.cast(ops.reshape(targets, (-1,)), "int32"), outputs.shape[-1])
    return -ops.sum(labels * ops.log(outputs), axis=-1)


def _loss(program: Program) -> Any:
    losses = keras.losses
    return {
        "cross_entropy": lambda: losses.SparseCategoricalCrossentropy(from_logits=True),
        "categorical": lambda: "sparse_categorical_crossentropy",
        "bce_logits": lambda: losses.BinaryCrossentropy(from_logits=True),
        "bce": lambda: "binary_crossentropy",
        "mse": lambda: "mse",
        "l1": lambda: "mae",
        "huber": losses.Huber,
        "log_of_scores": lambda: log_of_scores,
    }[program.loss]()


def _optimizer(program: Program) -> Any:
    optimizers = keras.optimizers
    rate: Any = program.learning_rate
    if program.schedule != "constant":
        rate = Schedule(rate, program.schedule, program.updates)
    options: dict[str, Any] = {}
    if program.weight_decay or program.optimizer == "adamw":
        options["weight_decay"] = program.weight_decay
    if program.clip:
        options["global_clipnorm"] = program.clip
    return {
        "sgd": lambda: optimizers.SGD(rate, **options),
        "momentum": lambda: optimizers.SGD(rate, momentum=program.momentum, **options),
        "nesterov": lambda: optimizers.SGD(rate, momentum=program.momentum, nesterov=True, **options),
        "adam": lambda: optimizers.Adam(rate, **options),
        "adamw": lambda: optimizers.AdamW(rate, **options),
        "nadam": lambda: optimizers.Nadam(rate, **options),
        "adamax": lambda: optimizers.Adamax(rate, **options),
        "rmsprop": lambda: optimizers.RMSprop(rate, **options),
        "adagrad": lambda: optimizers.Adagrad(rate, **options),
    }[program.optimizer]()
