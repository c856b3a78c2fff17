"""What is known of a loss, and the table of all of them.

Targets and outputs have shape (..., K, batch) and a loss returns (..., batch); K is the number of classes or of
regression targets. Targets are always dense: one-hot for classes, {0, 1} with K = 1 for two classes. The loss of a
batch is the mean of its examples' values. Values and gradients are those of Keras 3 on its JAX backend, clipping
included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from assay._lazy import lazy_module
from assay.choices import REQUIRED, Named, Own, Table
from assay.expressions import Expression
from assay.learning.own import of_expression, per_example

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")

EPSILON = 1e-7  # keras.config.epsilon()
VARIABLES = ("y_true", "y_pred")
F = TypeVar("F", bound="Callable[..., jax.Array]")


@dataclass(frozen=True, eq=False, kw_only=True)
class Loss(Named):
    """One loss.

    In its formulas t is the target, y the output, K the number of outputs; Σ and ‖ ‖ are over the outputs, the rest is
    elementwise. A gradient is written so that it can be read and evaluated.

    Attributes
    ----------
    function : callable
        ``(targets, outputs, **arguments) -> values``, (..., K, batch) to (..., batch).
    needs : {"any", "classes", "one_hot"}
        The targets that it can mean anything for: numbers of any kind, labels of classes, one-hot labels of at least
        2 classes.
    reads : {"numbers", "probabilities", "margins", "counts"}
        What it takes an output for: a number, a probability, a side of 0 with the distance from it, or a number of at
        least 0.
    least_outputs : int
        2 where a single output has no meaning.
    gradient : str
        By the outputs y, where nothing is clipped.
    output_units : tuple of str
        Activations of the output layer that it wants; the first is the usual one.
    gradient_below : str
        By the pre-activations z of the first of these.
    labels : str
        What the targets are, in words.
    formula : str
        Where the function's docstring says it by another loss.
    check : callable, optional
        ``(arguments, where)``; raises a `StudyError` for an argument that makes no sense.
    """

    needs: str = "any"
    reads: str = "numbers"
    least_outputs: int = 1
    gradient: str = ""
    output_units: tuple[str, ...] = ()
    gradient_below: str = ""
    labels: str = ""
    formula: str = ""
    check: Callable[[dict[str, Any], str], None] | None = None


def adopt(own: Own, where: str) -> Loss:
    """The record of a user's own loss: a formula of ``y_true`` and ``y_pred``, or a function of them."""
    if isinstance(own, Expression):
        arguments = dict.fromkeys(own.settings, REQUIRED)
        return Loss(name=own.text, function=of_expression(own), formula=own.text, own_arguments=arguments)
    function, defaults = per_example(own, where)
    said = (getattr(own.function, "__doc__", None) or "").strip().split("\n")[0]
    return Loss(name=own.reference, function=function, formula=said, own_arguments=defaults)


LOSSES: Table[Loss] = Table("loss", "losses", adopt, variables=VARIABLES, reduces=True)
"""Every loss by its names."""


def loss(**known: Any) -> Callable[[F], F]:
    """Enter the function below into `LOSSES`; the arguments are those of `Loss`."""

    def enter(function: F) -> F:
        LOSSES.add(Loss(name=function.__name__, function=function, **known))
        return function

    return enter
