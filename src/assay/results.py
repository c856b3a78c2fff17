"""What a study has found: the tables of its folder, and what they say.

::

    results = open_results("assay-runs/digits")
    results.history.filter(split="validation", metric="loss")
    results.summary()
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import StoreError, did_you_mean
from assay.selection import is_higher_better, ranked_by, ranking
from assay.store import Tables
from assay.store.schema import RESAMPLE, network_trial

if TYPE_CHECKING:
    import polars as pl

    from assay.analysis import Summary
    from assay.analysis.error_analysis import ErrorAnalysis
    from assay.kept import Kept


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

    def errors(self, condition: str | None = None, seed: int | None = None, split: str | None = None) -> ErrorAnalysis:
        """What one kept network gets wrong; printed, a few sentences.

        Parameters
        ----------
        condition, seed : optional
            Of the network, as `model` takes them.
        split : {"validation", "test"}, optional
            On which rows; the validation rows unless given, which are those to learn from.

        Raises
        ------
        StoreError
            If no such network is kept, or not what it said of these rows.
        """
        from assay.analysis.error_analysis import analyse, answers_of

        name = self.best_condition() if condition is None else condition
        network = self.model(name, seed)
        assert name is not None
        return analyse(answers_of(self, name, network, split))

    def model(self, condition: str | None = None, seed: int | None = None) -> Kept:
        """A trained network, ready for new rows: ``results.model("activation=relu").predict(rows)``.

        Parameters
        ----------
        condition : str, optional
            Its name; the best of those that are kept when not given, see `best_condition`.
        seed : int, optional
            The best of those that are kept when not given. Of several splits it is a network of the first.

        Raises
        ------
        StoreError
            If there is no such condition, or its network is not kept; the message says why, and what to do.
        """
        from assay.kept import Kept

        name = self.best_condition() if condition is None else condition
        kept = self._networks.get(name or "", {})
        if seed in kept:
            return Kept.load(kept[seed])
        if kept and seed is None:
            best_first = [*self._ranks().filter(condition=name, resample=0)["seed"], *sorted(kept)]
            return Kept.load(kept[next(each for each in best_first if each in kept)])
        raise StoreError(f"{self.directory}: {self._why_not_kept(name, seed)}")

    def best_condition(self) -> str | None:
        """The condition with the best mean validation score, of those of which a network is kept; None without any.

        The score is the one that `design.select` names, at the condition's best epoch; the test set plays no part.
        """
        import polars as pl

        of_each = self._ranks().filter(pl.col("condition").is_in(list(self._networks)))
        means = (
            of_each.group_by("condition", maintain_order=True)
            .agg(pl.col("cost").mean())
            .sort("cost", maintain_order=True)
        )
        return means["condition"][0] if len(means) else next(iter(self._networks), None)

    @cached_property
    def _networks(self) -> dict[str, dict[int, Path]]:
        """The file of each network that is kept, by condition and seed; of several splits those of the first."""
        if self.was_watched:
            return {}
        found: dict[str, dict[int, Path]] = {}
        for path in sorted((self.directory / "networks").glob("*.npz")):
            identity, seed = network_trial(path)
            found.setdefault(identity, {})[seed] = path
        named = zip(self.present.names, self.present.identities[:: self.present.splits], strict=True)
        asked = set(self.present.seeds)
        of_name = {
            name: {seed: path for seed, path in found.get(each, {}).items() if seed in asked} for name, each in named
        }
        return {name: of_seed for name, of_seed in of_name.items() if of_seed}

    def _ranks(self) -> pl.DataFrame:
        """Condition, seed and ``cost``, the validation score at the best epoch, small where it is good; best first.

        Beside them ``resample``, the number of the split, 0 where there is one.
        """
        import polars as pl

        select = self.study.design.select
        sign = -1.0 if is_higher_better(ranking(select)) else 1.0
        rows = self.rows("history", ranked_by(select)).join(
            self.trials.select("trial", epoch=pl.col("best_epoch")), on=["trial", "epoch"]
        )
        if RESAMPLE not in rows.columns:
            rows = rows.with_columns(pl.lit(0, pl.Int64).alias(RESAMPLE))
        return rows.select("condition", RESAMPLE, "seed", cost=sign * pl.col("value")).sort("cost", "seed")

    def _why_not_kept(self, name: str | None, seed: int | None) -> str:
        """A sentence on a network that is not there, and what to do."""
        import polars as pl

        if self.was_watched:
            return "this is a training of your own that was watched; its network is yours, and none is kept here."
        names = [condition.name for condition in self.conditions]
        if name is not None and name not in names:
            known = ", ".join(f"'{each}'" for each in names[:8]) + (", …" if len(names) > 8 else "")
            return f"there is no condition '{name}'.{did_you_mean(name, names)} Its conditions: {known}."
        whose = "no network" if name is None else f"no network of '{name}'"
        kept = self._networks.get(name or "", {})
        again = "Train the study into another folder"
        if seed is not None and (kept or seed not in self.present.seeds):
            there = ", ".join(map(str, sorted(kept))) or "none"
            if seed not in self.present.seeds:
                return f"the study has no seed {seed}. Kept of '{name}' is the network of seed {there}."
            return (
                f"of '{name}' the network of seed {there} is kept, and not that of seed {seed}. {again} with "
                'design.keep = "all" to keep every one.'
            )
        ended = self.trials if name is None else self.trials.filter(condition=name)
        if ended.filter(pl.col("outcome") == "completed").is_empty():
            lost = ended.filter(pl.col("outcome") == "diverged")
            if len(lost) and len(ended) >= len(self.present.seeds):
                return f"{whose} is kept, for every trial of it diverged."
            return f"{whose} is there yet. `assay run` goes on with the study, and keeps it when it has ended."
        if Results(self.directory).present != self.present:
            return f"{whose} is kept; the study of this folder has changed since it was opened here. Open it again."
        if self.study.design.keep == "none":
            return f'{whose} is kept, for the study says design.keep = "none". {again} with design.keep = "final".'
        return (
            f'{whose} is kept, for it was trained by an earlier version of assay or with design.keep = "none". '
            f"{again} (--out)."
        )
