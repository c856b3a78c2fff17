"""The entries of the catalogue, put together from the functions, the notes and the numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from assay.catalog.activations import ACTIVATION_NOTES
from assay.catalog.docstrings import rule_of, sources_of, summary_of
from assay.catalog.initializers import INITIALIZER_NOTES
from assay.catalog.losses import LOSS_NOTES
from assay.catalog.numbers import numbers
from assay.catalog.optimizers import OPTIMIZER_NOTES
from assay.catalog.pairings import Pairing, pairings_of
from assay.choices import Choice, defaults_of
from assay.errors import AssayError, did_you_mean
from assay.learning.losses import LOSSES
from assay.learning.optimizers import OPTIMIZERS, slots, static_part
from assay.networks.activations import ACTIVATIONS
from assay.networks.initializers import INITIALIZERS

KINDS: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "activations": ACTIVATIONS,
    "initializers": INITIALIZERS,
    "optimizers": OPTIMIZERS,
    "losses": LOSSES,
}
"""Every kind with its table."""

CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")
DECAY = "w ← w - weight_decay · η · w, and then"
ZERO = 1e-6  # a mean below this is 0: the numbers of SELU are known to more digits than that


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is known of one name, whatever its kind.

    Attributes
    ----------
    name : str
    other_names : tuple of str
        Other spellings of it.
    advantages, drawbacks : str
    arguments : mapping of str to default
        A default of None is off.
    goes_with : tuple of Pairing
    sources : tuple of str
    """

    name: str
    other_names: tuple[str, ...]
    advantages: str
    drawbacks: str
    arguments: Mapping[str, Any]
    goes_with: tuple[Pairing, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ActivationEntry(Entry):
    """One activation.

    Attributes
    ----------
    formula, derivative, range : str
    mean : float or None
        E φ(Z) with Z standard normal; None for a function of a whole layer.
    critical_gain : float or None
        σ_w on the edge of chaos without biases: deep networks keep their gradients there.
    forward_gain, backward_gain : float or None
        The gains that keep variance 1, and the gradient at variance 1.
    cost : float or None
        Time of φ and its gradient over that of ReLU; rough.
    """

    formula: str
    derivative: str
    range: str
    mean: float | None
    critical_gain: float | None
    forward_gain: float | None
    backward_gain: float | None
    cost: float | None

    @property
    def is_zero_centred(self) -> bool | None:
        """Whether standard normal pre-activations have activations of mean 0; None for a function of a whole layer."""
        return None if self.mean is None else abs(self.mean) < ZERO


@dataclass(frozen=True, kw_only=True)
class InitializerEntry(Entry):
    """One initializer; `variance` is a formula, `activations` those that it is meant for."""

    summary: str
    variance: str
    activations: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OptimizerEntry(Entry):
    """One optimizer; `rule` has an equation a line, `state` names the arrays that it keeps by default."""

    summary: str
    rule: tuple[str, ...]
    state: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LossEntry(Entry):
    """One loss; `gradient` is by the outputs, `gradient_below` by the pre-activations of the first output unit."""

    formula: str
    gradient: str
    output_units: tuple[str, ...]
    gradient_below: str
    labels: str


def find_kind(kind: str) -> str:
    """`kind` itself, if it is one; its singular will do.

    Raises
    ------
    AssayError
        If there is no such kind.
    """
    singular = {"activation": "activations", "initializer": "initializers", "optimizer": "optimizers", "loss": "losses"}
    kind = singular.get(kind, kind)
    if kind in KINDS:
        return kind
    owner = next((known for known, table in KINDS.items() if kind in table), None)
    hint = f" '{kind}' is one of the {owner}: assay catalog {owner} {kind}." if owner else did_you_mean(kind, KINDS)
    raise AssayError(f"catalog: unknown kind '{kind}'.{hint} Kinds: {', '.join(KINDS)}.")


def find_entry(kind: str, name: str) -> Entry:
    """The entry of a name; another spelling finds it too.

    Raises
    ------
    AssayError
        If there is no such kind, or no such name in it.
    """
    kind = find_kind(kind)
    if name not in KINDS[kind]:
        owner = next((other for other, table in KINDS.items() if name in table), None)
        hint = f" It is one of the {owner}." if owner else did_you_mean(name, KINDS[kind])
        raise AssayError(f"catalog: '{name}' is none of the {kind}.{hint} Known {kind}: {', '.join(KINDS[kind])}.")
    return next(entry for entry in catalog(kind) if name in (entry.name, *entry.other_names))


@cache
def catalog(kind: str) -> tuple[Entry, ...]:
    """All entries of a kind, other spellings together, in the order of the kind's table."""
    kind = find_kind(kind)
    spellings: dict[Callable[..., Any], list[str]] = {}
    for name, function in KINDS[kind].items():
        spellings.setdefault(function, []).append(name)
    build = {
        "activations": _activation,
        "initializers": _initializer,
        "optimizers": _optimizer,
        "losses": _loss,
    }[kind]
    return tuple(build(function, _shared(kind, names, function)) for function, names in spellings.items())


def _shared(kind: str, names: list[str], function: Callable[..., Any]) -> dict[str, Any]:
    """What an entry of any kind takes from its function and from the sentences on what goes with what."""
    return {
        "name": names[0],
        "other_names": tuple(names[1:]),
        "arguments": {key: value for key, value in defaults_of(function).items() if key not in CLIPPING},
        "goes_with": pairings_of(kind, names[0]),
        "sources": sources_of(function),
    }


def _activation(function: Callable[..., Any], shared: dict[str, Any]) -> Entry:
    notes = ACTIVATION_NOTES[shared["name"]]
    known = numbers()["activations"].get(shared["name"], {})
    return ActivationEntry(
        **shared | {"sources": shared["sources"] + notes.sources},
        formula=notes.formula or summary_of(function),
        derivative=notes.derivative,
        range=notes.range,
        advantages=notes.advantages,
        drawbacks=notes.drawbacks,
        mean=known.get("mean"),
        critical_gain=known.get("critical_gain"),
        forward_gain=known.get("forward_gain"),
        backward_gain=known.get("backward_gain"),
        cost=numbers()["cost"].get(shared["name"]),
    )


def _initializer(function: Callable[..., Any], shared: dict[str, Any]) -> Entry:
    notes = INITIALIZER_NOTES[shared["name"]]
    return InitializerEntry(
        **shared | {"sources": shared["sources"] + notes.sources},
        summary=summary_of(function),
        variance=notes.variance,
        activations=notes.activations,
        advantages=notes.advantages,
        drawbacks=notes.drawbacks,
    )


def _optimizer(function: Callable[..., Any], shared: dict[str, Any]) -> Entry:
    notes = OPTIMIZER_NOTES[shared["name"]]
    held = slots(static_part(Choice(shared["name"])), (1, 1, 1))
    decays = shared["arguments"]["weight_decay"] is not None
    return OptimizerEntry(
        **shared,
        summary=summary_of(function),
        rule=(*((DECAY,) if decays else ()), *rule_of(cast(type, function))),
        state=tuple(held),
        advantages=notes.advantages,
        drawbacks=notes.drawbacks,
    )


def _loss(function: Callable[..., Any], shared: dict[str, Any]) -> Entry:
    notes = LOSS_NOTES[shared["name"]]
    return LossEntry(
        **shared | {"sources": shared["sources"] + notes.sources},
        formula=notes.formula or summary_of(function),
        gradient=notes.gradient,
        output_units=notes.output_units,
        gradient_below=notes.gradient_below,
        labels=notes.labels,
        advantages=notes.advantages,
        drawbacks=notes.drawbacks,
    )
