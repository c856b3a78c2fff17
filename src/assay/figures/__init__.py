"""What is seen: figures of a study, each drawn from data that a function computes first and that JSON can hold."""

from assay.figures.activations import activations
from assay.figures.animation import write_animation
from assay.figures.calibration import calibration
from assay.figures.confusion import confusion
from assay.figures.decision_boundary import decision_boundary
from assay.figures.errors_by_class import errors_by_class
from assay.figures.four_panels import four_panels
from assay.figures.illness_and_cure import courses_of_illness_and_cure, illness_and_cure
from assay.figures.interaction import interaction
from assay.figures.learning_curves import learning_curves
from assay.figures.over_epochs import over_epochs
from assay.figures.overview import overview
from assay.figures.profiles import profiles
from assay.figures.residuals import residuals
from assay.figures.saving import (
    boundary_figure,
    error_figure_data,
    save_figures,
    save_signal_figures,
    signal_figure_data,
    signal_figures,
    study_figure_data,
    study_figures,
)
from assay.figures.signal_tables import SignalTables
from assay.figures.wall import wall
from assay.figures.worst_examples import worst_examples

__all__ = [
    "SignalTables",
    "activations",
    "boundary_figure",
    "calibration",
    "confusion",
    "courses_of_illness_and_cure",
    "decision_boundary",
    "error_figure_data",
    "errors_by_class",
    "four_panels",
    "illness_and_cure",
    "interaction",
    "learning_curves",
    "over_epochs",
    "overview",
    "profiles",
    "residuals",
    "save_figures",
    "save_signal_figures",
    "signal_figure_data",
    "signal_figures",
    "study_figure_data",
    "study_figures",
    "wall",
    "worst_examples",
    "write_animation",
]
