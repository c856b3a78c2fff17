"""All conditions on one axis."""

from __future__ import annotations

from assay.figures import overview
from assay.figures.overview import LOOKS, overview_data
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
