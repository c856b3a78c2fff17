"""What is wrong with a network, why, and what mends it: facts and measurements in, findings out.

Record, then judge, then word: probes return numbers, this room returns findings, and every finding carries its number,
its threshold, its cause and its remedy. It knows neither studies nor files, so a condition, a Keras model and a PyTorch
module are judged by the same rules. Each symptom is one file of `symptoms/`; docs/findings.md is written from them.
"""

from assay.diagnosis.ahead import LookAhead
from assay.diagnosis.course import TrainingCourse
from assay.diagnosis.facts import DataFacts, LayerFacts, NetworkFacts, OutputFacts, ParameterFacts, chance_loss
from assay.diagnosis.finding import Evidence, Finding, Remedy, Verdict
from assay.diagnosis.measured import LayerSignals, layer_signals
from assay.diagnosis.rulebook import rule_book, symptom_of
from assay.diagnosis.signal import SignalKept, signal_kept
from assay.diagnosis.start import certain_findings, start_findings
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.training import training_findings

__all__ = [
    "DataFacts",
    "Evidence",
    "Finding",
    "LayerFacts",
    "LayerSignals",
    "LookAhead",
    "NetworkFacts",
    "OutputFacts",
    "ParameterFacts",
    "Remedy",
    "SignalKept",
    "Symptom",
    "TrainingCourse",
    "Verdict",
    "certain_findings",
    "chance_loss",
    "layer_signals",
    "rule_book",
    "signal_kept",
    "start_findings",
    "symptom_of",
    "training_findings",
]
