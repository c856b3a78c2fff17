"""Targets of a regression beyond the bounds of the output activation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from assay.diagnosis.examples import DIABETES, StudyExample
from assay.diagnosis.facts import DataFacts, NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.traits import output_range
from assay.diagnosis.wording import percent_text

# Targets may be beyond the range by this much: the rounding of float32.
_TOLERANCE = 1e-6
# The share of the targets' variance that is out of reach, from which on learning is certain to fail.
_CERTAIN = 0.2


def as_written(facts: NetworkFacts) -> Iterator[Finding]:
    """A bounded output never reaches targets outside its range."""
    activation, data = facts.output.activation, facts.data
    bounds = output_range(activation) if activation is not None else None
    if activation is None or bounds is None or data is None or facts.task != "regression":
        return
    if facts.loss is None:  # a loss of the user's own may compare something else with the targets
        return
    low, high = bounds
    if data.target_low >= low - _TOLERANCE and data.target_high <= high + _TOLERANCE:
        return
    text = (
        f"The targets lie between {data.target_low:.4g} and {data.target_high:.4g}, but '{activation.name}' gives "
        f"outputs {_range_text(low, high)}."
    )
    lost = _lost_share(data, low, high)
    if lost is not None:
        text += f" Even the best outputs would leave {percent_text(lost)} of their variance unexplained."
    found = SYMPTOM.finding(
        (len(facts.layers),),
        Evidence("network as written", None, None, text),
        settings={"network.output_activation": "linear", "data.target_scaling": "standard"},
    )
    yield found if lost is None or lost >= _CERTAIN else replace(found, level="note")


def _lost_share(data: DataFacts, low: float, high: float) -> float | None:
    """Σ (t − c)² / Σ (t − m)² with c the nearest number in the range, from the quantiles of the targets t."""
    targets = np.asarray(data.target_quantiles, float)
    if not len(targets) or not targets.var() > 0:
        return None
    return float(((targets - targets.clip(low, high)) ** 2).mean() / targets.var())


def _range_text(low: float, high: float) -> str:
    if high == float("inf"):
        return f"of {low:g} and above"
    return f"of {high:g} and below" if low == -float("inf") else f"between {low:g} and {high:g}"


SYMPTOM = Symptom(
    name="target_out_of_range",
    order=120,
    level="certain",
    title="Targets that the output can never reach",
    meaning="The output activation is bounded, and some targets of the regression lie beyond its bounds.",
    sight="The output's violin of activations stays between the bounds. Compare it with the range of the targets.",
    rule=(
        "The task is a regression, and a target lies outside the range of the output activation. It is certain where "
        f"at least {percent_text(_CERTAIN)} of the targets' variance is out of reach, and a note below that."
    ),
    cause="An output can never reach a target outside the range of its activation.",
    why=(
        "A sigmoid gives numbers between 0 and 1, tanh between −1 and 1, ReLU none below 0. The best the network can "
        "do for a target beyond is the bound itself, where the slope of the activation is almost 0."
    ),
    source="LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998, section 4.5",
    remedy="Use 'linear' as the output activation, and scale the targets to mean 0 and standard deviation 1.",
    example=StudyExample({"data": DIABETES}, "network.output_activation", "sigmoid", "linear"),
    factors=("activation", "loss", "preprocessing"),
    as_written=as_written,
)
