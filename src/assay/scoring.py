"""The metrics that a study asks for, of what the networks of a population say of validation or test rows.

Index letters: C conditions, S seeds, K outputs.
"""

from __future__ import annotations

import math
from typing import Literal

import jax
import numpy as np

from assay.data import Dataset
from assay.engine.arguments import State
from assay.engine.placing import PlacedData
from assay.engine.trainer import Scores, Trainer
from assay.errors import StudyError
from assay.learning.scores import METRICS, Answers, measured
from assay.planning import PopulationPlan

Part = Literal["validation", "test"]


def asked_metrics(
    plan: PopulationPlan,
    dataset: Dataset,
    part: Part,
    trainer: Trainer,
    state: State[jax.Array],
    rows: PlacedData,
    trials: np.ndarray,
) -> Scores:
    """The metrics of `PopulationPlan.metrics`; empty where there are none, and then nothing is computed.

    Parameters
    ----------
    plan, dataset, trainer
        Of one population.
    part : {"validation", "test"}
    state : State
        It stays as it is.
    rows : PlacedData
        The rows of the part.
    trials : array, shape (C, S), bool
        Those that are looked at; the others have NaN.
    """
    found = {name: np.full(trials.shape, np.nan) for name in plan.metrics}
    if found:
        for condition, seed, outputs in trainer.predict_each(state, rows, trials):
            for name, value in measured(found, _answers(plan, dataset, part, condition, outputs)).items():
                found[name][condition, seed] = value
    return found


def check_metrics(plan: PopulationPlan, dataset: Dataset) -> None:
    """Raise a `StudyError` if the metric that selects has no value on these validation rows, however good a network is.

    It has none where a class is missing that it needs, or where outputs are no probabilities.
    """
    name = plan.design.select.removeprefix("val_")
    if name not in plan.metrics:
        return
    for index, condition in enumerate(plan.conditions):
        answers = _answers(plan, dataset, "validation", index, dataset.y_validation)
        if math.isnan(METRICS[name].of(answers)):
            loss, unit = answers.loss, answers.output_activation
            reason = (
                f"it needs probabilities, and '{unit}' under '{loss}' gives none"
                if METRICS[name].needs == "probabilities" and answers.probabilities is None
                else f"their {len(dataset.y_validation)} rows do not hold all classes"
            )
            raise StudyError(
                f"design.select: '{plan.design.select}' cannot be computed of the validation rows in condition "
                f"'{condition.name}': {reason}. Choose another metric, or hold out more rows (data.validation)."
            )


def _answers(plan: PopulationPlan, dataset: Dataset, part: Part, condition: int, outputs: np.ndarray) -> Answers:
    """What a network of a condition said; quantities in the units in which they were given."""
    targets = {"validation": dataset.y_validation, "test": dataset.y_test}[part]
    scaling = dataset.target_scaling
    if scaling is not None:
        targets, outputs = scaling.undo(targets), scaling.undo(outputs)
    member = plan.members[condition]
    unit = member.layers[-1].activation
    return Answers(plan.shape.task, targets, outputs, loss=member.loss, output_activation=unit)
