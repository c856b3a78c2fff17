"""All conditions on one axis."""

from __future__ import annotations

from assay.figures import overview
from assay.figures.overview import LOOKS, Overview, OverviewRow, draw_overview, overview_data
from assay.results import open_results
from assay.store import Store


def test_rows_are_sorted_best_first_and_what_diverged_last(tmp_path, synthetic):
    """By accuracy the highest is first; a condition without a number ends the list."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study(), diverged=[(4, 0), (4, 1), (4, 2)])
    rows = overview_data(results).rows
    means = [row.mean for row in rows[:-1]]
    assert means == sorted(means, reverse=True)
    assert (rows[-1].mean, rows[-1].note) == (None, "3 diverged")


def test_errors_are_sorted_upwards(tmp_path, synthetic):
    """By a loss the lowest is first."""
    study = synthetic.factorial_study()
    rows = overview_data(synthetic.fill(tmp_path, study, metrics=("loss", "mean_absolute_error"))).rows
    means = [row.mean for row in rows]
    assert means == sorted(means)


def test_kinds_are_the_conclusions_of_the_summary(tmp_path, synthetic):
    """Colour and shape say what the table says, and differ for every kind."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study())
    kinds = {row.condition: row.kind for row in overview_data(results).rows}
    for condition in results.summary().conditions:
        comparison = condition.comparison
        assert kinds[condition.name] == (comparison.conclusion if comparison else "baseline")
    compared = [look for kind, look in LOOKS.items() if kind]
    assert len({colour for colour, _ in compared}) == len({shape for _, shape in compared}) == len(compared)


def test_every_seed_is_drawn_inside_the_axis(tmp_path, synthetic):
    """No seed is hidden, while a very wide interval may run off."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study(), diverged=[(2, 0)])
    (axes,) = overview(results).axes
    low, high = axes.get_xlim()
    seeds = [seed for row in overview_data(results).rows for seed in row.seeds]
    assert len(seeds) == 17
    assert all(low < seed < high for seed in seeds)
    assert axes.get_yticklabels()[0].get_text().startswith(("relu", "tanh"))


def test_an_empty_study_draws_a_sentence(tmp_path, synthetic):
    """Before the first trial has ended the figure says so."""
    Store.open(tmp_path, synthetic.factorial_study(), {}).close()
    assert overview(open_results(tmp_path)).texts[0].get_text() == "No trial has completed yet."


def test_the_axis_of_an_accuracy_begins_at_0_at_least():
    """An interval of few seeds may be wider than accuracies are."""
    rows = [OverviewRow("a", "", 0.3, -0.4, 1.0, [0.1, 0.5], ""), OverviewRow("b", "", 0.6, 0.5, 0.7, [0.55, 0.65], "")]
    low, high = draw_overview(Overview("test", "accuracy", 0.95, rows)).axes[0].get_xlim()
    assert -0.02 < low < high <= 1.02


def test_a_long_name_is_not_cut():
    """A condition of three factors has a line for each."""
    name = "activation=relu, kernel_initializer=random_normal(stddev=1.0), optimizer=sgd(learning_rate=0.01)"
    rows = [OverviewRow(name, "", 0.3, 0.2, 0.4, [0.2, 0.4], "")]
    [label] = draw_overview(Overview("test", "accuracy", 0.95, rows)).axes[0].get_yticklabels()
    assert label.get_text().split("\n") == name.split(", ")
