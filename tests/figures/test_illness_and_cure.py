"""Two networks side by side."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assay.errors import StoreError
from assay.figures import SignalTables, courses_of_illness_and_cure, illness_and_cure
from assay.figures.illness_and_cure import course_data
from assay.figures.style import write_figure


def headings(figure):
    """The text above the panels, in order."""
    return [text.get_text() for text in figure.texts if text.get_text()]


def test_each_side_has_four_panels_on_shared_scales(fading_and_level, tmp_path):
    """The ill one is on the left; the two panels of a quantity have the same limits, whatever each alone would need."""
    figure = illness_and_cure(fading_and_level, "start=fading", "start=level")
    ill, cured = figure.axes[:4], figure.axes[4:]
    assert [axes.get_title(loc="left") for axes in ill] == [axes.get_title(loc="left") for axes in cured]
    assert all(left.get_position().x1 < right.get_position().x0 for left, right in zip(ill, cured, strict=True))
    assert all(left.get_ylim() == right.get_ylim() for left, right in zip(ill, cured, strict=True))
    assert headings(figure) == ["illness", "start=fading", "cure", "start=level"]
    write_figure(figure, tmp_path / "pair.png")
    assert (tmp_path / "pair.png").stat().st_size > 10_000


def test_the_order_of_the_study_does_not_decide_which_side(fading_and_level):
    """What was named as the cure stands on the right."""
    figure = illness_and_cure(fading_and_level, "start=level", "start=fading")
    assert headings(figure) == ["illness", "start=level", "cure", "start=fading"]


def test_an_unknown_condition_is_told(fading_and_level):
    """With the near miss."""
    with pytest.raises(StoreError, match="Did you mean 'start=level'"):
        illness_and_cure(fading_and_level, "start=fading", "level")


def test_a_line_of_the_loss_is_a_seed(tmp_path, synthetic):
    """Every seed's curve is in the data as the history has it, for both splits; a diverged one ends in NaN or early."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study())
    illness, cure = (condition.name for condition in results.conditions[:2])
    data = course_data(results, illness, cure)
    lines = data.losses[cure, "validation"]
    assert len(lines) == 3
    trial = results.trials.filter(condition=cure)["trial"][0]
    history = results.history.filter(trial=trial, phase="select", split="validation", metric="loss").sort("epoch")
    assert any(np.array_equal(values, history["value"].to_numpy()) for _, values in lines)


def test_shared_settings_are_left_out_of_the_headings(tmp_path, synthetic):
    """Two conditions that differ in one factor are named by it alone."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study())
    by_first = {}
    for condition in results.conditions:
        by_first.setdefault(condition.name.split(", ")[0], []).append(condition.name)
    illness, cure = next(iter(by_first.values()))[:2]
    figure = courses_of_illness_and_cure(results, illness, cure, chance=0.7)
    assert headings(figure) == ["illness", illness.split(", ")[1], "cure", cure.split(", ")[1]]


def test_chance_is_a_line_within_the_panel(tmp_path, synthetic):
    """Both panels reach to it and share their scale."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study())
    illness, cure = (condition.name for condition in results.conditions[:2])
    left, right = courses_of_illness_and_cure(results, illness, cure, chance=50.0).axes
    assert left.get_ylim() == right.get_ylim()
    assert left.get_ylim()[1] > 50.0
    assert [50.0, 50.0] in [list(line.get_ydata()) for line in left.get_lines()]


def test_the_cosine_is_drawn_where_it_is_asked_for(make_tables, normal_arrays):
    """A row below the panels, a point for each layer: the mean over seeds of what was recorded."""
    tables = make_tables(normal_arrays({"start=one": 1.0, "start=two": 1.0}))
    places = tables.signals.filter(quantity="preactivations", statistic="mean")
    cosines = places.with_columns(quantity=pl.lit("correlation"), value=pl.col("layer") * 0.1 + pl.col("seed") * 0.2)
    both = SignalTables(pl.concat([tables.signals, cosines]), tables.histograms, tables.conditions)
    figure = illness_and_cure(both, "start=one", "start=two", with_correlation=True)
    below = [axes for axes in figure.axes if axes.get_title(loc="left") == "mean cosine between examples"]
    assert len(below) == 2
    assert below[0].get_lines()[0].get_ydata() == pytest.approx([0.2, 0.3, 0.4])
