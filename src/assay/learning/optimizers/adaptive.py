"""Learning rates of their own for each parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from assay._lazy import lazy_module
from assay.learning.optimizers.record import optimizer
from assay.learning.optimizers.rule import Array, InitialSlots, Number, Slots, UpdateRule

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


@optimizer(
    advantages="Each parameter's step is scaled by the recent size of its gradient: layers with small gradients "
    "move too.",
    drawbacks="No correction for its average starting at 0: the first steps are large.",
)
@dataclass(frozen=True, kw_only=True)
class RMSprop(UpdateRule):
    r"""RMSprop (Tieleman and Hinton, lecture 6.5, 2012), centred as in Graves (2013) on request.

    ::

        v ← ρ v + (1 - ρ) g²
        d = v + ε;  centered:  a ← ρ a + (1 - ρ) g,   d = v - a² + ε
        w ← w - η g / √d;  momentum:  m ← μ m + η g / √d,   w ← w - m
    """

    complements: ClassVar[tuple[str, ...]] = ("rho",)
    optional: ClassVar[tuple[str, ...]] = ("momentum",)

    rho: Number = 0.9
    momentum: Number | None = 0.0
    epsilon: Number = 1e-7
    centered: bool = False

    @property
    def slot_names(self) -> tuple[str, ...]:
        momentum = () if self.momentum is None else ("momentum",)
        return ("velocity", *momentum, *(("average_gradient",) if self.centered else ()))

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        v = self.rho * slots["velocity"] + one_minus["rho"] * g**2
        new = {"velocity": v}
        variance = v
        if self.centered:
            new["average_gradient"] = self.rho * slots["average_gradient"] + one_minus["rho"] * g
            variance = v - new["average_gradient"] ** 2
        increment = self.learning_rate * g / jax.numpy.sqrt(variance + self.epsilon)
        if self.momentum is not None:
            increment = new["momentum"] = self.momentum * slots["momentum"] + increment
        return w - increment, new


@optimizer(
    advantages="Rare features keep large steps: for sparse inputs.",
    drawbacks="Its sum only grows, so steps only shrink; Keras' learning rate of 0.001 is far too small for it.",
)
@dataclass(frozen=True, kw_only=True)
class Adagrad(UpdateRule):
    r"""Adagrad (Duchi et al., JMLR 2011): steps shrink with the sum of squared gradients.

    ::

        a ← a + g²,   w ← w - η g / √(a + ε),   a = initial_accumulator_value at first
    """

    initial_numbers: ClassVar[tuple[str, ...]] = ("initial_accumulator_value",)

    initial_accumulator_value: Number = 0.1
    epsilon: Number = 1e-7

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("accumulator",)

    def slots(self, shape: tuple[int, ...]) -> InitialSlots:
        return {"accumulator": np.full(shape, self.initial_accumulator_value, np.float32)}

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        a = slots["accumulator"] + g**2
        return w - self.learning_rate * g / jax.numpy.sqrt(a + self.epsilon), {"accumulator": a}


@optimizer(
    advantages="Steps have the units of the parameters, so that a learning rate of 1 is meant.",
    drawbacks="With Keras' learning rate of 0.001 it hardly moves.",
)
@dataclass(frozen=True, kw_only=True)
class Adadelta(UpdateRule):
    r"""Adadelta (Zeiler, 2012): steps in the units of the parameters.

    ::

        a ← ρ a + (1 - ρ) g²
        δ = -g √(d + ε) / √(a + ε)
        d ← ρ d + (1 - ρ) δ²,   w ← w + η δ
    """

    complements: ClassVar[tuple[str, ...]] = ("rho",)

    rho: Number = 0.95
    epsilon: Number = 1e-7

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("accumulated_grad", "accumulated_delta_var")

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        a = self.rho * slots["accumulated_grad"] + one_minus["rho"] * g**2
        d = slots["accumulated_delta_var"]
        delta = -jax.numpy.sqrt(d + self.epsilon) * g / jax.numpy.sqrt(a + self.epsilon)
        d = self.rho * d + one_minus["rho"] * delta**2
        return w + self.learning_rate * delta, {"accumulated_grad": a, "accumulated_delta_var": d}
