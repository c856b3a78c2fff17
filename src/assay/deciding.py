"""Seeds in rounds: run a study with more and more of them until each comparison is decided.

Comparisons are decided on the validation rows, at a level that is spent over the rounds (`assay.analysis.sequential`).
The test rows are opened once, when the last round has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.analysis import Measure, Measured, compare_paired
from assay.analysis.comparison import Comparison
from assay.analysis.sequential import concluded_at_a_look, rounds
from assay.errors import StudyError
from assay.lab import Progress, note_in, run
from assay.results import Results
from assay.study import Study, load_study, with_changes

MOST_SEEDS = 30


@dataclass(frozen=True)
class Round:
    """What is known after a round.

    Attributes
    ----------
    number, of : int
        Which round it was, and how many there may be.
    seeds : int
        How many every condition has.
    decided : mapping of str to str
        The conclusion of each condition that is decided, now or in a round before.
    undecided : tuple of str
        The other conditions.
    """

    number: int
    of: int
    seeds: int
    decided: Mapping[str, str]
    undecided: tuple[str, ...]


def run_until_decided(
    study: Study | str | Path,
    directory: str | Path | None = None,
    *,
    most_seeds: int = MOST_SEEDS,
    device: str | None = None,
    tf32: bool = False,
    progress: Progress | None = None,
    round_ended: Callable[[Round], None] = lambda round_: None,
) -> Results:
    """Add seeds in rounds until each comparison with the baseline is decided, or there are `most_seeds`.

    Parameters
    ----------
    study : Study, str or Path
        With a baseline. It begins with the seeds that it asks for; all its conditions get more.
    directory, device, tf32, progress
        As in `assay.run`.
    most_seeds : int
        No round has more.
    round_ended : callable
        Hears of each round.

    Returns
    -------
    Results
        Of the seeds of the last round. A condition has the conclusion of the round that decided it.

    Raises
    ------
    StudyError
        If the study names no baseline, or asks for several splits.
    AssayError, KeyboardInterrupt
        As in `assay.run`; the same call goes on.
    """
    study = load_study(study)
    baseline = study.baseline_name()
    others = [condition.name for condition in study.expand() if condition.name != baseline]
    if baseline is None or not others:
        raise StudyError(
            f"{study.name}: expected a study with a baseline and a condition to compare with it, since seeds are added "
            "until each comparison is decided. Name the baseline: --set design.baseline=…"
        )
    if len(study.design.splits) > 1:
        raise StudyError(
            f"{study.name}: design.splits and rounds of seeds do not go together, for of several splits it is the "
            "splits that decide, and more seeds add little. Leave design.splits out, or --until-decided."
        )
    counts = rounds(len(study.seed_list()), most_seeds)
    decided: dict[str, dict[str, Any]] = {}
    for number, count in enumerate(counts, start=1):
        seeds = _seeds(study, count)
        trained = with_changes(study, {"design.seeds": seeds, "design.final": False})
        results = run(trained, directory, device=device, tf32=tf32, progress=progress)
        measure, comparisons = _compared(results, baseline, others, len(counts))
        for name, comparison in comparisons.items():
            if comparison.conclusion != "undecided":
                decided.setdefault(name, {"conclusion": comparison.conclusion, "seeds": count})
        undecided = tuple(name for name in others if name not in decided)
        said = {name: found["conclusion"] for name, found in decided.items()}
        round_ended(Round(number, len(counts), count, said, undecided))
        if not undecided:
            break
    whole = with_changes(study, {"design.seeds": seeds})
    if study.design.final:
        results = run(whole, directory, device=device, tf32=tf32, progress=progress)
    found = {"fingerprint": whole.fingerprint(), "looks": len(counts), "conditions": decided}
    note_in(results.directory, decided=found if measure is None else {**found, **measure.written()})
    return Results(results.directory)


def _seeds(study: Study, count: int) -> list[int]:
    """The study's own seeds, and behind them the smallest others."""
    own = study.seed_list()
    others = (seed for seed in range(count + len(own)) if seed not in set(own))
    return [*own, *(next(others) for _ in range(count - len(own)))]


def _compared(
    results: Results, baseline: str, others: list[str], looks: int
) -> tuple[Measure | None, dict[str, Comparison]]:
    """Each condition against the baseline, on the validation rows; nothing before a trial has completed."""
    measured = Measured(results)
    if measured.measure is None:
        return None, {}
    measure = Measure("validation", measured.measure.metric)
    rules, reference = measured.rules_of(measure), measured.sample(baseline, measure)
    found = [compare_paired(measured.sample(name, measure), reference, rules) for name in others]
    return measure, dict(zip(others, concluded_at_a_look(found, rules, looks), strict=True))
