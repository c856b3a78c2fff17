"""Theory over a plane, against theory asked at its points, and against networks that are trained."""

from __future__ import annotations

import numpy as np
import pytest

from assay.mapping import trainability_map
from assay.mapping.axes import Axis
from assay.mapping.overlay import EDGE, REACH, theory_lines
from assay.mapping.plane import Plane
from assay.study import Study
from assay.theory import critical_weight_variance, depth_scales

SCALE = Axis("kernel_initializer.scale", 0.5, 3.0, 5)
NORMAL = {"name": "variance_scaling", "scale": 1.0, "distribution": "untruncated_normal"}


def lines(x, y, **network):
    """Theory's lines over a plane of a network on iris, six layers of eight units unless told otherwise."""
    network = {"depth": 6, "width": 8, "activation": "tanh", "kernel_initializer": NORMAL} | network
    return theory_lines(Plane.of(Study(data="iris", network=network, training={"optimizer": "sgd"}), x, y))


def test_the_edge_of_chaos_is_where_theory_puts_it():
    """Each point of the line has the critical σ_w² of its σ_b², over a plane of both."""
    normal_bias = {"bias_initializer": {"name": "random_normal", "stddev": 0.1}}
    [line] = lines(SCALE, Axis("bias_initializer.stddev", 0.05, 0.7, 5), **normal_bias)
    assert line["label"] == EDGE
    points = np.concatenate(line["pieces"])
    assert len(points) > 10
    assert np.ptp(points[:, 1]) > 0.6
    for weight_variance, stddev in points[::4]:
        edge = critical_weight_variance(stddev**2, activation=np.tanh)
        assert weight_variance == pytest.approx(edge.weight_variance, rel=0.01)


@pytest.mark.parametrize(
    ("activation", "critical", "scale"), [("tanh", 1.0, "linear"), ("tanh", 1.0, "log"), ("relu", 2.0, "linear")]
)
def test_an_axis_that_does_not_matter_leaves_a_straight_line(activation, critical, scale):
    """Without bias χ₁ is 1 at σ_w² = 1 for tanh and 2 for ReLU, whatever the learning rate; either way round."""
    rate = Axis("learning_rate", 1e-3, 1.0, 5, "log")
    across = Axis(SCALE.key, SCALE.low, SCALE.high, 5, scale)
    [line] = lines(across, rate, activation=activation)
    np.testing.assert_allclose(np.concatenate(line["pieces"])[:, 0], critical, rtol=0.01)
    assert sorted(point[1] for point in np.concatenate(line["pieces"])) == pytest.approx([1e-3, 1.0])
    [line] = lines(rate, across, activation=activation)
    np.testing.assert_allclose(np.concatenate(line["pieces"])[:, 1], critical, rtol=0.01)


@pytest.mark.parametrize("is_vertical", [True, False])
def test_the_reach_is_six_depth_scales(is_vertical):
    """Each point of the line lies at 6 ξ_c; where that is beyond the plane there is no line."""
    depth, bias = Axis("depth", 5, 40, 8), {"bias_initializer": {"name": "random_normal", "stddev": 0.05**0.5}}
    [line] = lines(SCALE, depth, **bias) if is_vertical else lines(depth, SCALE, **bias)
    assert line["label"] == REACH
    points = np.concatenate(line["pieces"])
    points = points if is_vertical else points[:, ::-1]
    for weight_variance, height in points[::5]:
        scales = depth_scales(activation=np.tanh, weight_variance=weight_variance, bias_variance=0.05)
        assert height == pytest.approx(6 * scales.xi_c, rel=0.02)
    assert points[:, 1].min() >= 2.5
    assert points[:, 1].max() <= 42.5  # the outermost cells end half a step beyond their levels
    assert not ((points[:, 0] > 1.4) & (points[:, 0] < 2.6)).any()


@pytest.mark.parametrize(
    ("x", "network"),
    [
        (Axis("l2", 0.0, 1.0, 3), {}),  # nothing that theory knows changes
        (SCALE, {"depth": 2}),  # no hidden layer follows a hidden layer
        (SCALE, {"hidden": [8, 8, 4], "depth": None, "width": None}),  # hidden layers are not alike
        (SCALE, {"layers": {"3": {"activation": "relu"}}}),
        (SCALE, {"activation": "softmax"}),
        (
            Axis("kernel_initializer.stddev", 0.1, 1.0, 3),
            {"kernel_initializer": {"name": "random_normal", "mean": 1.0}},
        ),
        (SCALE, {"bias_initializer": {"name": "constant", "value": 1.0}}),
        (Axis(SCALE.key, 3.0, 4.0, 3), {}),  # all of the plane is beyond the edge
    ],
)
def test_where_theory_has_nothing_to_say_there_is_no_line(x, network):
    """A plane without a line is no mistake."""
    assert lines(x, Axis("learning_rate", 1e-3, 1.0, 5, "log"), **network) == []


@pytest.mark.slow
@pytest.mark.validation
def test_networks_learn_as_deep_as_theory_says(tmp_path):
    """Depth against σ_w² at σ_b² = 0.05, the plane of Schoenholz et al. (2017), on digits with 300 steps of plain SGD.

    Signals fall by e^(−depth / ξ_c): at half of 6 ξ_c what tells two inputs apart is e⁻³ of what it was, and four of
    five networks that deep or less learn; at twice 6 ξ_c it is e⁻¹², and none learns, all stay at chance, which is 0.1.
    """
    study = Study(
        data="digits",
        network={
            "width": 100,
            "activation": "tanh",
            "kernel_initializer": NORMAL,
            "bias_initializer": {"name": "random_normal", "stddev": 0.05**0.5},
        },
        training={"optimizer": {"name": "sgd", "learning_rate": 0.02}, "epochs": 15, "batch_size": 50},
        seeds=1,
    )
    found = trainability_map(study, "kernel_initializer.scale=0.5:2:4", "depth=5:45:4", tmp_path)
    reach = np.array(
        [
            depth_scales(activation=np.tanh, weight_variance=weight_variance, bias_variance=0.05).trainable_depth
            for weight_variance in found.plane.x.levels
        ]
    )
    relative_depth = np.array(found.plane.y.levels)[:, None] / reach[None, :]
    inside, beyond = relative_depth <= 0.5, relative_depth >= 2
    assert inside.sum() >= 8
    assert beyond.sum() >= 4
    accuracy = found.grid("accuracy")
    assert np.mean(accuracy[inside] > 0.4) >= 0.8
    assert (accuracy[beyond] < 0.2).all()
