"""Which networks and predictions stay in a folder that has grown: those of each condition's best seed.

Each population keeps the best seed that it has. Where the seeds of a condition are in several populations, or a trial
was trained again in another one, what is no longer the best, or no longer the last, is removed once all have ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from assay.growing import Standing, Trial
from assay.selection import is_higher_better, ranking
from assay.store import Store


def prune(store: Store, standing: Standing) -> None:
    """Remove the networks and the predictions that others have taken the place of.

    Parameters
    ----------
    store : Store
    standing : Standing
        Of a folder whose populations have ended.
    """
    design = standing.planner.study.design
    homes = Counter(identity for record in standing.records.values() for identity in set(record.identities))
    grown = {identity for identity, populations in homes.items() if populations > 1} & set(standing.planner.identities)
    if not grown:
        return
    ranks = standing.ranks(standing.best_epochs())
    sign = -1.0 if is_higher_better(ranking(design.select)) else 1.0

    def stay(trials: Iterable[Trial]) -> set[Trial]:
        """Of these trials the best of each condition, the lowest seed of equals."""
        if design.keep == "all":
            return set(trials)
        known = sorted(trials, key=lambda trial: (sign * ranks[trial] if trial in ranks else float("inf"), trial[1]))
        return set({trial[0]: trial for trial in reversed(known)}.values())

    networks = {trial for trial in store.networks if trial[0] in grown}
    for trial in networks - stay(networks):
        store.drop_network(*trial)
    for split in ("validation", "test"):
        places = [place for place in store.predicted(split) if place[1][0] in grown]
        last = {trial: population for population, trial in sorted(places)}
        left = stay(last)
        for population in sorted({population for population, _ in places}):
            gone = [
                trial for place, trial in places if place == population and (trial not in left or last[trial] != place)
            ]
            if gone:
                store.drop_trials(population, "predictions", gone, split)
