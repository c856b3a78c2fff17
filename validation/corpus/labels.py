"""Which programs are sound and which broken, by what they learnt; and which part of the corpus each belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from corpus.program import FORMS, Program

# A sound program has learnt at least this much by itself, in the mean over its seeds.
LEARNT = 0.5
# A mutated one is sound if in every seed it reaches this share of its twin's mean, and broken below that.
AS_GOOD, WORSE = 0.9, 0.8

PARTS = ("seen", "unseen", "fresh")
FIRST_FRESH = 1248  # a multiple of the forms of a program

LABELS = {
    "sound": "drawn and not mutated, and learnt",
    "sound, mutated": "the mutation did no harm",
    "broken": "learnt clearly less than its twin",
    "between": "seeds disagree, or a little less than the twin",
    "unclear": "the twin did not learn by itself",
    "failed": "it stopped with an error",
    "missing": "not trained yet",
}
SOUND = ("sound", "sound, mutated")


def label(own: Sequence[float], twin: Sequence[float] | None) -> str:
    """The label of a program.

    Parameters
    ----------
    own : sequence of float
        What it learnt, by seed: `skill.skill` on held-out rows.
    twin : sequence of float, optional
        The same of its unbroken twin; None for a program that is itself unbroken.
    """
    if twin is None:
        return "sound" if np.mean(own) >= LEARNT else "unclear"
    learnt = float(np.mean(twin))
    if learnt < LEARNT:
        return "unclear"
    if min(own) >= AS_GOOD * learnt and np.mean(own) >= LEARNT:
        return "sound, mutated"
    return "broken" if max(own) < WORSE * learnt else "between"


def labels(runs: Iterable[Mapping[str, Any]], seeds: int) -> dict[int, str]:
    """The label of every program by number, from the lines of `training.py`."""
    skills: dict[int, dict[int, float | None]] = {}
    for run in runs:
        skills.setdefault(run["number"], {})[run["seed"]] = None if run["error"] else run["skill"]
    return {number: _label(number, skills, seeds) for number in sorted(skills)}


def _label(number: int, skills: Mapping[int, Mapping[int, float | None]], seeds: int) -> str:
    by_form = [skills.get(known, {}) for known in dict.fromkeys((number, number - number % FORMS))]
    if any(None in by_seed.values() for by_seed in by_form):
        return "failed"
    if any(len(by_seed) < seeds for by_seed in by_form):
        return "missing"
    known = [[value for value in by_seed.values() if value is not None] for by_seed in by_form]
    return label(known[0], known[1] if number % FORMS else None)


def decide_alike(runs: Iterable[Mapping[str, Any]], found: Mapping[int, str]) -> set[int]:
    """The broken programs whose decisions alone are as good as their twin's: only their probabilities are worse."""
    by_number: dict[int, list[float]] = {}
    for run in runs:
        if run.get("decisions") is not None:
            by_number.setdefault(run["number"], []).append(run["decisions"])
    alike = set()
    for number, name in found.items():
        own, twin = by_number.get(number), by_number.get(number - number % FORMS)
        if name == "broken" and own and twin and min(own) >= AS_GOOD * float(np.mean(twin)):
            alike.add(number)
    return alike


def part_of(known: Program) -> str:
    """``seen`` for families that rules and thresholds may look at, ``unseen`` for those by which levels are earned.

    The second byte of the hash halves the corpus more evenly than the first; it was chosen before anything was trained.
    What is drawn from number `FIRST_FRESH` on is ``fresh``, whatever its family: no rule and no level has seen it.
    """
    if known.number >= FIRST_FRESH:
        return "fresh"
    return "seen" if hashlib.sha256(known.family.encode()).digest()[1] % 2 == 0 else "unseen"
