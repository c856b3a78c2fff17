"""Whether what was measured endangers learning: by a look ahead, else by a forecast, else by what is extreme."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.choices import Choice
from assay.diagnosis import LayerFacts, LayerSignals, LookAhead, NetworkFacts, start_findings
from assay.diagnosis.danger import is_in_danger

LAYERS = tuple(LayerFacts(f"layer {at}", "dense", 8, 8, Choice("relu")) for at in (1, 2, 3, 4))
FACTS = NetworkFacts(LAYERS, "multiclass", chance_loss=1.0)
FLAT = (1.0, *[1.0] * 8)
FALLING = (9.0, *[2.0] * 8)
LEARNING = (1.0, *[0.5] * 8)


def measured(std=1.0, errors=1.0, more=()) -> LayerSignals:
    """Three hidden layers and an output; `std` goes up to the third, and `errors` back to the first."""
    values = {
        ("preactivations", "std"): np.array([1.0, std**0.5, std, 1.0]),
        ("errors", "rms"): np.array([errors, errors**0.5, 1.0, 1.0]),
    }
    return LayerSignals(4, values | dict(more))


@pytest.mark.parametrize(
    ("losses", "rates", "of_signal", "of_step"),
    [
        (LEARNING, (), False, False),
        (FLAT, ((10.0, 0.5),), False, True),
        (FALLING, ((10.0, 0.01),), True, False),
        (FLAT, ((10.0, 0.01),), True, True),
    ],
)
def test_a_look_ahead_decides(losses, rates, of_signal, of_step):
    """A signal is no danger if any rate learns; large first steps are none if the loss at least comes down."""
    ahead = replace(FACTS, ahead=LookAhead(losses, chance=1.0, rates=rates))
    for learns in (None, True, False):  # a forecast does not count beside it
        assert is_in_danger("signal", ahead, measured(), learns) == of_signal
        assert is_in_danger("step", ahead, measured(), learns) == of_step


@pytest.mark.parametrize("about", ["signal", "step"])
@pytest.mark.parametrize("learns", [True, False])
def test_without_one_a_forecast_decides(about, learns):
    """However extreme the signal is."""
    assert is_in_danger(about, FACTS, measured(std=1e-6), learns) != learns


@pytest.mark.parametrize(
    ("std", "errors", "is_extreme"),
    [
        (1.0, 1.0, False),
        (1.01e-3, 1.0, False),
        (0.99e-3, 1.0, True),
        (990.0, 1.0, False),
        (1010.0, 1.0, True),
        (1.0, 1.01e-4, False),
        (1.0, 0.99e-4, True),
        (1.0, 9900.0, False),
        (1.0, 10100.0, True),
    ],
)
def test_without_either_only_what_is_extreme_is_a_danger(std, errors, is_extreme):
    """A thousandfold signal or a ten-thousandfold gradient, in either direction."""
    assert is_in_danger("signal", FACTS, measured(std, errors), None) == is_extreme
    assert is_in_danger("step", FACTS, measured(std, errors), None)


def test_where_nothing_is_known_of_the_signal_what_was_found_counts():
    """As of layers with a normalization behind each, or of a signal that is not finite."""
    normalized = replace(FACTS, layers=tuple(replace(layer, is_normalized=True) for layer in LAYERS))
    assert is_in_danger("signal", normalized, measured(), None)
    overflowing = {("preactivations", "std"): np.array([1.0, 10.0, np.inf, 1.0])}
    broken = LayerSignals(4, overflowing | {("errors", "rms"): np.full(4, np.nan)})
    assert is_in_danger("signal", FACTS, broken, None)


@pytest.mark.parametrize(("losses", "level"), [(LEARNING, "note"), (FLAT, "fault")])
def test_out_of_danger_a_finding_about_the_signal_is_a_note(losses, level):
    """And about the first steps, too; what is certain stays so."""
    facts = replace(FACTS, ahead=LookAhead(losses, chance=1.0), optimizer=Choice("sgd", {"learning_rate": 1.0}))
    step = {("loss", "before"): 1.0, ("loss", "after"): 9.0, ("update", "ratio"): 0.1}
    seen = measured(std=0.01, more={key: np.full(4, value) for key, value in step.items()})
    found = {finding.symptom: finding.level for finding in start_findings(facts, seen)}
    assert found == {"vanishing_signal": level, "learning_rate_too_high": level}
    wrong = replace(facts, loss=Choice("categorical_crossentropy"))
    assert {finding.symptom: finding.level for finding in start_findings(wrong, seen)}["output_loss_mismatch"] == (
        "certain"
    )
