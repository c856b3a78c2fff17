"""The entries of the catalogue, put together from the records, the docstrings and the numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from assay.catalog.docstrings import rule_of, sources_of, summary_of
from assay.catalog.measuring import activation_numbers
from assay.catalog.numbers import numbers
from assay.catalog.pairings import Pairing, pairings_of
from assay.choices import REQUIRED, Choice, Named, Table
from assay.errors import AssayError, did_you_mean
from assay.learning.losses import LOSSES
from assay.learning.optimizers import OPTIMIZERS, slot_names, static_part
from assay.learning.scores import METRICS, Metric
from assay.networks.activations import ACTIVATIONS, Activation
from assay.networks.initializers import INITIALIZERS

KINDS: Mapping[str, Table[Any]] = {
    table.plural: cast("Table[Any]", table) for table in (ACTIVATIONS, INITIALIZERS, OPTIMIZERS, LOSSES, METRICS)
}
"""Every kind with its table."""

OWN = "a function of your own"
CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")
DECAY = "w ← w - weight_decay · η · w, and then"
ZERO = 1e-6  # a mean below this is 0: the numbers of SELU are known to more digits than that


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is known of one name, whatever its kind.

    Attributes
    ----------
    name : str
    choice : Choice
        What it stands for.
    other_names : tuple of str
        Other spellings of it.
    advantages, drawbacks : str
    arguments : mapping of str to default
        A default of None is off.
    goes_with : tuple of Pairing
    sources : tuple of str
    """

    name: str
    choice: Choice
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
    units : str
        Whether units saturate or can die.
    initializer : str or None
        The one that publications give to it.
    """

    formula: str
    derivative: str
    range: str
    mean: float | None
    critical_gain: float | None
    forward_gain: float | None
    backward_gain: float | None
    cost: float | None
    units: str
    initializer: str | None

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


@dataclass(frozen=True, kw_only=True)
class MetricEntry(Entry):
    """One metric; `tasks` are those that it has a meaning for, `needs` what it looks at, `better` what it is to be."""

    summary: str
    tasks: tuple[str, ...]
    needs: str
    range: str
    better: str


def find_kind(kind: str) -> str:
    """`kind` itself, if it is one; its singular will do.

    Raises
    ------
    AssayError
        If there is no such kind.
    """
    kind = next((table.plural for table in KINDS.values() if table.noun == kind), kind)
    if kind in KINDS:
        return kind
    owner = next((known for known, table in KINDS.items() if kind in table), None)
    hint = f" '{kind}' is one of the {owner}: assay catalog {owner} {kind}." if owner else did_you_mean(kind, KINDS)
    raise AssayError(f"catalog: unknown kind '{kind}'.{hint} Kinds: {', '.join(KINDS)}.")


def find_entry(kind: str, name: str | Mapping[str, Any]) -> Entry:
    """The entry of a name; another spelling finds it too, and so does a function of the user's own.

    Raises
    ------
    AssayError
        If there is no such kind, or no such name in it.
    """
    kind = find_kind(kind)
    table = KINDS[kind]
    if isinstance(name, str) and name not in table:
        owner = next((other for other, names in KINDS.items() if name in names), None)
        if owner:
            raise AssayError(f"catalog: '{name}' is none of the {kind}. It is one of the {owner}.")
    choice = table.parse(name, where="catalog")
    if choice.own is None and not choice.arguments:
        return next(entry for entry in catalog(kind) if choice.name in (entry.name, *entry.other_names))
    return _entry(kind, table.of(choice), choice)


@cache
def catalog(kind: str) -> tuple[Entry, ...]:
    """All entries of a kind, other spellings together, in the order of the kind's table."""
    kind = find_kind(kind)
    return tuple(_entry(kind, record, Choice(record.name)) for record in KINDS[kind].records)


def _entry(kind: str, record: Named, choice: Choice) -> Entry:
    """The entry of a record; of a choice with arguments, or of a user's own function, what is measured of that one."""
    build: dict[str, Callable[[Any, Choice, dict[str, Any]], Entry]] = {
        ACTIVATIONS.plural: _activation,
        INITIALIZERS.plural: _initializer,
        OPTIMIZERS.plural: _optimizer,
        LOSSES.plural: _loss,
        METRICS.plural: _metric,
    }
    return build[kind](record, choice, _shared(kind, record, choice))


