"""What the owner of a table should know before it is learnt from; `assay plan` tells all, `assay run` the first few."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.data.columns import Notice
    from assay.study import Study

FIRST = 6
"""So many are told when a study begins."""


def notices_of(study: Study) -> list[Notice]:
    """Of all tables that a study learns from, each once.

    Raises
    ------
    DataError
        If a table cannot be read.
    """
    from assay.data.outline import notices

    requests = {condition.data.request(study.folder): None for condition in study.expand()}
    return list(dict.fromkeys(notice for request in requests for notice in notices(request)))


def first_lines(notices: list[Notice], study: str) -> list[str]:
    """Lines for the beginning of a run; where to find the others."""
    lines = [f"assay: {notice}" for notice in notices[:FIRST]]
    more = len(notices) - FIRST
    return [*lines, f"assay: {more} more notices: assay plan {study}"] if more > 0 else lines
