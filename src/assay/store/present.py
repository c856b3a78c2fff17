"""What the present study asks of a folder that may hold more, and what it calls it.

Files know a trial by its identity and its seed; the study gives them the name of a condition and the number of a trial.
What is not asked for (other conditions, other seeds, later epochs) is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.store.schema import IDENTITY, RESAMPLE, SELECTED, data_type, with_splits

if TYPE_CHECKING:
    import polars as pl

    from assay.study.spec import Study


@dataclass(frozen=True)
class LeftOut:
    """What a folder holds and its present study does not ask for: whole conditions, and trials in all."""

    conditions: int
    trials: int


@dataclass(frozen=True)
class Present:
    """The present study, as far as its folder is concerned.

    Attributes
    ----------
    names : tuple of str, length C
        Of the conditions.
    identities : tuple of str, length C · R
        Of each condition on each of R splits.
    epochs : tuple of int, length C
    splits : int
    seeds : tuple of int, length S
    has_final : bool
        Whether it asks for a final phase.
    is_as_written : bool
        Whether the files hold what it asks for and nothing else, under the names that it gives.
    """

    names: tuple[str, ...]
    identities: tuple[str, ...]
    epochs: tuple[int, ...]
    splits: int
    seeds: tuple[int, ...]
    has_final: bool
    is_as_written: bool

    @classmethod
    def of(cls, study: Study, *, grown: bool = True) -> Present:
        """Read it off a study; `grown` when its folder has held another one."""
        from assay.study.identity import identities

        conditions, found = study.expand(), identities(study)
        return cls(
            names=tuple(condition.name for condition in conditions),
            identities=tuple(found),
            epochs=tuple(condition.training.epochs for condition in conditions),
            splits=len(study.design.splits),
            seeds=tuple(study.seed_list()),
            has_final=study.design.final,
            is_as_written=not grown and len(set(found)) == len(found) and len(study.design.splits) == 1,
        )

    def columns(self, columns: Mapping[str, str]) -> dict[str, str]:
        """Of a table, with the split where there are several."""
        return with_splits(columns) if self.splits > 1 else dict(columns)

    def rows(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The rows of history, signals or histograms that are asked for, under their present names."""
        import polars as pl

        columns = list(self.columns(dict.fromkeys(rows.collect_schema().names(), "")))
        found = self._named(rows)
        if "phase" in columns:
            is_final = pl.col("phase") == "final"
            found = found.filter((~is_final & (pl.col("epoch") <= pl.col("asked"))) | (is_final & self.has_final))
        else:
            found = found.filter(pl.col("epoch") <= pl.col("asked"))
        return found.select(columns)

    def trials(self, rows: pl.DataFrame, columns: Mapping[str, str], conditions: Sequence[Any]) -> pl.DataFrame:
        """The table of trials, from the rows of its files; of several that tell of one trial the last stands."""
        import polars as pl

        found = self._named(rows.lazy().filter(pl.col("outcome") != SELECTED)).collect()
        asked, is_diverged = pl.col("asked"), pl.col("outcome") == "diverged"
        in_final, is_failed = pl.col("final_epochs").is_not_null(), pl.col("outcome") == "failed"
        was_lost = is_diverged & ~in_final & (pl.col("outcome_epoch") <= asked)
        ended = (pl.col("epochs") >= asked) | was_lost | is_failed
        found = found.filter(ended).sort("population").unique("trial", keep="last", maintain_order=True)
        stays = was_lost | is_failed | (is_diverged & in_final & self.has_final)
        # What ended beyond the epochs that are asked for, or in a final phase that is not, has completed them.
        has_completed = ~stays & (is_diverged | (pl.col("epochs") > asked))
        completed = {
            "outcome": pl.lit("completed"),
            "outcome_epoch": asked,
            "outcome_step": pl.col("steps") * asked // pl.col("epochs"),
            "message": pl.lit(""),
        }
        found = found.with_columns(
            pl.when(has_completed).then(value).otherwise(pl.col(name)).alias(name) for name, value in completed.items()
        )
        levels = factor_columns([condition.settings for condition in conditions], columns)
        found = found.with_columns(pl.Series(key, values)[found["index"]] for key, values in levels.items())
        return found.select(pl.col(name).cast(data_type(kind)) for name, kind in columns.items()).sort("trial")

    def left_out(self, rows: pl.DataFrame) -> LeftOut:
        """What of these rows of trials is not asked for."""
        import polars as pl

        known = rows.filter(pl.col("outcome") != "failed").select(IDENTITY, "seed").unique()
        is_known = pl.col(IDENTITY).is_in(list(self.identities))
        strangers = known.filter(~is_known | ~pl.col("seed").is_in(list(self.seeds)))
        return LeftOut(known.filter(~is_known)[IDENTITY].n_unique(), len(strangers))

    def _named(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """With the present ``condition``, split and ``trial``; beside them ``index`` and ``asked`` epochs of it."""
        import polars as pl

        index, resample = np.divmod(np.arange(len(self.identities)), self.splits)
        conditions = pl.LazyFrame(
            {
                IDENTITY: pl.Series(self.identities, dtype=pl.String),
                "condition": pl.Series([self.names[place] for place in index], dtype=pl.String),
                "index": pl.Series(index, dtype=pl.Int64),
                RESAMPLE: pl.Series(resample, dtype=pl.Int64),
                "asked": pl.Series([self.epochs[place] for place in index], dtype=pl.Int64),
            }
        )
        seeds = pl.LazyFrame(
            {
                "seed": pl.Series(self.seeds, dtype=pl.Int64),
                "place": pl.Series(range(len(self.seeds)), dtype=pl.Int64),
            }
        )
        return (
            rows.drop("condition", "trial", strict=False)
            .join(conditions, on=IDENTITY, how="inner", maintain_order="left")
            .join(seeds, on="seed", how="inner", maintain_order="left")
            .with_columns(trial=(pl.col("index") * self.splits + pl.col(RESAMPLE)) * len(self.seeds) + pl.col("place"))
        )


def factor_columns(settings: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> dict[str, pl.Series]:
    """The level of each factor in each condition, as the trials table shows it."""
    import polars as pl

    from assay.store.schema import trial_columns
    from assay.study.conditions import level_label

    fixed = with_splits(trial_columns([]))
    return {
        key: pl.Series(
            key,
            [
                level if level is None or kind == "Float64" else level_label(level)
                for level in (each.get(key) for each in settings)
            ],
            dtype=data_type(kind),
        )
        for key, kind in columns.items()
        if key not in fixed
    }
