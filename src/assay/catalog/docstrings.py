"""What a function's docstring says of it: formula, rule, sources."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

_YEAR = r"(?:19|20)\d\d"
# (Duchi et al., JMLR 2011): names and year in one pair of brackets, so with a comma.
_CITATION = re.compile(rf"\s*\((?P<inside>[A-Z][^()]*,[^()]*{_YEAR}[^()]*)\)")
# Reddi et al. (ICLR 2018): names before the brackets.
_NAMED = re.compile(rf"(?P<names>[A-Z]\w+(?: and [A-Z]\w+| et al\.)?) \((?P<where>(?:[A-Z]+ )?{_YEAR})\)")


def summary_of(entry: Callable[..., Any]) -> str:
    """The first paragraph of a docstring, in one line and without its sources."""
    words = " ".join((inspect.getdoc(entry) or "").split("\n\n")[0].split())
    return _CITATION.sub("", words).removeprefix("φ(z) = ").rstrip(".")


def sources_of(entry: Callable[..., Any]) -> tuple[str, ...]:
    """The publications that a docstring names, in its order."""
    words = " ".join((inspect.getdoc(entry) or "").split())
    found = [(match.start(), match["inside"]) for match in _CITATION.finditer(words)]
    found += [(match.start(), f"{match['names']}, {match['where']}") for match in _NAMED.finditer(words)]
    return tuple(source for _, source in sorted(found))


def rule_of(optimizer: type) -> tuple[str, ...]:
    """The equations of an optimizer's docstring, one a line; those of its parent where it has none of its own.

    They are the block after ``::``.
    """
    for owner in optimizer.__mro__:
        block = (inspect.cleandoc(owner.__doc__ or "")).partition("::\n\n")[2]
        lines = []
        for line in block.splitlines():
            if line.strip() and not line.startswith(" "):
                break
            lines.append(line.strip())
        if any(lines):
            return tuple(line for line in lines if line)
    return ()
