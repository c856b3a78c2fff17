"""A tile's numbers, against networks trained one by one in plain NumPy."""

from __future__ import annotations

import math

import jax
import numpy as np
import polars as pl
import pytest

from assay.data import load
from assay.engine.batching import batch_order
from assay.engine.trainer import Trainer
from assay.mapping import training
from assay.mapping.axes import Axis
from assay.mapping.plane import Plane, Tile
from assay.mapping.training import stretches, train_tile
from assay.networks.initializers import draw_bias, draw_kernel
from assay.planning import plan_study
from assay.study import Study, with_changes

FULL, SMALL = 32, 12
"""Batch sizes: all training rows, and one that leaves a smaller last batch."""


def small_study(batch_size=SMALL):
    """A network of 26 parameters, 36 or 40 steps."""
    return Study(
        data={"name": "noise", "rows": 40, "features": 3, "validation": 4, "test": 4},
        network={"hidden": [5], "activation": "tanh", "bias_initializer": {"name": "random_normal", "stddev": 0.3}},
        training={"optimizer": "sgd", "epochs": 40 if batch_size == FULL else 12, "batch_size": batch_size},
        seeds=[3],
    )


def plane_of_rates(batch_size=SMALL):
    """Six learning rates of the first layer times five of the output, from ones that learn to ones that explode."""
    x, y = Axis("first.learning_rate", 1e-2, 1e3, 6, "log"), Axis("output.learning_rate", 1e-3, 1e3, 5, "log")
    return Plane.of(small_study(batch_size), x, y)


PLANE = plane_of_rates()
WHOLE = Tile(0, 5, 0, 6)


def train_by_hand(study, rates, x, y, dtype):
    """Losses of every step, and loss and mean absolute error after the last, of one network.

    z = W₁ᵀx + b₁, a = tanh z, o = W₂ᵀa + b₂, loss = mean (o − y)²; each layer takes its own rate.
    """
    network, training, sizes = study.network, study.training, [(3, 5), (5, 1)]
    x, y, rates = x.astype(dtype), y.astype(dtype), [dtype(rate) for rate in rates]
    kernels = [
        draw_kernel(network.kernel_initializer, seed=3, layer=at, fan_in=fan_in, units=units).astype(dtype)
        for at, (fan_in, units) in enumerate(sizes, 1)
    ]
    biases = [
        draw_bias(network.bias_initializer, seed=3, layer=at, units=units).astype(dtype)
        for at, (_, units) in enumerate(sizes, 1)
    ]
    losses = []
    with np.errstate(all="ignore"):
        for epoch in range(1, training.epochs + 1):
            for batch in batch_order(3, epoch, len(x), training.batch_size):
                rows = batch[batch >= 0]
                a = np.tanh(x[rows] @ kernels[0] + biases[0])
                error = a @ kernels[1] + biases[1] - y[rows]
                losses.append(np.mean(error**2))
                upper = 2 * error / dtype(len(rows))
                lower = (upper @ kernels[1].T) * (1 - a**2)
                kernels[1] = kernels[1] - rates[1] * (a.T @ upper)
                biases[1] = biases[1] - rates[1] * upper.sum(axis=0)
                kernels[0] = kernels[0] - rates[0] * (x[rows].T @ lower)
                biases[0] = biases[0] - rates[0] * lower.sum(axis=0)
        error = np.tanh(x @ kernels[0] + biases[0]) @ kernels[1] + biases[1] - y
        return losses, np.mean(error**2), np.mean(np.abs(error))


def cell_by_hand(study, rates, x, y, dtype=np.float32):
    """A row of the table of cells, by its definition."""
    losses, loss, mean_absolute_error = train_by_hand(study, rates, x, y, dtype)
    v = [min(float(one) / float(losses[0]), 1e6) if math.isfinite(one) else 1e6 for one in losses]
    converged = sum(v[-20:]) / 20 < 1
    lost = [step for step, one in enumerate([*losses, loss], 1) if not math.isfinite(one)]
    return {
        "convergence": -sum(v) if converged else sum(1 / one for one in v),
        "converged": converged,
        "loss": float(loss),
        "mean_absolute_error": float(mean_absolute_error),
        "diverged_step": min(lost[0], len(losses)) if lost else None,
    }


def cells_by_hand(study, plane, found):
    """Each cell found that rounding does not decide, and its row by hand; float32 and float64 agree on it."""
    data = load(study.data.request())
    for cell in found.iter_rows(named=True):
        rates = plane.x.levels[cell["column"]], plane.y.levels[cell["row"]]
        assert (cell["x"], cell["y"]) == rates
        expected, exact = (
            cell_by_hand(study, rates, data.x_train, data.y_train, dtype) for dtype in (np.float32, np.float64)
        )
        if expected["convergence"] == pytest.approx(exact["convergence"], rel=1e-5):
            yield cell, expected


