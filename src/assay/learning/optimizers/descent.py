"""Gradient descent, with and without momentum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from assay._lazy import lazy_module
from assay.learning.optimizers.record import optimizer
from assay.learning.optimizers.rule import Array, Number, Slots, UpdateRule

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


@optimizer(
    meant_by=("momentum", "nesterov", "gradient_descent"),
    advantages="The simplest rule. With momentum steps in the same direction add up, to ten times the step at 0.9.",
    drawbacks="One learning rate for all parameters, which has to be found; without momentum slow in long valleys.",
)
@dataclass(frozen=True, kw_only=True)
class SGD(UpdateRule):
    r"""Stochastic gradient descent, with momentum μ (Polyak, 1964) or Nesterov's (Sutskever et al., ICML 2013).

    ::

        μ = 0      w ← w - η g
        momentum   m ← μ m - η g,   w ← w + m
        nesterov   m ← μ m - η g,   w ← w + μ m - η g
    """

    optional: ClassVar[tuple[str, ...]] = ("momentum",)

    learning_rate: Number = 0.01
    momentum: Number | None = 0.0
    nesterov: bool = False

    @property
    def slot_names(self) -> tuple[str, ...]:
        return () if self.momentum is None else ("momentum",)

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        if self.momentum is None:
            return w - self.learning_rate * g, {}
        m = self.momentum * slots["momentum"] - self.learning_rate * g
        w = w + self.momentum * m - self.learning_rate * g if self.nesterov else w + m
        return w, {"momentum": m}
