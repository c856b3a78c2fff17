"""Adam and its relatives: momentum plus scaling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from assay._lazy import lazy_module
from assay.learning.optimizers.record import optimizer
from assay.learning.optimizers.rule import Array, InitialSlots, Number, Slots, UpdateRule, over

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


@optimizer(
    advantages="Momentum plus scaling: the default rate mostly serves, and layers with small gradients move too.",
    drawbacks="Two arrays for each parameter; its L2 penalty is scaled away (see adamw).",
)
@dataclass(frozen=True, kw_only=True)
class Adam(UpdateRule):
    r"""Adam (Kingma and Ba, ICLR 2015): momentum plus scaling; amsgrad as in Reddi et al. (ICLR 2018).

    ::

        m ← m + (1 - β₁)(g - m),   v ← v + (1 - β₂)(g² - v);   amsgrad:  v̂ ← max(v̂, v), in the place of v below
        w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)
    """

    complements: ClassVar[tuple[str, ...]] = ("beta_1", "beta_2")

    beta_1: Number = 0.9
    beta_2: Number = 0.999
    epsilon: Number = 1e-7
    amsgrad: bool = False

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("momentum", "velocity", *(("velocity_hat",) if self.amsgrad else ()))

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        rate = self.learning_rate * jax.numpy.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        m = slots["momentum"] + one_minus["beta_1"] * (g - slots["momentum"])
        v = slots["velocity"] + one_minus["beta_2"] * (g**2 - slots["velocity"])
        new = {"momentum": m, "velocity": v}
        if self.amsgrad:
            v = new["velocity_hat"] = jax.numpy.maximum(slots["velocity_hat"], v)
        return w - rate * m / (jax.numpy.sqrt(v) + self.epsilon), new


@optimizer(
    advantages="Adam with a decay of the weights that the scaling leaves alone.",
    drawbacks="One more number to choose.",
)
@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam with weight decay from the start (Loshchilov and Hutter, ICLR 2019)."""

    weight_decay: Number | None = 0.004


@optimizer(
    advantages="Adam with the largest recent gradient for a scale: calm where gradients are sometimes very large.",
    drawbacks="One huge gradient makes steps small for long.",
)
@dataclass(frozen=True, kw_only=True)
class Adamax(UpdateRule):
    r"""Adamax (Kingma and Ba, ICLR 2015, section 7.1): Adam with the largest recent gradient for a scale.

    ::

        m ← m + (1 - β₁)(g - m),   u ← max(β₂ u, |g|)
        w ← w - η m / ((1 - β₁ᵗ)(u + ε))
    """

    complements: ClassVar[tuple[str, ...]] = ("beta_1",)

    beta_1: Number = 0.9
    beta_2: Number = 0.999
    epsilon: Number = 1e-7

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("momentum", "norm")

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        m = slots["momentum"] + one_minus["beta_1"] * (g - slots["momentum"])
        u = jax.numpy.maximum(self.beta_2 * slots["norm"], jax.numpy.abs(g))
        w = w - self.learning_rate * m / ((1 - self.beta_1**t) * (u + self.epsilon))
        return w, {"momentum": m, "norm": u}


@optimizer(
    advantages="Adam that looks ahead: often a little faster at first.",
    drawbacks="As Adam.",
)
@dataclass(frozen=True, kw_only=True)
class Nadam(UpdateRule):
    r"""Nadam (Dozat, ICLR workshop 2016): Adam with Nesterov's momentum on a schedule.

    ::

        μ_t = β₁ (1 - 0.96ᵗ / 2),   Π_t = μ_1 · … · μ_t
        m ← m + (1 - β₁)(g - m),   v ← v + (1 - β₂)(g² - v)
        m̂ = μ_{t+1} m / (1 - Π_{t+1}) + (1 - μ_t) g / (1 - Π_t),   v̂ = v / (1 - β₂ᵗ)
        w ← w - η m̂ / (√v̂ + ε)

    Π_t is one number a member, kept as a slot of shape (P,).
    """

    beta_1: Number = 0.9
    beta_2: Number = 0.999
    epsilon: Number = 1e-7

    @property
    def slot_names(self) -> tuple[str, ...]:
        return ("momentum", "velocity")

    def slots(self, shape: tuple[int, ...]) -> InitialSlots:
        return {**super().slots(shape), "product": np.ones(shape[0], np.float32)}

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        mu, next_mu = (self.beta_1 * (1 - 0.5 * jax.numpy.power(0.96, step)) for step in (t, t + 1))
        product = over(slots["product"], w) * mu
        # Keras takes these two complements in float32.
        m = slots["momentum"] + (1 - self.beta_1) * (g - slots["momentum"])
        v = slots["velocity"] + (1 - self.beta_2) * (g**2 - slots["velocity"])
        m_hat = next_mu * m / (1 - product * next_mu) + (1 - mu) * g / (1 - product)
        v_hat = v / (1 - self.beta_2**t)
        w = w - m_hat * self.learning_rate / (jax.numpy.sqrt(v_hat) + self.epsilon)
        return w, {"momentum": m, "velocity": v, "product": product.reshape(slots["product"].shape)}
