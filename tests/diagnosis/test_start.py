"""What is found before training: the order, and what silences the rules."""

from __future__ import annotations

import numpy as np

from assay.choices import Choice
from assay.diagnosis import (
    DataFacts,
    LayerFacts,
    LayerSignals,
    NetworkFacts,
    certain_findings,
    rule_book,
    start_findings,
)


def network(nonfinite: int = 0) -> NetworkFacts:
    """Three layers of ReLU on unscaled inputs, with an output that does not fit the loss."""
    data = DataFacts(100, 8, 50.0, 0.0, 50.0, nonfinite, 0.0, 1.0, 0.3, 10, 0.1, False)
    layers = tuple(
        LayerFacts(f"layer {at}", "dense", 8, 8, Choice("relu"), Choice("constant", {"value": 0.1})) for at in (1, 2, 3)
    )
    return NetworkFacts(layers, "multiclass", Choice("categorical_crossentropy"), data=data, chance_loss=2.3)


def ill() -> LayerSignals:
    """Copies whose signal explodes, behind a broken kernel of the output."""
    return LayerSignals(
        3,
        {
            ("preactivations", "std"): np.array([1.0, 100.0, 1.0]),
            ("identical_units", "fraction"): np.ones(3),
            ("kernel", "nonfinite_count"): np.array([0.0, 0.0, 2.0]),
        },
    )


def test_what_is_certain_comes_first_and_the_rest_in_the_order_of_the_book():
    """A broken kernel is certain too, though it is measured."""
    found = [finding.symptom for finding in start_findings(network(), ill())]
    assert found == ["output_loss_mismatch", "nonfinite_weights", "unscaled_inputs", "symmetry"]
    order = [symptom.name for symptom in rule_book()]
    assert sorted(found, key=order.index) == found


def test_data_that_are_not_numbers_silence_every_measurement():
    """They spoil all that was measured, so nothing else can be said of it."""
    found = start_findings(network(nonfinite=3), ill())
    assert [finding.symptom for finding in found] == ["output_loss_mismatch", "nonfinite_data"]
    assert found == certain_findings(network(nonfinite=3))


def test_a_network_that_was_not_measured_shows_what_is_known_of_it():
    """A row that is missing is no row of zeros: only the data and the output are told."""
    found = start_findings(network(), LayerSignals(3, {}))
    assert [finding.symptom for finding in found] == ["output_loss_mismatch", "unscaled_inputs"]
