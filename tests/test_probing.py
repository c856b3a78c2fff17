"""`probe(study)`: the epoch-0 laboratory."""

from __future__ import annotations

import json

import pytest

import assay
from assay.errors import CapacityError


@pytest.fixture(scope="module")
def study(tiny_study):
    """Two activations from two seeds, all rows looked at."""
    return tiny_study(probe={"epochs": [0]})


@pytest.fixture(scope="module")
def report(study):
    return assay.probe(study)


def test_what_is_probed_is_what_a_run_begins_with(study, report, tmp_path):
    """The signals and histograms are those that `run` records at epoch 0, to the bit."""
    results = assay.run(study, tmp_path / "run")
    keys = ["trial", "layer", "quantity", "statistic"]
    assert report.signals.sort(keys).equals(results.signals.sort(keys).select(report.signals.columns))
    keys = ["trial", "layer", "quantity"]
    columns = report.histograms.columns
    assert report.histograms.sort(keys).equals(results.histograms.sort(keys).select(columns))


def test_the_summary_has_each_layer_with_theory_beside_it(study, report):
    """Means over seeds, as in the tables; what is not a number is null, so that any reader takes it."""
    told = json.loads(json.dumps(report.summary(), allow_nan=False))
    assert told["study"] == "tiny"
    assert [entry["settings"] for entry in told["conditions"]] == [
        {"network.activation": "relu"},
        {"network.activation": "tanh"},
    ]
    for entry in told["conditions"]:
        assert [layer["layer"] for layer in entry["layers"]] == [1, 2]
        for layer in entry["layers"]:
            rows = report.signals.filter(condition=entry["condition"], layer=layer["layer"], quantity="errors")
            assert layer["errors"]["rms"] == pytest.approx(rows.filter(statistic="rms")["value"].mean())
            assert 0.2 < layer["preactivations"]["std"] / layer["theory"]["preactivations"]["std"] < 5
            assert {"dead_units", "saturation", "identical_units", "correlation", "update"} <= layer.keys()
        assert "activations" not in entry["layers"][1]["theory"]  # of a softmax


def test_nothing_is_written(study, tmp_path, monkeypatch):
    """A look at untrained networks leaves no folder behind."""
    monkeypatch.chdir(tmp_path)
    assay.probe(study)
    assert list(tmp_path.iterdir()) == []


def test_the_wall_has_a_row_for_each_condition(report):
    """Four panels for each of two conditions."""
    assert len([axes for axes in report.plot().axes if axes.get_visible()]) == 2 * 4


def test_several_populations_and_exploding_signals_are_probed_too(tiny_study):
    """Two widths are two programs; where a signal explodes theory falls silent and the measurement counts it."""
    wide = tiny_study(
        network={"hidden": [8] * 4, "activation": "exponential"},
        vary={"network.hidden": [[8] * 4, [16] * 4]},
    )
    told = assay.probe(wide).summary()
    assert len(told["conditions"]) == 2
    last = told["conditions"][0]["layers"][-1]
    assert "errors" not in last["theory"]
    assert last["preactivations"].keys() == {"mean", "std", "rms"}


def test_what_does_not_fit_in_memory_is_refused_before_it_is_drawn(study, monkeypatch):
    """As in a run."""
    monkeypatch.setattr("assay.planning.available_memory", lambda: 10**6)
    with pytest.raises(CapacityError, match=r"expected to fit in the 1\.0 MB"):
        assay.probe(study)
