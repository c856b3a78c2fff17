"""A user's own optimizer: a class with the state and the update of one parameter of one network.

::

    class HeavyBall:
        def __init__(self, learning_rate=0.01, momentum=0.9):
            self.learning_rate, self.momentum = learning_rate, momentum

        def init(self, parameter):                          # the state before the first update: a dict of arrays
            return {"velocity": jnp.zeros_like(parameter)}

        def update(self, parameter, gradient, state, step):  # step is 1 at the first update
            velocity = self.momentum * state["velocity"] - self.learning_rate * gradient
            return parameter + velocity, {"velocity": velocity}

Numbers are given to the class as traced numbers, one of each member, so a learning rate may be a factor or an axis of
a map without another program. Flags and words stay what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from assay._lazy import lazy_module
from assay.choices import REQUIRED, own_defaults
from assay.errors import StudyError
from assay.learning.optimizers.rule import Array, Slots, UpdateRule
from assay.own_code import OwnCode, told_as_theirs

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


class OwnRule(UpdateRule):
    """A user's class as a rule for a whole population: its methods are mapped over the members.

    Parameters
    ----------
    code : OwnCode
    arguments : mapping of str to number, array (P, …), flag or word
    """

    def __init__(self, code: OwnCode, arguments: Mapping[str, Any]) -> None:
        super().__init__(learning_rate=arguments.get("learning_rate", 0.0))
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "arguments", dict(arguments))

    code: OwnCode
    arguments: dict[str, Any]

    def _split(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """What differs between members, (P,), and what is the same for all."""
        arrays = {name: value.reshape(-1) for name, value in self.arguments.items() if hasattr(value, "reshape")}
        return arrays, {name: value for name, value in self.arguments.items() if name not in arrays}

    def _made(self, numbers: Mapping[str, Array], rest: Mapping[str, Any]) -> Any:
        assert self.code.function is not None
        return self.code.function(**numbers, **rest)

    def initial(self, parameter: Array) -> Slots:
        """The state before the first update, of parameters (P, …)."""
        numbers, rest = self._split()

        def one(w: Array, numbers: Mapping[str, Array]) -> Slots:
            with told_as_theirs(self.code, f"'{self.code.reference}'"):
                state = self._made(numbers, rest).init(w)
                if not isinstance(state, dict):
                    raise StudyError(
                        f"'{self.code.reference}': expected init to return a dict of arrays, the state before the "
                        f"first update, got {type(state).__name__}. Return {{}} for no state."
                    )
                return {name: jax.numpy.asarray(array) for name, array in state.items()}

        return jax.vmap(one)(parameter, numbers)

    def update(self, w: Array, g: Array, slots: Slots, t: Array, one_minus: Mapping[str, Array]) -> tuple[Array, Slots]:
        """One update of parameters (P, …)."""
        numbers, rest = self._split()
        step = t.reshape(())

        def one(w: Array, g: Array, held: Slots, numbers: Mapping[str, Array]) -> tuple[Array, Slots]:
            with told_as_theirs(self.code, f"'{self.code.reference}'"):
                new, state = self._made(numbers, rest).update(w, g, held, step)
            return jax.numpy.asarray(new, w.dtype), _as_before(state, held, self.code)

        return jax.vmap(one)(w, g, slots, numbers)


def _as_before(state: Slots, before: Slots, code: OwnCode) -> Slots:
    """The new state, of the structure and types of the one before."""
    if str(jax.tree.structure(state)) != str(jax.tree.structure(before)):
        raise StudyError(
            f"'{code.reference}': expected update to return a state like the one that init returned, "
            f"{_shown(before)}, got {_shown(state)}."
        )
    return jax.tree.map(lambda new, old: jax.numpy.asarray(new, old.dtype).reshape(old.shape), state, before)


def _shown(state: Any) -> str:
    return f"a dict with {', '.join(map(str, state)) or 'nothing'}" if isinstance(state, dict) else type(state).__name__


def checked_arguments(own: OwnCode, where: str) -> Mapping[str, Any]:
    """The arguments of a user's class with their defaults; the class is tried on a small parameter.

    Raises
    ------
    StudyError
        If it has no init and update, or they do not keep the parameter's shape.
    """
    theirs = own.function
    if theirs is None:
        return own.arguments
    if not (isinstance(theirs, type) and hasattr(theirs, "init") and hasattr(theirs, "update")):
        raise StudyError(
            f"{where}: '{own.reference}': expected a class with the methods init(parameter) and "
            f"update(parameter, gradient, state, step), got {getattr(theirs, '__name__', theirs)!r}."
        )
    defaults = own_defaults(theirs, 0)
    arguments = {key: 0.1 if default is REQUIRED else default for key, default in defaults.items()}
    _check_shapes(own, arguments, where)
    return defaults


def _check_shapes(own: OwnCode, arguments: Mapping[str, Any], where: str) -> None:
    """Two members, a parameter (3, 4): nothing is computed, only shapes."""
    numbers = {name: value for name, value in arguments.items() if is_number(value)}
    fixed = {name: value for name, value in arguments.items() if name not in numbers}

    def tried(w: Array, numbers: Mapping[str, Array]) -> tuple[Array, Slots]:
        rule = OwnRule(own, {**numbers, **fixed})
        return rule.update(w, w, rule.initial(w), jax.numpy.ones((1, 1, 1)), {})

    shape = jax.ShapeDtypeStruct((2, 3, 4), np.float32)
    try:
        found, _ = jax.eval_shape(tried, shape, {name: jax.ShapeDtypeStruct((2,), np.float32) for name in numbers})
    except StudyError as error:
        raise StudyError(f"{where}: {error}") from error
    if found.shape != shape.shape:
        raise StudyError(
            f"{where}: '{own.reference}': expected update to return a parameter of the shape that it was given, here "
            f"(3, 4), got {found.shape[1:]}."
        )


def is_number(value: object) -> bool:
    """Whether an argument is an array of the program, one number for each member."""
    return isinstance(value, int | float) and not isinstance(value, bool)
