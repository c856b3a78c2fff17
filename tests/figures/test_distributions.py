"""Distributions over seeds, and the scales they share."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from assay.figures.distributions import (
    SignalScale,
    panel_data,
    panel_quantities,
    panels_by_epoch,
    pool,
    rebin,
    scale_for,
    spans,
    without_zeros,
)


def test_rebinning_keeps_the_counts():
    """New bins that reach as far hold as many values, wherever their edges are."""
    generator = np.random.default_rng(0)
    counts = generator.integers(0, 50, 32)
    edges = np.sort(np.concatenate([[-1.5, 2.5], generator.uniform(-1.5, 2.5, 20)]))
    assert rebin(counts, -1.0, 2.0, edges).sum() == pytest.approx(counts.sum())


def test_rebinning_spreads_a_bin_evenly():
    """Four values between 0 and 1 and eight between 1 and 2: a bin from 0.5 to 1.25 gets 4 · 1/2 + 8 · 1/4 = 4."""
    assert rebin(np.array([4, 8]), 0.0, 2.0, np.array([0.0, 0.5, 1.25, 2.0])) == pytest.approx([2.0, 4.0, 6.0])


def test_rebinning_into_the_same_bins_changes_nothing():
    """One seed is drawn as it was stored."""
    counts = np.random.default_rng(1).integers(0, 9, 32)
    assert rebin(counts, -3.0, 5.0, np.linspace(-3, 5, 33)) == pytest.approx(counts)


def test_values_at_one_point_stay_in_its_bin():
    """A constant layer beside others that spread: all counts where the constant is, on an edge in the bin above."""
    assert rebin(np.array([7, 0]), 0.5, 0.5, np.array([0.0, 0.5, 1.0])).tolist() == [0, 7]
    assert rebin(np.array([7, 0]), 0.5, 0.5, np.array([0.5, 0.5, 0.5])).sum() == 7


def test_zeros_are_taken_from_the_bin_that_holds_zero():
    """ReLU's zeros lie in the lowest bin; of symmetric values, beside the middle."""
    assert without_zeros(np.array([60, 5, 3]), 0.0, 3.0, 58).tolist() == [2, 5, 3]
    assert without_zeros(np.array([1, 40, 2]), -1.5, 1.5, 40).tolist() == [1, 0, 2]


def test_zeros_that_rounding_put_beside_their_bin_are_found():
    """Zero is the edge of two bins: ten zeros in the lower one are taken there, after the one value above."""
    assert without_zeros(np.array([10, 1]), -1.0, 1.0, 10).sum() == 1


def test_pooled_statistics_are_those_of_all_values_together(make_tables):
    """Mean, root mean square, zeros and counts equal NumPy's on the values of all seeds, of other sizes and ranges."""
    generator = np.random.default_rng(2)
    seeds = [
        np.maximum(generator.normal(mean, 1.0 + mean, size), 0) for mean, size in ((0.0, 300), (0.5, 300), (2.0, 900))
    ]
    tables = make_tables([("a", seed, 0, 1, "activations", values) for seed, values in enumerate(seeds)])
    (layer,) = panel_data(tables, quantities=["activations"]).panels["a", "activations"]
    together = np.concatenate(seeds)
    assert layer.mean == pytest.approx(together.mean())
    assert layer.magnitude == pytest.approx(np.sqrt(np.mean(together**2)))
    assert layer.zero_fraction == pytest.approx(np.mean(together == 0))
    assert layer.counts.sum() == pytest.approx(np.sum(together != 0))
    assert layer.reach == (0.0, together.max())
    direct = np.histogram(together[together != 0], layer.edges)[0]
    assert np.abs(np.cumsum(layer.counts) - np.cumsum(direct)).max() < 0.03 * together.size


def test_std_is_that_within_a_network(make_tables):
    """Two networks whose outputs are constant but for ±1 and ±7 have variances 1 and 49, wherever the constants lie."""
    swing = np.array([-1.0, 1.0])
    tables = make_tables([("a", 0, 0, 1, "kernel", 50 + swing), ("a", 1, 0, 1, "kernel", -80 + 7 * swing)])
    (layer,) = panel_data(tables, quantities=["kernel"]).panels["a", "kernel"]
    assert layer.std == pytest.approx(5.0)


