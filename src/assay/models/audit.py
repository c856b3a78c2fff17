"""The audit of an initialization: what agrees told together, and each entry in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assay.diagnosis.facts import AuditEntry

if TYPE_CHECKING:
    from assay.probing import ProbeReport

# Two sizes agree within this part of one another: beyond what the luck of a few hundred draws makes.
AGREE = 0.15
# Beyond this factor from every usual size an array is odd.
ODD = 2.0
# Fewer numbers than these may be so far off by luck.
FEW = 20


def agree(first: float, second: float) -> bool:
    """Whether two standard deviations are the same but for luck."""
    return abs(first - second) <= AGREE * max(abs(first), abs(second))


def is_odd(std: float, count: int, usual: Iterable[float]) -> bool:
    """Whether the spread of so many numbers is far from all usual ones; a constant array is never odd by its spread."""
    known = [size for size in usual if size > 0]
    return std > 0 and count >= FEW and bool(known) and all(not size / ODD <= std <= size * ODD for size in known)


def collapsed(entries: Sequence[AuditEntry]) -> tuple[AuditEntry, ...]:
    """Entries whose names differ in numbers alone as one, where their sizes agree."""
    found: list[AuditEntry] = []
    for entry in entries:
        pattern = re.sub(r"(?<![^.\[])\d+(?![^.\]])", "*", entry.name)
        same = next((place for place, other in enumerate(found) if _is_like(other, entry, pattern)), None)
        if same is None:
            found.append(entry)
        else:
            found[same] = replace(found[same], name=pattern, count=found[same].count + entry.count)
    return tuple(found)


def _is_like(one: AuditEntry, other: AuditEntry, pattern: str) -> bool:
    """Whether both stand at the same place of their blocks and are alike in all that is told."""
    is_same_place = re.sub(r"(?<![^.\[])\d+(?![^.\]])", "*", one.name) == pattern
    spread = max(abs(one.mean), one.std, 1e-12)
    is_same_size = agree(one.std, other.std) and abs(one.mean - other.mean) <= AGREE * spread
    is_told_alike = all(getattr(one, told) == getattr(other, told) for told in ("default", "theory", "remarks"))
    return is_same_place and is_same_size and is_told_alike


def audit_lines(report: ProbeReport) -> list[str]:
    """The audit of a report in sentences, what is odd or unreached marked with an exclamation mark."""
    return [("! " if is_remarkable(entry) else "  ") + audit_line(entry) for entry in report.audit]


def is_remarkable(entry: AuditEntry) -> bool:
    """Whether it is unlike what is usual, or there is something to say of it."""
    return entry.is_odd or bool(entry.remarks)


def audit_line(entry: AuditEntry) -> str:
    """``blocks.*.out.weight: std 0.02; PyTorch's default is 0.072; …``."""
    size = f"std {entry.std:.2g}" if entry.std > 0 else f"all {entry.mean:.3g}"
    told = [f"{words} {value:.2g}" for words, value in filter(None, (entry.default, entry.theory))]
    return "; ".join([f"{entry.name}: {size}", *told, *entry.remarks]) + "."
