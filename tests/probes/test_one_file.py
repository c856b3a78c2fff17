"""A quantity is one file: its record and its function, and every room picks it up."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import assay
from assay import probes
from assay.diagnosis import layer_signals
from assay.export.tables import write_tables
from assay.figures import study_figure_data
from assay.report import render_html
from assay.report.content import build_content

FILE = '''
"""The entries of the next update."""

from assay.probes.arrays import ArrayProbe
from assay.probes.quantity import DISTRIBUTION, SUMMARY, Quantity

UPDATES = Quantity(
    name="kernel_update",
    title="kernel update",
    meaning="the entries of the next update of the kernel",
    statistics=DISTRIBUTION,
    size="rms",
    colour="#56b4e9",
    per="parameter",
    parameter="kernel",
    has_histogram=True,
    after_update=DISTRIBUTION,
    panel=5,
    over_epochs=True,
    told=SUMMARY,
)


PROBES = (ArrayProbe((UPDATES,)),)
'''


@pytest.fixture
def one_more(tmp_path, monkeypatch):
    """A folder of the package with two files: the example of docs/signals.md, and a distribution."""
    folder = tmp_path / "more"
    folder.mkdir()
    page = (Path(__file__).parents[2] / "docs" / "signals.md").read_text(encoding="utf-8")
    [example] = [block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "Quantity(" in block]
    for name, text in {"example": example, "one_more": FILE}.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(probes, "__path__", [*probes.__path__, str(folder)])
    probes.all_probes.cache_clear()
    yield
    probes.all_probes.cache_clear()
    for name in ("example", "one_more"):
        sys.modules.pop(f"assay.probes.{name}", None)
        vars(probes).pop(name, None)


@pytest.fixture
def results(one_more, tiny_study, tmp_path):
    """Two conditions from two seeds, looked at before training and after each of two epochs."""
    return assay.run(tiny_study(training={"epochs": 2}, probe={"epochs": "all"}), tmp_path / "run")


def test_the_tables_hold_it(results):
    """The largest magnitude is that of the extremes, and the update has the size that its ratio to the kernel says."""
    assert [quantity.name for quantity in probes.quantities()][-2:] == ["kernel_update", "largest_activation"]
    keys = {"trial": 0, "epoch": 2, "layer": 1}

    def value(quantity, statistic):
        return results.signals.filter(**keys, quantity=quantity, statistic=statistic)["value"].item()

    ends = [abs(value("activations", statistic)) for statistic in ("minimum", "maximum")]
    assert value("largest_activation", "magnitude") == max(ends)
    ratio = value("kernel_update", "rms") / value("kernel", "rms")
    assert ratio == pytest.approx(value("update", "ratio"), rel=1e-5)
    counts = results.histograms.filter(**keys, quantity="kernel_update")["counts"].item()
    assert counts.sum() == 4 * 4  # the kernel of four features and four units


def test_figures_show_it_where_its_record_says(results):
    """A fifth column of the wall, a third line by layer, a figure through training; in JSON and as drawn."""
    found = {figure.name: figure for figure in study_figure_data(results)}
    told = json.loads(json.dumps(found["wall"].written(), allow_nan=False))
    assert [quantity["name"] for quantity in told["quantities"]][-1] == "kernel_update"
    top = [axes.get_title(loc="left") for axes in found["wall"].draw().axes[:5]]
    assert top[-1] == "kernel update"
    lines = found["profiles"].draw().axes[0].get_lines()
    assert "#e69f00" in [line.get_color() for line in lines]
    assert "largest activation: magnitude" in [
        text.get_text() for text in found["profiles"].draw().legends[0].get_texts()
    ]
    bands = found["over_epochs_kernel_update"]
    assert bands.written()["quantity"]["colour"] == "#56b4e9"
    assert "Kernel update through training" in [text.get_text() for text in bands.draw().texts]


def test_the_page_has_its_figure(results):
    """With its title and the words for who cannot see it."""
    page = render_html(build_content(results))
    assert "<h3>Kernel update over epochs</h3>" in page
    assert "activations, kernel gradient and kernel update by layer" in page


def test_the_plain_tables_hold_it(results, tmp_path):
    """In CSV as in the store."""
    write_tables(results, tmp_path / "csv", "csv")
    for table in ("signals", "histograms"):
        assert "kernel_update" in (tmp_path / "csv" / f"{table}.csv").read_text(encoding="utf-8")


def test_tensorboard_has_its_tags(results, tmp_path):
    """Scalars of each layer, and the distribution."""
    pytest.importorskip("tensorboard", reason="needs the extra: pip install 'assay[tensorboard]'")
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    from assay.export.tensorboard import write_tensorboard

    [run] = [folder for folder in write_tensorboard(results, tmp_path / "logs") if folder.parts[-2:] == RUN]
    [path] = run.iterdir()
    tags = {value.tag for event in LegacyEventFileLoader(str(path)).Load() for value in event.summary.value}
    assert {"largest_activation_magnitude/layer_1", "kernel_update_rms/layer_2", "kernel_update/layer_1"} <= tags
    assert not any("quantile" in tag for tag in tags)


RUN = ("train_relu", "seed_0")


def test_rules_can_read_it(results):
    """A number for each layer."""
    measured = layer_signals(results.signals)[0, 1]
    assert np.isfinite(measured("largest_activation", "magnitude")).all()


def test_the_command_line_prints_its_column(one_more, tmp_path, monkeypatch, capsys):
    """And `--json` has its numbers."""
    from assay.cli.main import main

    study = tmp_path / "small.toml"
    study.write_text('name = "small"\ndata = "iris"\n[network]\nhidden = [4]\n', encoding="utf-8")

    def told(*arguments):
        monkeypatch.setattr(sys, "argv", ["assay", "probe", str(study), "--seeds", "1", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return capsys.readouterr().out

    assert "largest" in told()
    layer = json.loads(told("--json"))["conditions"][0]["layers"][0]
    assert layer["largest_activation"].keys() == {"magnitude"}
    assert layer["kernel_update"].keys() == {"mean", "std", "rms"}


def test_a_model_of_ones_own_is_measured_too(one_more):
    """And what speaks of the update is left out where the optimizer is not known."""
    import keras

    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2, "tanh"), keras.layers.Dense(1)])
    x = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    report = assay.probe(model, x, x[:, :1], loss="mse")
    assert "largest_activation" in set(report.signals["quantity"])
    for table in (report.signals, report.histograms):
        assert "kernel_update" not in set(table["quantity"])
