"""Which factor matters, in a sentence or two. Everything said here is read from the analysis; nothing is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.analysis.effects import FactorAnalysis, Gain, MarginalGains, SimpleEffect, Term
from assay.analysis.numbers import number_text
from assay.analysis.summary import Measure
from assay.selection import is_higher_better
from assay.study.conditions import level_label, short_labels

NAMED_TERMS = 4
"""So many factors and interactions are named; the JSON has all."""
NAMED_LEVELS = 3
"""Of more levels of the other factor than these, only those with the smallest and the largest gain are named."""

Labels = Mapping[str, str]
"""Of each factor: its key, and what it is called here."""


def factor_sentences(analysis: FactorAnalysis, measure: Measure) -> list[str]:
    """Which share of the variance each factor makes, then what the largest interaction comes to.

    Named are the terms that stand out from the seeds' noise, the largest first. What is left to the seeds (of several
    splits, to the splits) is all that
    they do: to every condition alike, and to one alone.
    """
    if analysis.residual.share is None:
        return [f"Every trial has the same {measure}, so no factor matters."]
    labels = short_labels([term.factors[0] for term in analysis.terms if term.kind == "main"])
    named = sorted(filter(analysis.stands_out, analysis.terms), key=lambda term: -(term.share or 0.0))
    if not named:
        return [f"No factor stands out from the {analysis.seed.kind}s' noise in the {measure}."]
    first, *others = named[:NAMED_TERMS]
    most = "most of the difference: " if (first.share or 0.0) > 0.5 else ""
    said = [f"{_subject(first, labels)} {most}{_share_text(first)} of the variance of the {measure}"]
    said += [f"{_name(term, labels)} {_share_text(term)}" for term in others]
    luck = (analysis.seed.share or 0.0) + analysis.residual.share
    rest = 1 - sum(term.share or 0.0 for term in named)  # less where a share below 0 was taken for 0
    said.append(f"the luck of the {analysis.seed.kind}s {_percent(min(luck, rest))}")
    return ["; ".join(said) + "."] + [_exchange(effect, labels, measure) for effect in analysis.simple_effects[:1]]


def marginal_sentences(gains: Sequence[MarginalGains], measure: Measure) -> list[str]:
    """Which of several factors changes most, of those with a level unlike the baseline's, varied one at a time."""
    if len(gains) < 2:
        return []
    clear = [one for one in gains if any(gain.is_clear for gain in one.gains)]
    if not clear:
        return [f"No factor stands out from the {gains[0].unit}s' noise in the {measure}."]
    labels = short_labels([one.factor for one in gains])
    first, *others = ((labels[one.factor], _range_text(one, measure)) for one in clear[:NAMED_TERMS])
    said = [f"{first[0]} matters most for the {measure}: {first[1]}", *(f"{name} {ends}" for name, ends in others)]
    return ["; ".join(said) + "."]


def term_text(term: Term) -> str:
    """A row's name in a table: ``activation × kernel_initializer``, ``seed``, ``noise``."""
    if term.kind == "higher interactions":
        return "three or more factors together"
    if not term.factors:
        return "noise" if term.kind == "residual" else term.kind
    return " × ".join(short_labels(list(term.factors)).values())


def share_text(term: Term) -> str:
    """``61 % [48, 70]``; a dash where there is no variance."""
    return "–" if term.share is None else _share_text(term)


def _subject(term: Term, labels: Labels) -> str:
    if term.kind == "main":
        return f"{labels[term.factors[0]]} makes"
    if term.kind == "interaction":
        return f"{labels[term.factors[0]]} and {labels[term.factors[1]]} together (interaction) make"
    return "Three or more factors together make"


def _name(term: Term, labels: Labels) -> str:
    if term.kind == "main":
        return labels[term.factors[0]]
    if term.kind == "higher interactions":
        return "three or more factors together"
    together = "both" if len(labels) == 2 else f"{labels[term.factors[0]]} and {labels[term.factors[1]]}"
    return f"{together} together (interaction)"


def _share_text(term: Term) -> str:
    """``61 % [48, 70]``."""
    share = term.share or 0.0
    if term.low is None or term.high is None or share < 0.01:
        return _percent(share)
    return f"{_percent(share)} [{100 * term.low:.0f}, {100 * term.high:.0f}]"


def _percent(share: float) -> str:
    return "under 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def _exchange(effect: SimpleEffect, labels: Labels, measure: Measure) -> str:
    """``he_normal instead of random_normal gains 71 points [65, 77] with relu and 2.1 points [1, 3] with tanh``."""
    gains = sorted(effect.gains, key=lambda gain: gain.difference.mean or 0.0)
    if len(gains) > NAMED_LEVELS:
        gains = [gains[0], gains[-1]]
    parts: list[str] = []
    verb = ""
    for gain in sorted(gains, key=lambda gain: -abs(gain.difference.mean or 0.0)):
        last, (verb, amount) = verb, _gain_text(gain, measure)
        level = f"with {level_text(effect.other, gain.level, labels)}"
        said = f"{level} ({amount})" if not gain.is_clear else f"{amount} {level}"
        parts.append(said if verb == last else f"{verb} {said}")
    start, end = (level_text(effect.factor, level, labels) for level in (effect.start, effect.end))
    return f"{end} instead of {start} {', '.join(parts[:-1])} and {parts[-1]}."


def _gain_text(gain: Gain, measure: Measure) -> tuple[str, str]:
    """What a change does, and by how much: ``("gains", "71 points [65, 77]")``."""
    mean, low, high = (gain.difference.mean or 0.0), gain.difference.low, gain.difference.high
    if not gain.is_clear:
        return "makes no clear difference", _amount(mean, low, high, measure, signed=True)
    if mean < 0 and low is not None and high is not None:
        low, high = -high, -low
    amount = _amount(abs(mean), low, high, measure)
    if is_higher_better(measure.metric):
        return ("loses" if mean < 0 else "gains"), amount
    return f"{'lowers' if mean < 0 else 'raises'} the {measure}", f"by {amount}"


def _amount(mean: float, low: float | None, high: float | None, measure: Measure, *, signed: bool = False) -> str:
    """``71 points [65, 77]``: hundredths of an accuracy, another metric as it is."""
    is_share = is_higher_better(measure.metric)
    sign = "+" if signed else ""
    digits = 0 if abs(mean) >= 0.1 else 1

    def text(value: float) -> str:
        return f"{100 * value:{sign}.{digits}f}" if is_share else number_text(value, signed=signed)

    unit = " points" if is_share else ""
    return f"{text(mean)}{unit}" + ("" if low is None or high is None else f" [{text(low)}, {text(high)}]")


def _range_text(gains: MarginalGains, measure: Measure) -> str:
    """``from -2.1 points (512) to +0.4 points (16)``; the baseline is an end where all levels lie beyond it."""
    ends = [(gain.difference.mean or 0.0, level_label(gain.level)) for gain in gains.gains] + [(0.0, "the baseline")]
    told = [
        f"0 ({level})" if mean == 0 else f"{_amount(mean, None, None, measure, signed=True)} ({level})"
        for mean, level in (min(ends), max(ends))
    ]
    return f"from {told[0]} to {told[1]}"


def level_text(factor: str, level: Any, labels: Labels) -> str:
    """A level in a sentence: ``relu``; a number with its factor, ``batch_size 64``."""
    is_named = isinstance(level, str | Mapping)
    return level_label(level) if is_named else f"{labels[factor]} {level_label(level)}"
