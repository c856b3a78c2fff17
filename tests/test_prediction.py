"""Theory for a study's conditions: from initializers, data and loss to numbers beside the measured ones."""

from __future__ import annotations

from itertools import cycle

import numpy as np
import polars as pl
import pytest

import assay
from assay.choices import Choice
from assay.engine.layout import Member
from assay.networks.activations import ACTIVATIONS
from assay.networks.architecture import Layer
from assay.prediction import predict_signals
from assay.probes import quantities

# Their deviation from one layer is enlarged by the next, so that a mean over networks of width 512 is not theory's.
AMPLIFYING = {"exponential", "tanh_shrink", "soft_shrink"}
INITIALIZERS = [
    {"name": "variance_scaling", "scale": scale, "mode": mode, "distribution": distribution}
    for scale, mode in ((2.0, "fan_in"), (1.0, "fan_avg"), (1.0, "fan_in"))
    for distribution in ("untruncated_normal", "uniform", "truncated_normal")
]
# A user's own: formulas with and without settings, bounded, one-sided, and a function in Python.
OWN = {
    "own swish": {"expression": "x * sigmoid(a * x)", "a": 1.702},
    "own arctan": {"expression": "arctan(x)"},
    "own leaky": {"expression": "where(x > 0, x, 0.3 * x)"},
    "own rectifier": {"expression": "max(x, -0.5)"},
    "own code": lambda x: x / (1 + abs(x)) + 0.1 * x,
}
ELEMENTWISE = [name for name in ACTIVATIONS if ACTIVATIONS[name].is_elementwise and name not in AMPLIFYING]
FOLLOWED = dict(zip([*ELEMENTWISE, *OWN], cycle(INITIALIZERS), strict=False))
"""The activations that theory follows at this width, each with an initializer."""


