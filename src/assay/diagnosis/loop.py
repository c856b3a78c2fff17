"""What is wrong with a training loop of a user's own: what a watcher saw of it, and the rules that are asked.

A probe looks at a network alone; a watcher sees what the loop does with it. The rules stand with their symptoms, in the
folder `symptoms`, as ``in_loop``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.diagnosis.facts import BatchMix, ParameterFacts

ENOUGH_LOOKS = 3
"""So many looks must agree before a loop is judged by what they have in common."""


@dataclass(frozen=True)
class ModeFacts:
    """A layer that computes something else in training than in evaluation.

    Attributes
    ----------
    name : str
        As the model calls it.
    kind : {"batch normalization", "dropout"}
    in_training : tuple of bool
        Its mode at each look.
    batches : int, optional
        Of how many batches a batch normalization has taken statistics so far. None where it does not count.
    """

    name: str
    kind: Literal["batch normalization", "dropout"]
    in_training: tuple[bool, ...]
    batches: int | None = None


@dataclass(frozen=True)
class ClippingFacts:
    """The size of all gradients together at one look.

    Attributes
    ----------
    before, after : float
        Euclidean norm as the backward pass left it, and as the optimizer was given it.
    """

    before: float
    after: float


@dataclass(frozen=True)
class NonfiniteFacts:
    """A step whose loss or gradients are not numbers, seen before the optimizer made it.

    Attributes
    ----------
    step : int
        Its number, from 1.
    loss : float, optional
        NaN or infinite if the loss is; None where it is not known.
    parameters : tuple of str
        Those whose gradients are not finite.
    origin : {"weights", "inputs", "forward", "loss", "backward", "unknown"}
        Where the first such number stands: in the weights before the step, in what the model was given, in the output
        of a layer, in the loss of finite outputs, or in a gradient alone.
    layer : str
        The first layer by order of execution; empty where it is not known.
    last_sound : str
        What was measured there at the last look; empty where nothing was.
    """

    step: int
    loss: float | None
    parameters: tuple[str, ...]
    origin: Literal["weights", "inputs", "forward", "loss", "backward", "unknown"]
    layer: str = ""
    last_sound: str = ""


@dataclass(frozen=True)
class LoopFacts:
    """What a watcher has seen of a training loop so far.

    Attributes
    ----------
    steps : int
        Calls of ``optimizer.step()``.
    looks : tuple of int
        The steps that were looked at.
    losses : tuple of (int, float)
        By step, as far as the loss is known.
    parameters : tuple of ParameterFacts
        As they are at the last look; ``gradient`` and ``update`` are the largest of all looks, so an update of 0 means
        that the parameter has never moved.
    carried_over : tuple of bool
        Of each look from the second on: whether gradients of an earlier step were still there whenever a backward pass
        began. Gradients that several backward passes add up for one step do not count.
    is_training : tuple of bool
        The mode of the model at each look.
    rates : tuple of (float, float)
        At each look the largest learning rate of the optimizer's groups, and the largest that is known of their
        schedule: the one that the optimizer was given. Empty for an optimizer without rates.
    modes : tuple of ModeFacts
    clipping : tuple of ClippingFacts
    loss_scale : float, optional
        Of automatic mixed precision, at the last look.
    batch_mix : BatchMix, optional
        Of the targets, as far as they are known.
    broadcast : pair of shape, optional
        Those of outputs and targets that a loss compares number by number, where they differ.
    nonfinite : NonfiniteFacts, optional
        The first step that was not finite.
    has_ended : bool
        No step is to come, so what was seen at few looks is judged too.
    """

    steps: int
    looks: tuple[int, ...] = ()
    losses: tuple[tuple[int, float], ...] = ()
    parameters: tuple[ParameterFacts, ...] = ()
    carried_over: tuple[bool, ...] = ()
    is_training: tuple[bool, ...] = ()
    rates: tuple[tuple[float, float], ...] = ()
    modes: tuple[ModeFacts, ...] = ()
    clipping: tuple[ClippingFacts, ...] = ()
    loss_scale: float | None = None
    batch_mix: BatchMix | None = None
    broadcast: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    nonfinite: NonfiniteFacts | None = None
    has_ended: bool = False
