"""What figures show, as JSON."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from assay.figures import signal_figure_data, study_figure_data
from assay.figures.distributions import LayerDistribution, SignalScale
from assay.figures.illness_and_cure import course_data, draw_courses, draw_illness_and_cure, pair_data
from assay.figures.learning_curves import curve_data, draw_curves
from assay.figures.over_epochs import draw_over_epochs, over_epochs_data
from assay.figures.overview import draw_overview, overview_data
from assay.figures.plane import PlaneAxis, PlaneLine, PlanePicture
from assay.figures.profiles import draw_profiles, profile_data
from assay.figures.wall import draw_wall
from assay.figures.written import plain, written_lines
from assay.results import open_results
from assay.store import Store


def as_a_page_reads_it(data) -> dict:
    """Through JSON and back; a number that JSON has not is an error."""
    return json.loads(json.dumps(data.written(), allow_nan=False))


def y_of(axes, color) -> list[list[float]]:
    """The heights of the lines of this colour, those with points."""
    return [list(line.get_ydata()) for line in axes.get_lines() if line.get_color() == color and len(line.get_ydata())]


def test_numbers_are_kept_and_what_is_not_finite_is_null():
    """Whatever holds them: arrays, NumPy's own numbers, dataclasses, tuples."""
    values = np.array([[1 / 3, np.nan], [np.inf, -0.1]])
    assert plain({"a": values, "b": (np.float32(0.1), np.int64(3), np.bool_(True), None, "word")}) == {
        "a": [[1 / 3, None], [None, -0.1]],
        "b": [float(np.float32(0.1)), 3, True, None, "word"],
    }
    assert plain(SignalScale(np.float64(-1.0), 2.0)) == {"low": -1.0, "high": 2.0, "linear_to": None}
    assert type(plain(np.float64(0.5))) is float


def test_a_long_table_is_written_as_lines():
    """One for each combination of the keys, in the order of the table."""
    table = pl.DataFrame({"name": ["b", "b", "a"], "layer": [1, 2, 1], "mean": [0.5, float("nan"), None]})
    assert written_lines(table, "name") == [
        {"name": "b", "layer": [1, 2], "mean": [0.5, None]},
        {"name": "a", "layer": [1], "mean": [None]},
    ]


@pytest.fixture
def study(tmp_path, synthetic, record_arrays, normal_arrays):
    """A results folder with signals of two epochs; one trial has diverged, and one layer has lost its values."""
    study = synthetic.factorial_study(vary={"network.activation": ["relu", "tanh"]}, design={"seeds": 2})
    results = synthetic.fill(tmp_path, study, diverged=[(1, 1)])
    names = [condition.name for condition in results.conditions]
    arrays = list(normal_arrays(dict.fromkeys(names, 1.0), epochs=2, size=50))
    lost = [(*row[:5], np.full(50, np.inf)) if row[:4] == (names[1], 1, 1, 3) else row for row in arrays]
    with Store.open(tmp_path, study, {"digits": synthetic.DATA_FINGERPRINT}) as store:
        store.write_signals(1, "select", 0, *record_arrays(lost))
    return open_results(tmp_path)


def test_every_figure_of_a_study_can_be_written(study):
    """With its name and its kind, and nothing that JSON has not."""
    found = {
        figure.name: json.loads(json.dumps(figure.written(), allow_nan=False)) for figure in study_figure_data(study)
    }
    kinds = {name: told["figure"] for name, told in found.items()}
    assert kinds == {
        "overview": "overview",
        "learning_curves": "learning_curves",
        "wall": "panels",
        "profiles": "profiles",
        "over_epochs_activations": "over_epochs",
        "over_epochs_kernel_gradient": "over_epochs",
    }
    assert all(told["name"] == name for name, told in found.items())


def test_a_study_that_has_only_begun_can_be_written_too(tmp_path, synthetic):
    """Its figures are empty."""
    Store.open(tmp_path, synthetic.factorial_study(), {}).close()
    found = {figure.name: figure.written() for figure in study_figure_data(open_results(tmp_path))}
    assert found["overview"]["rows"] == found["learning_curves"]["lines"] == []


def test_profiles_hold_the_lines_that_are_drawn(fading_and_level):
    """Layer by layer, in the colour that the quantity has on a page too."""
    data = profile_data(fading_and_level)
    told = as_a_page_reads_it(data)
    colours = {quantity["name"]: quantity["colour"] for quantity in told["quantities"]}
    panels = dict(zip(told["conditions"], draw_profiles(data).axes, strict=True))
    assert len(told["lines"]) == 4
    for line in told["lines"]:
        [drawn] = y_of(panels[line["condition"]], colours[line["quantity"]])
        assert drawn == line["mean"]
    assert all(tuple(told["y"]["limits"]) == axes.get_ylim() for axes in panels.values())


def test_bands_hold_the_quantiles_that_are_drawn(fading_and_level):
    """For each condition and layer by epoch."""
    data = over_epochs_data(fading_and_level, "activations")
    told = as_a_page_reads_it(data)
    panels = draw_over_epochs(data).axes
    medians = [list(axes.get_lines()[0].get_ydata()) for axes in panels]
    assert sorted(medians) == sorted(line["quantile_50"] for line in told["lines"])
    assert {(band["low"], band["high"]) for band in told["bands"]} <= {
        (low, high) for low in told["lines"][0] for high in told["lines"][0]
    }
    assert told["heading"] == "Activations through training"
    assert told["heading"] in [text.get_text() for text in draw_over_epochs(data).texts]


