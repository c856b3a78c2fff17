"""What of a study stands in its folder, and the populations that train the rest.

A trial is known by what decides its numbers, and its seed; so a study may take more seeds, levels, factors, conditions,
or epochs, and what is there is not trained again. Two questions are asked of the folder:

1. Which **selection phases** are missing? They are trained first (`Growth.selections`).
2. A condition's best epoch is that of all its seeds. Which **final phases** are missing then, because there was none or
   because it was of another epoch? `assay.settling` answers this one.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from assay.planning import Plan, Planner, PopulationPlan
from assay.selection import best_epoch_of_each_split, ranked_by, selecting
from assay.store import Tables
from assay.store.checking import check_same_study
from assay.store.present import LeftOut, Present
from assay.store.reading import read_manifest
from assay.store.records import Record, read_records
from assay.store.schema import FORMAT_VERSION, MANIFEST_FILE, ORIGIN, part_stem

if TYPE_CHECKING:
    import polars as pl

Trial = tuple[str, int]
"""What decides its numbers (`assay.study.identity`), and its seed."""


class Begun(NamedTuple):
    """A population that is to be trained, and its record."""

    population: PopulationPlan
    record: Record


class Row(NamedTuple):
    """What the files tell of a trial in one population."""

    population: int
    outcome: str
    outcome_epoch: int | None
    epochs: int
    best_epoch: int | None
    final_epochs: int | None

    @property
    def is_lost(self) -> bool:
        """Whether it diverged in the selection phase."""
        return self.outcome == "diverged" and self.final_epochs is None


@dataclass
class Standing:
    """What a folder holds of the trials that a study asks for.

    Attributes
    ----------
    rows : dict
        What the files tell of each trial that is asked for, by population in order; none that an error ended.
    records : dict of int to Record
    ended, failed : set of int
        Populations of which a phase has ended, and those that an error ended.
    left_out : LeftOut
    """

    planner: Planner
    directory: Path
    rows: dict[Trial, list[Row]] = field(default_factory=dict)
    records: dict[int, Record] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    left_out: LeftOut = field(default_factory=lambda: LeftOut(0, 0))

    @classmethod
    def of(cls, directory: Path, planner: Planner) -> Standing:
        """Read it off a folder of the present format; empty where there is none."""
        found = cls(planner, directory, records=read_records(directory))
        tables, present = Tables(directory), Present.of(planner.study)
        columns = ["identity", "seed", *Row._fields]
        asked = set(planner.identities)
        for identity, seed, *about in tables.trial_rows.select(columns).iter_rows():
            row = Row(*about)
            (found.failed if row.outcome == "failed" else found.ended).add(row.population)
            if identity in asked and seed in planner.seeds and row.outcome != "failed":
                found.rows.setdefault((identity, seed), []).append(row)
        found.ended -= found.failed
        found.left_out = present.left_out(tables.trial_rows)
        return found

    @property
    def wanted(self) -> list[Trial]:
        """Every trial of the study, those of equal content once."""
        return [(identity, seed) for identity in dict.fromkeys(self.planner.identities) for seed in self.planner.seeds]

    def is_selecting(self, population: int) -> bool:
        """Whether a population has a selection phase."""
        return population not in self.records or "select" in self.records[population].phases

    @cached_property
    def homes(self) -> dict[Trial, Row]:
        """Of each trial with as many epochs of selection as are asked for, the row of the population that had them."""
        asked = self.planner.epochs
        found = {}
        for trial, rows in self.rows.items():
            for row in rows:
                is_over = row.epochs >= asked[trial[0]] or (row.is_lost and (row.outcome_epoch or 0) <= asked[trial[0]])
                if is_over and self.is_selecting(row.population):
                    found[trial] = row
        return found

    def has_final(self, trial: Trial) -> bool:
        """Whether a final phase of a trial stands, of whichever epoch."""
        return any(row.final_epochs is not None for row in self.rows[trial])

    def is_lost(self, trial: Trial) -> bool:
        """Whether a trial diverged in its selection phase, within the epochs that are asked for."""
        row = self.homes.get(trial)
        return row is not None and row.is_lost and (row.outcome_epoch or 0) <= self.planner.epochs[trial[0]]

    def is_waiting(self, population: int) -> bool:
        """Whether trials that were selected in a population wait for their final phase."""
        return any(home.population == population and not self.is_done(trial, {}) for trial, home in self.homes.items())

    def chain(self, population: int) -> list[int]:
        """A population, the one whose state it went on from, and so on."""
        chain = [population]
        while (record := self.records.get(chain[-1])) and record.origin and "select" in record.phases:
            chain.append(record.origin)
        return chain

    def is_done(self, trial: Trial, best: Mapping[str, int]) -> bool:
        """Whether nothing of a trial is missing; its condition's best epoch is unknown while seeds are missing."""
        if trial not in self.homes or not self.planner.study.design.final or self.is_lost(trial):
            return trial in self.homes
        if trial[0] not in best:
            return self.has_final(trial)
        return any(row.final_epochs == best[trial[0]] for row in self.rows[trial])

    def best_epochs(self) -> dict[str, int]:
        """The best epoch of each identity whose seeds have all been selected, as far as any came through."""
        import polars as pl

        missing = {identity for identity, seed in self.wanted if (identity, seed) not in self.homes}
        select = self.planner.study.design.select
        lost = [(*self._places[identity], seed) for identity, seed in self.homes if self.is_lost((identity, seed))]
        schema = {"condition": pl.String, "resample": pl.Int64, "seed": pl.Int64}
        gone = pl.DataFrame(lost, schema=schema, orient="row")
        history = self._history(selecting(select)).join(gone, on=list(schema), how="anti")
        found = best_epoch_of_each_split(history, select)
        return {
            identity: found[place].epoch
            for identity, place in self._places.items()
            if place in found and identity not in missing
        }

    def _history(self, rows: pl.Expr) -> pl.DataFrame:
        """Some rows, the number of the split beside them: 0 where there is one."""
        import polars as pl

        history = Tables(self.directory).rows("history", rows)
        has_splits = "resample" in history.columns
        return history if has_splits else history.with_columns(resample=pl.lit(0, pl.Int64))

    @cached_property
    def _places(self) -> dict[str, tuple[str, int]]:
        """Under which condition and split the rows of each identity are shown; the first of equal content."""
        study = self.planner.study
        shown = itertools.product(study.expand(), range(len(study.design.splits)))
        found: dict[str, tuple[str, int]] = {}
        for identity, (condition, number) in zip(self.planner.identities, shown, strict=True):
            found.setdefault(identity, (condition.name, number))
        return found

    def ranks(self, best: Mapping[str, int]) -> dict[Trial, float]:
        """The validation score of each trial at its condition's best epoch, by which its seeds are ranked."""
        import polars as pl

        asked = [
            (*self._places[identity], identity, epoch) for identity, epoch in best.items() if identity in self._places
        ]
        schema = {"condition": pl.String, "resample": pl.Int64, "identity": pl.String, "epoch": pl.Int64}
        epochs = pl.DataFrame(asked, schema=schema, orient="row")
        history = self._history(ranked_by(self.planner.study.design.select))
        found = history.join(epochs, on=["condition", "resample", "epoch"]).select("identity", "seed", "value")
        return {(identity, seed): value for identity, seed, value in found.iter_rows()}


