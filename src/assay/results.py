"""What a study has found: the tables of its folder, and what they say.

::

    results = open_results("assay-runs/digits")
    results.history.filter(split="validation", metric="loss")
    results.summary()
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assay.store import Tables

if TYPE_CHECKING:
    from assay.analysis import Summary


def open_results(directory: str | Path) -> Results:
    """The results in a folder.

    Raises
    ------
    StoreError
        If it is not a results folder, or one of a newer format.
    """
    return Results(directory)


class Results(Tables):
    """What a study has found so far: tidy tables, the study itself, and its summary.

    Each table is read once, when first asked for. While a study runs, open the folder again for newer numbers.

    Parameters
    ----------
    directory : path
        A results folder.

    Attributes
    ----------
    directory : Path
    manifest : dict
        Format, versions, platform, seeds, fingerprints of the data, time spent.
    """

    def summary(self) -> Summary:
        """What each condition came to; ``.written()`` is the JSON that ``assay show --json`` prints."""
        from assay.analysis import summarize

        return summarize(self)