def test_panels_hold_each_violin(fading_and_level):
    """Edges and counts of every layer, with what was left out of them."""
    [wall, _, *_] = signal_figure_data(fading_and_level)
    told = as_a_page_reads_it(wall.data)
    for panel in told["panels"]:
        shown = wall.data.panels[panel["condition"], panel["quantity"]]
        again = [
            LayerDistribution(**(layer | {"edges": np.array(layer["edges"]), "counts": np.array(layer["counts"])}))
            for layer in panel["layers"]
        ]
        for layer, written in zip(shown, again, strict=True):
            np.testing.assert_array_equal(written.edges, layer.edges)
            np.testing.assert_array_equal(written.counts, layer.counts)
            assert (written.mean, written.std, written.theory) == (layer.mean, layer.std, layer.theory)
    titles = [axes.get_title(loc="left") for axes in draw_wall(wall.data).axes[:4]]
    assert titles == [quantity["title"] for quantity in told["quantities"]]


def test_learning_curves_hold_the_lines_that_are_drawn(study):
    """Each split of each condition, in its colour; the best epoch is told too."""
    data = curve_data(study)
    told = as_a_page_reads_it(data)
    panels = iter(draw_curves(data).axes)
    for metric in told["metrics"]:
        for condition in told["conditions"]:
            axes = next(panels)
            for line in told["lines"]:
                if (line["condition"], line["metric"]) == (condition, metric["metric"]):
                    assert line["mean"] in y_of(axes, told["colours"][line["split"]])
            assert axes.get_ylim() == tuple(metric["scale"]["values"])
            assert axes.get_ylabel() in ("", metric["label"])
    assert {name: best["epoch"] for name, best in told["best"].items()} == {
        name: best.epoch for name, best in data.best.items()
    }


def test_the_overview_holds_its_rows(study):
    """Mean, interval and every seed."""
    data = overview_data(study)
    told = as_a_page_reads_it(data)
    [axes] = draw_overview(data).axes
    assert told["x"]["label"] == axes.get_xlabel() == "test accuracy"
    means = [line.get_xdata()[0] for line in axes.get_lines() if line.get_markersize() == 7]
    assert means == [row["mean"] for row in told["rows"]]
    assert [len(row["seeds"]) for row in told["rows"]] == [len(row.seeds) for row in data.rows]


def test_two_networks_side_by_side_hold_their_names_and_cosines(make_tables, normal_arrays):
    """The panels of both; the cosine of each layer where it is drawn."""
    tables = make_tables(normal_arrays({"a": 0.1, "b": 1.0}))
    row = {"trial": 0, "seed": 0, "epoch": 0, "quantity": "correlation", "statistic": "mean"}
    cosines = [
        row | {"condition": name, "layer": layer + 1, "value": [0.2, 0.4, 0.9][layer]}
        for name in "ab"
        for layer in range(3)
    ]
    signals = pl.concat([tables.signals, pl.DataFrame(cosines).select(tables.signals.columns)])
    data = pair_data(type(tables)(signals, tables.histograms, tables.conditions), "b", "a", with_correlation=True)
    told = as_a_page_reads_it(data)
    assert (told["figure"], told["illness"], told["cure"]) == ("illness_and_cure", "b", "a")
    below = [
        axes
        for axes in draw_illness_and_cure(data).axes
        if axes.get_title(loc="left") == told["cosines"]["quantity"]["title"]
    ]
    assert [list(axes.get_lines()[0].get_ydata()) for axes in below] == [
        told["cosines"]["by_layer"][name] for name in "ba"
    ]


def test_two_trainings_hold_the_loss_of_each_seed(study):
    """Null from where the loss is not finite; a share that was asked for is there by epoch and layer."""
    first, second = (condition.name for condition in study.conditions)
    data = course_data(study, second, first, chance=2.0)
    told = as_a_page_reads_it(data)
    assert sum(None in line["value"] for line in told["losses"]) == 2  # both splits of the trial that diverged
    drawn = y_of(draw_courses(data).axes[1], told["colours"]["validation"])
    expected = [line["value"] for line in told["losses"] if (line["condition"], line["split"]) == (first, "validation")]
    assert drawn == expected
    assert (told["chance"], told["share"]) == (2.0, None)


def test_a_plane_tells_what_diverged_from_what_is_not_known():
    """Both are null among the values; the places of those that diverged are a list, row and column."""
    axis = PlaneAxis("network.l2", np.array([0.1, 1.0, 10.0]), True)
    values = np.array([[0.5, np.inf], [np.nan, 1 / 3]])
    line = PlaneLine("χ₁ = 1", [np.array([[0.1, 1.0], [2.0, 3.0]])])
    told = as_a_page_reads_it(PlanePicture("name", "note", axis, axis, "mean_absolute_error", values, [line]))
    assert told["values"] == [[0.5, None], [None, 1 / 3]]
    assert told["diverged"] == [[0, 1]]
    assert told["x"] == {"label": "network.l2", "edges": [0.1, 1.0, 10.0], "is_log": True}
    assert told["lines"] == [{"label": "χ₁ = 1", "pieces": [[[0.1, 1.0], [2.0, 3.0]]]}]
    assert told["label"] == "mean absolute error on the training rows"
