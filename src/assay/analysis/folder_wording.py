"""Two folders side by side, in sentences."""

from __future__ import annotations

import json
from typing import Any

from assay.analysis.folders import ConditionDifference, FolderComparison
from assay.analysis.numbers import interval_text, number_text
from assay.analysis.wording import likelihood_text


def value_text(value: Any) -> str:
    """A setting as a study file writes it; a dash for one that is not given."""
    return "–" if value is None else json.dumps(value, ensure_ascii=False)


def folder_sentences(compared: FolderComparison) -> list[str]:
    """What differs in the settings, in the numbers, and whether that is noise."""
    return [_settings_sentence(compared), *_number_sentences(compared), *_missing_sentences(compared)]


def _settings_sentence(compared: FolderComparison) -> str:
    if not compared.settings:
        return "The settings are equal, seeds aside."
    keys = [setting.key for setting in compared.settings]
    return f"{len(keys)} setting{'s differ' if len(keys) > 1 else ' differs'}: {', '.join(keys)}."


def _number_sentences(compared: FolderComparison) -> list[str]:
    if compared.measure is None or not compared.conditions:
        return ["No condition has completed in both, so no numbers are compared."]
    if compared.is_equal:
        count = sum(condition.common_seeds for condition in compared.conditions)
        return [f"All {count} trials that both folders have came to exactly the same {compared.measure}."]
    told = [_sentence(one, str(compared.measure)) for one in compared.conditions if _is_difference(one)]
    if told:
        rest = len(compared.conditions) - len(told)
        return told + ([f"The other {rest} differ by no more than their seeds do."] if rest else [])
    largest = max(compared.conditions, key=lambda one: abs(one.comparison.difference.mean or 0.0))
    said = f"{_numbers(largest, str(compared.measure))}"
    if len(compared.conditions) == 1:
        return [f"Noise: the folders differ by no more than seeds do: {said}."]
    return [
        f"Noise: none of {len(compared.conditions)} conditions differs by more than its seeds do. "
        f"The largest difference: {largest.condition}, {said}."
    ]


def _is_difference(one: ConditionDifference) -> bool:
    return one.comparison.conclusion in ("better", "worse")


def _sentence(one: ConditionDifference, measure: str) -> str:
    return f"{one.condition} is {one.comparison.conclusion} in the second folder: {_numbers(one, measure)}."


def _numbers(one: ConditionDifference, measure: str) -> str:
    pairs = one.comparison.difference.count
    unit = one.comparison.unit
    seeds = f"over {pairs} paired {unit}{'s' if pairs > 1 else ''}" if one.is_paired else f"of {unit}s that differ"
    return (
        f"{measure} {number_text(one.first.mean)} and {number_text(one.second.mean)}, "
        f"difference {interval_text(one.comparison.difference, signed=True)} {seeds}{likelihood_text(one.comparison)}"
    )


def _missing_sentences(compared: FolderComparison) -> list[str]:
    places = ((compared.first, compared.only_first), (compared.second, compared.only_second))
    return [
        f"Only in {folder}: {'; '.join(names[:5])}{f'; and {len(names) - 5} more' if len(names) > 5 else ''}."
        for folder, names in places
        if names
    ]