def write_normal(path, rows=192, features=256, outputs=512):
    """Normal inputs of several sizes; targets so large that the errors at the output do not depend on the network."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((rows + 8, features)) * generator.uniform(0.5, 1.5, (rows + 8, 1))
    np.savez(path, x=x, y=100 * generator.standard_normal((rows + 8, outputs)))
    return {
        "path": str(path),
        "task": "regression",
        "scaling": "none",
        "test": {"first": 4},
        "validation": {"first": 4},
    }


def test_theory_has_a_number_for_the_size_of_each_quantity_that_says_so():
    """In every layer, and for no other quantity."""
    layers = tuple(Layer(3, 3, Choice("tanh"), Choice("he_normal"), Choice("zeros"), 0.0, 0.0) for _ in range(2))
    member = Member(layers, Choice("mean_squared_error"), Choice("sgd"))
    x = np.random.default_rng(0).standard_normal((4, 3))
    rows = predict_signals("one", member, x, x).group_by("layer").agg(pl.struct("quantity", "statistic"))
    expected = {(quantity.name, quantity.size) for quantity in quantities() if quantity.has_theory}
    assert len(rows) == 2
    for found in rows["quantity"]:
        assert {(row["quantity"], row["statistic"]) for row in found} == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("gelu", *OWN), id="gelu and a user's own"),
        pytest.param(tuple(FOLLOWED), id="all", marks=pytest.mark.validation),
    ],
)
def test_wide_networks_show_what_theory_predicts(names, tmp_path):
    """Width 512, mean over 20 seeds: std in each layer within 2 %, χ₁ within 1 %, whatever the activation.

    Each activation takes one of the nine initializers in turn; docs/theory.md has all combinations.
    """
    study = assay.Study(
        data=write_normal(tmp_path / "normal.npz"),
        network={"hidden": [512, 512]},
        training={"loss": "mean_squared_error", "optimizer": "sgd"},
        conditions={
            name: {"network.activation": OWN.get(name, name), "network.kernel_initializer": FOLLOWED[name]}
            for name in names
        },
        design={"kind": "conditions", "seeds": 20},
        probe={"rows": 192},
    )
    report = assay.probe(study)
    keys = ["condition", "layer", "quantity", "statistic"]
    both = report.signals.join(report.theory.rename({"value": "theory"}), on=keys)
    std = both.filter(quantity="preactivations", statistic="std").group_by("condition", "layer")
    std = std.agg(ratio=(pl.col("value") / pl.col("theory")).mean())
    assert len(std) == 3 * len(names)
    np.testing.assert_allclose(std["ratio"], 1, atol=0.02)
    squares = both.filter(quantity="errors", statistic="rms").group_by("condition", "layer")
    squares = squares.agg(measured=(pl.col("value") ** 2).mean(), theory=(pl.col("theory") ** 2).mean())
    squares = squares.sort("condition", "layer")
    ratio = (squares["measured"] / squares["theory"]).to_numpy().reshape(len(names), 3)
    np.testing.assert_allclose(ratio[:, :-1] / ratio[:, 1:], 1, atol=0.01)


def member(kernel, *, activation="tanh", output="softmax", loss="categorical_crossentropy", widths=(6, 9, 9, 3)):
    """A network whose layers all have the kernels of one initializer."""
    functions = [activation] * (len(widths) - 2) + [output]
    layers = tuple(
        Layer(fan_in, units, Choice(function), kernel, Choice("zeros"), 0.0, 0.0)
        for fan_in, units, function in zip(widths[:-1], widths[1:], functions, strict=True)
    )
    return Member(layers, Choice(loss), Choice("sgd", {"learning_rate": 0.1}))


@pytest.fixture
def examples():
    generator = np.random.default_rng(0)
    return generator.standard_normal((20, 6)), np.eye(3)[generator.integers(0, 3, 20)]


def test_every_layer_has_its_predictions(examples):
    """Five quantities by layer; of a softmax output only what comes before it."""
    theory = predict_signals("c", member(Choice("glorot_normal")), *examples)
    assert theory["condition"].unique().to_list() == ["c"]
    layers = {
        quantity: theory.filter(quantity=quantity)["layer"].to_list()
        for quantity in ("preactivations", "activations", "errors", "kernel", "kernel_gradient")
    }
    assert layers.pop("activations") == [1, 2]
    assert set(map(tuple, layers.values())) == {(1, 2, 3)}
    kernel = theory.filter(quantity="kernel")["value"].to_list()
    assert kernel == pytest.approx([np.sqrt(2 / (6 + 9)), np.sqrt(2 / 18), np.sqrt(2 / 12)])


def test_the_error_of_small_outputs_is_that_of_a_uniform_guess(examples):
    """Kernels of almost nothing leave the outputs at 0: δ = 1/3 − y, whose mean square over classes is 2/9."""
    theory = predict_signals("c", member(Choice("random_normal", {"stddev": 1e-6})), *examples)
    assert theory.filter(quantity="errors", layer=3)["value"].item() == pytest.approx(np.sqrt(2 / 9), rel=1e-6)


def test_nothing_is_said_of_kernels_that_are_not_drawn_about_zero(examples):
    """All equal (zeros) or with a mean (ones): theory's averages do not hold."""
    for name in ("zeros", "ones"):
        assert predict_signals("c", member(Choice(name)), *examples).is_empty()


def test_nothing_is_said_beyond_an_explosion(examples):
    """Exponentials of exponentials leave what quadrature holds: layers below have numbers, the way back has none."""
    exploding = member(
        Choice("he_normal"),
        activation="exponential",
        output="linear",
        loss="mean_squared_error",
        widths=(6, 9, 9, 9, 9, 3),
    )
    theory = predict_signals("c", exploding, *examples)
    assert theory["value"].is_finite().all()
    assert theory.filter(quantity="preactivations")["layer"].to_list() == [1, 2]
    assert theory.filter(quantity="kernel")["layer"].to_list() == [1, 2, 3, 4, 5]
    assert theory.filter(quantity="errors").is_empty()