def has_older_format(directory: Path) -> bool:
    """Whether a results folder is there that was written by an earlier version."""
    return (directory / MANIFEST_FILE).exists() and read_manifest(directory)["format"] < FORMAT_VERSION


def planned_growth(planner: Planner, directory: Path) -> Growth | None:
    """What a study asks of a folder beyond what stands there; None where there is no such folder yet.

    A folder of an older format is not looked into, for it is brought to the present one when it is written; see
    `has_older_format`.
    """
    if not (directory / MANIFEST_FILE).exists() or has_older_format(directory):
        return None
    manifest = read_manifest(directory)
    if manifest.get("origin") == ORIGIN:
        return None
    check_same_study(directory, manifest, planner.study)
    return Growth.of(Standing.of(directory, planner), int(manifest.get("last_population", 0)))


@dataclass(frozen=True)
class Growth:
    """What a study asks of its folder beyond what stands there.

    Attributes
    ----------
    standing : Standing
    selections : tuple of Begun
        Populations whose selection phase is missing, or not at its end; those in flight come first.
    dropped : tuple of int
        Populations in flight of which a part is asked for, or with another number of epochs.
    again : int
        Trials that are trained anew because they are asked for more epochs and no state was kept.
    """

    standing: Standing
    selections: tuple[Begun, ...]
    dropped: tuple[int, ...]
    again: int

    @classmethod
    def of(cls, standing: Standing, last_number: int) -> Growth:
        """Compare the study with what stands; `last_number` is the highest that a population has had."""
        resumed, dropped = _in_flight(standing)
        covered = set(standing.homes) | {trial for begun in resumed for trial in begun.record.trials}
        continued = _continued(standing, covered, last_number + 1)
        covered |= {trial for begun in continued for trial in begun.record.trials}
        missing: dict[str, list[int]] = {}
        for identity, seed in standing.wanted:
            if (identity, seed) not in covered:
                missing.setdefault(identity, []).append(seed)
        new = [
            Begun(plan, _record(plan, standing))
            for plan in standing.planner.missing(missing, last_number + 1 + len(continued))
        ]
        again = sum(trial in standing.rows for begun in new for trial in begun.record.trials)
        return cls(standing, (*resumed, *continued, *new), tuple(dropped), again)

    @cached_property
    def best_epochs(self) -> dict[str, int]:
        """As far as they are known before the missing seeds are trained; see `Standing.best_epochs`."""
        return self.standing.best_epochs() if self.standing.homes else {}

    @property
    def finished_trials(self) -> int:
        """Trials of the study of which nothing is missing, as far as that is known before the others are trained."""
        done = {trial for trial in self.standing.homes if self.standing.is_done(trial, self.best_epochs)}
        planner = self.standing.planner
        return sum((identity, seed) in done for identity in planner.identities for seed in planner.seeds)

    @property
    def missing_trials(self) -> int:
        """Trials whose selection phase is missing, in whole or from a kept state on; those of equal content once."""
        return sum(len(begun.record.trials) for begun in self.selections)

    @cached_property
    def unsettled(self) -> list[Trial]:
        """Selected trials whose final phase is missing, or of an epoch that is not the best or may not stay so."""
        standing, best = self.standing, self.best_epochs
        if not standing.planner.study.design.final:
            return []
        is_open = (trial for trial in standing.homes if not standing.is_lost(trial))
        return [trial for trial in is_open if trial[0] not in best or not standing.is_done(trial, best)]

    @property
    def finals_again(self) -> int:
        """At most so many final phases are trained again: more seeds or another way to select may move best epochs."""
        return sum(self.standing.has_final(trial) for trial in self.unsettled)

    @property
    def waiting(self) -> int:
        """Trials that have been selected and had no final phase yet."""
        return len(self.unsettled) - self.finals_again

    def missing_plan(self, plan: Plan) -> Plan:
        """The plan of what is missing, for its time, with every final phase that may be trained again."""
        standing = self.standing
        trials: dict[int, list[Trial]] = {}
        for trial in self.unsettled:
            trials.setdefault(standing.homes[trial].population, []).append(trial)
        again = [of_finals(standing.planner, standing.records[home], own, home) for home, own in trials.items()]
        finals = [planned(standing.planner, record, record.epochs) for record in again]
        return replace(
            plan,
            populations=tuple(
                replace(begun.population, epochs=begun.population.epochs - self._epochs_done(begun))
                for begun in self.selections
            ),
            finals=(*(begun.population for begun in self.selections), *finals),
        )

    def _epochs_done(self, begun: Begun) -> int:
        """How much of a selection phase is there, its own or that of the population that it goes on from."""
        history = Tables(self.standing.directory).rows("history", population=begun.population.number)
        continued = begun.population.continues
        before = 0 if continued is None else self.standing.records[continued].epochs
        return max(history["epoch"].unique().to_list(), default=before)

    def written(self) -> dict[str, object]:
        """For JSON."""
        left_out = self.standing.left_out
        return {
            "standing": self.finished_trials,
            "missing": self.missing_trials,
            "waiting": self.waiting,
            "again": {"trials": self.again, "finals_at_most": self.finals_again},
            "dropped": self.dropped_trials,
            "left_out": {"conditions": left_out.conditions, "trials": left_out.trials},
        }

    def __str__(self) -> str:
        told = [f"Its folder is there: {self.finished_trials} trials stand, {self.missing_trials} are to be trained."]
        if self.again:
            told.append(
                f"{self.again} of these are there with fewer epochs and are trained from the start, for no state was "
                "kept (design.keep_state)."
            )
        if self.waiting:
            told.append(f"{self.waiting} are selected and wait for their final training.")
        if self.finals_again:
            told.append(f"Up to {self.finals_again} final trainings again, where the best epoch moves.")
        if self.standing.left_out.trials:
            told.append(f"{self.standing.left_out.trials} trials there are not asked for and are left out.")
        if self.dropped:
            told.append(self.dropped_text())
        return " ".join(told)

    @property
    def dropped_trials(self) -> int:
        """Trials of the populations in `dropped`."""
        return sum(len(self.standing.records[number].trials) for number in self.dropped)

    def dropped_text(self) -> str:
        """What is told of the populations in `dropped`, where there are any."""
        return (
            f"A training of {self.dropped_trials} trials was stopped halfway, and the study was changed since; what of "
            "it is still asked for is trained from the start."
        )

    def is_alone(self, begun: Begun) -> bool:
        """Whether the best epochs of a population's conditions are known as soon as its own selection has ended."""
        if begun.record.origin is not None or begun.record.replaces:
            return False  # what it supersedes is forgotten before its final phase begins
        own = set(begun.record.identities)
        return not any(own & set(other.record.identities) for other in self.selections if other is not begun)

    def holds_all(self, begun: Begun) -> bool:
        """Whether all seeds of a population's conditions are in it, so that it chooses by its own scores."""
        return set(self.standing.planner.seeds) == set(begun.record.seeds) and begun.record.active is None


