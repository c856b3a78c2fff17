"""Learning curves: the data first, then what is drawn of them."""

from __future__ import annotations

import statistics

import pytest

from assay.errors import StoreError
from assay.figures import learning_curves
from assay.figures.learning_curves import SPLITS, curve_data
from assay.figures.style import BLUE, VERMILLION
from assay.results import open_results
from assay.store import Store


def wide_study(synthetic):
    """Six activations × six initializers."""
    return synthetic.factorial_study(
        vary={
            "network.activation": ["relu", "tanh", "sigmoid", "selu", "gelu", "elu"],
            "network.kernel_initializer": [
                *["glorot_uniform", "he_normal", "he_uniform", "lecun_normal", "orthogonal"],
                {"name": "random_normal", "stddev": 1.0},
            ],
        }
    )


def panels(figure, metric):
    """The panels of a metric, by title."""
    block = len(figure.axes) // 2
    axes = figure.axes[:block] if metric == "loss" else figure.axes[block:]
    return {panel.get_title(loc="left"): panel for panel in axes}


def test_curves_are_mean_and_range_of_the_trials_that_did_not_diverge(tmp_path, synthetic):
    """Means, lows and highs equal those of plain lists; the diverged trial is left out from its first epoch on."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study(), diverged=[(0, 1)])
    curves = curve_data(results)
    name = results.conditions[0].name
    keys = ("condition", "split", "metric", "phase", "epoch")
    for epoch in (1, 2, 9):
        place = (name, "validation", "loss", "select", epoch)
        values = [
            row["value"]
            for row in results.history.iter_rows(named=True)
            if tuple(row[key] for key in keys) == place and row["seed"] != 1
        ]
        row = curves.table.filter(condition=name, split="validation", metric="loss", epoch=epoch).row(0, named=True)
        assert row["mean"] == pytest.approx(statistics.mean(values))
        assert (row["low"], row["high"], row["seeds"]) == (min(values), max(values), 2)
    assert curves.notes == {name: "1 of 3 diverged"}


def test_a_panel_shows_both_splits_the_best_epoch_and_the_baseline(tmp_path, synthetic):
    """Training is blue and dashed, validation vermillion and solid, the dot is at the best epoch."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study())
    curves = curve_data(results)
    panel = panels(learning_curves(results), "loss")["relu, he_normal"]
    baseline, train, validation, best_line, best_dot = panel.get_lines()
    assert (train.get_color(), validation.get_color()) == (BLUE, VERMILLION)
    assert train.get_linestyle() == "--"
    best = curves.best[results.conditions[1].name]
    assert list(best_line.get_xdata()) == [best.epoch, best.epoch]
    at = curves.table.filter(condition=results.conditions[1].name, split="validation", metric="loss", epoch=best.epoch)
    assert best_dot.get_xydata().tolist() == [[best.epoch, at["mean"][0]]]
    behind = curves.table.filter(condition=results.study.baseline_name(), split="validation", metric="loss")
    assert list(baseline.get_ydata()) == behind["mean"].to_list()
    assert len(panel.collections) == len(SPLITS)


def test_panels_of_a_metric_share_their_scales(tmp_path, synthetic):
    """Heights can be compared between panels, and everything drawn lies inside."""
    figure = learning_curves(synthetic.fill(tmp_path, synthetic.factorial_study()))
    for metric in ("loss", "accuracy"):
        shown = panels(figure, metric).values()
        assert len({(panel.get_xlim(), panel.get_ylim(), panel.get_yscale()) for panel in shown}) == 1
        for panel in shown:
            low, high = panel.get_ylim()
            curves = [line for line in panel.get_lines() if len(line.get_xdata()) > 2]
            assert all(low < value < high for line in curves for value in line.get_ydata())
    assert panel.get_ylim()[1] <= 1.01


