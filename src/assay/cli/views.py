"""Progress views: a live bar in a terminal, plain lines elsewhere, one line an epoch on request. All on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from assay.cli.words import counted, factors_text
from assay.selection import is_higher_better

if TYPE_CHECKING:
    from assay.planning import Plan, PopulationPlan
    from assay.protocol import EpochEvent

PLAIN_SECONDS = 10.0


class _Tally:
    """What every view tells: work and trials done, trials diverged, the best condition so far.

    Work is counted in epochs of one trial; the length of the final phase is known only when it starts, so it is taken
    as long as the first until then.
    """

    def __init__(self, plan: Plan, finished: int) -> None:
        self.plan = plan
        self.trials = plan.num_trials
        self.trials_done = finished
        self.phases = 2 if plan.study.design.final else 1
        self.total = sum(population.trials.size * population.epochs * self.phases for population in plan.populations)
        done = finished / plan.num_trials
        self._settled = done * self.total
        self.work = self._settled
        self.failed = 0
        self._diverged: dict[str, int] = {}
        self.best: tuple[float, str, str] | None = None

    @property
    def diverged(self) -> int:
        return sum(self._diverged.values())

    def note_epoch(self, event: EpochEvent) -> None:
        size, epochs = int(event.population.active.sum()), event.population.epochs
        fraction = event.epoch / max(event.epochs, 1)
        phase = 1 if event.phase == "final" else 0
        self.work = min(self.total, self._settled + size * epochs * (phase + fraction))
        self._diverged[event.population.name] = int(event.diverged.sum())
        self._note_best(event)

    def _note_best(self, event: EpochEvent) -> None:
        scores = event.scores.get("validation", {})
        metric = next((name for name in scores if name != "loss"), "loss")
        if metric not in scores or event.epoch == 0:
            return
        values = scores[metric]
        valid = np.isfinite(values).any(axis=1)
        if not valid.any():
            return
        means = np.full(len(values), np.nan)
        means[valid] = np.nanmean(values[valid], axis=1)
        sign = 1.0 if is_higher_better(metric) else -1.0
        index = int(np.nanargmax(sign * means))
        if self.best is None or sign * means[index] > sign * self.best[0]:
            self.best = (float(means[index]), metric, event.population.conditions[index].name)

    def note_population(self, population: PopulationPlan, error: Exception | None) -> None:
        # A population of final phases alone may hold trials that were counted when their selection had ended.
        ended = int(population.active.sum())
        self._settled = min(self.total, self._settled + ended * population.epochs * self.phases)
        self.work = self._settled
        self.trials_done = min(self.trials, self.trials_done + ended)
        if error is not None:
            self.failed += population.trials.size

    def sentence(self) -> str:
        """``12 of 36 trials done, 1 diverged, 24 left; best validation accuracy 0.962 (activation=tanh)``."""
        parts = f"{self.trials_done} of {self.trials} trials done"
        if self.diverged:
            parts += f", {self.diverged} diverged"
        if self.failed:
            parts += f", {self.failed} failed"
        parts += f", {self.trials - self.trials_done} left"
        if self.best is not None:
            value, metric, name = self.best
            parts += f"; best validation {metric.replace('_', ' ')} {value:.4f} ({name})"
        return parts


class PlainView:
    """Lines on stderr: at the start, every ten seconds, and as each population ends."""

    def __init__(self) -> None:
        self._told = time.monotonic()
        self._began = time.monotonic()
        self._start_work = 0.0
        self._tally: _Tally | None = None

    def study_started(self, plan: Plan, finished: int) -> None:
        self._tally = _Tally(plan, finished)
        self._start_work = self._tally.work
        known = f" ({finished} already done)" if finished else ""
        self.say(
            f"{plan.study.name}: {factors_text(plan)} = "
            f"{counted(plan.num_trials, 'trial')}{known}, {counted(len(plan.populations), 'population')}"
        )

    def epoch_ended(self, event: EpochEvent) -> None:
        assert self._tally is not None
        self._tally.note_epoch(event)
        if time.monotonic() - self._told >= PLAIN_SECONDS:
            where = f"{event.population.name} {event.phase} epoch {event.epoch}/{event.epochs}"
            self.say(f"{where}: {self._tally.sentence()}{self._time_left()}")

    def population_ended(self, population: PopulationPlan, error: Exception | None) -> None:
        assert self._tally is not None
        self._tally.note_population(population, error)
        if error is not None:
            self.say(f"{population.name} failed: {type(error).__name__}: {error}")
        self.say(self._tally.sentence())

    def stop_requested(self) -> None:
        self.say("stopping after the epoch in flight; press Ctrl-C again to stop at once")

    def _time_left(self) -> str:
        assert self._tally is not None
        done = self._tally.work - self._start_work
        if done <= 0:
            return ""
        seconds = (time.monotonic() - self._began) * (self._tally.total - self._tally.work) / done
        return f"; about {seconds:.0f} s left"

    def say(self, line: str) -> None:
        """Print a line."""
        self._told = time.monotonic()
        print(line, file=sys.stderr, flush=True)


class VerboseView(PlainView):
    """One line an epoch for each condition, means over its seeds, in the manner of Keras' `fit`."""

    def epoch_ended(self, event: EpochEvent) -> None:
        super().epoch_ended(event)
        for index, condition in enumerate(event.population.conditions):
            words = [f"{condition.name}  {event.phase} epoch {event.epoch}/{event.epochs}"]
            for split, scores in event.scores.items():
                prefix = {"train": "", "validation": "val_", "test": "test_"}[split]
                for metric, values in scores.items():
                    finite = values[index][np.isfinite(values[index])]
                    if finite.size:
                        words.append(f"{prefix}{metric} {finite.mean():.4f}")
            lost = int(event.diverged[index].sum())
            if lost:
                words.append(f"({lost} of {len(event.diverged[index])} seeds diverged)")
            if len(words) > 1:
                self.say("  ".join(words))


