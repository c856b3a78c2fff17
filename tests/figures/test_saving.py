"""Files of figures."""

from __future__ import annotations

from assay.figures import save_figures, study_figures


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
