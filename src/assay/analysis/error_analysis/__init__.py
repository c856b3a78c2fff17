"""What a network gets wrong: the classes it confuses, the rows it errs on most, whether it is as right as it is sure.

::

    errors = results.errors("activation=relu")        # an ErrorAnalysis
    errors.sentences()
    errors.confusion.by_class()
"""

from assay.analysis.error_analysis.analysis import ErrorAnalysis, analyse
from assay.analysis.error_analysis.answers import AnsweredRows
from assay.analysis.error_analysis.calibration import Calibration, CalibrationBin, calibration_of
from assay.analysis.error_analysis.confusion import ClassErrors, ConfusedPair, Confusion
from assay.analysis.error_analysis.examples import SHOWN_EXAMPLES, Example, worst_examples
from assay.analysis.error_analysis.labels import LabelErrors, label_errors
from assay.analysis.error_analysis.reading import answers_of
from assay.analysis.error_analysis.residuals import Residuals, residuals_of

__all__ = [
    "SHOWN_EXAMPLES",
    "AnsweredRows",
    "Calibration",
    "CalibrationBin",
    "ClassErrors",
    "ConfusedPair",
    "Confusion",
    "ErrorAnalysis",
    "Example",
    "LabelErrors",
    "Residuals",
    "analyse",
    "answers_of",
    "calibration_of",
    "label_errors",
    "residuals_of",
    "worst_examples",
]