@pytest.fixture(scope="module")
def cells():
    """The whole plane as one tile."""
    return train_tile(PLANE, WHOLE, lambda cells: None, jax.devices())


@pytest.mark.parametrize("batch_size", [FULL, SMALL])
def test_every_cell_is_the_network_trained_by_hand(batch_size):
    """Where rounding decides nothing, and that is nearly everywhere."""
    study, plane, compared = small_study(batch_size), plane_of_rates(batch_size), []
    whole = train_tile(plane, WHOLE, lambda cells: None, jax.devices())
    for found, expected in cells_by_hand(study, plane, whole):
        compared.append(found)
        assert found["converged"] == expected["converged"]
        assert found["convergence"] == pytest.approx(expected["convergence"], rel=1e-4)
        if expected["diverged_step"] is None:
            assert found["diverged_step"] is None
            assert found["loss"] == pytest.approx(expected["loss"], rel=1e-3)
            assert found["mean_absolute_error"] == pytest.approx(expected["mean_absolute_error"], rel=1e-3)
        else:  # squares overflow some steps sooner or later by the order of sums
            assert abs(found["diverged_step"] - expected["diverged_step"]) <= 3
    assert len(compared) >= 24
    assert sum(cell["converged"] for cell in compared) >= 3
    assert sum(cell["diverged_step"] is not None for cell in compared) >= 8


def test_cells_come_row_by_row(cells):
    """From the lowest y up, and in each row from the lowest x."""
    assert cells["row"].to_list() == [row for row in range(5) for _ in range(6)]
    assert cells["column"].to_list() == list(range(6)) * 5


def test_a_cell_does_not_depend_on_its_tile(cells):
    """A tile in the middle of the plane holds what the whole plane holds there, where rounding decides nothing."""
    part = train_tile(PLANE, Tile(1, 3, 2, 5), lambda cells: None, jax.devices())
    steady = pl.DataFrame([cell for cell, _ in cells_by_hand(small_study(), PLANE, part)])
    same = cells.join(steady.select("row", "column"), on=["row", "column"], maintain_order="right")
    places = ["row", "column", "x", "y", "converged"]
    assert part.select("row", "column").rows() == [(row, column) for row in (1, 2) for column in (2, 3, 4)]
    assert steady.select(places).equals(same.select(places))
    assert len(steady) >= 4
    np.testing.assert_allclose(steady["convergence"], same["convergence"], rtol=1e-4)


def test_stretches_of_steps_change_nothing(cells, monkeypatch):
    """Trained seven steps at a time the numbers are the same; all work is told on the way."""
    monkeypatch.setattr(training, "NUMBERS_AT_ONCE", 30 * 7)
    told = []
    assert (
        train_tile(PLANE, WHOLE, told.append, jax.devices())
        .select("row", "converged", "loss", "diverged_step")
        .equals(cells.select("row", "converged", "loss", "diverged_step"))
    )
    assert len(told) == 6
    assert sum(told) == pytest.approx(30)


def test_stretches_are_the_batches_of_epoch_after_epoch(monkeypatch):
    """Whatever their length."""
    monkeypatch.setattr(training, "NUMBERS_AT_ONCE", 30 * 7)
    [population] = PLANE.plan_tile(WHOLE).populations
    orders = np.concatenate([batch_order(3, epoch, 32, SMALL) for epoch in range(1, 13)])
    np.testing.assert_array_equal(np.concatenate(list(stretches(population))), orders)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (Axis("data.rows", 20, 32, 2), Axis("network.depth", 2, 3, 2)),
        (Axis("batch_size", 4, 20, 2), Axis("epochs", 1, 3, 2)),
    ],
)
def test_a_plane_may_change_shapes_batches_and_data(x, y):
    """Each cell is what a study of its own trains."""
    plane = Plane.of(with_changes(small_study(), {"data.rows": 40}), x, y)
    rows, columns = plane.shape
    found = train_tile(plane, Tile(0, rows, 0, columns), lambda cells: None, jax.devices())
    assert len(found.unique(["convergence"])) == rows * columns
    for cell in found.iter_rows(named=True):
        settings = with_changes(small_study(), {plane.x.key: int(cell["x"]), plane.y.key: int(cell["y"])})
        [population] = plan_study(settings).populations
        data = load(population.request)
        trainer = Trainer(population.members, seeds=[3], batch_size=population.batch_size, task="regression")
        state, training = trainer.start(), trainer.place(data.x_train, data.y_train)
        for epoch in range(1, population.epochs + 1):
            state, _ = trainer.train_epoch(state, training, epoch)
        _, scores = trainer.evaluate(state, training)
        assert cell["loss"] == pytest.approx(scores["loss"].item(), rel=1e-5)
