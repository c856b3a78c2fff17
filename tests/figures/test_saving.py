"""Files of figures."""

from __future__ import annotations

import pytest

from assay.figures import save_figures, save_signal_figures, study_figures
from assay.figures.saving import DRAWN_CONDITIONS, drawn_conditions
from assay.results import open_results
from assay.store import Store


def test_each_figure_is_a_png_and_an_svg(tmp_path, synthetic):
    """The folder is made, and every file is of its kind."""
    study = synthetic.factorial_study(vary={"network.activation": ["relu", "tanh"]}, design={"seeds": 2})
    paths = save_figures(synthetic.fill(tmp_path / "results", study), tmp_path / "new" / "figures")
    assert [path.name for path in paths] == [
        "overview.png",
        "overview.svg",
        "learning_curves.png",
        "learning_curves.svg",
    ]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths[::2])
    assert all(b"<svg" in path.read_bytes() for path in paths[1::2])


def test_many_conditions_get_a_figure_per_metric(tmp_path, synthetic):
    """Above six conditions loss and accuracy are parted."""
    study = synthetic.factorial_study(
        vary={"network.activation": ["relu", "tanh", "elu", "selu", "gelu", "sigmoid", "swish"]}, design={"seeds": 1}
    )
    names = [name for name, _ in study_figures(synthetic.fill(tmp_path, study))]
    assert names == ["overview", "learning_curves_loss", "learning_curves_accuracy"]


def test_a_large_study_is_drawn_by_its_best_conditions(tmp_path, synthetic):
    """Above a hundred conditions figures show the best few and the baseline; up to that all."""
    large = synthetic.fill_large(tmp_path / "large", synthetic.large_study(102)).summary()
    assert len(drawn_conditions(large).conditions) == DRAWN_CONDITIONS + 1
    assert drawn_conditions(large).conditions[-1].name == large.baseline
    small = synthetic.fill_large(tmp_path / "small", synthetic.large_study(100)).summary()
    assert drawn_conditions(small) is small


@pytest.mark.parametrize("epochs", [1, 2])
def test_recorded_signals_are_drawn_after_the_curves(tmp_path, synthetic, record_arrays, normal_arrays, epochs):
    """The wall and the profiles at the start; bands over epochs where there are several."""
    study = synthetic.factorial_study(vary={"network.activation": ["relu", "tanh"]}, design={"seeds": 2})
    results = synthetic.fill(tmp_path, study)
    levels = {condition.name: 1.0 for condition in results.conditions}
    with Store.open(tmp_path, study, {"digits": synthetic.DATA_FINGERPRINT}) as store:
        store.write_signals(1, "select", 0, *record_arrays(normal_arrays(levels, epochs=epochs, size=50)))
    names = [name for name, _ in study_figures(open_results(tmp_path))]
    over = ["over_epochs_activations", "over_epochs_kernel_gradient"] if epochs > 1 else []
    assert names == ["overview", "learning_curves", "wall", "profiles", *over]


def test_networks_that_were_only_looked_at_have_figures_too(tmp_path, make_tables, normal_arrays):
    """Without a results folder."""
    paths = save_signal_figures(make_tables(normal_arrays({"a": 1.0})), tmp_path)
    assert [path.name for path in paths] == ["wall.png", "wall.svg", "profiles.png", "profiles.svg"]


def test_what_kept_networks_get_wrong_is_saved_too(tmp_path, kept_results):
    """The errors of the best one, and the decision boundaries of data of two features."""
    results = kept_results({"name": "moons", "arguments": {"rows": 300}})
    names = [path.stem for path in save_figures(results, tmp_path)][::2]
    assert names[-5:] == ["confusion", "errors_by_class", "calibration", "worst_examples", "decision_boundary"]
