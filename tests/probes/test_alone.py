"""A single network is measured in NumPy, layer by layer."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from assay.choices import Choice
from assay.engine.layout import Segment
from assay.engine.tracing import Layers, LayerTrace
from assay.probes import all_probes
from assay.probes.distribution import distribution, distribution_of

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_every_quantity_is_that_of_a_compiled_population(activation):
    """NumPy on one layer finds what the compiled probes find of the same arrays as a member of a population."""
    kernel, change = RANDOM.standard_normal((1, 7, 5)), 0.01 * RANDOM.standard_normal((1, 7, 40))
    z = 3 * RANDOM.standard_normal((1, 7, 40))
    z[0, 3] = z[0, 5]
    a = np.maximum(z, 0) if activation == "relu" else np.tanh(z)
    a[0, 2] = 0
    arrays = {
        "inputs": np.zeros((1, 0, 0)),
        "preactivations": z,
        "activations": a,
        "errors": RANDOM.standard_normal((1, 7, 40)),
        "kernel": kernel,
        "kernel_gradient": 1e-3 * kernel,
        "kernel_update": 1e-2 * kernel,
        "bias": np.zeros((1, 7)),
        "bias_gradient": RANDOM.standard_normal((1, 7)),
        "preactivation_change": change,
    }
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    segments = (Segment(Choice(activation), 0, 1),)
    trace = LayerTrace(**{name: jnp.asarray(array) for name, array in arrays.items()})
    for probe in all_probes():
        alone = probe.measure_alone(arrays, segments)
        [together] = probe.measure(Layers([trace], (segments,), jnp.ones(1), jnp.ones(1)))
        for name, measured in alone.items():
            for statistic, value in measured.statistics.items():
                expected = np.asarray(together[name].statistics[statistic])
                np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-7, err_msg=f"{name} {statistic}")


@pytest.mark.parametrize("size", [1, 100, 200_000])
def test_a_distribution_in_pieces_is_that_of_the_whole(size):
    """Statistics and histogram agree, with values that are not finite, and above the size of a piece."""
    values = (RANDOM.standard_normal(size) ** 3).astype(np.float32)
    values[::17] = 0
    values[1::1000] = np.inf
    ours = distribution_of(values)
    theirs = distribution(jnp.asarray(values)[None], jnp.zeros(1, int))
    for name, value in ours.statistics.items():
        np.testing.assert_allclose(value, theirs.statistics[name], rtol=1e-4, atol=1e-6, err_msg=name)
    # A number at the edge of a fine bin may fall on either side of it.
    assert np.abs(ours.histogram.counts - np.asarray(theirs.histogram.counts)).sum() <= 2
    np.testing.assert_array_equal(ours.histogram.ends, theirs.histogram.ends)


def test_a_layer_has_no_numbers_of_arrays_that_it_lacks():
    """Without pre-activations and an update only what is left is measured."""
    segments = (Segment(Choice("linear"), 0, 1),)
    arrays = {"activations": RANDOM.standard_normal((1, 3, 9)), "kernel": RANDOM.standard_normal((1, 3, 2))}
    found = {name for probe in all_probes() for name in probe.measure_alone(arrays, segments)}
    assert found == {"activations", "kernel", "dead_units"}


@pytest.mark.parametrize("values", [[], [np.nan, np.inf]])
def test_an_array_without_finite_values_is_all_zero(values):
    """Only the count of those that are not finite is known."""
    found = distribution_of(np.array(values, np.float32)).statistics
    assert found["nonfinite_count"] == len(values)
    assert all(value == 0 for name, value in found.items() if name != "nonfinite_count")
