"""An output activation and a cross-entropy that do not go together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from assay.choices import Choice
from assay.diagnosis.examples import StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.symptoms.constant_output import has_single_softmax
from assay.diagnosis.traits import (
    fitting_output,
    gives_probabilities,
    is_never_negative,
    is_normalized,
    output_range,
    reads_probabilities,
    usual_output_and_loss,
)
from assay.learning.losses import LOSSES

# They give logarithms of probabilities.
_LOGARITHMS = ("log_softmax", "log_sigmoid")


def as_written(facts: NetworkFacts) -> Iterator[Finding]:
    """A cross-entropy takes the logarithm of a probability, or the logits of one; nothing else."""
    activation, loss = facts.output.activation, facts.loss
    if activation is None or loss is None or not reads_probabilities(loss) or has_single_softmax(facts):
        return
    if facts.as_read.takes_logarithms:
        if activation.name not in _LOGARITHMS:
            yield _mismatch(
                facts,
                f"The output layer applies '{activation.name}', and the loss expects logarithms of probabilities.",
                "It returns −log p as it is given: of raw scores it falls without end, and a probability counts as it "
                "is, not by its logarithm.",
                "log_softmax",
            )
        return
    if facts.output.units == 1 and LOSSES.of(loss).needs == "one_hot":
        yield _single_output(facts, loss)
        return
    fitting = fitting_output(loss, facts.output.units)
    if loss.arguments.get("from_logits"):
        if LOSSES.of(loss).needs == "one_hot" and _is_open_above(activation):
            found = _mismatch(
                facts,
                f"The output layer applies '{activation.name}', and {loss.name} expects raw scores (from_logits).",
                "Of several classes only the differences between scores count, so scores of 0 and above can express "
                "every probability. But a unit that gives 0 for every example gets no gradient, and stays there.",
                "linear",
            )
            yield replace(found, level="note")
        elif is_never_negative(activation):
            yield _mismatch(
                facts,
                f"The output layer applies '{activation.name}', and {loss.name} applies its own '{fitting}' again "
                "(from_logits).",
                "With from_logits the loss expects raw scores of either sign and any size. "
                f"'{activation.name}' limits them, so the network cannot express every probability.",
                "linear",
            )
    elif not gives_probabilities(activation):
        yield _mismatch(
            facts,
            f"The output layer applies '{activation.name}', and {loss.name} takes the logarithm of its outputs.",
            f"'{activation.name}' gives numbers that are no probabilities. Outside 0 to 1 the loss is cut off and has "
            "no gradient, or is not a number.",
            fitting,
        )
    elif fitting == "softmax" and not is_normalized(activation):
        yield _mismatch(
            facts,
            f"The output layer applies '{activation.name}' to each of its {facts.output.units} units, and {loss.name} "
            "expects shares that add up to 1.",
            "This loss looks only at the output of the right class. Nothing pushes the other outputs down, and where "
            "all of them saturate nothing is learnt.",
            fitting,
        )


def _is_open_above(activation: Choice) -> bool:
    """Whether outputs are never below 0, and as large as they like."""
    bounds = output_range(activation)
    return bounds is not None and is_never_negative(activation) and bounds[1] == math.inf


def _single_output(facts: NetworkFacts, loss: Choice) -> Finding:
    """Shares of several classes need several outputs."""
    output, fitting = usual_output_and_loss("binary")
    return SYMPTOM.finding(
        (len(facts.layers),),
        Evidence(
            "network as written", None, None, f"The output layer has 1 unit, and {loss.name} compares several classes."
        ),
        detail="The share of a single output is 1 whatever the output is, so the loss is constant.",
        remedy=Remedy(
            f"Give the output one unit for each class; or for two classes use '{output}' and the loss {fitting}.",
            {"network.output_activation": output, "training.loss": fitting},
        ),
    )


def _mismatch(facts: NetworkFacts, seen: str, detail: str, output: str) -> Finding:
    return SYMPTOM.finding(
        (len(facts.layers),),
        Evidence("network as written", None, None, seen),
        detail=detail,
        remedy=Remedy(f"Use '{output}' as the output activation.", {"network.output_activation": output}),
    )


SYMPTOM = Symptom(
    name="output_loss_mismatch",
    order=110,
    level="certain",
    title="The output does not fit the loss",
    meaning="A cross-entropy gets numbers that are no probabilities, or probabilities where it expects raw scores.",
    sight="The output's violin of activations reaches outside 0 … 1, or sits at 0 where the loss is cut off.",
    rule=(
        "The loss is a cross-entropy (or kl_divergence), and the output activation does not give probabilities; or it "
        "gives them although the loss has from_logits; or each of several classes has a sigmoid of its own; or the "
        "loss expects logarithms of probabilities, as PyTorch's NLLLoss does, and the output is no log_softmax; or the "
        "loss compares several classes, and there is a single output. Scores of 0 and above, as ReLU gives them, are a "
        "note under from_logits for several classes."
    ),
    cause=(
        "Cross-entropy is −log of the probability of the right class, so it needs that probability, or with "
        "from_logits the raw score behind it."
    ),
    why=(
        "The logarithm of a negative number does not exist. For p = 0 or p > 1 Keras cuts the loss off, so its slope "
        "is 0 there and nothing is learnt from that row."
    ),
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.2.2",
    remedy=(
        "For two classes use one unit, sigmoid and binary_crossentropy. For several use one unit for each class, "
        "softmax and categorical_crossentropy. With from_logits use linear, with NLLLoss log_softmax."
    ),
    example=StudyExample({"data": "circles"}, "network.output_activation", "relu", "sigmoid"),
    factors=("activation", "loss"),
    as_written=as_written,
)
