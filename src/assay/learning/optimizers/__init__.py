r"""Optimizers: every rule of Keras, for a whole population at once.

An optimizer is a small class. Its fields are the arguments of Keras' class of that name, with Keras' defaults; its
`update` is the rule, written as the equations of its docstring. In them w is a parameter, g its gradient, η the
learning rate and t = 1, 2, … the number of the update; ← assigns, products and roots are elementwise.

The engine does not build these classes. It splits a `Choice` into what decides the program and what is a number::

    static = static_part(choice)              # hashable: name, flags, which optional numbers are there
    numbers = numeric_part(choice)            # name -> float; the engine stacks them into arrays (P,)
    held = slots(static, parameter.shape)     # the state before the first update
    gradients = clip(static, gradients, numbers)
    parameter, held = update(static, parameter=…, gradient=…, slots=held, step=t, numbers=numbers)

Arrays carry the member axis first: kernels (P, out, in), biases (P, out), numbers (P,). What Keras computes over one
parameter tensor (norms, Adafactor's means) is computed over all axes but that one.

Keras' order is kept: clip the gradients, decay the weights, apply the rule. Its rounding is kept too: where Keras takes
1 - β in double precision before it meets float32 arrays, `numeric_part` supplies that number as ``one_minus_beta_1``
(1 - float32(0.999) is 5e-5 off).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from assay._lazy import lazy_module
from assay.choices import Choice
from assay.errors import StudyError

# The families in the order of the table.
# isort: off
from assay.learning.optimizers import descent, adaptive, adam_family, others

# isort: on
from assay.learning.optimizers.own import OwnRule
from assay.learning.optimizers.record import OPTIMIZERS, Optimizer, optimizer
from assay.learning.optimizers.rule import Array, InitialSlots, Number, Slots, UpdateRule, over
from assay.own_code import OwnCode

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")

__all__ = [
    "OPTIMIZERS",
    "RANGES",
    "Optimizer",
    "Static",
    "UpdateRule",
    "adam_family",
    "adaptive",
    "check_numbers",
    "clip",
    "descent",
    "numeric_part",
    "optimizer",
    "others",
    "slot_names",
    "slots",
    "static_part",
    "update",
]

Setting: TypeAlias = "bool | str | float | None"


@dataclass(frozen=True)
class Static:
    """What of a chosen optimizer decides the program; members with equal parts can share a segment.

    Attributes
    ----------
    name : str
        A key of `OPTIMIZERS`, or the reference of a user's own class.
    settings : tuple of (str, bool, str, float or None)
        Flags and words; numbers that the state starts from; and None for each number that is left out.
    numbers : tuple of str
        The names in `numeric_part`.
    own : OwnCode, optional
        A user's own class.
    """

    name: str
    settings: tuple[tuple[str, Setting], ...]
    numbers: tuple[str, ...]
    own: OwnCode | None = None

    def rule(self, **numbers: Number) -> UpdateRule:
        """The rule with these numbers."""
        if self.own is not None:
            return OwnRule(self.own, {**dict(self.settings), **numbers})
        settings: dict[str, Any] = dict(self.settings)
        return OPTIMIZERS[self.name].rule(**settings, **numbers)


def _split(choice: Choice) -> tuple[dict[str, Setting], dict[str, float]]:
    """Settings and numbers of a choice."""
    rule = OPTIMIZERS.of(choice).rule
    settings: dict[str, Setting] = {}
    numbers: dict[str, float] = {}
    for name, value in OPTIMIZERS.arguments(choice).items():
        if isinstance(value, bool | str) or name in rule.initial_numbers:
            settings[name] = value
        elif value is None or (name in rule.optional and value == 0):
            settings[name] = None
        else:
            numbers[name] = float(value)
    for name in rule.complements:
        numbers[f"one_minus_{name}"] = 1.0 - numbers[name]
    return settings, numbers


def static_part(choice: Choice) -> Static:
    """What of a choice decides the program: name, flags, and which optional numbers are there."""
    settings, numbers = _split(choice)
    own = choice.own if isinstance(choice.own, OwnCode) else None
    return Static(choice.name, tuple(sorted(settings.items())), tuple(sorted(numbers)), own)


def numeric_part(choice: Choice) -> dict[str, float]:
    """The numbers of a choice, in double precision; the names are those of ``static_part(choice).numbers``."""
    return _split(choice)[1]


def slot_names(static: Static) -> tuple[str, ...]:
    """The arrays of a parameter's size that the rule keeps beside it, for planning memory."""
    if static.own is None:
        return static.rule().slot_names
    return tuple(slots(static, (1, 2, 3)))


