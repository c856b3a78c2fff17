"""What is known of an activation, and the table of all of them.

An array of pre-activations has shape (..., units, batch). Values and gradients are those of Keras 3 on its JAX backend,
kinks included: ReLU has slope 0 at 0, leaky ReLU slope 1.

A decorated function is an entry of `ACTIVATIONS`; nothing else has to be registered. What can be measured of a function
(its range, whether it saturates, whether its units can die) is measured, in `assay.networks.traits`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from assay._lazy import lazy_module
from assay.choices import REQUIRED, Named, Own, Table, own_defaults
from assay.errors import StudyError
from assay.expressions import NUMPY, Expression, jax_library
from assay.own_code import OwnCode, not_loaded, told_as_theirs

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")

FEATURES = -2  # the feature axis of (..., units, batch)
F = TypeVar("F", bound="Callable[..., jax.Array]")


@dataclass(frozen=True, eq=False, kw_only=True)
class Activation(Named):
    """One activation φ.

    Attributes
    ----------
    function : callable
        ``(z, **arguments) -> φ(z)``, of arrays (..., units, batch).
    derivative : str
        φ'(z), so that it can be read and evaluated: ``1 if z > 0, else 0``; arguments have their defaults. Of a
        function of a whole layer, the entries of its Jacobian.
    range : str
        An interval, with round brackets at ends that are never reached. Arguments have their defaults.
    formula : str
        Where the function's docstring says it in words only.
    is_elementwise : bool
        φ looks at one pre-activation alone, and not at a whole layer.
    normalizes : bool
        Each output is divided by something of all outputs of the layer: with one unit it is the same for every input.
    outputs_of : callable, optional
        Units before → units after, where these differ.
    initializer : str, optional
        The one that publications give to it; without one, the critical gain decides.
    torch : str or callable
        φ(z) in PyTorch, of z (rows, units), with ``F`` for ``torch.nn.functional`` and arguments in curly brackets; or
        a function of the arguments that gives it. Empty where it has no counterpart.
    """

    derivative: str = ""
    range: str = ""
    formula: str = ""
    is_elementwise: bool = True
    normalizes: bool = False
    outputs_of: Callable[[int], int] | None = None
    initializer: str | None = None
    torch: str | Callable[..., str] = ""


def adopt(own: Own, where: str) -> Activation:
    """The record of a user's own activation.

    Raises
    ------
    StudyError
        If it cannot be called with an array, or is finite nowhere.
    """
    return _of_expression(own, where) if isinstance(own, Expression) else _of_code(own, where)


ACTIVATIONS: Table[Activation] = Table("activation", "activations", adopt, variables=("x",))
"""Every activation by its names."""


def activation(**known: Any) -> Callable[[F], F]:
    """Enter the function below into `ACTIVATIONS`; the arguments are those of `Activation`."""

    def enter(function: F) -> F:
        ACTIVATIONS.add(Activation(name=function.__name__, function=function, **known))
        return function

    return enter


# --- A user's own ----------------------------------------------------------------------------------------------------


def _of_expression(own: Expression, where: str) -> Activation:
    """A formula is elementwise."""
    with np.errstate(all="ignore"):
        values = {"x": np.linspace(-3.0, 3.0, 61), **dict.fromkeys(own.settings, 1.0)}
        if not np.isfinite(own.evaluate(values, NUMPY)).any():
            raise StudyError(f"{where}: '{own.text}' is a finite number nowhere between -3 and 3. Check the formula.")

    def function(z: jax.Array, **arguments: Any) -> jax.Array:
        found = own.evaluate({"x": z, **arguments}, jax_library())
        return jax.numpy.asarray(found, z.dtype)

    return Activation(
        name=own.text, function=function, formula=own.text, own_arguments=dict.fromkeys(own.settings, REQUIRED)
    )


def _of_code(own: OwnCode, where: str) -> Activation:
    """A function of z, or of a whole layer (batch, units)."""
    if own.function is None:
        return Activation(name=own.reference, function=not_loaded(own), own_arguments=own.arguments)
    theirs = own.function
    try:
        defaults = own_defaults(theirs, 1)
    except ValueError as error:
        raise StudyError(f"{where}: '{own.reference}': {error}, the pre-activations.") from None
    arguments = {key: 1.0 if default is REQUIRED else default for key, default in defaults.items()}

    def plain(z: jax.Array, **arguments: Any) -> jax.Array:
        with told_as_theirs(own, f"'{own.reference}'"):
            return jax.numpy.asarray(theirs(z, **arguments), z.dtype)

    def of_layer(z: jax.Array, **arguments: Any) -> jax.Array:
        return jax.numpy.swapaxes(plain(jax.numpy.swapaxes(z, -1, -2), **arguments), -1, -2)

    is_elementwise = _is_elementwise(lambda z: plain(z, **arguments))
    function = plain if is_elementwise else of_layer

    def outputs_of(units: int) -> int:
        shape = jax.eval_shape(lambda z: function(z, **arguments), jax.ShapeDtypeStruct((units, 3), "float32")).shape
        if len(shape) != 2 or shape[1] != 3:
            raise StudyError(
                f"'{own.reference}': expected activations of shape (batch, units), here (3, …), got {shape[::-1]}. "
                "It takes an array of pre-activations (batch, units) and keeps the batch."
            )
        return int(shape[0])

    normalizes = not is_elementwise and _is_constant_alone(lambda z: function(z, **arguments))
    return Activation(
        name=own.reference,
        function=function,
        formula=(theirs.__doc__ or "").strip().split("\n")[0],
        is_elementwise=is_elementwise,
        normalizes=normalizes,
        outputs_of=None if is_elementwise else outputs_of,
        own_arguments=defaults,
    )


def _is_elementwise(function: Callable[[jax.Array], jax.Array]) -> bool:
    """Whether values that change places take their results with them."""
    generator = np.random.Generator(np.random.Philox(0))
    z = generator.standard_normal((5, 4)).astype(np.float32)
    order = generator.permutation(z.size)
    found = function(jax.numpy.asarray(z))
    if found.shape != z.shape:
        return False
    moved = function(jax.numpy.asarray(z.ravel()[order].reshape(z.shape)))
    return bool(np.allclose(np.ravel(moved), np.ravel(found)[order], rtol=1e-5, atol=1e-6, equal_nan=True))


def _is_constant_alone(function: Callable[[jax.Array], jax.Array]) -> bool:
    """Whether a layer of one unit always says the same."""
    try:
        found = np.asarray(function(jax.numpy.linspace(-2.0, 2.0, 9)[None, :]))
    except Exception:  # a function that halves its units cannot take one
        return False
    return bool(np.ptp(found) < 1e-6)
