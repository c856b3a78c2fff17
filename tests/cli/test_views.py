"""What a running study shows: lines, lines of every epoch, or a bar that is redrawn."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from assay.cli import views
from assay.planning import plan_study
from assay.protocol import EpochEvent


@pytest.fixture
def plan(tiny_study):
    """Two populations of two trials each, three epochs, two phases."""
    return plan_study(tiny_study(vary={"training.batch_size": [16, 32]}))


def event(population, epoch, *, accuracy, phase="select", diverged=False, epochs=3):
    """An epoch of a population of one condition and two seeds, whose mean validation accuracy is `accuracy`."""
    validation = {"loss": np.array([[0.7, 0.9]]), "accuracy": np.array([[accuracy - 0.1, accuracy + 0.1]])}
    train = {"loss": np.array([[0.5, np.nan]]), "accuracy": np.array([[0.8, np.nan]])}
    scores = {"train": train, "validation": validation}
    return EpochEvent(population, phase, epoch, epochs, scores, np.array([[False, diverged]]))


def test_plain_lines_tell_trials_done_diverged_left_and_the_best_so_far(plan, capsys, monkeypatch):
    """At the start, as time passes, and as each population ends; all on standard error."""
    view = views.PlainView()
    first, second = plan.populations
    view.study_started(plan, 0)
    view.epoch_ended(event(first, 1, accuracy=0.6))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "tiny: 2 conditions × 2 seeds = 4 trials, 2 populations\n"  # ten seconds are not over

    monkeypatch.setattr(views, "PLAIN_SECONDS", 0.0)
    view.epoch_ended(event(first, 2, accuracy=0.5, diverged=True))
    said = capsys.readouterr().err
    assert said.startswith(
        "p001 select epoch 2/3: 0 of 4 trials done, 1 diverged, 4 left; "
        "best validation accuracy 0.6000 (batch_size=16); about "
    )
    assert said.endswith(" s left\n")

    view.population_ended(first, None)
    view.epoch_ended(event(second, 1, accuracy=0.9))
    capsys.readouterr()
    view.population_ended(second, None)
    assert capsys.readouterr().err == (
        "4 of 4 trials done, 1 diverged, 0 left; best validation accuracy 0.9000 (batch_size=32)\n"
    )


def test_the_best_so_far_is_of_a_trained_network(plan, capsys):
    """Epoch 0 is the untrained network, whatever it scores; without validation scores there is no best."""
    view = views.PlainView()
    view.study_started(plan, 0)
    view.epoch_ended(event(plan.populations[0], 0, accuracy=1.0))
    view.population_ended(plan.populations[0], None)
    assert capsys.readouterr().err.splitlines()[-1] == "2 of 4 trials done, 2 left"


def test_a_regression_is_best_where_its_error_is_least(plan):
    """Anything but an accuracy is to be small."""
    tally = views._Tally(plan, 0)
    for error in (0.5, 0.2, 0.4):
        scores = {"validation": {"loss": np.array([[9.0]]), "mean_absolute_error": np.array([[error]])}}
        tally.note_epoch(EpochEvent(plan.populations[0], "select", 1, 3, scores, np.array([[False]])))
    assert "best validation mean absolute error 0.2000" in tally.sentence()


def test_a_failed_population_is_told_with_its_error(plan, capsys):
    """Its trials count as done and failed."""
    view = views.PlainView()
    view.study_started(plan, 0)
    view.population_ended(plan.populations[0], ValueError("no such thing"))
    assert capsys.readouterr().err.splitlines()[1:] == [
        "p001 failed: ValueError: no such thing",
        "2 of 4 trials done, 2 failed, 2 left",
    ]


def test_a_stop_is_acknowledged_at_once(plan, capsys):
    """The epoch in flight may take a while; the view says that Ctrl-C was heard."""
    view = views.PlainView()
    view.study_started(plan, 2)
    view.stop_requested()
    assert capsys.readouterr().err.splitlines() == [
        "tiny: 2 conditions × 2 seeds = 4 trials (2 already done), 2 populations",
        "stopping after the epoch in flight; press Ctrl-C again to stop at once",
    ]


def test_verbose_lines_are_means_over_the_seeds_that_still_run(plan, capsys):
    """One line a condition and epoch; a diverged seed is counted, not averaged."""
    view = views.VerboseView()
    view.study_started(plan, 0)
    view.epoch_ended(event(plan.populations[0], 2, accuracy=0.6, diverged=True))
    assert capsys.readouterr().err.splitlines()[1:] == [
        "batch_size=16  select epoch 2/3  loss 0.5000  accuracy 0.8000  val_loss 0.8000  val_accuracy 0.6000  "
        "(1 of 2 seeds diverged)"
    ]


@pytest.fixture
def terminal():
    """A console that draws into a string as it would on a terminal of 80 columns."""
    return Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)


def test_the_live_view_draws_work_trials_and_the_best_so_far(plan, terminal):
    """The bar, the percentage of all epochs, time left, and the same sentence as the lines."""
    with views.LiveView(terminal) as view:
        view.study_started(plan, 0)
        view.epoch_ended(event(plan.populations[0], 3, accuracy=0.7, diverged=True))
        view._live.refresh()
        drawn = terminal.file.getvalue()
        view.population_ended(plan.populations[0], RuntimeError("[bold] on fire"))
        view.stop_requested()
        view._live.refresh()
    assert "tiny" in drawn
    assert "25 %" in drawn  # one phase of two, of one population of two
    assert "left" in drawn
    assert "elapsed, " in drawn
    sentence = (
        "p001 select 3/3: 0 of 4 trials done, 1 diverged, 4 left; best validation accuracy 0.7000 (batch_size=16)"
    )
    assert sentence in " ".join(drawn.split())  # wrapped, never cut
    after = terminal.file.getvalue()[len(drawn) :]
    assert "50 %" in after
    assert "p001 failed: RuntimeError: [bold] on fire" in after
    assert "2 of 4 trials done, 1 diverged, 2 failed, 2 left" in after
    assert "stopping after the epoch in flight; press Ctrl-C again to stop at once" in after


@pytest.mark.parametrize(
    ("is_terminal", "verbose", "kind"),
    [(True, False, "LiveView"), (False, False, "PlainView"), (True, True, "VerboseView"), (False, True, "VerboseView")],
)
def test_the_view_suits_standard_error(monkeypatch, is_terminal, verbose, kind):
    """Live in a terminal, lines elsewhere, one line an epoch where it is asked for."""
    monkeypatch.setattr(
        views, "Console", lambda stderr: Console(file=io.StringIO(), force_terminal=is_terminal, stderr=stderr)
    )
    with views.progress_view(verbose=verbose) as view:
        assert type(view).__name__ == kind