def slots(
    static: Static,
    shape: tuple[int, ...],
    parameter: np.ndarray | None = None,
    numbers: Mapping[str, np.ndarray] | None = None,
) -> InitialSlots:
    """The optimizer's state for one parameter before the first update; made on the host.

    Parameters
    ----------
    static : Static
        From `static_part`.
    shape : tuple of int
        Of the parameter, (P, out, in) or (P, out).
    parameter : array of that shape, and numbers : mapping of str to array (P,); optional
        For a user's own optimizer, whose state may depend on them; zeros and ones where only shapes matter.

    Returns
    -------
    dict of str to array of float32
        Of the parameter's shape, or smaller with the same first axis.
    """
    if static.own is None:
        return static.rule().slots(shape)
    given = np.zeros(shape, np.float32) if parameter is None else parameter
    rates = numbers or {name: np.ones(shape[0], np.float32) for name in static.numbers}
    rule = static.rule(**{name: jax.numpy.asarray(rates[name], "float32") for name in static.numbers})
    assert isinstance(rule, OwnRule)
    return jax.tree.map(np.asarray, rule.initial(jax.numpy.asarray(given)))


def update(
    static: Static, *, parameter: Array, gradient: Array, slots: Slots, step: Array, numbers: Mapping[str, Array]
) -> tuple[Array, Slots]:
    """One update of one parameter of all members; pure, so fit for jit, scan and vmap.

    Parameters
    ----------
    static : Static
        From `static_part`.
    parameter, gradient : array, shape (P, out, in) or (P, out)
        The gradient is clipped already, see `clip`.
    slots : dict of str to array
        From `slots`, or from the update before.
    step : float32 scalar
        The number of this update, 1 for the first.
    numbers : mapping of str to array, shape (P,)
        As in ``static.numbers``.

    Returns
    -------
    tuple
        (parameter, slots) after the update.
    """
    shaped = {name: over(number, parameter) for name, number in numbers.items()}
    one_minus = {name.removeprefix("one_minus_"): n for name, n in shaped.items() if name.startswith("one_minus_")}
    fields = {name: number for name, number in shaped.items() if not name.startswith("one_minus_")}
    if static.own is not None:  # layers' own learning rates are nothing to an optimizer that has none
        fields = {name: shaped[name] for name in static.numbers}
    rule = static.rule(**fields)
    if rule.weight_decay is not None:
        parameter = parameter - parameter * rule.weight_decay * rule.learning_rate
    return rule.update(parameter, gradient, slots, over(jax.numpy.asarray(step), parameter), one_minus)


