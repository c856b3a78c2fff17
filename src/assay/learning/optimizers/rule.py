"""What all update rules share.

A rule is a small class. Its fields are the arguments of Keras' class of that name, with Keras' defaults; its `update`
is the rule, written as the equations of its docstring. In them w is a parameter, g its gradient, η the learning rate
and t = 1, 2, … the number of the update; ← assigns, products and roots are elementwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import numpy as np

from assay._lazy import lazy_module

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")

Array: TypeAlias = "jax.Array"
Slots: TypeAlias = "dict[str, jax.Array]"
InitialSlots: TypeAlias = "dict[str, np.ndarray]"
Number: TypeAlias = "float | jax.Array"


def zeros(shape: tuple[int, ...]) -> np.ndarray:
    """A slot that starts at 0."""
    return np.zeros(shape, np.float32)


def over(number: Array, array: Array) -> Array:
    """(P,) to (P, 1, …), and () to (1, 1, …), so that it broadcasts over `array`."""
    return number.reshape((*number.shape, *([1] * (array.ndim - number.ndim))))


@dataclass(frozen=True, kw_only=True)
class UpdateRule:
    """What all optimizers share: a learning rate, decoupled weight decay, and clipping.

    Weight decay is w ← w - weight_decay · η · w before the rule (Loshchilov and Hutter, ICLR 2019), for kernels and
    biases alike. At most one of the three kinds of clipping can be set (Pascanu et al., ICML 2013).
    """

    # Averaging rates whose 1 - rate Keras takes in double precision.
    complements: ClassVar[tuple[str, ...]] = ()
    # Numbers that a state is initialized with; they decide the program.
    initial_numbers: ClassVar[tuple[str, ...]] = ()
    # Numbers whose 0 means that a part of the rule, with its slot, is left out.
    optional: ClassVar[tuple[str, ...]] = ()

    learning_rate: Number = 0.001
    weight_decay: Number | None = None
    clipnorm: Number | None = None
    clipvalue: Number | None = None
    global_clipnorm: Number | None = None

    @property
    def slot_names(self) -> tuple[str, ...]:
        """The arrays, each of the parameter's shape, that the rule keeps."""
        return ()

    def slots(self, shape: tuple[int, ...]) -> InitialSlots:
        """The state before the first update: zeros, unless a rule says otherwise."""
        return {name: zeros(shape) for name in self.slot_names}

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        """The rule. Numbers are fields, shaped to broadcast over `w`; ``one_minus["rho"]`` is 1 - ρ."""
        raise NotImplementedError
