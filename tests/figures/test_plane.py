"""A plane of networks."""

from __future__ import annotations

import numpy as np
import pytest

from assay.figures.plane import MISSING, PlaneAxis, PlaneLine, PlanePicture, draw_plane, nearness


def picture(values, quantity="convergence", lines=(), is_log=True):
    """A picture of some values over decades, or over equal steps."""
    rows, columns = values.shape
    ends = (lambda count: 10.0 ** np.arange(count + 1)) if is_log else (lambda count: np.arange(count + 1.0))
    x, y = PlaneAxis("network.l2", ends(columns), is_log), PlaneAxis("network.depth", ends(rows), is_log)
    return PlanePicture("name", "note", x, y, quantity, values, list(lines))


def drawn(figure):
    """The colours of the cells, (Y, X, 4)."""
    [mesh] = figure.axes[0].collections
    mesh.update_scalarmappable()
    return mesh.get_facecolor().reshape(*mesh.get_array().shape, 4)


def test_cells_are_ranked_on_their_side_of_the_boundary():
    """From −1, learns at once, to 1, diverges at once; slow ones are near 0, equal ones share a rank."""
    values = np.array([[-1.0, -50.0, -400.0, -400.0], [480.0, 3.0, 1e-6, np.nan]])
    np.testing.assert_allclose(
        nearness(values), [[-7 / 8, -5 / 8, -2 / 8, -2 / 8], [1 / 6, 3 / 6, 5 / 6, np.nan]], equal_nan=True
    )


def test_one_side_may_be_empty():
    """Where all learn, or none does, one range of colours serves for all."""
    assert (nearness(np.array([[-1.0, -2.0]])) < 0).all()
    assert (nearness(np.array([[1.0, 2.0]])) > 0).all()
    assert np.isnan(nearness(np.full((2, 2), np.nan))).all()
    for values in (np.array([[-1.0, -2.0]]), np.array([[1.0, 2.0]]), np.full((2, 2), np.nan)):
        draw_plane(picture(values))


def test_the_boundary_can_be_seen():
    """Blue on the side that learns, red to yellow on the other, even where the two are as near as can be."""
    figure = draw_plane(picture(np.array([[-0.0, -100.0, -499.9], [499.9, 100.0, 1e-6]])))
    colours = drawn(figure)
    assert (colours[0, :, 2] > colours[0, :, 0]).all()
    assert (colours[1, :, 0] > colours[1, :, 2]).all()
    texts = [text.get_text() for text in figure.axes[1].texts]
    assert texts == ["at once", "slowly", "at once", "learns (50 %)", "does not learn (50 %)"]


def test_each_cell_lies_at_its_levels():
    """Rows upwards, columns to the right, on the scales of the axes, whose names are the keys."""
    values = np.arange(6.0).reshape(2, 3) - 2.5
    [axes, _] = draw_plane(picture(values)).axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert (axes.get_xlim(), axes.get_ylim()) == ((1, 1000), (1, 100))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("network.l2", "network.depth")
    np.testing.assert_array_equal(axes.collections[0].get_array(), nearness(values))
    [axes, _] = draw_plane(picture(values, is_log=False)).axes
    assert (axes.get_xscale(), axes.get_xlim()) == ("linear", (0, 3))


def test_a_zoom_has_numbers_on_its_axes():
    """Where an axis spans less than a decade, or a few, powers of ten are too few; ticks are at round numbers."""
    for low, high, shown in [(0.21, 0.24, "0.22"), (0.1, 2.0, "0.5"), (1e-3, 1e3, "$\\mathdefault{10^{1}}$")]:
        axis = PlaneAxis("l2", np.geomspace(low, high, 4), True)
        figure = draw_plane(PlanePicture("", "", axis, axis, "loss", np.ones((3, 3)), []))
        figure.canvas.draw()
        assert shown in [label.get_text() for label in figure.axes[0].get_xticklabels()]


@pytest.mark.parametrize("quantity", ["accuracy", "loss", "mean_absolute_error"])
def test_other_quantities_have_a_scale_of_colours(quantity):
    """With a bar that names them; what diverged has no colour, which the legend says."""
    values = np.array([[0.2, 0.4], [0.9, np.inf]])
    figure = draw_plane(picture(values, quantity))
    colours = drawn(figure)
    assert len({tuple(colour) for colour in colours.reshape(-1, 4)[:3]}) == 3
    assert figure.axes[0].collections[0].get_array().mask.tolist() == [[False, False], [False, True]]
    assert MISSING == "#d8dee4"
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["diverged to infinity"]
    assert figure.axes[1].get_xlabel() == f"{quantity.replace('_', ' ')} on the training rows"


def test_accuracy_has_the_same_colours_on_every_map():
    """From 0 to 1, whatever the best was."""
    low, high = (drawn(draw_plane(picture(np.array([[0.5, worst]]), "accuracy"))) for worst in (0.1, 0.4))
    np.testing.assert_array_equal(low[0, 0], high[0, 0])


def test_a_few_enormous_losses_do_not_take_all_colours():
    """The scale ends where 98 % of the networks do."""
    values = np.append(np.linspace(0.1, 1.0, 99), 1e30)[None]
    [axes, _] = draw_plane(picture(values, "loss")).axes
    assert axes.collections[0].norm.vmax < 2


def test_lines_are_named_and_drawn_in_the_units_of_the_axes():
    """Each piece in white on ink, and one entry in the legend."""
    pieces = [np.array([[1.0, 2.0], [10.0, 20.0]]), np.array([[100.0, 2.0], [500.0, 3.0]])]
    figure = draw_plane(picture(np.ones((2, 3)), lines=[PlaneLine("χ₁ = 1", pieces)]))
    lines = figure.axes[0].lines
    assert [line.get_color() for line in lines] == ["#24292f", "white"] * 2
    np.testing.assert_array_equal(lines[3].get_xydata(), pieces[1])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["χ₁ = 1"]


@pytest.mark.parametrize("cells", [3, 48, 96, 128, 1000, 1024])
def test_every_cell_has_as_many_dots_as_its_neighbour(cells):
    """The dots of the panel are a multiple of the cells along an axis, at least 160 an inch."""
    figure = draw_plane(picture(np.ones((cells, cells)), is_log=False))
    width = figure.axes[0].get_position().width * figure.get_figwidth() * figure.get_dpi()
    assert width / cells == pytest.approx(round(width / cells))
    assert figure.get_dpi() >= 160