def clip(static: Static, gradients: Sequence[Array], numbers: Mapping[str, Array]) -> list[Array]:
    """Clip the gradients of all parameters of each member, as the choice asks.

    ``clipnorm`` bounds the norm of each tensor, ``clipvalue`` each entry, ``global_clipnorm`` the norm of all tensors
    of a member together.

    Parameters
    ----------
    static : Static
        From `static_part`.
    gradients : sequence of array, shape (P, ...)
        All gradients of the members.
    numbers : mapping of str to array, shape (P,)
        As in ``static.numbers``.

    Returns
    -------
    list of array
    """
    if static.own is not None:  # a number of this name is the user's own
        return list(gradients)
    if "clipnorm" in static.numbers:
        bounds = [over(numbers["clipnorm"], g) for g in gradients]
        return [g * c / jax.numpy.maximum(_norm([g], g), c) for g, c in zip(gradients, bounds, strict=True)]
    if "global_clipnorm" in static.numbers:
        bounds = [over(numbers["global_clipnorm"], g) for g in gradients]
        norms = [_norm(gradients, g) for g in gradients]
        # As Keras: c min(1/|g|, 1/c), made NaN where |g| is not finite.
        scales = [c * jax.numpy.minimum(1.0 / n, 1.0 / c) + (n - n) for n, c in zip(norms, bounds, strict=True)]
        return [g * scale for g, scale in zip(gradients, scales, strict=True)]
    if "clipvalue" in static.numbers:
        bounds = [over(numbers["clipvalue"], g) for g in gradients]
        return [jax.numpy.clip(g, -c, c) for g, c in zip(gradients, bounds, strict=True)]
    return list(gradients)


def _norm(gradients: Sequence[Array], like: Array) -> Array:
    """Euclidean norm over all tensors of each member, shaped to broadcast over `like`."""
    squares = [jax.numpy.sum(g**2, axis=tuple(range(1, g.ndim))) for g in gradients]
    return over(jax.numpy.sqrt(sum(squares)), like)


# --- Ranges of the numbers -------------------------------------------------------------------------------------------

_AT_LEAST_0 = ("a number of at least 0", lambda value: value >= 0)
_ABOVE_0 = ("a number above 0", lambda value: value > 0)
_AT_MOST_0 = ("a number of at most 0", lambda value: value <= 0)
_RATE = ("a number in [0, 1)", lambda value: 0 <= value < 1)

RANGES: dict[str, tuple[str, Callable[[float], bool]]] = {
    "learning_rate": _AT_LEAST_0,
    "momentum": _RATE,
    "rho": _RATE,
    "beta_1": _RATE,
    "beta_2": _RATE,
    "epsilon": _AT_LEAST_0,
    "weight_decay": _AT_LEAST_0,
    "clipnorm": _ABOVE_0,
    "clipvalue": _ABOVE_0,
    "global_clipnorm": _ABOVE_0,
    "initial_accumulator_value": _AT_LEAST_0,
    "learning_rate_power": _AT_MOST_0,
    "l1_regularization_strength": _AT_LEAST_0,
    "l2_regularization_strength": _AT_LEAST_0,
    "l2_shrinkage_regularization_strength": _AT_LEAST_0,
    "beta": _AT_LEAST_0,
    "beta_2_decay": _AT_MOST_0,
    "epsilon_1": _AT_LEAST_0,
    "epsilon_2": _AT_LEAST_0,
    "clip_threshold": _ABOVE_0,
}


def check_numbers(choice: Choice, where: str) -> None:
    """Check that the numbers of an optimizer lie where its rule makes sense.

    Parameters
    ----------
    choice : Choice
        A name of `OPTIMIZERS` with its arguments, of the right kinds.
    where : str
        The dotted key, for the message.

    Raises
    ------
    StudyError
        If a number is out of its range, or more than one kind of clipping is set.
    """
    if not choice.is_loaded:
        return
    record = OPTIMIZERS.of(choice)
    for name, value in choice.arguments.items():
        if name not in RANGES or value is None:
            continue
        expected, holds = RANGES[name]
        if name in record.positive:
            expected, holds = _ABOVE_0
        if not holds(value):
            without = "to do without" if record.defaults[name] is None else f"for the default, {record.defaults[name]}"
            raise StudyError(f"{where}.{name}: expected {expected}, got {value}. Leave it out {without}.")
    if choice.own is not None:
        return
    kinds = [name for name in ("clipnorm", "clipvalue", "global_clipnorm") if choice.arguments.get(name) is not None]
    if len(kinds) > 1:
        raise StudyError(f"{where}: expected one kind of clipping, got {' and '.join(kinds)}. Keep one of them.")
