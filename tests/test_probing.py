"""`probe(study)`: the epoch-0 laboratory."""

from __future__ import annotations

import json

import pytest

import assay
from assay.errors import CapacityError, StudyError


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
    """Two shapes are two programs; where a signal explodes theory falls silent and the measurement counts it."""
    deep = tiny_study(network={"activation": "exponential"}, vary={"network.hidden": [[8] * 4, [4]]})
    told = assay.probe(deep).summary()
    assert len(told["conditions"]) == 2
    last = told["conditions"][0]["layers"][-1]
    assert "errors" not in last["theory"]
    assert last["preactivations"].keys() == {"mean", "std", "rms"}


def test_what_does_not_fit_in_memory_is_refused_before_it_is_drawn(study, monkeypatch):
    """As in a run."""
    monkeypatch.setattr("assay.planning.available_memory", lambda: 10**6)
    with pytest.raises(CapacityError, match=r"expected to fit in the 1\.0 MB"):
        assay.probe(study)


# ---- options and printing


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"x": [[1.0]]}, "probe: x is for a model of your own. A study has it in its data: change it there."),
        ({"y": [1.0]}, "probe: y is for a model of your own. A study has it in its data"),
        ({"loss": "mean_squared_error"}, "probe: loss is for a model of your own. A study has it in training.loss"),
        ({"optimizer": "sgd"}, "A study has it in training.optimizer"),
        ({"steps": 3}, "A study has it in training.epochs and training.batch_size"),
        ({"rows": 0}, "probe.rows: expected a whole number of at least 1, got 0."),
        ({"rows": "three"}, "probe.rows: expected a whole number, got 'three'."),
    ],
)
def test_an_option_that_a_study_has_no_use_for_is_refused(study, options, words):
    """Nothing that is given is ignored in silence."""
    with pytest.raises(StudyError) as told:
        assay.probe(study, **options)
    assert words in str(told.value)


def test_a_study_is_looked_at_on_as_many_rows_as_are_asked_for(study, tiny_study):
    """`rows` does what the study's own table does."""
    asked = assay.probe(study, rows=3)
    written = assay.probe(tiny_study(probe={"epochs": [0], "rows": 3}))
    assert asked.signals.equals(written.signals)
    counted = asked.histograms.filter(layer=1, quantity="preactivations")["counts"].list.sum()
    assert set(counted) == {3 * 4}  # three examples of four hidden units


def test_an_option_that_there_is_not_is_refused():
    """As Python refuses it of any function."""
    with pytest.raises(TypeError, match="rwos"):
        assay.probe("digits", rwos=3)


def test_a_report_prints_its_verdicts_and_findings_in_words(tiny_study):
    """One line a condition with the forecast, and each finding with what was seen, why, and what to do."""
    report = assay.probe(tiny_study(network={"kernel_initializer": "zeros"}))
    lines = str(report).splitlines()
    assert lines[0] == "tiny: before training, 2 seeds."
    [relu] = [line for line in lines if line.startswith("activation=relu: ")]
    assert relu.startswith("activation=relu: unhealthy. Will it learn within its epochs? Probably")
    assert relu.endswith(" % chance.")
    [finding, *_] = report.findings["activation=relu"]
    assert lines[lines.index(relu) + 1] == "  The signal is not kept."
    at = lines.index(f"  {finding.symptom.replace('_', ' ')}")
    assert lines[at : at + 4] == [
        f"  {finding.symptom.replace('_', ' ')}",
        f"    seen: {finding.evidence.text}",
        f"    cause: {finding.cause}",
        f"    remedy: {finding.remedy.text}",
    ]


def test_findings_print_as_sentences(tiny_study, report):
    """And they stay a dict from the condition's name to its findings."""
    ill = assay.probe(tiny_study(network={"kernel_initializer": "zeros"})).findings
    for printed in (str(ill), repr(ill)):
        assert "activation=tanh: " in printed
        assert "\n  symmetry\n    seen: " in printed
        assert "    remedy: " in printed
        assert "Finding(" not in printed
    assert isinstance(ill, dict)
    assert ill.keys() == {"activation=relu", "activation=tanh"}
    healthy = {name: found for name, found in report.findings.items() if not found}
    for name in healthy:
        assert f"{name}: nothing found" in str(report.findings)
