"""What the numbers say: best epochs, intervals over seeds, paired comparisons, and the sentences that follow."""

from assay.analysis.best_epoch import BestEpoch, best_epoch, is_higher_better
from assay.analysis.comparison import Comparison, compare_paired
from assay.analysis.intervals import Interval, mean_interval
from assay.analysis.measurements import best_epochs, measurements
from assay.analysis.summary import summary
from assay.analysis.wording import sentences

__all__ = [
    "BestEpoch",
    "Comparison",
    "Interval",
    "best_epoch",
    "best_epochs",
    "compare_paired",
    "is_higher_better",
    "mean_interval",
    "measurements",
    "sentences",
    "summary",
]
