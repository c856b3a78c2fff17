"""What the numbers say: measurements, intervals over seeds, paired comparisons, and the sentences that follow."""

from assay.analysis.comparison import Comparison, Rules, Sample, compare_paired, concluded
from assay.analysis.effects import FactorAnalysis
from assay.analysis.folder_wording import folder_sentences
from assay.analysis.folders import FolderComparison, compare_folders
from assay.analysis.intervals import Interval, Share, mean_interval
from assay.analysis.measured import Measured
from assay.analysis.measurements import best_epochs, measurements
from assay.analysis.scales import PLAIN, POSITIVE, SHARE
from assay.analysis.shortlist import SHOWN_CONDITIONS, shortlist
from assay.analysis.summarizing import summarize
from assay.analysis.summary import BaselineComparison, ConditionSummary, Measure, Summary
from assay.analysis.symptoms import Symptom, symptom_sentences, symptoms
from assay.analysis.wording import sentences

__all__ = [
    "PLAIN",
    "POSITIVE",
    "SHARE",
    "SHOWN_CONDITIONS",
    "BaselineComparison",
    "Comparison",
    "ConditionSummary",
    "FactorAnalysis",
    "FolderComparison",
    "Interval",
    "Measure",
    "Measured",
    "Rules",
    "Sample",
    "Share",
    "Summary",
    "Symptom",
    "best_epochs",
    "compare_folders",
    "compare_paired",
    "concluded",
    "folder_sentences",
    "mean_interval",
    "measurements",
    "sentences",
    "shortlist",
    "summarize",
    "symptom_sentences",
    "symptoms",
]
