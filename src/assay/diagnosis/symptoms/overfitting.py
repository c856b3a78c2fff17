"""A validation loss that rises while the training loss falls."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.diagnosis.course import TrainingCourse
from assay.diagnosis.examples import StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.wording import percent_text

# Rise of the validation loss from its best.
OVERFITTING = 0.1


def in_training(facts: NetworkFacts, course: TrainingCourse) -> Iterator[Finding]:
    """The validation loss turns, at least three epochs before the end."""
    validation = course.validation_loss
    if validation is None or len(validation) < 3 or not np.isfinite(validation).all():
        return
    best = int(validation[1:].argmin()) + 1
    if best > len(validation) - 3 or validation[best] <= 0:
        return
    rise = float(validation[-2:].mean() / validation[best] - 1)
    whole = float(validation[best + 1 :].mean() / validation[best] - 1)
    if min(rise, 2 * whole) < OVERFITTING:  # one late peak is no trend
        return
    if course.loss[-1] >= course.loss[best]:
        return
    yield SYMPTOM.finding(
        (),
        Evidence(
            "validation loss at the end / at its best, less 1",
            rise,
            OVERFITTING,
            f"From epoch {best} on the validation loss rises, by {percent_text(rise)} up to the end, while the "
            f"training loss keeps falling (threshold {percent_text(OVERFITTING)}).",
        ),
        remedy=Remedy(
            f"Stop where the validation loss is smallest, for this seed at epoch {best}, or use dropout, an L2 penalty "
            "or a smaller network.",
            {"training.epochs": best},
        ),
    )


SYMPTOM = Symptom(
    name="overfitting",
    order=400,
    level="note",
    title="The training rows are memorized",
    meaning="From some epoch on the network gets better on the rows it is trained on, and worse on all others.",
    sight="The training loss goes on falling, and the validation loss turns upwards.",
    rule=(
        f"The validation loss ends at least {percent_text(OVERFITTING)} above its best, while the training loss is "
        "below what it was then."
    ),
    cause="The network memorizes its training rows.",
    why=(
        "A network with many more weights than rows can give every training row its own answer, noise included. What "
        "it learns then does not hold for new rows."
    ),
    source="Prechelt, Early Stopping – But When?, 1998; Srivastava et al., Dropout, 2014",
    remedy="Stop at the best epoch, or use dropout, an L2 penalty, a smaller network or more rows.",
    advice="assay trains afresh up to the best epoch anyway. The loss in the picture includes the penalty.",
    example=StudyExample(
        {
            "data": {"name": "moons", "rows": 300, "noise": 0.4},
            "network.width": 64,
            "training.optimizer.learning_rate": 0.01,
            "training.epochs": 60,
        },
        "network.l2",
        0.0,
        0.01,
        is_trained=True,
    ),
    in_training=in_training,
)
