"""What the referee has trained: B1 to B5, small enough to be repeated, each with the same start on every side.

A workload is a list of networks of one shape, their data, and the order of their batches. Initial kernels and batches
are assay's own (`draw_kernel`, `batch_order`), handed to every contender, so that all must arrive at the same losses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from assay.choices import Choice
from assay.data import load
from assay.engine.batching import batch_order
from assay.engine.layout import Member
from assay.networks.architecture import Layer
from assay.networks.initializers import draw_kernel
from assay.study import Study


@dataclass(frozen=True)
class Workload:
    """Networks of one shape to be trained for some steps from the same start by every contender.

    Attributes
    ----------
    name, title : str
    sizes : tuple of int
        Units from the inputs to the outputs.
    conditions : tuple of (activation, initializer, optimizer name, learning rate)
        Each is trained from every seed.
    seeds : tuple of int
    output, loss, task : str
    batch_size, steps, epochs : int
        Of one round.
    data : callable
        Gives x (rows, F) and y (rows, K) of the rows that a round passes over once.
    job_steps : int
        Steps of the whole training, for which the time from end to end is told.
    contenders : tuple of str
        Who else can train it, with assay first.
    goals : mapping of str to float
        By contender, the ratio of rates to reach; ``gemm`` is a part of the matrix product's rate, ``keras_job`` the
        ratio from end to end, ``compiling`` the largest part of the job that it may take to compile.
    """

    name: str
    title: str
    sizes: tuple[int, ...]
    conditions: tuple[tuple[str, str, str, float], ...]
    seeds: tuple[int, ...]
    output: str
    loss: str
    task: str
    batch_size: int
    steps: int
    data: Callable[[int], tuple[np.ndarray, np.ndarray]]
    job_steps: int
    contenders: tuple[str, ...]
    goals: Mapping[str, float]
    epochs: int = 1

    @property
    def num_nets(self) -> int:
        return len(self.conditions) * len(self.seeds)

    @cached_property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Arrays x and y of one round."""
        return self.data(self.batch_size * self.steps // self.epochs)

    @cached_property
    def members(self) -> list[Member]:
        """One per condition, as the engine takes them."""
        return [self._member(*condition) for condition in self.conditions]

    def _member(self, activation: str, initializer: str, optimizer: str, rate: float) -> Member:
        functions = [activation] * (len(self.sizes) - 2) + [self.output]
        layers = tuple(
            Layer(fan_in, units, Choice(function), Choice(initializer), Choice("zeros"), 0.0, 0.0)
            for fan_in, units, function in zip(self.sizes[:-1], self.sizes[1:], functions, strict=True)
        )
        return Member(layers, Choice(self.loss), Choice(optimizer, {"learning_rate": rate}))

    def order(self, seed: int) -> np.ndarray:
        """Rows of each batch, (steps, B)."""
        rows = self.batch_size * self.steps // self.epochs
        epochs = range(1, self.epochs + 1)
        return np.concatenate([batch_order(seed, epoch, rows, self.batch_size) for epoch in epochs])

    def kernels(self, condition: int, seed: int) -> list[np.ndarray]:
        """Initial kernels (in, out) of a network; biases are zeros."""
        return [
            draw_kernel(layer.kernel_initializer, seed=seed, layer=number, fan_in=layer.fan_in, units=layer.units)
            for number, layer in enumerate(self.members[condition].layers, start=1)
        ]

    def stacked_kernels(self) -> list[np.ndarray]:
        """Initial kernels of all networks, (S, conditions, in, out), layer by layer."""
        conditions = range(len(self.conditions))
        networks = [[self.kernels(condition, seed) for condition in conditions] for seed in self.seeds]
        return [np.asarray([[net[layer] for net in nets] for nets in networks]) for layer in range(len(self.sizes) - 1)]

    def few(self, count: int = 2) -> list[int]:
        """Numbers of a few conditions, spread evenly, for those who train one network after another."""
        total = len(self.conditions)
        return sorted({round(place) for place in np.linspace(0, total - 1, min(count, total))})

    @property
    def flop_per_step(self) -> float:
        """Floating point operations of one network's products in one step: no error is sent to the inputs."""
        products = [fan_in * units for fan_in, units in zip(self.sizes[:-1], self.sizes[1:], strict=True)]
        return 2.0 * self.batch_size * (3 * sum(products) - products[0])


# ---------------------------------------------------------------------- data


def training_rows(data: str | dict[str, object]) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    """The first rows of a named data set."""

    def rows(count: int) -> tuple[np.ndarray, np.ndarray]:
        study = Study(data=data)
        dataset = load(next(iter(study.expand())).data.request(None))
        return dataset.x_train[:count], dataset.y_train[:count]

    return rows


def random_points(count: int) -> tuple[np.ndarray, np.ndarray]:
    """As many normal points as the fractal network has parameters, 16 inputs and a normal target."""
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((count, 16)), generator.standard_normal((count, 1))
    return x.astype(np.float32), y.astype(np.float32)


# ---------------------------------------------------------------------- the workloads


def rates(low: float, high: float, count: int) -> list[float]:
    """Learning rates, evenly spread on a logarithmic scale."""
    return [float(rate) for rate in np.geomspace(low, high, count)]


KERAS = ("keras_fit", "keras_fit_1")

mnist = partial(
    Workload,
    output="softmax",
    loss="categorical_crossentropy",
    task="multiclass",
    batch_size=128,
    data=training_rows("mnist"),
    job_steps=469,
)


def dense(name: str, optimizer: str, low: float, high: float) -> Workload:
    """B1: the plain dense anchor."""
    return mnist(
        name=name,
        title=f"MNIST 784-64-64-10, batch 128, {optimizer}",
        sizes=(784, 64, 64, 10),
        conditions=tuple(("relu", "glorot_uniform", optimizer, rate) for rate in rates(low, high, 32)),
        seeds=tuple(range(8)),
        steps=50,
        contenders=("assay_engine", "jax_vmap", "torch_stacked", "torch_eager", *KERAS, "sklearn_mlp"),
        goals={
            "gemm": 0.85 if optimizer == "sgd" else 0.7,
            "jax_vmap": 1.5,
            "torch_stacked": 1.3,
            "keras_fit": 3,
            "keras_job": 8,
            "sklearn_mlp": 25,
        },
    )


def wide(name: str, count: int) -> Workload:
    """The network of the origin study, which fills a matrix product by itself."""
    return mnist(
        name=name,
        title=f"MNIST 784-300-100-10, batch 128, adam, {count} at once",
        sizes=(784, 300, 100, 10),
        conditions=tuple(("relu", "he_normal", "adam", rate) for rate in rates(1e-4, 3e-3, count)),
        seeds=(0,),
        steps=100,
        contenders=("assay_engine", "jax_vmap", "torch_stacked", "torch_eager", *KERAS),
        goals={"keras_fit": 0.95 if count == 1 else 1.3},
    )


CENSUS = tuple(
    (activation, initializer, optimizer, rate)
    for activation in ("relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "softplus", "softsign", "leaky_relu")
    for initializer in ("glorot_uniform", "he_normal", "lecun_normal", "orthogonal", "random_normal")
    for optimizer in ("sgd", "adam", "rmsprop", "adagrad", "nadam", "adamax")
    for rate in rates(1e-4, 1e-1, 4)
)

FRACTAL = Workload(
    name="B5",
    title="fractal 16-16-1, full batch of 272, tanh, sgd",
    sizes=(16, 16, 1),
    conditions=tuple(("tanh", "lecun_normal", "sgd", rate) for rate in rates(1e-3, 1e-1, 4096)),
    seeds=(0,),
    output="linear",
    loss="mean_squared_error",
    task="regression",
    batch_size=272,
    steps=50,
    epochs=50,
    data=random_points,
    job_steps=500,
    contenders=("assay_engine", "jax_vmap", "jax_fractal", "jax_fractal_double", "torch_stacked", *KERAS),
    goals={"jax_vmap": 3.5, "keras_job": 100},
)


def fractal_map() -> Workload:
    """B5 at its full size, all steps in one round, by assay alone."""
    return replace(
        FRACTAL,
        name="B5-full",
        title="as many fractal networks as an image of 256 × 256 has, trained to the end",
        conditions=tuple(("tanh", "lecun_normal", "sgd", rate) for rate in rates(1e-3, 1e-1, 256**2)),
        steps=500,
        epochs=500,
        contenders=("assay_engine",),
        goals={},
    )


WORKLOADS = {
    workload.name: workload
    for workload in (
        dense("B1-sgd", "sgd", 1e-3, 3e-2),
        dense("B1-adam", "adam", 1e-4, 3e-3),
        Workload(
            name="B2",
            title="digits 64-32-32-10, batch 32: 10 activations × 5 initializers × 6 optimizers × 4 rates",
            sizes=(64, 32, 32, 10),
            conditions=CENSUS,
            seeds=(0,),
            output="softmax",
            loss="categorical_crossentropy",
            task="multiclass",
            batch_size=32,
            steps=25,
            data=training_rows("digits"),
            job_steps=200,
            contenders=("assay_engine", "assay_cached", "assay_one_kind", *KERAS, "keras_tuner"),
            goals={"assay_one_kind": 0.85, "keras_job": 20, "compiling": 0.1},
        ),
        Workload(
            name="B3",
            title="Reuters 10000-64-64-46, batch 512, rmsprop",
            sizes=(10000, 64, 64, 46),
            conditions=tuple(("relu", "glorot_uniform", "rmsprop", rate) for rate in rates(1e-4, 1e-2, 16)),
            seeds=(0, 1),
            output="softmax",
            loss="categorical_crossentropy",
            task="multiclass",
            batch_size=512,
            steps=12,
            data=training_rows({"name": "reuters", "words": 10000}),
            job_steps=20 * 16,
            contenders=("assay_engine", "jax_vmap", "torch_stacked", *KERAS),
            goals={"jax_vmap": 3, "keras_job": 3},
        ),
        Workload(
            name="B4",
            title="IMDB 10000-16-16-1, batch 512, rmsprop",
            sizes=(10000, 16, 16, 1),
            conditions=tuple(("relu", "glorot_uniform", "rmsprop", rate) for rate in rates(1e-4, 1e-2, 32)),
            seeds=(0, 1, 2, 3),
            output="sigmoid",
            loss="binary_crossentropy",
            task="binary",
            batch_size=512,
            steps=12,
            data=training_rows({"name": "imdb", "words": 10000}),
            job_steps=20 * 30,
            contenders=("assay_engine", "jax_vmap", *KERAS),
            goals={"keras_job": 5},
        ),
        FRACTAL,
        fractal_map(),
        wide("wide-1", 1),
        wide("wide-16", 16),
    )
}
