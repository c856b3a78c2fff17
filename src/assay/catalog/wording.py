"""An entry of the catalogue as labelled lines of text: what the command line and the page tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from assay.catalog.entries import (
    ActivationEntry,
    Entry,
    InitializerEntry,
    LossEntry,
    MetricEntry,
    OptimizerEntry,
)
from assay.catalog.pairings import Pairing

Facts = list[tuple[str, str]]
NONE = "none"


def facts(entry: Entry) -> Facts:
    """Everything about one entry but its "goes with" sentences: a label and a text each."""
    told = [*_of_kind(entry)]
    if entry.advantages:
        told += [("advantages", entry.advantages), ("drawbacks", entry.drawbacks)]
    if entry.other_names:
        told.insert(0, ("also written", ", ".join(entry.other_names)))
    told.append(("arguments", arguments(entry.arguments) or NONE))
    if entry.sources:
        told.append(("sources", "; ".join(entry.sources)))
    return told


def short_facts(entry: Entry) -> Facts:
    """What a table of the kind shows of an entry."""
    name = ("name", ", ".join((entry.name, *entry.other_names)))
    match entry:
        case ActivationEntry():
            centred = {True: "yes", False: "no", None: "–"}[entry.is_zero_centred]
            return [
                name,
                ("formula", entry.formula),
                ("derivative", entry.derivative),
                ("range", entry.range),
                ("zero-centred", centred),
                ("critical gain", "–" if entry.mean is None else number(entry.critical_gain)),
                ("cost", "–" if entry.cost is None else f"{entry.cost:.1f}"),
            ]
        case InitializerEntry():
            return [
                name,
                ("what it is", entry.summary),
                ("variance", entry.variance or "–"),
                ("for", ", ".join(entry.activations) or "–"),
            ]
        case OptimizerEntry():
            return [name, ("update rule", "\n".join(entry.rule)), ("arguments", arguments(entry.arguments))]
        case LossEntry():
            return [
                name,
                ("formula", entry.formula),
                ("gradient", entry.gradient),
                ("output unit", " or ".join(entry.output_units)),
                ("labels", entry.labels),
            ]
        case MetricEntry():
            return [
                name,
                ("what it is", entry.summary),
                ("for", ", ".join(entry.tasks)),
                ("from", entry.needs),
                ("range", entry.range),
                ("better", entry.better),
            ]
    raise TypeError(f"no table for {type(entry).__name__}")


def _of_kind(entry: Entry) -> Facts:
    """What only entries of its kind have."""
    match entry:
        case ActivationEntry():
            return [
                ("formula", entry.formula),
                ("derivative", entry.derivative),
                ("range", entry.range),
                ("zero-centred", _centred(entry)),
                ("critical gain", _critical_gain(entry)),
                ("units", entry.units),
                ("initializer", entry.initializer or "by its critical gain"),
                ("cost", "not measured" if entry.cost is None else f"about {entry.cost:.1f} times ReLU's (rough)"),
            ]
        case InitializerEntry():
            return [
                ("what it is", entry.summary),
                ("variance", entry.variance or NONE),
                ("for", ", ".join(entry.activations) or "no activation in particular"),
            ]
        case OptimizerEntry():
            kept = ", ".join(entry.state) or "nothing"
            return [("what it is", entry.summary), ("update rule", "\n".join(entry.rule)), ("keeps", kept)]
        case LossEntry():
            told = [("formula", entry.formula), ("gradient", entry.gradient)]
            if entry.output_units:
                told.append((f"gradient below {entry.output_units[0]}", entry.gradient_below))
                told.append(("output unit", " or ".join(entry.output_units)))
            return [*told, ("labels", entry.labels)]
        case MetricEntry():
            return [
                ("what it is", entry.summary),
                ("for", ", ".join(entry.tasks)),
                ("computed from", entry.needs),
                ("range", entry.range),
                ("better", entry.better),
            ]
    raise TypeError(f"no facts for {type(entry).__name__}")


def arguments(defaults: Mapping[str, Any]) -> str:
    """``negative_slope = 0.0, max_value``: a study file's spelling; what is off by default stands without a value."""
    return ", ".join(key if value is None else f"{key} = {json.dumps(value)}" for key, value in defaults.items())


def number(value: float | None) -> str:
    """Two decimals, or ``none``."""
    return NONE if value is None else f"{value:.2f}"


def _centred(entry: ActivationEntry) -> str:
    if entry.mean is None:
        return "a function of a whole layer"
    if entry.is_zero_centred:
        return "yes: standard normal pre-activations have activations of mean 0"
    return f"no: standard normal pre-activations have activations of mean {entry.mean:.2f}"


def _critical_gain(entry: ActivationEntry) -> str:
    told = number(entry.critical_gain)
    if entry.forward_gain is None:
        return told
    at_one = f"at variance 1: {number(entry.forward_gain)} keeps the signal, {number(entry.backward_gain)} the gradient"
    return f"{told} ({at_one})"


def verdict(pairing: Pairing) -> str:
    """Whether a sentence was measured to hold."""
    return {
        "yes": "Measured: it holds.",
        "in part": "Measured: it holds in part.",
        "no": "Measured: it does not hold.",
    }[pairing.holds]
