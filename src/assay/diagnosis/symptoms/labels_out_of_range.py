"""Class numbers that the output has no unit for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from assay.diagnosis.examples import ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.symptom import Symptom


def as_written(facts: NetworkFacts) -> Iterator[Finding]:
    """K outputs have the classes 0 to K - 1; of one output the target is 0, 1 or a probability."""
    if facts.as_read.labels_beyond is None:
        return
    low, high, outputs = facts.as_read.labels_beyond
    fits = f"for {outputs} outputs they have to be 0 to {outputs - 1}" if outputs > 1 else "they have to lie in 0 … 1"
    found = SYMPTOM.finding(
        (len(facts.layers),),
        Evidence("network as written", None, None, f"The labels run from {low:g} to {high:g}; {fits}."),
        cause=_CAUSE_OF_TWO if outputs == 1 else None,
        remedy=_remedy(low, high, outputs),
    )
    # Labels such as -1 and 1 pull the outputs of the two classes apart, if not to the right probabilities.
    pulls_apart = outputs == 1 and low < 1 and high > 0
    yield replace(found, level="note") if pulls_apart else found


def _remedy(low: float, high: float, outputs: int) -> Remedy:
    """Numbering from 0 where that is enough; else a unit for each class."""
    if outputs == 1:
        return Remedy("Use the labels 0 and 1.")
    if high - low <= outputs - 1:
        by = f"y - {low:g}" if low > 0 else f"y + {-low:g}"
        return Remedy(f"Number the classes from 0: give {by}.")
    return Remedy(
        f"Give the last layer one unit for each class ({high - min(low, 0) + 1:g}); number the classes from 0."
    )


# dL/dz of L = −y log σ(z) − (1 − y) log(1 − σ(z)) is σ(z) − y.
_CAUSE_OF_TWO = (
    "The slope of the binary cross-entropy is the probability less the label. It is never 0 for a label outside of "
    "0 … 1, so such rows drive the output to one end without limit."
)
_MODEL = 'model = keras.Sequential([keras.Input((10,)), *hidden, keras.layers.Dense(3, "softmax")])\n'

SYMPTOM = Symptom(
    name="labels_out_of_range",
    order=124,
    level="certain",
    title="Labels that the output has no unit for",
    meaning="Some class numbers are not among 0 to K − 1, where K is the number of outputs.",
    sight="Nothing: signal and gradient may look sound. The panels do not show the labels.",
    rule=(
        "A class number of the targets is below 0 or above K − 1; or a target of the binary cross-entropy is below 0 "
        "or above 1. Of the binary cross-entropy it is certain where no label lies below 1, or none above 0, for all "
        "outputs are then driven to the same end; otherwise it is a note."
    ),
    cause=(
        "The loss takes the output unit whose number is the label. There is no such unit, so what happens depends on "
        "the framework: an error, a loss that is not a number, or rows that count as learnt."
    ),
    why=(
        "The loss of a row is −log p of its class. Keras gives NaN on TensorFlow and 0 on JAX for a class that does "
        "not exist; PyTorch stops with an error, on a GPU with one that names no line."
    ),
    source="the definition of the loss: it is a sum over the classes 0 to K − 1",
    remedy="Number the classes from 0, and give the last layer one unit for each class.",
    advice="Labels 1 to K are the usual case: files for other languages count from 1.",
    example=ModelExample(
        "y = np.digitize(x.sum(axis=1), [-2, 2]) + 1\n" + _MODEL,
        "y = np.digitize(x.sum(axis=1), [-2, 2])\n" + _MODEL,
    ),
    factors=("preprocessing", "loss"),
    as_written=as_written,
)
