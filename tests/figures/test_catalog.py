"""Pictures of the catalogue."""

from __future__ import annotations

import numpy as np
import pytest

from assay.catalog import catalog
from assay.choices import Choice
from assay.figures.catalog import catalog_figure, initializer_data, loss_data

NO_DISTRIBUTION = ("identity", "zeros", "ones", "constant", "pretrained", "autoencoder")


def test_a_loss_and_its_gradient():
    """Of the squared error with target 1: (y - 1)² and 2 (y - 1)."""
    curve = loss_data(Choice("mean_squared_error"))
    assert curve.value == pytest.approx((curve.y - 1) ** 2, abs=1e-5)
    assert curve.slope == pytest.approx(2 * (curve.y - 1), abs=1e-5)


def test_the_other_output_of_a_cross_entropy_is_the_rest():
    """Outputs y and 1 - y with target (1, 0): -log(y), which is that of binary cross-entropy."""
    curve, binary = loss_data(Choice("categorical_crossentropy")), loss_data(Choice("binary_crossentropy"))
    assert curve.value == pytest.approx(-np.log(curve.y), abs=1e-5)
    assert curve.value == pytest.approx(binary.value, abs=1e-5)
    assert curve.beside == "y₂ = 1 - y"


def test_a_percentage_is_shown_as_a_share():
    """Both curves are divided by 100, which the panel says."""
    curve = loss_data(Choice("mean_absolute_percentage_error"))
    assert curve.scale == 100
    assert curve.value == pytest.approx(np.abs(curve.y - 1), abs=1e-5)


def test_entries_are_those_of_a_drawn_kernel():
    """He: variance 2 / 300."""
    entries = initializer_data(Choice("he_normal"))
    assert entries.size == 300 * 100
    assert entries.var() == pytest.approx(2 / 300, rel=0.03)


@pytest.mark.parametrize("kind", ["activations", "initializers", "losses"])
def test_a_sheet_has_a_panel_for_each_name(kind):
    """In the order of the catalogue; initializers without a distribution have none."""
    names = [entry.name for entry in catalog(kind)][:7]
    figure = catalog_figure(kind, names)
    titles = [axes.get_title(loc="left").split(" ")[0] for axes in figure.axes]
    assert titles == [name for name in names if kind != "initializers" or name not in NO_DISTRIBUTION]


def test_what_is_no_curve_has_no_picture():
    """Optimizers, and initializers without a distribution."""
    assert catalog_figure("optimizers", ["adam"]) is None
    assert catalog_figure("initializers", ["zeros"]) is None