def test_a_loss_over_a_wide_range_is_logarithmic(tmp_path, synthetic):
    """The synthetic loss falls from 1.8 to 0.03, more than a factor of 12."""
    figure = learning_curves(synthetic.fill(tmp_path, synthetic.factorial_study()))
    assert panels(figure, "loss")["relu, he_normal"].get_yscale() == "log"
    assert panels(figure, "accuracy")["relu, he_normal"].get_yscale() == "linear"


def test_a_condition_that_diverged_says_so_in_its_panel(tmp_path, synthetic):
    """A panel without curves is not just empty."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study(), diverged=[(1, 0), (1, 1), (1, 2), (3, 0)])
    shown = panels(learning_curves(results), "accuracy")
    assert shown["relu, he_normal"].texts[0].get_text() == "3 of 3 diverged"
    assert shown["tanh, glorot_uniform"].texts[0].get_text() == "1 of 3 diverged"
    assert shown["relu, glorot_uniform"].texts[0].get_text() == ""


def test_two_factors_make_rows_and_columns(tmp_path, synthetic):
    """In a factorial of six by six every row holds one activation, every column one initializer."""
    figure = learning_curves(synthetic.fill(tmp_path, wide_study(synthetic), epochs=4), metrics=["loss"])
    assert len(figure.axes) == 36
    rows = {}
    for panel in figure.axes:
        rows.setdefault(round(panel.get_position().y0, 3), []).append(panel.get_title(loc="left").split("\n")[0])
    assert len(rows) == 6
    assert all(len({title.split(",")[0] for title in titles}) == 1 for titles in rows.values())


def test_one_seed_has_no_band(tmp_path, synthetic):
    """A single curve pretends no range."""
    study = synthetic.factorial_study(vary={"network.activation": ["relu", "tanh"]}, design={"seeds": 1})
    figure = learning_curves(synthetic.fill(tmp_path, study))
    assert all(not panel.collections for panel in figure.axes)


def test_regression_shows_its_own_metric(tmp_path, synthetic):
    """Loss and mean absolute error take the places of loss and accuracy."""
    study = synthetic.factorial_study(vary={"network.activation": ["relu", "tanh"]}, design={"seeds": 2})
    figure = learning_curves(synthetic.fill(tmp_path, study, metrics=("loss", "mean_absolute_error")))
    assert [panel.get_ylabel() for panel in figure.axes[::2]] == ["loss", "mean absolute error"]


def test_conditions_can_be_chosen(tmp_path, synthetic):
    """Only the named ones are drawn; an unknown name is told with the near miss."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study())
    names = [condition.name for condition in results.conditions]
    assert len(learning_curves(results, conditions=names[:2], metrics=["loss"]).axes) == 2
    with pytest.raises(StoreError, match=f"no condition '{names[0]}s'. Did you mean '{names[0]}'"):
        learning_curves(results, conditions=[f"{names[0]}s"])


def test_a_running_study_can_be_drawn(tmp_path, synthetic):
    """Curves in flight are drawn as far as they go, conditions to come say so, and an empty study draws a sentence."""
    results = synthetic.fill(tmp_path / "running", synthetic.factorial_study(), ended=1)
    shown = panels(learning_curves(results), "loss")
    assert len(shown["relu, he_normal"].get_lines()[1].get_xdata()) == 6
    assert shown["tanh, he_normal"].texts[0].get_text() == "not begun"
    Store.open(tmp_path / "empty", synthetic.factorial_study(), {}).close()
    assert learning_curves(open_results(tmp_path / "empty")).texts[0].get_text() == "No epoch has been recorded yet."


def test_the_legend_lies_within_the_figure(tmp_path, synthetic):
    """With the least panels and the most to tell: two conditions, seeds, best epochs and a baseline."""
    study = synthetic.factorial_study(
        vary={"network.activation": ["relu", "tanh"]},
        design={"seeds": 3, "baseline": "activation=relu"},
    )
    figure = learning_curves(synthetic.fill(tmp_path, study))
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()][-1] == "baseline, validation"
    figure.canvas.draw()
    extent = legend.get_window_extent()
    assert 0 <= extent.x0 < extent.x1 <= figure.bbox.width
