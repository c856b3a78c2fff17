"""What is wrong with a network, why, and what mends it: facts and measurements in, findings out.

Record, then judge, then word: probes return numbers, this room returns findings, and every finding carries its number,
its threshold, its cause and its remedy. It knows neither studies nor files, so a condition, a Keras model and a PyTorch
module are judged by the same rules. The rule book in words is docs/findings.md.
"""

from assay.diagnosis.facts import DataFacts, LayerFacts, NetworkFacts, chance_loss
from assay.diagnosis.finding import Evidence, Finding, Remedy, Verdict
from assay.diagnosis.measured import LayerSignals, layer_signals
from assay.diagnosis.start import start_findings
from assay.diagnosis.training import TrainingCourse, training_findings

__all__ = [
    "DataFacts",
    "Evidence",
    "Finding",
    "LayerFacts",
    "LayerSignals",
    "NetworkFacts",
    "Remedy",
    "TrainingCourse",
    "Verdict",
    "chance_loss",
    "layer_signals",
    "start_findings",
    "training_findings",
]
