"""Rules with a state of another kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from assay._lazy import lazy_module
from assay.learning.optimizers.record import optimizer
from assay.learning.optimizers.rule import Array, InitialSlots, Number, Slots, UpdateRule, zeros

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


@optimizer(
    positive=("learning_rate",),  # its rule divides by it
    advantages="With an L1 penalty, parameters become exactly 0: for linear models of many sparse features.",
    drawbacks="Forgets the initial kernel at the first update; seldom used for deep networks.",
)
@dataclass(frozen=True, kw_only=True)
class Ftrl(UpdateRule):
    r"""Follow the regularized leader (McMahan et al., KDD 2013).

    With p = -learning_rate_power, λ₁, λ₂ and λ_s the l1, l2 and shrinkage strengths::

        n' = n + g²
        z ← z + g + 2 λ_s w - (n'ᵖ - nᵖ) / η · w
        w ← (clip(z, -λ₁, λ₁) - z) / (n'ᵖ / η + 2 λ₂ + β / η),   n ← n',   n = initial_accumulator_value at first

    w is rebuilt from z at every update, so the initial kernel counts only through the first gradients.
    """

    initial_numbers: ClassVar[tuple[str, ...]] = ("initial_accumulator_value",)

    learning_rate_power: Number = -0.5
    initial_accumulator_value: Number = 0.1
    l1_regularization_strength: Number = 0.0
    l2_regularization_strength: Number = 0.0
    l2_shrinkage_regularization_strength: Number = 0.0
    beta: Number = 0.0

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("accumulator", "linear")

    def slots(self, shape: tuple[int, ...]) -> InitialSlots:
        accumulator = np.full(shape, self.initial_accumulator_value, np.float32)
        return {"accumulator": accumulator, "linear": zeros(shape)}

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        n, z = slots["accumulator"], slots["linear"]
        new_n = n + g**2
        power, new_power = (jax.numpy.power(a, -self.learning_rate_power) for a in (n, new_n))
        l2 = self.l2_regularization_strength + self.beta / (2.0 * self.learning_rate)
        shrunk = g + 2 * self.l2_shrinkage_regularization_strength * w
        z = z + shrunk - (new_power - power) / self.learning_rate * w
        clipped = jax.numpy.clip(z, -self.l1_regularization_strength, self.l1_regularization_strength)
        w = (clipped - z) / (new_power / self.learning_rate + 2 * l2)
        return w, {"accumulator": new_n, "linear": z}


@optimizer(
    advantages="Keeps one array for each parameter, not two; every step has the same size.",
    drawbacks="Wants a learning rate three to ten times smaller than Adam's.",
)
@dataclass(frozen=True, kw_only=True)
class Lion(UpdateRule):
    r"""Lion (Chen et al., NeurIPS 2023): the sign of a momentum.

    ::

        w ← w - η sign(β₁ m + (1 - β₁) g),   m ← β₂ m + (1 - β₂) g
    """

    beta_1: Number = 0.9
    beta_2: Number = 0.99

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("momentum",)

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        m = slots["momentum"]
        w = w - self.learning_rate * jax.numpy.sign(self.beta_1 * m + (1 - self.beta_1) * g)
        return w, {"momentum": self.beta_2 * m + (1 - self.beta_2) * g}


@optimizer(
    advantages="Keeps row and column means in place of a whole array: for very large kernels.",
    drawbacks="The learning rate is only an upper bound of its own schedule; rougher than Adam.",
)
@dataclass(frozen=True, kw_only=True)
class Adafactor(UpdateRule):
    r"""Adafactor (Shazeer and Stern, ICML 2018): Adam's second moments from the means of rows and columns.

    With η_t = min(η, 1/√t) if relative_step else η, and rms the root mean square over one parameter tensor::

        α = max(ε₂, rms(w)) · min(η_t, 1/√t),   β_t = 1 - t^beta_2_decay
        kernel   r ← β_t r + (1 - β_t) mean_out(g² + ε₁),   c ← β_t c + (1 - β_t) mean_in(g² + ε₁)
                 v = r c / mean(r)
        bias     v ← β_t v + (1 - β_t)(g² + ε₁)
        u = g / √v,   w ← w - α u / max(1, rms(u) / clip_threshold)

    Keras' kernels are (in, out): its rows, r of length in, are the last axis here, and its columns, c, the one before.
    """

    beta_2_decay: Number = -0.8
    epsilon_1: Number = 1e-30
    epsilon_2: Number = 1e-3
    clip_threshold: Number = 1.0
    relative_step: bool = True

    @property
    def slot_names(self) -> tuple[str, ...]:
        # A bias keeps its whole second moment, a kernel only (P, in) and (P, out): nothing of its own size.
        return ()

    def slots(self, shape: tuple[int, ...]) -> InitialSlots:
        if len(shape) == 2:
            return {"velocity": zeros(shape)}
        return {"row": zeros((shape[0], shape[2])), "column": zeros((shape[0], shape[1]))}

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        decaying = 1 / jax.numpy.sqrt(t)
        # min(min(η, 1/√t), 1/√t) = min(η, 1/√t): with or without relative_step the rate is the same, as in Keras.
        alpha = jax.numpy.maximum(self.epsilon_2, _rms(w)) * jax.numpy.minimum(self.learning_rate, decaying)
        beta = 1 - jax.numpy.power(t, self.beta_2_decay)
        square = g**2 + self.epsilon_1
        if w.ndim == 2:
            v = beta * slots["velocity"] + (1 - beta) * square
            new = {"velocity": v}
        else:
            beta = beta[:, :, 0]
            row = beta * slots["row"] + (1 - beta) * jax.numpy.mean(square, axis=1)
            column = beta * slots["column"] + (1 - beta) * jax.numpy.mean(square, axis=2)
            v = (row / jax.numpy.mean(row, axis=1, keepdims=True))[:, None, :] * column[:, :, None]
            new = {"row": row, "column": column}
        u = g / jax.numpy.sqrt(v)
        return w - alpha * u / jax.numpy.maximum(1.0, _rms(u) / self.clip_threshold), new


def _rms(x: Array) -> Array:
    """Root mean square over every axis but the members', kept for broadcasting."""
    return jax.numpy.sqrt(jax.numpy.mean(x**2, axis=tuple(range(1, x.ndim)), keepdims=True))
