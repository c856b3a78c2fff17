"""Training in the mode of evaluation."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import LoopExample
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.loop import ENOUGH_LOOKS, LoopFacts, ModeFacts
from assay.diagnosis.symptom import Symptom


def in_loop(facts: LoopFacts) -> Iterator[Finding]:
    """At each of the last looks the whole model was in evaluation, and has layers to which that matters."""
    last = facts.is_training[-ENOUGH_LOOKS:]
    layers = [layer for layer in facts.modes if not any(layer.in_training[-ENOUGH_LOOKS:])]
    if len(last) < ENOUGH_LOOKS or any(last) or not layers:
        return
    since = _since(facts)
    which = "From the first step on" if since == facts.looks[0] else f"From step {since} on"
    yield SYMPTOM.finding(
        (),
        Evidence(
            "steps in evaluation mode, of the last that were looked at",
            float(len(last)),
            None,
            f"{which}, the model was in evaluation mode at every step that was looked at. {_layers_text(layers)}",
        ),
    )


def _since(facts: LoopFacts) -> int:
    """The first look from which on the model was in evaluation."""
    since = facts.looks[-1]
    for step, is_training in zip(reversed(facts.looks), reversed(facts.is_training), strict=True):
        if is_training:
            break
        since = step
    return since


def _layers_text(layers: list[ModeFacts]) -> str:
    """What does not do its work: ``2 layers of dropout drop nothing ('drop1' is the first).``."""
    told = []
    for kind, effect in (
        ("dropout", "drop nothing"),
        ("batch normalization", "do not use the statistics of the batch"),
    ):
        of_kind = [layer for layer in layers if layer.kind == kind]
        if of_kind:
            one = effect.replace("drop nothing", "drops nothing").replace("do not", "does not")
            subject = f"The layer of {kind} '{of_kind[0].name}' {one}"
            many = f"{len(of_kind)} layers of {kind} {effect} ('{of_kind[0].name}' is the first)"
            told.append(f"{subject if len(of_kind) == 1 else many}.")
    if any(layer.batches == 0 for layer in layers):
        told.append("Its running statistics are those of initialization, so it normalizes nothing.")
    return " ".join(told)


SYMPTOM = Symptom(
    name="wrong_mode",
    order=510,
    level="note",
    title="Trained in evaluation mode",
    meaning="The model is trained after `model.eval()`: dropout drops nothing, and batch normalization does not adapt.",
    sight="The training loss is as low as ever; the validation loss is not.",
    rule=(
        f"At each of the last {ENOUGH_LOOKS} looks or more the model was in evaluation mode in a forward pass that was "
        "trained on, and it has layers of dropout or batch normalization. A layer that alone is in evaluation, as is "
        "done to freeze it, does not count."
    ),
    cause="`model.eval()` was called and `model.train()` was not, most often by a validation between two epochs.",
    why=(
        "In evaluation, dropout is the identity, and batch normalization divides by running statistics, which do not "
        "follow the weights any more."
    ),
    source="Ioffe and Szegedy, 2015, section 3.1; Srivastava et al., 2014",
    remedy="Call `model.train()` at the beginning of each epoch, after any validation.",
    advice="A network that is fine-tuned with its statistics frozen on purpose can stay as it is.",
    example=LoopExample(
        illness="    model.eval()\n    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n",
        cure="    model.train()\n    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n",
    ),
    factors=("mode",),
    in_loop=in_loop,
)
