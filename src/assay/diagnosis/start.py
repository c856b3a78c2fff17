"""What is wrong with a network before training: what is certain as it is written, then what its signals show.

The rules stand with their symptoms, in the folder `symptoms`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from assay.diagnosis.danger import is_in_danger
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.rulebook import rule_book


def certain_findings(facts: NetworkFacts) -> list[Finding]:
    """All that can be said of the network as it is written, without measuring it."""
    found = []
    for symptom in rule_book():
        if symptom.as_written is not None:
            in_danger = symptom.about is None or is_in_danger(symptom.about, facts)
            found += _at_its_level(symptom.as_written(facts), in_danger=in_danger)
    return found


def start_findings(facts: NetworkFacts, measured: LayerSignals, *, learns: bool | None = None) -> list[Finding]:
    """Everything that is wrong with an untrained network, what is certain first.

    Parameters
    ----------
    facts : NetworkFacts
    measured : LayerSignals
        At epoch 0.
    learns : bool, optional
        Whether it learns, by a forecast or by what became of it; see `is_in_danger`.
    """
    certain = certain_findings(facts)
    found = list(certain)
    if facts.data is not None and facts.data.nonfinite:
        return found  # such entries spoil whatever was measured
    for symptom in rule_book():
        rules = [symptom.at_start, None if certain else symptom.unless_certain]
        told = [finding for rule in rules if rule is not None for finding in rule(facts, measured)]
        in_danger = symptom.about is None or is_in_danger(symptom.about, facts, measured, learns)
        found += _at_its_level(told, in_danger=in_danger)
    return found


def _at_its_level(findings: Iterable[Finding], *, in_danger: bool) -> list[Finding]:
    """Notes where learning is not in danger."""
    return [finding if in_danger else replace(finding, level="note") for finding in findings]
