"""What is known of each optimizer beyond its rule: strengths and weaknesses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class OptimizerNotes:
    """The sentences of one optimizer that its class does not hold."""

    advantages: str
    drawbacks: str


OPTIMIZER_NOTES: dict[str, OptimizerNotes] = {
    "sgd": OptimizerNotes(
        advantages="The simplest rule. With momentum steps in the same direction add up, to ten times the step at 0.9.",
        drawbacks="One learning rate for all parameters, which has to be found; without momentum slow in long valleys.",
    ),
    "rmsprop": OptimizerNotes(
        advantages="Each parameter's step is scaled by the recent size of its gradient: layers with small gradients "
        "move too.",
        drawbacks="No correction for its average starting at 0: the first steps are large.",
    ),
    "adagrad": OptimizerNotes(
        advantages="Rare features keep large steps: for sparse inputs.",
        drawbacks="Its sum only grows, so steps only shrink; Keras' learning rate of 0.001 is far too small for it.",
    ),
    "adadelta": OptimizerNotes(
        advantages="Steps have the units of the parameters, so that a learning rate of 1 is meant.",
        drawbacks="With Keras' learning rate of 0.001 it hardly moves.",
    ),
    "adam": OptimizerNotes(
        advantages="Momentum plus scaling: the default rate mostly serves, and layers with small gradients move too.",
        drawbacks="Two arrays for each parameter; its L2 penalty is scaled away (see adamw).",
    ),
    "adamw": OptimizerNotes(
        advantages="Adam with a decay of the weights that the scaling leaves alone.",
        drawbacks="One more number to choose.",
    ),
    "adamax": OptimizerNotes(
        advantages="Adam with the largest recent gradient for a scale: calm where gradients are sometimes very large.",
        drawbacks="One huge gradient makes steps small for long.",
    ),
    "nadam": OptimizerNotes(
        advantages="Adam that looks ahead: often a little faster at first.",
        drawbacks="As Adam.",
    ),
    "ftrl": OptimizerNotes(
        advantages="With an L1 penalty, parameters become exactly 0: for linear models of many sparse features.",
        drawbacks="Forgets the initial kernel at the first update; seldom used for deep networks.",
    ),
    "lion": OptimizerNotes(
        advantages="Keeps one array for each parameter, not two; every step has the same size.",
        drawbacks="Wants a learning rate three to ten times smaller than Adam's.",
    ),
    "adafactor": OptimizerNotes(
        advantages="Keeps row and column means in place of a whole array: for very large kernels.",
        drawbacks="The learning rate is only an upper bound of its own schedule; rougher than Adam.",
    ),
}
"""In the order of `OPTIMIZERS`."""
