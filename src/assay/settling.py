"""Bring a folder to the best epochs of all seeds of its study, and plan the final phases that are missing.

A condition's best epoch is that of all its seeds, so new seeds may move it. A final phase of another epoch is
forgotten: its rows are removed, and its trial waits for a new one. Rows of history go before the row of the trial, so
that a kill leaves a folder on which the rest of it is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from assay.growing import Begun, Row, Standing, Trial, of_finals, planned
from assay.planning import Planner
from assay.store import Store
from assay.store.schema import SELECTED

Change = dict[str, Any] | None
"""Values of a trial's row in one population; None removes the row. A row that tells of a selection phase stays."""

WAITING: dict[str, Any] = {"outcome": SELECTED, "best_epoch": None, "final_epochs": None, "message": ""}


def settled(store: Store, planner: Planner, best: Mapping[str, int]) -> Standing:
    """What stands, once all that the present study supersedes has been removed from the folder.

    Parameters
    ----------
    best : mapping of str to int
        The best epoch of each identity, of all its seeds; those without one are left as they are.
    """
    standing = Standing.of(store.directory, planner)
    _forget_shorter(store, standing)
    changes: dict[int, dict[Trial, Change]] = {}
    stale: set[Trial] = set()
    for trial, home in standing.homes.items():
        if trial[0] not in best or standing.is_lost(trial):
            continue
        epoch = best[trial[0]]
        rows = standing.rows[trial]
        found = _of_final(trial, home, standing, epoch) if planner.study.design.final else _without_final(rows, epoch)
        for population, change in found.items():
            changes.setdefault(population, {})[trial] = change
        if any(row.final_epochs not in (None, epoch) for row in standing.rows[trial]) and planner.study.design.final:
            stale.add(trial)
    in_flight = {number for number in standing.records if number not in standing.ended}
    for number in sorted(set(standing.records) - in_flight) if stale else ():
        store.drop_trials(number, "history", stale, "final")
        store.drop_trials(number, "predictions", stale, "test")
    for trial in stale:
        store.drop_network(*trial)
    for number, of_population in sorted(changes.items()):
        store.change_trials(number, of_population)
    return Standing.of(store.directory, planner)


def _without_final(rows: Sequence[Row], epoch: int) -> dict[int, Change]:
    """A study without final phases has completed what it has selected."""
    found: dict[int, Change] = {
        row.population: {"best_epoch": epoch}
        for row in rows
        if row.best_epoch not in (None, epoch) or (row.outcome == "diverged" and row.final_epochs is not None)
    }
    if all(row.outcome == SELECTED for row in rows):
        found[rows[-1].population] = {"outcome": "completed", "best_epoch": epoch}
    return found


def _of_final(trial: Trial, home: Row, standing: Standing, epoch: int) -> dict[int, Change]:
    """Only a final phase of the best epoch stands; the row of the trial has the epochs that are asked for."""
    found: dict[int, Change] = {}
    rows = standing.rows[trial]
    kept = [row for row in rows if row.final_epochs == epoch]
    for row in rows:
        if row.final_epochs is not None and row.final_epochs != epoch:
            found[row.population] = WAITING if standing.is_selecting(row.population) else None
    if not kept and home.outcome != SELECTED:
        found[home.population] = WAITING
    elif kept and all(row.epochs < standing.planner.epochs[trial[0]] for row in kept):
        # It was selected for more epochs since, and the best epoch has stayed.
        found[home.population] = {
            "outcome": kept[-1].outcome,
            "best_epoch": kept[-1].best_epoch,
            "final_epochs": epoch,
            **({"outcome_epoch": kept[-1].outcome_epoch} if kept[-1].outcome == "diverged" else {}),
        }
        found |= {row.population: WAITING if standing.is_selecting(row.population) else None for row in kept}
    return found


def _forget_shorter(store: Store, standing: Standing) -> None:
    """Forget the selection phases of trials that were trained anew for more epochs."""
    for number, record in standing.records.items():
        if not record.replaces or number not in standing.ended:
            continue
        trials = set(record.trials)
        for other, before in standing.records.items():
            gone = trials & set(before.trials)
            if other < number and "select" in before.phases and gone and other not in standing.chain(number):
                store.drop_trials(other, "history", gone, "select")
                for table in ("signals", "histograms"):
                    store.drop_trials(other, table, gone)
                store.drop_trials(other, "predictions", gone, "validation")
        store.begin(replace(record, replaces=False))


def final_phases(store: Store, standing: Standing, best: Mapping[str, int]) -> list[Begun]:
    """The final phases that are missing of trials that have been selected.

    They take up the layout of the population in which a trial was selected, so that its numbers do not depend on which
    of its neighbours are trained again. What is in flight goes on where it is of the same trials.
    """
    planner = standing.planner
    if not planner.study.design.final:
        return []
    pending: dict[int, list[Trial]] = {}
    for trial, home in standing.homes.items():
        if trial[0] in best and not standing.is_done(trial, best):
            pending.setdefault(home.population, []).append(trial)
    again = {
        record.origin: record
        for number, record in standing.records.items()
        if "select" not in record.phases and number not in standing.ended
    }
    lost = {trial for trial in standing.homes if standing.is_lost(trial)}
    found = []
    for origin, trials in sorted(pending.items()):
        record = standing.records[origin]
        if store.load_checkpoint(origin) is not None and set(record.trials) <= lost.union(trials):
            found.append(Begun(planned(planner, record, record.epochs), record))
            continue
        in_flight = again.pop(origin, None)
        if in_flight is None or set(in_flight.trials) != set(trials):
            if in_flight is not None:
                store.drop_population(in_flight.number)
            in_flight = of_finals(planner, record, trials, store.last_number + 1)
            store.begin(in_flight)
        found.append(Begun(planned(planner, in_flight, in_flight.epochs), in_flight))
    for leftover in again.values():
        store.drop_population(leftover.number)
    return found


def clean(store: Store, standing: Standing) -> None:
    """Remove checkpoints of populations that have ended, and kept states that others have gone on from."""
    homes = {row.population for row in standing.homes.values()}
    for number, record in standing.records.items():
        if number in standing.ended and not standing.is_waiting(number):
            store.clear_checkpoint(number)
        if "select" in record.phases and record.origin is not None and number in standing.ended:
            for earlier in standing.chain(number)[1:]:
                if earlier not in homes:
                    store.clear_state(earlier)
