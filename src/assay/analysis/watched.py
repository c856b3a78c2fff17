"""What became of a training of the user's own that was watched, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assay.analysis.numbers import number_text

if TYPE_CHECKING:
    from assay.store import Tables

SPLITS = {"train": "training", "validation": "validation"}


def watched_sentences(tables: Tables) -> Iterator[str]:
    """From where to where its losses went, and how it ended."""
    import polars as pl

    losses = tables.history.filter(pl.col("metric") == "loss").sort("epoch")
    if losses.is_empty():
        yield "Its loss is not known."
    for split, word in SPLITS.items():
        line = losses.filter(split=split)
        if len(line) > 1:
            first, last = (f"{number_text(line['value'][at])} ({tables.clock} {line['epoch'][at]:,})" for at in (0, -1))
            yield f"The {word} loss went from {first} to {last}."
    if tables.trials.is_empty():
        yield "The training has not ended, or its end was not seen."
    else:
        end = tables.trials.row(0, named=True)
        yield f"It {ENDS[end['outcome']]} {tables.clock} {end['outcome_epoch']:,}."


ENDS = {"completed": "ended after", "diverged": "had a loss or gradients that are not finite; it ended after"}
"""How a sentence tells an outcome."""
