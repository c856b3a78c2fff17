"""Findings of one network that do not contradict each other."""

from __future__ import annotations

from assay.diagnosis import Evidence, Finding, Remedy
from assay.diagnosis.agreement import agreeing


def finding(symptom: str, level: str = "fault", **settings: object) -> Finding:
    return Finding(symptom, (), Evidence("", None, None, ""), "", Remedy("", settings), level)


def rate(value: float) -> dict[str, object]:
    return {"training.optimizer": {"name": "sgd", "learning_rate": value}}


def symptoms(*findings: Finding) -> list[str]:
    return [each.symptom for each in agreeing(findings)]


def test_of_two_learning_rates_the_first_is_told():
    """A smaller rate and a larger one for the same network are no advice."""
    assert symptoms(finding("too_high", **rate(0.001)), finding("too_low", **rate(0.1))) == ["too_high"]
    assert symptoms(finding("too_high", **rate(0.001)), finding("divergence", **rate(0.001))) == [
        "too_high",
        "divergence",
    ]


def test_more_epochs_and_fewer_are_not_told_together():
    """Two notes that set different numbers of epochs contradict each other."""
    notes = (
        finding("overfitting", "note", **{"training.epochs": 4}),
        finding("too_few", "note", **{"training.epochs": 9}),
    )
    assert symptoms(*notes) == ["overfitting"]


def test_beside_a_certain_finding_no_learning_rate_is_told():
    """What cannot learn at all is not mended by a rate; other findings stay."""
    certain = finding("constant_output", "certain", **{"network.output_activation": "sigmoid"})
    others = (finding("too_low", **rate(0.1)), finding("dead_units", **{"network.activation": "leaky_relu"}))
    assert symptoms(certain, *others) == ["constant_output", "dead_units"]
    assert symptoms(*others) == ["too_low", "dead_units"]