def _record(plan: PopulationPlan, standing: Standing) -> Record:
    places = tuple((condition, seed) for condition, seed in np.argwhere(plan.active).tolist())
    record = Record(plan.number, plan.identities, plan.seeds, plan.epochs, active=None if plan.active.all() else places)
    return replace(record, replaces=any(trial in standing.rows for trial in record.trials))


def planned(planner: Planner, record: Record, epochs: int) -> PopulationPlan:
    """The population of a record, in the layout that it began with."""
    return planner.population(
        record.number,
        record.identities,
        record.seeds,
        active=record.is_active,
        epochs=epochs,
        continues=record.origin if "select" in record.phases else None,
    )


def of_finals(planner: Planner, record: Record, trials: Collection[Trial], number: int) -> Record:
    """The record of final phases that are trained again, in the layout of the population that `record` tells of."""
    kept = [identity for identity in record.identities if planner.knows([identity])]
    active = places(kept, record.seeds, trials)
    return Record(number, tuple(kept), record.seeds, record.epochs, ("final",), active, origin=record.number)


def places(identities: Sequence[str], seeds: Sequence[int], trials: Iterable[Trial]) -> tuple[tuple[int, int], ...]:
    """Where some trials stand in a population: the places of their condition and of their seed."""
    wanted = set(trials)
    return tuple(
        (condition, seed)
        for condition, identity in enumerate(identities)
        for seed, value in enumerate(seeds)
        if (identity, value) in wanted
    )


