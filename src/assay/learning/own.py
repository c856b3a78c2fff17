"""A user's own loss or metric: one number for each example, from a formula or from Python code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from assay._lazy import lazy_module
from assay.choices import own_defaults
from assay.errors import StudyError
from assay.expressions import Expression, jax_library
from assay.own_code import OwnCode, not_loaded, told_as_theirs

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")

FEATURES = -2  # the feature axis of (..., K, batch)
Values = Callable[..., "jax.Array"]
"""``(targets, outputs, **arguments) -> values``, (..., K, batch) to (..., batch)."""


def of_expression(own: Expression) -> Values:
    """The formula, and then the mean over the outputs, as Keras' losses take it."""

    def function(targets: jax.Array, outputs: jax.Array, **arguments: Any) -> jax.Array:
        found = own.evaluate({"y_true": targets, "y_pred": outputs, **arguments}, jax_library())
        values = jax.numpy.asarray(found, outputs.dtype)
        return jax.numpy.mean(jax.numpy.broadcast_to(values, _broadcast(values, outputs)), axis=FEATURES)

    return function


def _broadcast(values: jax.Array, outputs: jax.Array) -> tuple[int, ...]:
    """The shape of the outputs, or one number for each example where the formula has summed over them."""
    is_summed = values.ndim >= 2 and values.shape[FEATURES] == 1
    return (*outputs.shape[:FEATURES], 1, outputs.shape[-1]) if is_summed else outputs.shape


def per_example(own: OwnCode, where: str) -> tuple[Values, Mapping[str, Any]]:
    """A user's function as one of ours, and its arguments with their defaults.

    The function is called as Keras would: ``(y_true, y_pred)`` of shape (batch, K). It may return a number for each
    output, (batch, K), whose mean is taken; one for each example, (batch,); or a single one for the whole batch, for
    which it is then called example by example.

    Raises
    ------
    StudyError
        If it does not take two values.
    """
    if own.function is None:
        return not_loaded(own), own.arguments
    theirs = own.function
    try:
        defaults = own_defaults(theirs, 2)
    except ValueError as error:
        raise StudyError(f"{where}: '{own.reference}': {error}, y_true and y_pred.") from None

    def of_batch(targets: jax.Array, outputs: jax.Array, arguments: Mapping[str, Any]) -> jax.Array:
        """Of arrays (K, batch)."""
        with told_as_theirs(own, f"'{own.reference}'"):
            found = jax.numpy.asarray(theirs(targets.T, outputs.T, **arguments), outputs.dtype)
        batch = outputs.shape[-1]
        if found.shape == (batch,):
            return found
        if found.shape in ((batch, 1), (batch, outputs.shape[0])):
            return jax.numpy.mean(found, axis=1)
        if found.shape == ():
            return jax.vmap(lambda t, y: theirs(t[None], y[None], **arguments))(targets.T, outputs.T)
        raise StudyError(
            f"'{own.reference}': expected one number for each example, here an array of shape ({batch},), got "
            f"{found.shape}. Take the mean or the sum over the last axis."
        )

    def function(targets: jax.Array, outputs: jax.Array, **arguments: Any) -> jax.Array:
        lead = jax.numpy.broadcast_shapes(targets.shape[:FEATURES], outputs.shape[:FEATURES])
        inner = lambda t, y: of_batch(t, y, arguments)  # noqa: E731
        if not lead:
            return inner(targets, outputs)
        flat = jax.numpy.broadcast_to(outputs, lead + outputs.shape[FEATURES:]).reshape(-1, *outputs.shape[FEATURES:])
        if targets.ndim == 2:  # the same for all members
            found = jax.vmap(inner, in_axes=(None, 0))(targets, flat)
        else:
            wide = jax.numpy.broadcast_to(targets, lead + targets.shape[FEATURES:])
            found = jax.vmap(inner)(wide.reshape(-1, *targets.shape[FEATURES:]), flat)
        return found.reshape(*lead, -1)

    return function, defaults
