"""What becomes of a population is kept by a folder and by memory alike."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import assay
from assay.bookkeeping import Endings
from assay.data import load
from assay.keeping import Checkpoint, Keeper, MemoryKeeper
from assay.planning import plan_study
from assay.protocol import PopulationRun
from assay.store import Store


@pytest.fixture(params=["memory", "folder"])
def keeper(request, tmp_path, tiny_study):
    """Each keeper, empty."""
    if request.param == "memory":
        yield MemoryKeeper()
    else:
        with Store.open(tmp_path, tiny_study(), {}) as store:
            yield store


def history(epochs, value=0.5):
    """One number per epoch."""
    return pl.DataFrame(
        [
            {"trial": 0, "condition": "c", "seed": 0, "phase": "select", "epoch": epoch, "split": "train"}
            | {"metric": "loss", "value": value}
            for epoch in epochs
        ]
    )


def epochs_of(keeper: Keeper, population: int, *filters: pl.Expr) -> list[int]:
    return sorted(keeper.read_history(population, *filters)["epoch"])


def test_a_segment_written_twice_is_there_once(keeper):
    """Known by population, phase and first epoch, it takes its own place."""
    keeper.write_history(1, "select", 0, history([0, 1], value=0.9))
    keeper.write_history(1, "select", 0, history([0, 1]))
    keeper.write_history(1, "select", 2, history([2]))
    assert epochs_of(keeper, 1) == [0, 1, 2]
    assert keeper.read_history(1)["value"].unique().to_list() == [0.5]


def test_a_population_reads_its_own_history_alone(keeper):
    """Through filters on its columns; a population that wrote nothing has none."""
    keeper.write_history(1, "select", 0, history([0, 1]))
    keeper.write_history(2, "select", 0, history([0, 1, 2]))
    assert epochs_of(keeper, 1) == [0, 1]
    assert epochs_of(keeper, 2, pl.col("epoch") > 0) == [1, 2]
    assert epochs_of(keeper, 3) == []


def test_what_came_after_an_epoch_can_be_dropped(keeper):
    """Of one phase of one population; the others stand."""
    for population, phase in ((1, "select"), (1, "final"), (2, "select")):
        for first in (0, 3):
            keeper.write_history(population, phase, first, history(range(first, first + 3)))
    keeper.drop_history_after(1, "select", 1)
    assert epochs_of(keeper, 1) == sorted([0, 1, *range(6)])
    keeper.drop_history_after(1, "final", -1)
    assert epochs_of(keeper, 1) == [0, 1]
    assert epochs_of(keeper, 2) == list(range(6))


def test_the_last_checkpoint_is_the_one_that_is_loaded(keeper):
    """Every array to the bit, and what it is of; none before it is saved, and none after it is cleared."""
    assert Checkpoint.load(keeper, 1) is None
    endings = Endings.none((2, 3))
    endings.epoch[1, 2] = 4
    for epoch in (1, 2):
        state = {"0000": np.arange(6.0, dtype=np.float32).reshape(1, 2, 3) / 7, "0001": np.array([epoch], np.int32)}
        Checkpoint("final", epoch, 3, True, 1.5, state, endings).save(keeper, 1)
    found = Checkpoint.load(keeper, 1)
    assert found is not None
    assert (found.phase, found.epoch, found.tiles, found.sparse, found.elapsed_seconds) == ("final", 2, 3, True, 1.5)
    assert found.state.keys() == state.keys()
    for name, array in state.items():
        assert found.state[name].dtype == array.dtype
        np.testing.assert_array_equal(found.state[name], array)
    np.testing.assert_array_equal(found.endings.epoch, endings.epoch)
    assert found.endings.in_final.dtype == bool
    keeper.clear_checkpoint(1)
    assert Checkpoint.load(keeper, 1) is None


def test_what_is_loaded_does_not_follow_what_was_saved(keeper):
    """A checkpoint is a copy: the run that goes on from it leaves it as it is."""
    endings = Endings.none((1, 1))
    Checkpoint("select", 1, 1, False, 0.0, {}, endings).save(keeper, 1)
    endings.epoch[0, 0] = 7
    found = Checkpoint.load(keeper, 1)
    found.endings.step[0, 0] = 8
    again = Checkpoint.load(keeper, 1)
    assert again.endings.epoch.item() == again.endings.step.item() == -1


# ---- whole populations


@pytest.fixture(scope="module")
def study(tiny_study):
    """Two populations; one condition of each diverges."""
    return tiny_study(
        network={"activation": "linear", "output_activation": "linear"},
        training={"optimizer": {"name": "sgd", "learning_rate": 0.01}, "loss": "mean_squared_error"},
        vary={"training.optimizer.learning_rate": [0.01, 1e12], "training.batch_size": [16, 32]},
        probe={"epochs": [0, 2]},
    )


@pytest.fixture(scope="module")
def in_folder(study, tmp_path_factory):
    """What a results folder holds of it."""
    return assay.run(study, tmp_path_factory.mktemp("folder"))


def assert_same_tables(keeper: MemoryKeeper, results: assay.Results) -> None:
    """Equal to the bit, types included, but for the time that was spent and the columns of the factors."""
    assert keeper.history.equals(results.history)
    for name in ("signals", "histograms"):
        keys = [key for key in ("trial", "epoch", "layer", "quantity", "statistic") if key in results.signals.columns]
        keys = keys if name == "signals" else keys[:-1]
        kept, written = getattr(keeper, name).sort(keys), getattr(results, name).sort(keys)
        assert len(kept) > 0
        assert kept.schema == written.schema
        assert kept.equals(written)
    trials = keeper.trials.drop("elapsed_seconds")
    assert trials.equals(results.trials.select(trials.columns))
    assert trials["outcome"].unique().sort().to_list() == ["completed", "diverged"]


def test_a_population_runs_from_a_plan_and_data_alone(study, in_folder):
    """Without a folder its tables are those of a results folder, to the bit."""
    keeper = MemoryKeeper()
    for population in plan_study(study).populations:
        PopulationRun(population, load(population.request), keeper).run()
    assert_same_tables(keeper, in_folder)


def test_a_population_in_memory_goes_on_where_it_was_stopped(study, in_folder):
    """Asked to stop after every epoch, and run again with the same keeper each time, it ends as if never stopped."""
    keeper, stops = MemoryKeeper(), 0
    for population in plan_study(study).populations:
        heard = []
        while True:
            asked = iter([True])
            run = PopulationRun(
                population,
                load(population.request),
                keeper,
                epoch_ended=lambda event, heard=heard: heard.append((event.phase, event.epoch)),
                stop_requested=lambda asked=asked: next(asked, False),
            )
            try:
                run.run()
            except KeyboardInterrupt:
                stops += 1
                continue
            break
        assert len(heard) == len(set(heard))
        assert Checkpoint.load(keeper, population.number) is None
    assert stops >= 2 * study.training.epochs
    assert_same_tables(keeper, in_folder)
