"""Train a tile: every cell from the same seed, on the same batches, measured at every step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice, pairwise

import jax
import numpy as np
import polars as pl

from assay.data import DataRequest, Dataset, load
from assay.engine import on_cpu
from assay.engine.batching import batch_order
from assay.engine.sparse import suits_sparse
from assay.engine.trainer import Trainer
from assay.mapping.measure import ConvergenceMeasure
from assay.mapping.plane import Plane, Tile, even_cuts
from assay.planning import PopulationPlan
from assay.pretraining import learn_layers

NUMBERS_AT_ONCE = 2**20
"""Losses kept on the devices in one stretch of steps, or rows in its batches; 4 bytes each."""


def train_tile(
    plane: Plane,
    tile: Tile,
    worked: Callable[[float], None],
    devices: Sequence[jax.Device],
    loaded: Callable[[DataRequest], Dataset] = load,
) -> pl.DataFrame:
    """Train all cells of a tile.

    Parameters
    ----------
    plane : Plane
    tile : Tile
    worked : callable
        Told now and then how many cells' worth of training has been done since it was told last.
    devices : sequence of jax.Device
        What trains; a GPU trains all cells of a population at the same time.
    loaded : callable
        Gives the data; `load`, or one that remembers.

    Returns
    -------
    polars.DataFrame
        A row for each cell, row by row: row, column, x, y, convergence, converged, loss and the metric of the data on
        all training rows after the last step, and diverged_step, null where the loss stayed finite.
    """
    plan = plane.plan_tile(tile)
    width = tile.end_column - tile.first_column
    frames = []
    for population in plan.populations:
        cells = population.trials[:, 0]
        row, column = tile.first_row + cells // width, tile.first_column + cells % width
        place = {
            "row": row.astype(np.int32),
            "column": column.astype(np.int32),
            "x": np.asarray(plane.x.levels, float)[column],
            "y": np.asarray(plane.y.levels, float)[row],
        }
        frames.append(pl.DataFrame(place | _train(population, loaded(population.request), worked, devices)))
    return pl.concat(frames).sort("row", "column")


def _train(
    population: PopulationPlan, dataset: Dataset, worked: Callable[[float], None], devices: Sequence[jax.Device]
) -> dict[str, np.ndarray | pl.Series]:
    """The columns that training gives, one number for each condition."""
    row_weights = population.row_weights(dataset)
    weights = None if row_weights is None else row_weights.training["train"]
    trainer = Trainer(
        population.members,
        seeds=population.seeds,
        batch_size=population.batch_size,
        task=population.shape.task,
        tiles=population.layout.tiles if on_cpu(devices) else 1,
        sparse=on_cpu(devices) and suits_sparse(dataset.x_train),
        weighted=weights is not None,
        devices=devices,
    )
    # Room for the longest stretch: one program then makes all of them, and the last look.
    room = int(np.diff(stretch_cuts(population)).max()) * population.batch_size
    training = trainer.place(dataset.x_train, dataset.y_train, training_rows=room, weights=weights)
    learnt = learn_layers(population.members, population.seeds, dataset.x_train, devices=devices)
    state, measure = trainer.start(learnt), ConvergenceMeasure()
    for orders in stretches(population):
        state, losses = trainer.train_steps(state, training, orders[None])
        measure.add(losses[:, 0])
        worked(population.trials.size * len(orders) / population.select_steps)
    state, evaluated = trainer.evaluate(state, training)
    scores = {name: values[:, 0] for name, values in evaluated.items()}
    steps = trainer.diverged_steps(state)[:, 0]
    # Finite batch losses with an infinite score after them: the last update did it.
    steps = np.where((steps == 0) & ~np.isfinite(scores["loss"]), population.select_steps, steps)
    diverged_step = pl.Series(steps, dtype=pl.Int32).replace(0, None)
    return {"convergence": measure.value, "converged": measure.converged, **scores, "diverged_step": diverged_step}


def stretch_cuts(population: PopulationPlan) -> list[int]:
    """Where the steps of a training are cut into stretches of about one length."""
    at_a_step = max(population.trials.size, population.batch_size)
    return even_cuts(population.select_steps, max(1, NUMBERS_AT_ONCE // at_a_step))


def stretches(population: PopulationPlan) -> Iterator[np.ndarray]:
    """The batches of each stretch, (steps, B), as those of epoch after epoch."""
    rows, size, seed = population.shape.train_rows, population.batch_size, population.seeds[0]
    batches = (batch for epoch in count(1) for batch in batch_order(seed, epoch, rows, size))
    for start, end in pairwise(stretch_cuts(population)):
        yield np.stack(list(islice(batches, end - start)))
