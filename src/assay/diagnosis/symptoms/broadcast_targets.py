"""Outputs and targets of different shapes under a loss that compares entry by entry."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import SOUND_MODULE, ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.loop import LoopFacts
from assay.diagnosis.symptom import Symptom


def as_written(facts: NetworkFacts) -> Iterator[Finding]:
    """Each output meets several targets."""
    if facts.as_read.broadcast is not None:
        yield _found((len(facts.layers),), *facts.as_read.broadcast)


def in_loop(facts: LoopFacts) -> Iterator[Finding]:
    """The same, of what a loss is given in a loop."""
    if facts.broadcast is not None:
        yield _found((), *facts.broadcast)


def _found(layers: tuple[int, ...], output: tuple[int, ...], target: tuple[int, ...]) -> Finding:
    text = f"The loss compares outputs of shape {output} with targets of shape {target}."
    column = (-1, *output[1:])
    return SYMPTOM.finding(
        layers,
        Evidence("network as written", None, None, text),
        remedy=Remedy(f"Give both the same shape: y.reshape{column}, or y[:, None]."),
    )


SYMPTOM = Symptom(
    name="broadcast_targets",
    order=112,
    level="certain",
    title="Every output is compared with every target",
    meaning="Outputs and targets have different shapes, and the loss stretches one over the other.",
    sight="Nothing: signal and gradient may look healthy. Only the loss never falls below that of a constant guess.",
    rule=(
        "An elementwise loss (squared, absolute, Huber, or a difference written by hand) is given an output and a "
        "target whose shapes differ, such as (n, 1) and (n,)."
    ),
    cause=(
        "The difference of shapes (n, 1) and (n,) is a table of (n, n): each output is compared with the targets of "
        "all rows. The best that the network can do is the mean of the targets, for every input."
    ),
    why="The mean over all i and j of (o_i − t_j)² is smallest if every o_i is the mean of the t_j.",
    source="Harris et al., Array Programming with NumPy, 2020: the rules of broadcasting",
    remedy="Give outputs and targets the same shape: y[:, None], or output.squeeze(1).",
    example=ModelExample(
        "loss, y = nn.MSELoss(), x.sum(1)\n" + SOUND_MODULE,
        "loss, y = nn.MSELoss(), x.sum(1)[:, None]\n" + SOUND_MODULE,
        is_torch=True,
    ),
    factors=("loss", "preprocessing"),
    as_written=as_written,
    in_loop=in_loop,
)
