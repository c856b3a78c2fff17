"""A step of a loop that is not finite, in words: where it begins, why, and what to change."""

from __future__ import annotations

from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.loop import NonfiniteFacts
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.wording import number_text


def nonfinite_step(symptom: Symptom, seen: NonfiniteFacts, what: str) -> Finding:
    """The finding of a symptom; `what` says what is not finite."""
    where, cause, remedy = _BY_ORIGIN[seen.origin]
    place = f"{where.format(layer=seen.layer)} {seen.last_sound}".strip()
    text = f"At step {seen.step}, before the optimizer made it, {what}. {place}".rstrip()
    evidence = Evidence("the first step with a loss or gradients that are not finite", float(seen.step), None, text)
    return symptom.finding((), evidence, cause=cause, remedy=Remedy(remedy))


def loss_text(loss: float) -> str:
    """``the loss is not a number``."""
    return f"the loss is {number_text(loss)}"


# By origin: where, cause, remedy.
_BY_ORIGIN = {
    "weights": (
        "Weights are not finite before that step, first those of '{layer}'.",
        "An earlier step made the weights so: it was too large, or its gradients were not finite.",
        "Go back to weights from before, and use a smaller learning rate.",
    ),
    "inputs": (
        "What the model was given is not finite.",
        "The data hold numbers that are NaN (not a number) or infinite.",
        "Remove or fill in these entries of the data.",
    ),
    "forward": (
        "The first layer by order of execution whose output is not finite is '{layer}'.",
        "A number in that layer grew beyond its type, or a function was asked for a value that it does not have.",
        "Look at what goes into that layer: smaller inputs, a smaller learning rate, or a larger type.",
    ),
    "loss": (
        "The outputs of the model are finite; the loss makes of them what is not.",
        "The loss was asked for a value that it does not have, such as the logarithm of 0, or overflowed its type.",
        "Compute the loss of logits instead of probabilities, or keep them away from 0 and 1.",
    ),
    "backward": (
        "In the backward pass the first layer with such gradients is '{layer}'; outputs are finite.",
        "A function has no finite slope there, such as √x, x/‖x‖ or log x at 0; or a slope met an infinite number.",
        "Keep what is divided by, or what a root or a logarithm is taken of, away from 0 (add 1e-6).",
    ),
    "unknown": (
        "",
        "A number grew beyond its type, or a function was asked for a value that it does not have.",
        "Give on_nonfinite='raise' to stop before such a step and learn where it begins.",
    ),
}
