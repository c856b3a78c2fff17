"""Targets of a regression that are far from size 1."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.wording import number_text

# Size of the largest target.
UNSCALED_TARGETS = 10.0


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Large targets ask the last kernel to grow a thousandfold first."""
    data, activation = facts.data, facts.output.activation
    if facts.task != "regression" or data is None or activation is None or activation.name != "linear":
        return
    size = max(abs(data.target_low), abs(data.target_high))
    if size < UNSCALED_TARGETS:
        return
    yield SYMPTOM.finding(
        (len(facts.layers),),
        Evidence(
            "largest target",
            size,
            UNSCALED_TARGETS,
            f"The targets reach {number_text(size)} (threshold {UNSCALED_TARGETS:g}), but outputs start at size 1.",
        ),
        settings={"data.target_scaling": "standard"},
    )


SYMPTOM = Symptom(
    name="unscaled_targets",
    order=210,
    level="fault",
    title="Targets are far from size 1",
    meaning="The targets of a regression are much larger than the outputs of an untrained network.",
    sight="The pre-activations look sound, but the gradients of all layers are as large as the targets.",
    rule=f"The task is a regression with a linear output, and the largest target is at least {UNSCALED_TARGETS:g}.",
    cause="Outputs start near 0, so the error, and with it every gradient, is as large as the targets.",
    why="The error of a squared loss is the output minus the target.",
    source="Bishop, Neural Networks for Pattern Recognition, 1995, chapter 8",
    remedy="Scale the targets to mean 0 and standard deviation 1, and undo the scaling on the outputs.",
    example=StudyExample({"data": "diabetes"}, "data.target_scaling", "none", "standard"),
    about="step",
    factors=("preprocessing",),
    at_start=at_start,
)
