"""What is left of the targets of a regression."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from assay.analysis.error_analysis import residuals_of
from assay.data.scaling import Scaling


@pytest.fixture
def draws():
    return np.random.default_rng(0)


def test_numbers_are_those_of_scikit_learn(make_answers, draws):
    """In the unit of the target, column by column."""
    targets, outputs = draws.normal(size=(2, 50, 2))
    scaling = Scaling("standard", np.array([5.0, 0.0]), np.array([2.0, 10.0]))
    first, second = residuals_of(make_answers("regression", ["y", "z"], targets, outputs, scaling=scaling))
    assert (first.name, second.name) == ("y", "z")
    truth, said = 10 * targets[:, 1], 10 * outputs[:, 1]
    assert second.mean_absolute_error == pytest.approx(mean_absolute_error(truth, said))
    assert second.root_mean_squared_error == pytest.approx(root_mean_squared_error(truth, said))
    assert second.r2 == pytest.approx(r2_score(truth, said))
    assert first.residual == pytest.approx(2 * (targets - outputs)[:, 0])


def test_targets_that_rise_half_as_much_have_a_slope_of_one_half(make_answers, draws):
    """With a little noise, in a narrow interval."""
    said = np.linspace(0, 10, 40)
    truth = 0.5 * said + 0.01 * draws.normal(size=40)
    [found] = residuals_of(make_answers("regression", ["y"], truth[:, None], said[:, None]))
    assert found.slope.low < 0.5 < found.slope.high
    assert found.slope.high - found.slope.low < 0.01


def test_errors_that_grow_with_the_prediction_have_a_positive_rank_correlation(make_answers, draws):
    """It is Spearman's of the absolute residual."""
    said = np.linspace(1, 10, 60)
    truth = said + said * draws.normal(size=60)
    [found] = residuals_of(make_answers("regression", ["y"], truth[:, None], said[:, None]))
    assert found.spread > 0.3
    assert found.spread_p < 0.01


def test_of_few_rows_nothing_is_said_of_the_prediction(make_answers):
    """And targets that are all equal have no R²."""
    [found] = residuals_of(make_answers("regression", ["y"], np.ones((5, 1)), np.arange(5.0)[:, None]))
    assert found.slope is None
    assert found.spread is None
    assert found.r2 is None


def test_rows_that_are_not_finite_are_left_out(make_answers):
    """Numbers are of the others."""
    [found] = residuals_of(make_answers("regression", ["y"], [[1], [2]], [[np.nan], [1.5]]))
    assert found.residual.tolist() == [0.5]
    assert found.source_rows.tolist() == [99]
