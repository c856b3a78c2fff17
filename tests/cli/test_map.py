"""`assay map`."""

from __future__ import annotations

import json
import signal

import jax
import polars as pl
import pytest

from assay.cli import map_views
from assay.mapping import plane

AXES = ["--x", "learning_rate=1e-3:10:4:log", "--y", "l2=0:1:3"]


@pytest.fixture
def study_file(tmp_path):
    """Three epochs of a small network on iris, with a factor."""
    path = tmp_path / "tiny.toml"
    path.write_text(
        'data = "iris"\nnetwork = {hidden = [4], activation = "tanh"}\n'
        'training = {optimizer = "sgd", epochs = 3, batch_size = 32}\n'
        'vary = {network.activation = ["relu", "elu"]}\n'
    )
    return path


def test_a_map_is_told_and_drawn(assay, study_file, tmp_path):
    """How many learn, the best of them, and where the picture is; progress and notes go to standard error."""
    told = assay("map", study_file, *AXES)
    assert told.code == 0
    first, best, picture = told.out.splitlines()
    assert first.startswith("tiny: 12 networks; the loss of ")
    assert best.startswith("Best accuracy on the training rows: ")
    assert picture == "Picture: assay-runs/tiny-map/map.png"
    assert (tmp_path / "assay-runs" / "tiny-map" / "map.png").read_bytes().startswith(b"\x89PNG")
    assert told.err.splitlines() == [
        "tiny: a map takes the base network and ignores what the study varies.",
        "tiny: 4 levels of training.optimizer.learning_rate × 3 of network.l2",
    ]


def test_a_finished_map_is_drawn_again_in_another_quantity(assay, study_file, tmp_path):
    """Nothing is trained for it; each quantity has a picture of its own."""
    assay("map", study_file, *AXES)
    for show in ("loss", "accuracy"):
        told = assay("map", study_file, *AXES, "--show", show, "--json")
        assert "(12 already done)" in told.err
        summary = json.loads(told.out)
        assert summary["figure"] == f"assay-runs/tiny-map/map-{show}.png"
        assert (tmp_path / summary["figure"]).exists()
    assert summary["cells"] == summary["trained"] == 12
    assert summary["x"] == {
        "key": "training.optimizer.learning_rate",
        "low": 1e-3,
        "high": 10.0,
        "count": 4,
        "scale": "log",
        "is_whole": False,
    }


def test_the_device_is_kept_with_the_map(assay, study_file, tmp_path):
    """`--device cpu` trains on the cores; one that is not there is told before anything is trained."""
    assert assay("map", study_file, *AXES, "--device", "cpu").code == 0
    kept = json.loads((tmp_path / "assay-runs" / "tiny-map" / "map.json").read_text())
    assert all(device.startswith("cpu:") for device in kept["devices"])
    assert kept["tf32"] is False
    assert assay("map", study_file, *AXES, "--device", "tpu").code == 2
    if jax.default_backend() == "cpu":
        told = assay("map", study_file, *AXES, "--device", "gpu", "--out", "there")
        assert told.code == 2
        assert "expected a GPU, but JAX finds only: cpu." in told.err
        assert not (tmp_path / "there").exists()


def test_both_axes_are_logarithmic_on_request(assay, study_file):
    """--log, but for an axis that says otherwise."""
    options = ["--x", "learning_rate=1e-3:10:3", "--y", "l2=0:1:2:linear", "--log", "--json"]
    summary = json.loads(assay("map", study_file, *options).out)
    assert (summary["x"]["scale"], summary["y"]["scale"]) == ("log", "linear")


def test_a_window_is_a_map_of_its_own(assay, study_file, tmp_path):
    """As many levels between other bounds, in a folder that is named after them."""
    told = assay("map", study_file, *AXES, "--window", "0.1:0.5,0.25:0.75", "--json")
    assert told.code == 0
    summary = json.loads(told.out)
    assert [summary["x"][name] for name in ("low", "high", "count")] == [0.1, 0.5, 4]
    assert [summary["y"][name] for name in ("low", "high", "count")] == [0.25, 0.75, 3]
    folder = tmp_path / "assay-runs" / "tiny-map-0.1to0.5-0.25to0.75"
    cells = pl.read_parquet(folder / "tiles" / "t0001.parquet")
    assert cells["y"].unique().sort().to_list() == [0.25, 0.5, 0.75]


def test_settings_are_of_the_base_network(assay, study_file, tmp_path):
    """A factor of the study is left out, so its key may be set; the folder is the user's choice."""
    assert assay("map", study_file, *AXES, "--set", "activation=elu", "--out", "here").code == 0
    about = json.loads((tmp_path / "here" / "map.json").read_text())
    assert about["study"]["network"]["activation"] == "elu"
    assert "vary" not in about["study"]


