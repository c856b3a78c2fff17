"""Batches that hold rows of one kind: sorted data that nobody shuffles."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import LoopExample
from assay.diagnosis.facts import BatchMix, NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.loop import LoopFacts
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.wording import percent_text

# Batches that must have been looked at.
BATCHES = 6
# The share of the targets' variance between batches, and what dealing the rows at random may give at most.
MOST_BETWEEN, MOST_BY_CHANCE = 0.5, 0.1


def are_sorted(mix: BatchMix) -> bool:
    """Whether batches differ from each other more than their rows do."""
    return mix.batches >= BATCHES and mix.by_chance <= MOST_BY_CHANCE and mix.between >= MOST_BETWEEN


def unless_certain(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """The batches that a loader gives."""
    yield from _found(facts.batch_mix)


def in_loop(facts: LoopFacts) -> Iterator[Finding]:
    """The batches of the steps that were looked at."""
    yield from _found(facts.batch_mix)


def _found(mix: BatchMix | None) -> Iterator[Finding]:
    if mix is None or not are_sorted(mix):
        return
    yield SYMPTOM.finding(
        (),
        Evidence(
            "share of the targets' variance that lies between batches",
            mix.between,
            MOST_BETWEEN,
            f"Of {mix.batches} batches that were looked at, {percent_text(mix.between)} of the variance of the targets "
            f"lies between batches; rows dealt at random give {percent_text(mix.by_chance)}.",
        ),
    )


SYMPTOM = Symptom(
    name="sorted_batches",
    order=538,
    level="note",
    title="Each batch holds rows of one kind",
    meaning="The rows of a batch have nearly the same target, and those of another batch a different one.",
    sight="A loss that is near 0 for most of a pass over the data and jumps wherever the kind of the rows changes.",
    rule=(
        f"Of at least {BATCHES} batches of a loop or of a loader that is probed, {percent_text(MOST_BETWEEN)} or more "
        "of the variance of the targets lies between batches, where rows dealt at random give at most "
        f"{percent_text(MOST_BY_CHANCE)}. It is a note, for some networks learn all the same. The loss of such batches "
        "does not tell what was learnt: it is low where the network knows the kind of the batch alone."
    ),
    cause=(
        "The rows lie sorted, and the loop takes them in that order. Each update then fits the kind of its batch and "
        "undoes what the batches of other kinds have taught."
    ),
    why=(
        "The gradient of a batch estimates that of all rows only if the batch is a random sample. The share of the "
        "variance between k batches of N rows in all is η² = Σ n_b (m_b − m)² / Σ (t − m)²; dealing at random gives "
        "(k − 1) / (N − 1) in the mean."
    ),
    source="Bengio, Practical recommendations for gradient-based training of deep architectures, 2012, section 3.1.1",
    remedy="Shuffle the rows before each pass over the data: `DataLoader(…, shuffle=True)`.",
    example=LoopExample(
        "    rows = y.argsort()[2 * watch.step % 480 :][:32]\n"
        "    loss = criterion(model(x[rows]), y[rows])\n"
        "    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n",
        "    rows = torch.randperm(512)[:32]\n"
        "    loss = criterion(model(x[rows]), y[rows])\n"
        "    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n",
    ),
    factors=("data",),
    unless_certain=unless_certain,
    in_loop=in_loop,
)
