"""What is wrong with a network before training: what is certain as it is written, then what its signals show.

The rules stand with their symptoms, in the folder `symptoms`.
"""

from __future__ import annotations

from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.rulebook import rule_book


def certain_findings(facts: NetworkFacts) -> list[Finding]:
    """All that can be said of the network as it is written, without measuring it."""
    return [finding for symptom in rule_book() if symptom.as_written for finding in symptom.as_written(facts)]


def start_findings(facts: NetworkFacts, measured: LayerSignals) -> list[Finding]:
    """Everything that is wrong with an untrained network, what is certain first.

    Parameters
    ----------
    facts : NetworkFacts
    measured : LayerSignals
        At epoch 0.
    """
    certain = certain_findings(facts)
    found = list(certain)
    if facts.data is not None and facts.data.nonfinite:
        return found  # such entries spoil whatever was measured
    for symptom in rule_book():
        if symptom.at_start is not None:
            found += symptom.at_start(facts, measured)
        if symptom.unless_certain is not None and not certain:
            found += symptom.unless_certain(facts, measured)
    return found
