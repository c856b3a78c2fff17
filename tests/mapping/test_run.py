"""A map end to end: kept tile by tile, continued, and equal to the byte."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import assay
from assay.errors import DataError, StoreError, StudyError
from assay.mapping import plane as plane_module
from assay.mapping.axes import Axis
from assay.mapping.run import Silence
from assay.study import Study

X, Y = "first.learning_rate=0.01:100:5:log", "output.learning_rate=0.01:100:6:log"
STUDY = Study(
    name="small",
    data={"name": "noise", "rows": 40, "features": 3, "validation": 4, "test": 4},
    network={"hidden": [5], "activation": "tanh"},
    training={"optimizer": "sgd", "epochs": 25, "batch_size": 32},
)


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch):
    """Three tiles of two rows."""
    monkeypatch.setattr(plane_module, "TILE_CELLS", 10)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A map that was never disturbed."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(plane_module, "TILE_CELLS", 10)
        return assay.trainability_map(STUDY, X, Y, tmp_path_factory.mktemp("whole") / "map")


def tile_bytes(found):
    """The bytes of each tile."""
    return {path.name: path.read_bytes() for path in sorted((found.directory / "tiles").iterdir())}


class Recorder(Silence):
    """Keeps what a view hears."""

    def __init__(self):
        self.finished, self.work = None, 0.0

    def map_started(self, plane, finished):
        self.finished = finished

    def worked(self, cells):
        self.work += cells


def test_a_map_is_a_table_of_cells(whole):
    """A row for each network; a grid of any column has the rows of y and the columns of x."""
    assert sorted(tile_bytes(whole)) == ["t0001.parquet", "t0002.parquet", "t0003.parquet"]
    assert whole.cells.columns == [
        *("row", "column", "x", "y", "convergence", "converged", "loss", "mean_absolute_error", "diverged_step")
    ]
    assert len(whole.cells) == 30
    np.testing.assert_allclose(whole.grid("x"), np.tile(np.geomspace(0.01, 100, 5), (6, 1)))
    np.testing.assert_allclose(whole.grid("y"), np.tile(np.geomspace(0.01, 100, 6)[:, None], (1, 5)))
    assert np.isfinite(whole.grid("convergence")).all()
    assert (whole.grid("converged").astype(bool) == (whole.grid("convergence") <= 0)).all()


def test_the_summary_counts_the_cells(whole):
    """As JSON: both axes, how many learn, and the best of those whose loss is finite."""
    summary = json.loads(json.dumps(whole.summary(), allow_nan=False))
    assert (summary["study"], summary["seed"], summary["cells"], summary["trained"]) == ("small", 0, 30, 30)
    assert summary["x"]["key"] == "network.layers.first.learning_rate"
    assert summary["converged"] == whole.cells["converged"].sum()
    assert summary["diverged_to_infinity"] == np.isfinite(whole.grid("diverged_step")).sum() > 0
    errors = whole.grid("mean_absolute_error")
    row, column = np.unravel_index(
        np.nanargmin(np.where(np.isfinite(whole.grid("loss")), errors, np.nan)), errors.shape
    )
    assert summary["best"]["mean_absolute_error"] == errors[row, column]
    assert (summary["best"]["x"], summary["best"]["y"]) == (whole.plane.x.levels[column], whole.plane.y.levels[row])


def test_the_map_is_read_back_from_its_folder(whole):
    """With the same cells, axes and study; nothing else is needed."""
    again = assay.open_map(whole.directory)
    assert again.cells.equals(whole.cells)
    assert again.plane.x == whole.plane.x
    assert again.metric == "mean_absolute_error"


def test_a_finished_map_is_not_trained_again(whole):
    """The same call changes no byte, however its axes are written."""
    before, recorder = tile_bytes(whole), Recorder()
    x = Axis("network.layers.first.learning_rate", 0.01, 100.0, 5, "log")
    assay.trainability_map(STUDY, x, Y, whole.directory, progress=recorder)
    assert (recorder.finished, recorder.work) == (30, 0.0)
    assert tile_bytes(whole) == before


@pytest.mark.parametrize("lost", [[1], [2, 3], [1, 2, 3]])
def test_missing_tiles_are_trained_to_the_same_bytes(whole, tmp_path, lost):
    """Whatever is there stands."""
    directory = tmp_path / "map"
    assay.trainability_map(STUDY, X, Y, directory)
    for number in lost:
        (directory / "tiles" / f"t000{number}.parquet").unlink()
    recorder = Recorder()
    found = assay.trainability_map(STUDY, X, Y, directory, progress=recorder)
    assert recorder.finished == 30 - 10 * len(lost)
    assert recorder.work == pytest.approx(10 * len(lost))
    assert tile_bytes(found) == tile_bytes(whole)


def test_a_map_keeps_the_tiles_that_it_began_with(whole, tmp_path, monkeypatch):
    """Another size of tiles, as another version of assay may have, does not disturb a map that has begun."""

    class Stopper(Silence):
        def worked(self, cells):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        assay.trainability_map(STUDY, X, Y, tmp_path, progress=Stopper())
    monkeypatch.setattr(plane_module, "TILE_CELLS", 7)
    assert tile_bytes(assay.trainability_map(STUDY, X, Y, tmp_path)) == tile_bytes(whole)


def test_ctrl_c_finishes_the_tile_in_flight(whole, tmp_path):
    """Then the map stops; the same call goes on with the next tile."""

    class Stopper(Recorder):
        asked = 0

        def worked(self, cells):
            super().worked(cells)
            signal.raise_signal(signal.SIGINT)

        def stop_requested(self):
            self.asked += 1

    for done in (1, 2, 3):
        stopper = Stopper()
        with pytest.raises(KeyboardInterrupt):
            assay.trainability_map(STUDY, X, Y, tmp_path, progress=stopper)
        assert stopper.asked == 1
        assert stopper.finished == 10 * (done - 1)
        assert len(assay.open_map(tmp_path).cells) == 10 * done
    assert tile_bytes(assay.open_map(tmp_path)) == tile_bytes(whole)


def test_a_second_ctrl_c_drops_the_tile_in_flight(whole, tmp_path):
    """Nothing of it is kept, nothing of others is lost."""

    class Impatient(Silence):
        def worked(self, cells):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        assay.trainability_map(STUDY, X, Y, tmp_path, progress=Impatient())
    assert len(assay.open_map(tmp_path).cells) == 0
    assert tile_bytes(assay.trainability_map(STUDY, X, Y, tmp_path)) == tile_bytes(whole)


KILLED_PROGRAM = """
import os, signal, sys
import assay
from assay.mapping import folder, plane
plane.TILE_CELLS = 10
write, move, left = folder.write_parquet, os.replace, [2]
def move_or_be_killed(source, target):
    left[0] -= str(target).endswith(".parquet")
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    move(source, target)
os.replace = move_or_be_killed
assay.trainability_map(sys.argv[1], *sys.argv[2:5])
"""


def test_a_killed_map_goes_on(whole, tmp_path):
    """Killed while the second tile moves into its place: the first is there, the second is trained anew."""
    study, directory = tmp_path / "small.toml", tmp_path / "map"
    study.write_text(STUDY.to_toml())
    done = subprocess.run([sys.executable, "-c", KILLED_PROGRAM, str(study), X, Y, str(directory)], check=False)
    assert done.returncode == -signal.SIGKILL
    left = sorted(os.listdir(directory / "tiles"))
    assert left == ["t0001.parquet", "t0002.parquet.tmp"]
    assert len(assay.open_map(directory).cells) == 10
    assert tile_bytes(assay.trainability_map(STUDY, X, Y, directory)) == tile_bytes(whole)


@pytest.mark.parametrize(
    ("x", "y", "changes", "words"),
    [
        (X.replace(":5:", ":4:"), Y, {}, "x.count: there 5, here 4"),
        (X, Y.replace("0.01", "0.02"), {}, "y.low: there 0.01, here 0.02"),
        (Y, X, {}, 'x.key: there "network.layers.first.learning_rate"'),
        (X, Y, {"training": {"optimizer": "sgd", "epochs": 26, "batch_size": 32}}, "epochs: there 25, here 26"),
        (X, Y, {"seeds": [3]}, "design.seeds: there [0], here [3]"),
    ],
)
def test_a_folder_of_another_map_is_left_alone(whole, x, y, changes, words):
    """The message says what differs; nothing is changed."""
    before = tile_bytes(whole)
    study = Study(**{**STUDY.written(), **changes})
    with pytest.raises(StoreError, match="this folder holds another map") as caught:
        assay.trainability_map(study, x, y, whole.directory)
    assert words in str(caught.value)
    assert "--out" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert tile_bytes(whole) == before


def test_other_data_are_told(tmp_path):
    """A table that has changed under the same name does not go on in the same folder."""
    generator = np.random.default_rng(0)
    own = {"path": str(tmp_path / "own.npz"), "validation": 4, "test": 4}
    study = Study(**{**STUDY.written(), "data": own, "training": {"optimizer": "sgd", "epochs": 1, "batch_size": 8}})
    for attempt in range(2):
        np.savez(tmp_path / "own.npz", x=generator.normal(size=(40, 3)), y=generator.normal(size=40))
        if attempt == 0:
            assay.trainability_map(study, X, Y, tmp_path / "map")
        else:
            with pytest.raises(StoreError, match="the data set 'own' is not the one that this study began with"):
                assay.trainability_map(study, X, Y, tmp_path / "map")


def test_folders_that_hold_no_map_are_told(tmp_path, whole):
    """A folder of the user's own, one without a map, one of a newer format, and a tile that is damaged."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(StoreError, match=r"a map's folder \(with map.json\), found letter.txt"):
        assay.trainability_map(STUDY, X, Y, tmp_path / "mine")
    with pytest.raises(StoreError, match=r"expected a folder of `assay map`, but it has no map\.json"):
        assay.open_map(tmp_path / "mine")
    about = json.loads((whole.directory / "map.json").read_text())
    (tmp_path / "mine" / "map.json").write_text(json.dumps(about | {"format": 2}))
    with pytest.raises(StoreError, match="a map of format 2; this assay reads up to format 1"):
        assay.open_map(tmp_path / "mine")
    (tmp_path / "mine" / "map.json").write_text('{"format": 1}')
    with pytest.raises(StoreError, match="expected what `assay map` writes"):
        assay.open_map(tmp_path / "mine")
    (tmp_path / "mine" / "map.json").write_text(json.dumps(about))
    (tmp_path / "mine" / "tiles").mkdir()
    (tmp_path / "mine" / "tiles" / "t0001.parquet").write_text("PAR1")
    with pytest.raises(StoreError, match=r"t0001.parquet: this tile cannot be read"):
        _ = assay.open_map(tmp_path / "mine").cells


def test_what_a_map_does_not_measure_cannot_be_shown(whole):
    """The message names what can."""
    with pytest.raises(StudyError, match="--show accuracy: expected one of convergence, loss, mean_absolute_error"):
        whole.figure("accuracy")


def test_data_that_are_not_there_are_told_before_anything_is_written(tmp_path):
    """No folder is made."""
    study = Study(**{**STUDY.written(), "data": {"path": str(tmp_path / "gone.npz")}})
    with pytest.raises(DataError, match="no such file"):
        assay.trainability_map(study, X, Y, tmp_path / "map")
    assert not (tmp_path / "map").exists()
