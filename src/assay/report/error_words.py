"""Title, words for who cannot see it, and caption of each figure of a network's errors."""

from __future__ import annotations

from assay.figures.calibration import CalibrationPicture
from assay.figures.confusion import ConfusionPicture
from assay.figures.decision_boundary import Boundary
from assay.figures.errors_by_class import ErrorsByClass
from assay.figures.residuals import ResidualPicture
from assay.figures.worst_examples import WorstExamples
from assay.figures.written import FigureData


def error_words(data: FigureData) -> tuple[str, str, str]:
    """Title, alternative and caption."""
    if isinstance(data, ConfusionPicture):
        return (
            "Which class is taken for which",
            f"A confusion matrix of {len(data.names)} classes; the sentences above name the pairs that stand out.",
            "A row for each true class, a column for what was predicted. The stronger the colour of an error, the "
            "larger its part of the row. Beside each row stands the part that is found.",
        )
    if isinstance(data, ErrorsByClass):
        return (
            "Class by class",
            f"Recall and precision of {len(data.rows)} classes with their intervals; a table below holds the numbers.",
            "The class that is found least is at the top. Recall is the part of the rows of a class that is found, "
            "precision the part of the answers with this class that is right.",
        )
    if isinstance(data, CalibrationPicture):
        found = data.calibration
        return (
            "Is it as right as it is sure?",
            f"A calibration curve of {len(found.bins)} bins: answers have a probability of {found.sure:.2f} on average "
            f"and {found.right:.2f} of them are right.",
            "On the dashed line a network is right as often as it says. Below the line it is too sure. Bars count the "
            "answers in each bin; one of fewer than five has a hollow mark. The metric `calibration_error` is how far "
            "apart sureness and rightness of the answers are.",
        )
    if isinstance(data, ResidualPicture):
        return (
            "Where the prediction is off",
            f"Target minus prediction over the prediction, for {len(data.panels)} target columns.",
            "Above the dashed line the network says too little, below it too much. A good network scatters evenly "
            "about the line, wherever the prediction is.",
        )
    if isinstance(data, WorstExamples):
        return (
            "The worst examples",
            f"Pictures of the {len(data.examples)} rows with the largest loss, with what they are and what is said.",
            "The true class, then the class that was predicted, with the probability that the network gave to it. "
            "Rows are numbered as in the source, from 0.",
        )
    assert isinstance(data, Boundary)
    return (
        "Where the classes are parted" if data.class_names else "What is predicted where",
        f"Planes of the two features for {len(data.panels)} conditions, before training and at its end.",
        "Each pair of panels is one condition: the untrained network, and the same network after training. All panels "
        "share their axes and colours. The fuller the colour, the surer the network; dots are training rows.",
    )
