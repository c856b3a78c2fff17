"""Findings about one network that agree with each other: none advises the opposite of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.diagnosis.finding import Finding


def agreeing(findings: Sequence[Finding]) -> list[Finding]:
    """Without those that contradict a finding before them.

    Two findings contradict each other if they set the learning rate, or the number of epochs, to different values.
    Beside a certain finding nothing about the learning rate alone is told: the certain one comes first.

    Parameters
    ----------
    findings : sequence of Finding
        Of one network or one condition, the most important first.
    """
    is_certain = any(finding.level == "certain" for finding in findings)
    kept: list[Finding] = []
    decided: dict[str, Any] = {}
    for finding in findings:
        wanted = _numbers(finding.remedy.settings)
        is_rate_alone = set(wanted) == {"learning_rate"} and len(finding.remedy.settings) == 1
        if is_certain and is_rate_alone and finding.level != "certain":
            continue
        if any(decided.get(name, value) != value for name, value in wanted.items()):
            continue
        decided.update(wanted)
        kept.append(finding)
    return kept


def _numbers(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The learning rate and the number of epochs that a remedy sets."""
    found = {"epochs": settings["training.epochs"]} if "training.epochs" in settings else {}
    optimizer = settings.get("training.optimizer")
    if isinstance(optimizer, Mapping) and "learning_rate" in optimizer:
        found["learning_rate"] = optimizer["learning_rate"]
    return found
