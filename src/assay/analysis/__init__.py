"""What the numbers say: measurements, intervals over seeds, paired comparisons, and the sentences that follow."""

from assay.analysis.comparison import Comparison, compare_paired
from assay.analysis.intervals import Interval, mean_interval
from assay.analysis.measurements import best_epochs, measurements
from assay.analysis.shortlist import SHOWN_CONDITIONS, shortlist
from assay.analysis.summarizing import summarize
from assay.analysis.summary import BaselineComparison, ConditionSummary, Measure, Summary
from assay.analysis.symptoms import Symptom, symptom_sentences, symptoms
from assay.analysis.wording import sentences

__all__ = [
    "SHOWN_CONDITIONS",
    "BaselineComparison",
    "Comparison",
    "ConditionSummary",
    "Interval",
    "Measure",
    "Summary",
    "Symptom",
    "best_epochs",
    "compare_paired",
    "mean_interval",
    "measurements",
    "sentences",
    "shortlist",
    "summarize",
    "symptom_sentences",
    "symptoms",
]