def test_values_of_extreme_size_neither_overflow_nor_vanish():
    """At 1e200 and at 1e-200, where squares leave the range of floating point: stds of 1 and 7 make one of 5."""
    for size in (1e200, 1e-200):
        seeds = pl.DataFrame(
            {
                "low": [-size, -7 * size],
                "high": [size, 7 * size],
                "counts": [[5, 5], [5, 5]],
                "mean": [0.0, 0.0],
                "std": [size, 7 * size],
                "zero_fraction": [0.0, 0.0],
                "nonfinite_count": [0.0, 0.0],
            }
        )
        assert pool(1, seeds).std == pytest.approx(5 * size)


def test_values_that_are_not_finite_are_counted_beside(make_tables):
    """A seed without any finite value adds to their number and to nothing else."""
    fine = np.linspace(-1, 1, 100)
    lost = np.full(100, np.nan)
    tables = make_tables(
        [("a", 0, 0, 1, "errors", fine), ("a", 1, 0, 1, "errors", lost), ("a", 0, 0, 2, "errors", lost)]
    )
    first, second = panel_data(tables, quantities=["errors"]).panels["a", "errors"]
    assert (first.nonfinite_count, first.counts.sum()) == (100, 100)
    assert (first.mean, first.std) == (pytest.approx(fine.mean()), pytest.approx(fine.std()))
    assert (second.nonfinite_count, second.has_values) == (100, False)
    assert list(spans([first, second])) == [(1, 2, 200)]
    assert list(spans([second])) == [(2, 2, 100)]


def test_theory_is_beside_the_untrained_network_only(make_tables, normal_arrays):
    """It speaks of epoch 0: of a std about the measured mean, of a gradient's root mean square about 0."""
    rows = [("preactivations", "std"), ("kernel_gradient", "rms"), ("kernel_gradient", "std")]
    theory = pl.DataFrame(
        [("a", 2, quantity, statistic, 2.0) for quantity, statistic in rows],
        schema=["condition", "layer", "quantity", "statistic", "value"],
        orient="row",
    )
    tables = make_tables(normal_arrays({"a": 1.0}, epochs=2), theory)
    before, after = panels_by_epoch(tables, None, [0, 1])
    first, second, _ = before.panels["a", "preactivations"]
    assert first.theory is None
    assert second.theory == pytest.approx((second.mean - 2, second.mean + 2))
    assert before.panels["a", "kernel_gradient"][1].theory == (-2.0, 2.0)
    assert [layer.theory for layer in after.panels["a", "preactivations"]] == [None] * 3
    assert [layer.theory for layer in before.panels["a", "kernel"]] == [None] * 3


def test_all_layers_lie_on_the_shared_scale(fading_and_level):
    """In every condition and at every epoch asked for."""
    for data in panels_by_epoch(fading_and_level, None, [0, 2]):
        for (_, quantity), layers in data.panels.items():
            assert [layer.layer for layer in layers] == [1, 2, 3]
            scale = data.scales[quantity]
            assert all(scale.low < layer.reach[0] and layer.reach[1] < scale.high for layer in layers)
    assert set(data.scales) == set(panel_quantities())
    assert data.seeds == 2


def test_sizes_that_differ_much_get_a_logarithmic_scale():
    """Linear up to five times the median; else linear only below the smallest layer, or a hundredth of the median."""
    assert scale_for([0.5, 1.0, 4.9], -9.0, 9.0).linear_to is None
    assert scale_for([0.5, 1.0, 20.0], -60.0, 60.0).linear_to == pytest.approx(0.1)
    assert scale_for([1e-9, 1.0, 20.0], -60.0, 60.0).linear_to == pytest.approx(0.01)
    assert scale_for([], -1.0, 1.0) == scale_for([0.0], 0.0, 0.0) == SignalScale(-1.0, 1.0)


def test_ticks_of_a_logarithmic_scale_are_zero_and_powers_of_ten():
    """Few, inside the axis, and on the sides that have values."""
    assert SignalScale(-30.0, 30.0, 0.001).ticks == pytest.approx([-10.0, -0.1, 0.0, 0.1, 10.0])
    assert SignalScale(-0.0005, 30.0, 0.001).ticks == pytest.approx([0.0, 0.1, 10.0])
    for tick in SignalScale(-2.0, 5e7, 0.01).ticks:
        assert tick == 0 or math.log10(abs(tick)) == pytest.approx(round(math.log10(abs(tick))))
    assert SignalScale(-1.0, 1.0).ticks == []


def test_a_condition_that_has_not_begun_has_no_layers(make_tables, normal_arrays):
    """Its panels are there, and empty."""
    tables = make_tables(normal_arrays({"a": 1.0}))
    tables.conditions.append("b")
    assert panel_data(tables).panels["b", "kernel"] == []
