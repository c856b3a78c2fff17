"""The four panels of a condition."""

from __future__ import annotations

import pytest

from assay.errors import StoreError
from assay.figures import four_panels
from assay.figures.style import write_figure


def test_there_is_a_panel_for_each_quantity(fading_and_level, tmp_path):
    """Pre-activations, kernel, activations, kernel gradient: a violin for each layer, by number."""
    figure = four_panels(fading_and_level, "start=level")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["pre-activations (z-values)", "kernel (weights)", "activations", "kernel gradient"]
    for axes in figure.axes:
        assert len(axes.collections[0].get_paths()) == 3
        assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "3"]
    assert figure.texts[0].get_text() == "start=level, before training"
    write_figure(figure, tmp_path / "panels.png")
    assert (tmp_path / "panels.png").stat().st_size > 10_000


def test_another_epoch_is_named(fading_and_level):
    """In the heading."""
    assert four_panels(fading_and_level, "start=level", epoch=2).texts[0].get_text() == "start=level, epoch 2"


def test_a_signal_that_fades_is_drawn_on_a_logarithmic_axis(fading_and_level):
    """A thousandth in each layer cannot be seen on a linear one."""
    scales = [axes.get_yscale() for axes in four_panels(fading_and_level, "start=fading").axes]
    assert scales == ["symlog", "linear", "symlog", "symlog"]


def test_an_unknown_condition_is_told(fading_and_level):
    """With the near miss."""
    with pytest.raises(StoreError, match="Did you mean 'start=level'"):
        four_panels(fading_and_level, "level")