def test_ctrl_c_says_how_to_go_on(assay, study_file, monkeypatch):
    """Exit code 130 after the tile in flight; the same command goes on."""
    monkeypatch.setattr(plane, "TILE_CELLS", 4)

    class Stopping(map_views.PlainMapView):
        def worked(self, cells):
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(map_views, "PlainMapView", Stopping)
        told = assay("map", study_file, *AXES)
    assert (told.code, told.out) == (130, "")
    assert told.err.splitlines()[2:] == [
        "stopping after the tile in flight; press Ctrl-C again to drop it and stop at once",
        "assay: stopped; the same command goes on from here.",
    ]
    told = assay("map", study_file, *AXES)
    assert told.code == 0
    assert "(4 already done)" in told.err


def test_progress_is_told_now_and_then(assay, study_file, monkeypatch):
    """Networks done and the time left, in lines where there is no terminal."""
    monkeypatch.setattr(map_views, "PLAIN_SECONDS", 0.0)
    monkeypatch.setattr(plane, "TILE_CELLS", 4)
    lines = assay("map", study_file, *AXES).err.splitlines()[2:]
    assert [line.split(";")[0] for line in lines] == [f"{done} of 12 networks" for done in (4, 8, 12)]
    assert lines[-1].endswith("about 0 s left")


GOOD_X, GOOD_Y = "learning_rate=1e-3:1:4", "l2=0:1:3"


@pytest.mark.parametrize(
    ("x", "y", "more", "words"),
    [
        ("lerning_rate=1:2:3", GOOD_Y, [], "--x: unknown key 'lerning_rate'. Did you mean 'learning_rate'?"),
        ("activation=1:2:3", GOOD_Y, [], "--x activation: expected the key of a number"),
        (GOOD_X, "l2=1:0:3", [], "--y network.l2: expected LOW below HIGH, got 1:0."),
        (GOOD_X, GOOD_Y, ["--log"], "--y network.l2: expected a LOW above 0 for a logarithmic axis, got 0."),
        (GOOD_X, "l2=0:1:1", [], "--y network.l2: expected at least 2 levels, got 1."),
        (GOOD_X, GOOD_X, [], "--y training.optimizer.learning_rate: the other axis has this key too."),
        ("learning_rate", GOOD_Y, [], "--x learning_rate: expected KEY=LOW:HIGH:N"),
        ("learning_rate=1:2", GOOD_Y, [], "--x learning_rate=1:2: expected KEY=LOW:HIGH:N"),
        (GOOD_X, "l2=a:1:3", [], "--y l2=a:1:3: expected a number, got 'a'."),
        (GOOD_X, "dropout=0:1.5:4", [], "network.dropout: expected a number below 1, got 1.5."),
        (GOOD_X, "batch_size=1:5000:4", [], "training.batch_size: expected at most 96"),
        (GOOD_X, "kernel_initializer.scale=1:2:4", [], "'glorot_uniform' has no argument 'scale'."),
        (GOOD_X, GOOD_Y, ["--show", "acuracy"], "--show acuracy: expected one of convergence, loss, accuracy"),
        (GOOD_X, GOOD_Y, ["--show", "mean_absolute_error"], "expected one of convergence, loss, accuracy"),
        (GOOD_X, GOOD_Y, ["--window", "1:2"], "--window 1:2: expected XLOW:XHIGH,YLOW:YHIGH"),
        (GOOD_X, GOOD_Y, ["--window", "2:1,0:1"], "--x training.optimizer.learning_rate: expected LOW below HIGH"),
        (GOOD_X, GOOD_Y, ["--set", "epochs=0"], "training.epochs: expected a whole number of at least 1, got 0."),
    ],
)
def test_what_makes_no_map_is_told_in_one_line(assay, study_file, tmp_path, x, y, more, words):
    """Exit code 2, and no folder is made."""
    told = assay("map", study_file, "--x", x, "--y", y, *more)
    assert told.code == 2
    *_, line = told.err.splitlines()
    assert line.startswith("assay: ")
    assert words in line
    assert not (tmp_path / "assay-runs").exists()


def test_an_axis_is_asked_for(assay, study_file):
    """Without two axes there is no plane."""
    told = assay("map", study_file, "--x", GOOD_X)
    assert told.code == 2
    assert "map: --y is missing." in told.err


def test_a_folder_of_another_map_is_told(assay, study_file):
    """One line, exit code 2."""
    assay("map", study_file, *AXES)
    told = assay("map", study_file, "--x", "learning_rate=1e-3:10:5:log", *AXES[2:])
    assert told.code == 2
    assert "assay-runs/tiny-map: this folder holds another map. What differs: x.count: there 4, here 5." in told.err
