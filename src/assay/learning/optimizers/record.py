"""What is known of an optimizer, and the table of all of them.

A decorated rule is an entry of `OPTIMIZERS`; nothing else has to be registered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from assay.choices import Named, Own, Table
from assay.expressions import Expression
from assay.learning.optimizers.own import OwnRule, checked_arguments
from assay.learning.optimizers.rule import UpdateRule

R = TypeVar("R", bound=type[UpdateRule])


@dataclass(frozen=True, eq=False, kw_only=True)
class Optimizer(Named):
    """One optimizer.

    Attributes
    ----------
    positive : tuple of str
        Numbers that must lie above 0, where `RANGES` would let 0 pass.
    """

    positive: tuple[str, ...] = ()

    @property
    def rule(self) -> type[UpdateRule]:
        """The class of the rule."""
        rule: Any = self.function
        assert issubclass(rule, UpdateRule)
        return rule


def adopt(own: Own, where: str) -> Optimizer:
    """The record of a user's own optimizer, a class; see `assay.learning.optimizers.own`."""
    assert not isinstance(own, Expression), "a table without variables takes no formula"
    return Optimizer(name=own.reference, function=OwnRule, own_arguments=checked_arguments(own, where))


OPTIMIZERS: Table[Optimizer] = Table("optimizer", "optimizers", adopt)
"""Every optimizer by its names."""


def optimizer(**known: Any) -> Callable[[R], R]:
    """Enter the rule below into `OPTIMIZERS`, its name in small letters; the arguments are those of `Optimizer`."""

    def enter(rule: R) -> R:
        OPTIMIZERS.add(Optimizer(name=rule.__name__.lower(), function=rule, **known))
        return rule

    return enter