def _in_flight(standing: Standing) -> tuple[list[Begun], list[int]]:
    """Populations whose selection has begun and not ended: those that go on, and those to be dropped.

    One of which no trial is asked for waits until it is, as rounds of `assay.deciding` ask for few seeds first.
    """
    planner, resumed, dropped = standing.planner, [], []
    wanted = set(standing.wanted)
    for number, record in standing.records.items():
        if number in standing.ended or "select" not in record.phases or wanted.isdisjoint(record.trials):
            continue
        asked = {planner.epochs[identity] for identity, _ in record.trials if identity in planner.epochs}
        if set(record.trials) <= wanted and planner.knows(record.identities) and asked == {record.epochs}:
            resumed.append(Begun(planned(planner, record, record.epochs), record))
        else:
            dropped.append(number)
    return resumed, dropped


def _continued(standing: Standing, covered: Iterable[Trial], first_number: int) -> list[Begun]:
    """Populations that go on from a state that was kept at the end of a shorter selection phase."""
    planner, covered = standing.planner, set(covered)
    origins: dict[tuple[int, int], list[Trial]] = {}
    for trial in standing.wanted:
        rows = [
            row for row in standing.rows.get(trial, []) if standing.is_selecting(row.population) and not row.is_lost
        ]
        if trial in covered or not rows:
            continue
        origin = rows[-1].population
        record = standing.records.get(origin)
        has_state = (standing.directory / "states" / f"{part_stem(origin)}.npz").exists()
        if record is not None and has_state and planner.knows(record.identities):
            origins.setdefault((origin, planner.epochs[trial[0]]), []).append(trial)
    found = []
    for number, ((origin, epochs), trials) in enumerate(origins.items(), start=first_number):
        before = standing.records[origin]
        active = places(before.identities, before.seeds, trials)
        record = Record(number, before.identities, before.seeds, epochs, active=active, origin=origin)
        found.append(Begun(planned(planner, record, epochs), record))
    return found
