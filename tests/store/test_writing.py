"""Writing a results folder: atomic, continued, and only by its own study."""

from __future__ import annotations

import json
import time

import numpy as np
import polars as pl
import pytest

from assay.errors import StoreError
from assay.results import open_results
from assay.store import Store
from assay.store.schema import FORMAT_VERSION

FINGERPRINTS = {"digits": "a" * 64}


def history_rows(epochs, *, trial=0, value=0.5):
    """History of one trial, one number per epoch."""
    return pl.DataFrame(
        [
            {"trial": trial, "condition": "c", "seed": 0, "phase": "select", "epoch": epoch, "split": "validation"}
            | {"metric": "loss", "value": value}
            for epoch in epochs
        ]
    )


def test_an_empty_folder_becomes_a_results_folder(tmp_path, synthetic):
    """Opening a store writes the study and a manifest with versions, seeds, platform and data fingerprints."""
    study = synthetic.factorial_study()
    with Store.open(tmp_path / "new" / "folder", study, FINGERPRINTS) as store:
        store.note(devices=["cpu:0"], programs=2)
    manifest = json.loads((tmp_path / "new" / "folder" / "manifest.json").read_text())
    assert manifest["format"] == FORMAT_VERSION
    assert manifest["seeds"] == [0, 1, 2]
    assert manifest["data"] == FINGERPRINTS
    assert manifest["devices"] == ["cpu:0"]
    assert {"python", "jax", "numpy"} <= manifest["versions"].keys()
    assert json.loads((tmp_path / "new" / "folder" / "study.json").read_text()) == study.written()


def test_a_segment_written_twice_is_there_once(tmp_path, synthetic):
    """A part is named by what it holds, so training a segment again replaces it."""
    with Store.open(tmp_path, synthetic.factorial_study(), FINGERPRINTS) as store:
        store.write_history(1, "select", 1, history_rows([1, 2], value=0.9))
        store.write_history(1, "select", 1, history_rows([1, 2], value=0.5))
        store.write_history(1, "select", 3, history_rows([3, 4]))
    history = open_results(tmp_path).history
    assert history["epoch"].to_list() == [1, 2, 3, 4]
    assert history["value"].unique().to_list() == [0.5]


def test_history_after_a_checkpoint_can_be_dropped(tmp_path, synthetic):
    """Dropping what came after an epoch removes later parts and cuts the part that reaches over it."""
    with Store.open(tmp_path, synthetic.factorial_study(), FINGERPRINTS) as store:
        for first in (1, 4, 7):
            store.write_history(1, "select", first, history_rows(range(first, first + 3)))
        store.write_history(2, "select", 1, history_rows(range(1, 10), trial=1))
        store.drop_history_after(1, "select", 5)
    history = open_results(tmp_path).history
    assert history.filter(trial=0)["epoch"].to_list() == [1, 2, 3, 4, 5]
    assert history.filter(trial=1)["epoch"].to_list() == list(range(1, 10))


def test_a_population_is_finished_once_its_trials_are_written(tmp_path, synthetic):
    """Trials get the columns of their factors from the study; a level with arguments is written as in its name."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study())
    row = results.trials.filter(condition=results.conditions[2].name, seed=1).row(0, named=True)
    assert row["network.activation"] == "relu"
    assert row["network.kernel_initializer"] == "random_normal(stddev=1.0)"
    with Store.open(tmp_path, results.study, {"digits": synthetic.DATA_FINGERPRINT}) as store:
        assert store.finished(1)
        assert not store.finished(7)


def test_time_spent_adds_up_over_sessions(tmp_path, synthetic):
    """The manifest counts the seconds of every session up to its last finished population."""
    study = synthetic.factorial_study()
    before = synthetic.fill(tmp_path, study).manifest["elapsed_seconds"]
    after = synthetic.fill(tmp_path, study).manifest["elapsed_seconds"]
    assert 0 < before < after


def test_checkpoints_come_back_equal(tmp_path, synthetic):
    """Arrays keep value, type and shape, and names of any kind; the description keeps its JSON."""
    arrays = {"file": np.arange(6, dtype=np.float32).reshape(2, 3), "kernel/1": np.array([True]), "about": np.int64(4)}
    about = {"phase": "final", "epoch": 7, "outcomes": {"3": "diverged"}}
    with Store.open(tmp_path, synthetic.factorial_study(), FINGERPRINTS) as store:
        assert store.load_checkpoint(1) is None
        store.save_checkpoint(1, arrays, about)
        found = store.load_checkpoint(1)
        assert found is not None
        assert found[1] == about
        assert found[0].keys() == arrays.keys()
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[0][name], array, strict=True)
        store.clear_checkpoint(1)
        assert store.load_checkpoint(1) is None


def test_a_checkpoint_holds_no_objects(tmp_path, synthetic):
    """An array of Python objects, which would need pickle, is refused."""
    with (
        Store.open(tmp_path, synthetic.factorial_study(), FINGERPRINTS) as store,
        pytest.raises(ValueError, match="allow_pickle"),
    ):
        store.save_checkpoint(1, {"objects": np.array([{}], dtype=object)}, {})


def test_a_damaged_checkpoint_is_named(tmp_path, synthetic):
    """A checkpoint that cannot be read says which file it is and what to do."""
    with Store.open(tmp_path, synthetic.factorial_study(), FINGERPRINTS) as store:
        (tmp_path / "checkpoints" / "p001.npz").write_bytes(b"PK not a zip")
        with pytest.raises(StoreError, match=r"p001\.npz.*cannot be read.*Remove it"):
            store.load_checkpoint(1)


def test_leftovers_of_a_kill_are_cleared(tmp_path, synthetic):
    """A half-written file beside its place is neither read nor kept."""
    study = synthetic.factorial_study()
    with Store.open(tmp_path, study, FINGERPRINTS) as store:
        store.write_history(1, "select", 1, history_rows([1]))
    leftover = tmp_path / "history" / "p001-select-00002.parquet.tmp"
    leftover.write_bytes(b"half")
    assert len(open_results(tmp_path).history) == 1
    Store.open(tmp_path, study, FINGERPRINTS).close()
    assert not leftover.exists()


def test_a_creation_that_was_killed_is_finished(tmp_path, synthetic):
    """A folder with nothing but our own beginnings is still empty, and one without its study gets it."""
    study = synthetic.factorial_study()
    (tmp_path / "trials").mkdir()
    (tmp_path / ".lock").touch()
    (tmp_path / "manifest.json.tmp").write_text("{")
    Store.open(tmp_path, study, FINGERPRINTS).close()
    (tmp_path / "study.json").unlink()
    Store.open(tmp_path, study, FINGERPRINTS).close()
    assert open_results(tmp_path).study == study


def test_a_reader_beside_a_writer_sees_whole_parts(tmp_path, synthetic):
    """While parts are rewritten over and over, every reading succeeds and every part is whole."""
    with Store.open(tmp_path, synthetic.factorial_study(), FINGERPRINTS) as store:
        until = time.monotonic() + 0.5
        turn = 0
        while time.monotonic() < until:
            store.write_history(1, "select", 1, history_rows(range(1, 6), value=float(turn)))
            history = open_results(tmp_path).history
            assert history["value"].to_list() == [float(turn)] * 5
            turn += 1