def _shared(kind: str, record: Named, choice: Choice) -> dict[str, Any]:
    """What an entry of any kind takes from its record and from the sentences on what goes with what."""
    defaults = {key: None if value is REQUIRED else value for key, value in record.defaults.items()}
    documented = () if choice.own is not None else sources_of(record.function)
    return {
        "name": str(choice),
        "choice": choice,
        "other_names": record.other_names,
        "arguments": {key: value for key, value in {**defaults, **choice.arguments}.items() if key not in CLIPPING},
        "goes_with": pairings_of(kind, record.name),
        "sources": documented + record.sources,
        "advantages": record.advantages,
        "drawbacks": record.drawbacks,
    }


def _activation(record: Activation, choice: Choice, shared: dict[str, Any]) -> Entry:
    is_known = choice.own is None and not choice.arguments
    known = numbers()["activations"].get(record.name, {}) if is_known else {}
    if not is_known and record.is_elementwise:
        known = activation_numbers(choice)
    return ActivationEntry(
        **shared,
        formula=record.formula or (summary_of(record.function) if choice.own is None else OWN),
        derivative=record.derivative or "by automatic differentiation",
        range=record.range if is_known else _range(choice),
        mean=known.get("mean"),
        critical_gain=known.get("critical_gain"),
        forward_gain=known.get("forward_gain"),
        backward_gain=known.get("backward_gain"),
        cost=numbers()["cost"].get(record.name) if is_known else None,
        units=_units(known),
        initializer=record.initializer,
    )


def _range(choice: Choice) -> str:
    """The interval that was measured; it is not known whether its ends are reached."""
    from assay.networks.traits import traits_of

    traits = traits_of(choice)
    if traits is None:
        return "not measured: a function of a whole layer"
    low, high = (f"{end:g}".replace("inf", "∞") for end in (traits.low, traits.high))
    return f"{low} to {high}, measured"


def _units(known: Mapping[str, Any]) -> str:
    """What can become of its units, by the traits that were measured."""
    if not known:
        return "a function of a whole layer"
    if known["saturates"]:
        return "can saturate: the function is bounded, and flat far out on both sides"
    if known["can_die"]:
        return f"can die: where the function is constant ({known['dead_value']:g}), a unit has no gradient"
    return "neither saturate on both sides nor die"


def _initializer(record: Any, choice: Choice, shared: dict[str, Any]) -> Entry:
    return InitializerEntry(
        **shared,
        summary=summary_of(record.function) if choice.own is None else OWN,
        variance=record.variance or _variance(choice),
        activations=record.activations,
    )


def _variance(choice: Choice) -> str:
    """Of a user's own initializer: measured for one shape."""
    from assay.networks.initializers import kernel_moments

    if choice.own is None:
        return ""
    mean, variance = kernel_moments(choice, fan_in=300, units=100)
    return f"{variance:.4g} for 300 inputs and 100 units ({variance * 300:.3g} / fan_in), mean {mean:.2g}; measured"


def _optimizer(record: Any, choice: Choice, shared: dict[str, Any]) -> Entry:
    is_own = choice.own is not None
    decays = shared["arguments"].get("weight_decay") is not None and not is_own
    return OptimizerEntry(
        **shared,
        summary=OWN if is_own else summary_of(record.function),
        rule=() if is_own else (*((DECAY,) if decays else ()), *rule_of(cast(type, record.function))),
        state=slot_names(static_part(choice)),
    )


def _loss(record: Any, choice: Choice, shared: dict[str, Any]) -> Entry:
    return LossEntry(
        **shared,
        formula=record.formula or (summary_of(record.function) if choice.own is None else OWN),
        gradient=record.gradient or "by automatic differentiation",
        output_units=record.output_units,
        gradient_below=record.gradient_below,
        labels=record.labels or "not known",
    )


def _metric(record: Metric, choice: Choice, shared: dict[str, Any]) -> Entry:
    low, high = (f"{end:g}".replace("inf", "∞") for end in (record.low, record.high))
    return MetricEntry(
        **shared,
        summary=summary_of(record.function),
        tasks=record.tasks,
        needs=record.needs,
        range=f"{low} to {high}",
        better="high" if record.higher_is_better else "low",
    )