class LiveView:
    """Redrawn in place: a bar with the time left, and below it trials done, diverged and left, and the best so far."""

    def __init__(self, console: Console) -> None:
        self._bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("elapsed,"),
            TimeRemainingColumn(),
            TextColumn("left"),
        )
        self._told = Text()
        self._live = Live(Group(self._bar, self._told), console=console, transient=True)
        self._tally: _Tally | None = None
        self._task = self._bar.add_task("starting", total=None)

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    def study_started(self, plan: Plan, finished: int) -> None:
        self._tally = _Tally(plan, finished)
        completed = int(self._tally.work)
        self._bar.reset(self._task, description=plan.study.name, total=self._tally.total, completed=completed)
        self._told.plain = "compiling"

    def epoch_ended(self, event: EpochEvent) -> None:
        assert self._tally is not None
        self._tally.note_epoch(event)
        where = f"{event.population.name} {event.phase} {event.epoch}/{event.epochs}"
        self._tell(f"{where}: {self._tally.sentence()}")

    def population_ended(self, population: PopulationPlan, error: Exception | None) -> None:
        assert self._tally is not None
        self._tally.note_population(population, error)
        if error is not None:
            self.say(f"{population.name} failed: {type(error).__name__}: {error}")
        self._tell(self._tally.sentence())

    def stop_requested(self) -> None:
        self.say("stopping after the epoch in flight; press Ctrl-C again to stop at once")

    def _tell(self, sentence: str) -> None:
        assert self._tally is not None
        self._bar.update(self._task, completed=self._tally.work)
        self._told.plain = sentence

    def say(self, line: str) -> None:
        """Print a line that stays, above the bar."""
        self._live.console.print(line, markup=False, highlight=False)


@contextmanager
def progress_view(*, verbose: bool) -> Iterator[PlainView | LiveView]:
    """The view that suits standard error: live in a terminal, lines elsewhere or if one line an epoch is asked for."""
    console = Console(stderr=True)
    if verbose:
        yield VerboseView()
    elif console.is_terminal:
        with LiveView(console) as view:
            yield view
    else:
        yield PlainView()
