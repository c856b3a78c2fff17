"""The decision boundary of networks of two features."""

from __future__ import annotations

import numpy as np
import pytest

from assay.data import load
from assay.errors import StoreError
from assay.figures import decision_boundary
from assay.figures.decision_boundary import GRID_POINTS, MOST_CONDITIONS, MOST_DOTS, boundary_data, draw_boundary

MOONS = {"name": "moons", "arguments": {"rows": 300}}


def names(results):
    return [condition.name for condition in results.conditions]


def test_the_untrained_network_follows_from_the_seed(kept_results):
    """It is the one that the engine draws, which is what these folders keep as if it were trained."""
    results = kept_results(MOONS)
    for before, after in boundary_data(results, names(results)).panels:
        assert (before.epoch, after.epoch, before.seed) == (0, 7, 1)
        np.testing.assert_allclose(before.outputs, after.outputs, atol=2e-5)


def test_an_autoencoder_has_learnt_before_epoch_0(kept_results):
    """From the rows of the phase in which the network was trained."""
    vary = {"network.kernel_initializer": [{"name": "autoencoder", "epochs": 1}]}
    results = kept_results(MOONS, vary=vary)
    [(before, after)] = boundary_data(results, names(results)).panels
    np.testing.assert_allclose(before.outputs, after.outputs, atol=2e-5)


def test_the_grid_is_in_the_unit_of_the_data(kept_results):
    """And is scaled as rows are before a network sees it."""
    results = kept_results({**MOONS, "scaling": "standard"})
    data = boundary_data(results, names(results))
    dataset = load(results.conditions[0].data.request())
    raw = dataset.x_train * dataset.preparation.scaling.scale + dataset.preparation.scaling.offset
    assert data.x[0] < raw[:, 0].min() < raw[:, 0].max() < data.x[-1]
    point = dataset.preparation.apply(np.array([[data.x[3], data.y[40]]]))
    said = results.model(names(results)[0]).outputs(point)[0]
    np.testing.assert_allclose(data.panels[0][1].outputs[40, 3], said, atol=2e-5)


def test_points_are_training_rows_with_their_classes(kept_results):
    """Some of them where there are many."""
    results = kept_results(MOONS)
    data = boundary_data(results, names(results))
    assert len(data.points) == MOST_DOTS
    assert data.note == "150 of 192 training rows"
    assert set(data.targets) == {0, 1}
    assert data.class_names == ["0", "1"]
    assert data.written()["x"][0] == data.x[0]


def test_all_panels_share_their_axes(kept_results):
    """Two of each condition; the boundary is a line where it lies within them."""
    figure = decision_boundary(kept_results(MOONS))
    assert len(figure.axes) == 4
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes}) == 1
    assert [text.get_text() for axes in figure.axes for text in axes.texts] == [
        *["relu", "before training", "epoch 7", "tanh", "before training", "epoch 7"]
    ]


def test_a_regression_has_one_scale_for_points_and_planes(kept_results, tmp_path):
    """The outputs are in the unit of the target."""
    draws = np.random.default_rng(0).normal(size=(80, 2))
    path = tmp_path / "plane.csv"
    lines = [f"{a:.4f},{b:.4f},{100 + 10 * a - 5 * b:.4f}" for a, b in draws]
    path.write_text("\n".join(["a,b,y", *lines]))
    results = kept_results({"path": str(path), "target_scaling": "standard"})
    data = boundary_data(results, names(results))
    assert data.class_names == []
    assert data.labels == ("a", "b")
    assert 60 < data.targets.min() < data.targets.max() < 140
    assert data.panels[0][1].outputs.min() > 0
    assert data.panels[0][1].outputs.shape == (GRID_POINTS, GRID_POINTS, 1)
    assert len(draw_boundary(data).axes) == 4


def test_of_many_conditions_the_first_are_drawn(kept_results):
    """And it says so."""
    rates = [0.001 * rate for rate in range(1, MOST_CONDITIONS + 3)]
    results = kept_results(MOONS, vary={"training.optimizer.learning_rate": rates})
    data = boundary_data(results, names(results))
    assert len(data.panels) == MOST_CONDITIONS
    assert data.note.endswith("the first 9 of 11 conditions")


def test_other_data_have_none(kept_results):
    """The message says what it takes, and what came."""
    with pytest.raises(
        StoreError,
        match="two columns of numbers and one class or one quantity to predict, got 4 features and multiclass",
    ):
        decision_boundary(kept_results("iris"))


def test_an_unknown_condition_is_told(kept_results):
    """With the near miss."""
    with pytest.raises(StoreError, match=r"no condition 'activation=rely'\. Did you mean"):
        decision_boundary(kept_results(MOONS), ["activation=rely"])
