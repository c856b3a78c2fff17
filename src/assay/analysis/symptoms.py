"""Findings of many conditions told together: each symptom once, with the conditions that show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.analysis.summary import Summary
from assay.analysis.wording import shared_names
from assay.diagnosis.wording import number_text

if TYPE_CHECKING:
    from assay.diagnosis import Finding

NAMED = 3
"""So many conditions are named; the others are counted."""


@dataclass(frozen=True)
class Symptom:
    """One symptom in all conditions whose seeds show it in at least half.

    Attributes
    ----------
    symptom : str
        Its name in the rule book.
    level : str
        ``certain``, ``fault`` or ``note``.
    conditions : tuple of str
        Their names, factors said once.
    finding : Finding
        That of the first of them.
    values : (low, high), optional
        The ends of the number that it is found by, over the conditions; None where it has none.
    """

    symptom: str
    level: str
    conditions: tuple[str, ...]
    finding: Finding
    values: tuple[float, float] | None = None

    @property
    def title(self) -> str:
        """``vanishing gradient``."""
        return self.symptom.replace("_", " ")

    def where(self, total: int) -> str:
        """``in all 12 conditions``, ``in sigmoid, he_normal and 2 others of 12``."""
        count = len(self.conditions)
        if total == 1:
            return ""
        if count == total:
            return f"in all {total} conditions"
        named = "; ".join(self.conditions[:NAMED])
        return f"in {named}" + (f" and {count - NAMED} more of {total}" if count > NAMED else "")


def symptoms(summary: Summary) -> list[Symptom]:
    """What a summary's conditions show, faults before notes and what is in most conditions first."""
    _, names = shared_names([condition.name for condition in summary.conditions])
    shown: dict[tuple[str, str], list[tuple[str, Finding]]] = {}
    for condition, name in zip(summary.conditions, names, strict=True):
        for finding in condition.findings:
            if 2 * finding.seeds >= finding.of_seeds:
                shown.setdefault((finding.symptom, finding.level), []).append((name, finding))
    found = [
        Symptom(symptom, level, tuple(name for name, _ in entries), entries[0][1], _ends([one for _, one in entries]))
        for (symptom, level), entries in shown.items()
    ]
    order = {"certain": 0, "fault": 1, "note": 2}
    return sorted(found, key=lambda symptom: (order[symptom.level], -len(symptom.conditions)))


def _ends(findings: list[Finding]) -> tuple[float, float] | None:
    """The smallest and the largest number."""
    values = [finding.evidence.value for finding in findings if finding.evidence.value is not None]
    return (min(values), max(values)) if values else None


def _range_text(symptom: Symptom) -> str:
    """How the number differs between conditions, as a sentence; empty where it does not."""
    if symptom.values is None or len(symptom.conditions) == 1 or symptom.values[0] == symptom.values[1]:
        return ""
    low, high = map(number_text, symptom.values)
    return (
        f" These are the numbers of {symptom.conditions[0]}. Over all of these conditions: "
        f"{symptom.finding.evidence.quantity}, {low} to {high}."
    )


def _note(symptom: Symptom, total: int) -> str:
    """What is worth knowing and where; with its numbers where it is of one condition alone."""
    told = f"{symptom.title} {symptom.where(total)}".rstrip()
    numbers = symptom.finding.evidence.text.rstrip(".")
    return f"{told} ({numbers})" if len(symptom.conditions) == 1 else told


def symptom_sentences(summary: Summary) -> list[str]:
    """A line for each fault: where, its evidence, cause and remedy in one example; the notes together in one more."""
    total = len(summary.conditions)
    found = symptoms(summary)
    lines = [
        f"{symptom.title.capitalize()} {symptom.where(total)}".rstrip()
        + f": {symptom.finding.evidence.text}{_range_text(symptom)} {symptom.finding.cause} "
        + symptom.finding.remedy.text
        for symptom in found
        if symptom.level != "note"
    ]
    notes = [_note(symptom, total) for symptom in found if symptom.level == "note"]
    return lines + ([f"Worth knowing: {'; '.join(notes)}."] if notes else [])
