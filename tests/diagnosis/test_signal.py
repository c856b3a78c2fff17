"""Whether a signal is kept, beside the verdict."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from assay.choices import Choice
from assay.diagnosis import Evidence, Finding, LayerFacts, LayerSignals, NetworkFacts, Remedy, signal_kept

RELU = Choice("relu")
LAYERS = tuple(LayerFacts(f"layer {at}", "dense", 100, 100, RELU, Choice("he_normal")) for at in (1, 2, 3, 4))
FACTS = NetworkFacts(LAYERS)


def network(std, errors) -> LayerSignals:
    """One seed's."""
    values = {("preactivations", "std"): np.asarray(std, float), ("errors", "rms"): np.asarray(errors, float)}
    return LayerSignals(len(std), values)


def finding(symptom, seeds=1, of_seeds=1, level="fault") -> Finding:
    """Of so many seeds."""
    return Finding(symptom, (), Evidence("", None, None, ""), "", Remedy(""), level, seeds, of_seeds)


def test_the_ratios_are_geometric_means_over_seeds():
    """Last hidden layer / first of the signal, first / last of the errors; the output layer does not count."""
    seeds = [network([2, 3, 4, 99], [6, 1, 2, 99]), network([1, 3, 8, 99], [12, 1, 1, 99])]
    kept = signal_kept(FACTS, seeds, [])
    assert kept.forward == pytest.approx(math.sqrt((4 / 2) * (8 / 1)))
    assert kept.backward == pytest.approx(math.sqrt((6 / 2) * (12 / 1)))
    assert kept.kept is True


@pytest.mark.parametrize(("gain", "initializer"), [(1.0, "he_normal"), (0.5, "glorot_normal")])
def test_theory_stands_beside_it(gain, initializer):
    """ReLU keeps variance 1 of He's kernels and a half of Glorot's a layer: √(1/2)² over two steps is a half."""
    layers = tuple(replace(layer, kernel_initializer=Choice(initializer)) for layer in LAYERS)
    kept = signal_kept(replace(FACTS, layers=layers), [network([1, 1, 1, 1], [1, 1, 1, 1])], [])
    assert (kept.expected_forward, kept.expected_backward) == (pytest.approx(gain), pytest.approx(gain))
    assert kept.written()["theory"] == {"forward": kept.expected_forward, "backward": kept.expected_backward}


@pytest.mark.parametrize(("seeds", "is_kept"), [(0, True), (1, True), (2, False), (3, False), (4, False)])
@pytest.mark.parametrize("level", ["note", "fault"])
def test_what_half_of_the_seeds_show_of_the_signal_loses_it(seeds, is_kept, level):
    """At whatever level: a verdict may be healthy all the same."""
    sound = [network([1, 1, 1, 1], [1, 1, 1, 1])] * 4
    found = [finding("vanishing_signal", seeds, 4, level)] if seeds else []
    assert signal_kept(FACTS, sound, found).kept is is_kept


@pytest.mark.parametrize(
    ("symptom", "is_kept"),
    [
        ("exploding_gradient", False),
        ("saturation", False),
        ("dead_units", False),
        ("loss_at_start", True),
        ("learning_rate_too_high", True),
        ("no_update", True),
    ],
)
def test_only_findings_about_the_signal_lose_it(symptom, is_kept):
    """The size of a step says nothing of it."""
    sound = [network([1, 1, 1, 1], [1, 1, 1, 1])]
    assert signal_kept(FACTS, sound, [finding(symptom)]).kept is is_kept


def test_without_two_hidden_layers_in_a_chain_it_is_not_known():
    """A normalization sets the size anew; what was found of units counts all the same."""
    normalized = replace(FACTS, layers=tuple(replace(layer, is_normalized=True) for layer in LAYERS))
    sound = [network([1, 1, 1, 1], [1, 1, 1, 1])]
    kept = signal_kept(normalized, sound, [])
    assert (kept.kept, kept.forward, kept.backward) == (None, None, None)
    assert signal_kept(normalized, sound, [finding("saturation")]).kept is False


def test_a_seed_whose_signal_is_not_finite_leaves_no_mean():
    """A mean over the others would look sound."""
    seeds = [network([1, 1, 1, 1], [1, 1, 1, 1]), network([1, np.inf, np.nan, 1], [1, 1, 1, 1])]
    kept = signal_kept(FACTS, seeds, [])
    assert (kept.kept, kept.forward, kept.backward) == (None, None, pytest.approx(1.0))
