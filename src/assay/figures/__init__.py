"""What is seen: figures of a study, each drawn from data that a function computes first."""

from assay.figures.learning_curves import learning_curves
from assay.figures.overview import overview
from assay.figures.saving import save_figures, study_figures

__all__ = ["learning_curves", "overview", "save_figures", "study_figures"]
