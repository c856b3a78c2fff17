from __future__ import annotations

import numpy as np
import pytest

from assay.choices import Choice
from assay.diagnosis import start_findings

CHANCE = np.log(10)


@pytest.mark.parametrize(("ratio", "is_found"), [(3.99, False), (4.01, True)])
def test_a_loss_of_four_times_chance_is_too_sure(facts, signals, found, ratio, is_found):
    """Chance is ln 10 for ten equally common classes."""
    told = found("loss_at_start", facts(), signals(loss_before=ratio * CHANCE))
    assert [(one.layers, one.evidence.value) for one in told] == [((4,), pytest.approx(ratio))] * is_found


def test_a_loss_that_is_not_a_number_is_told_where_all_outputs_are_numbers(facts, signals, found):
    """Else it is the signal that has exploded, or the weights that are broken."""
    (told,) = found("loss_at_start", facts(), signals(loss_before=np.nan))
    assert told.evidence.text.startswith("The loss before training is not a number, though")
    for other in ("preactivations_nonfinite_count", "kernel_nonfinite_count"):
        assert found("loss_at_start", facts(), signals(loss_before=np.nan, **{other: [0, 0, 0, 1]})) == []


def test_an_output_that_does_not_fit_its_loss_is_told_once(facts, signals):
    """The mismatch is the reason of the large loss."""
    known = facts(output="relu", loss=Choice("categorical_crossentropy"))
    told = [finding.symptom for finding in start_findings(known, signals(loss_before=40))]
    assert "output_loss_mismatch" in told
    assert "loss_at_start" not in told
    fitting = facts(output="softmax", loss=Choice("categorical_crossentropy"))
    assert "loss_at_start" in [finding.symptom for finding in start_findings(fitting, signals(loss_before=40))]


@pytest.mark.parametrize(
    ("rms", "output", "setting"),
    [
        (2.0, 1.0, "data.scaling"),
        (1.99, 2.01, "network.layers.output.kernel_initializer"),
        (1.99, 1.99, "network.activation"),
    ],
)
def test_the_remedy_asks_what_made_the_outputs_large(facts, signals, found, rms, output, setting):
    """Inputs of size 2, or an output layer twice as large as the last hidden one, or else the whole stack."""
    known = facts(data={"rms": rms})
    (told,) = found("loss_at_start", known, signals(loss_before=40, preactivations_std=[1, 1, 1, output]))
    assert next(iter(told.remedy.settings)) == setting
