"""The table of conditions in a terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from assay.report import conditions_table
from assay.report.terminal import broken


def printed(summary, *, width=100, terminal=False):
    """What a console of this width shows."""
    console = Console(
        file=io.StringIO(), width=width, force_terminal=terminal, color_system="standard" if terminal else None
    )
    console.print(conditions_table(summary))
    return console.file.getvalue()


def words_of(text):
    """Everything between spaces, so that a broken word is missing."""
    return text.split()


def digits_study(synthetic, **changes):
    """Three activations × four initializers, as the default study has them."""
    initializers = ["random_normal", "lecun_normal", "glorot_uniform", "he_normal"]
    vary = {"network.activation": ["relu", "tanh", "sigmoid"], "network.kernel_initializer": initializers}
    return synthetic.factorial_study(**{"vary": vary, **changes})


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_table_of_the_default_study_is_whole(tmp_path, synthetic, width):
    """At 80 columns and wider each condition is one line, no word or number is cut, and each factor has a column."""
    summary = synthetic.fill(tmp_path, digits_study(synthetic)).summary()
    lines = printed(summary, width=width).splitlines()
    assert max(len(line) for line in lines) <= width
    rows = lines[3:15]
    for row, condition in zip(rows, summary.conditions, strict=True):
        assert words_of(row)[:2] == list(condition.settings.values())
        assert f"{condition.test['accuracy'].mean:.3f} [" in row
        assert (condition.comparison.conclusion if condition.comparison else "baseline") in row
    assert "activation" in lines[1]
    assert "kernel_" in lines[0]


def test_what_a_narrow_window_leaves_out_is_said(tmp_path, synthetic):
    """First the validation goes, then ranges of best epochs, then intervals of differences; then names are broken."""
    summary = synthetic.fill(tmp_path, digits_study(synthetic)).summary()
    assert "Not shown" not in printed(summary, width=120)
    assert "Not shown, because the window is too narrow: validation scores.\n" in printed(summary, width=101)
    told = " ".join(words_of(printed(summary, width=80)))
    assert "validation scores, ranges of the best epochs and intervals of the differences." in told
    narrow = printed(summary, width=66)
    assert max(len(row) for row in narrow.splitlines()) <= 66
    assert words_of(narrow).count("glorot_") == 3
    assert words_of(narrow).count("uniform") == 3
    untested = digits_study(synthetic, design={"seeds": 3, "final": False})
    assert "validation scores" not in printed(synthetic.fill(tmp_path / "untested", untested).summary(), width=40)


def test_of_many_conditions_the_best_are_shown(tmp_path, synthetic):
    """The best `top`, best first, then the baseline, and a line below says how many there are; up to `top` all."""
    study = digits_study(synthetic)
    summary = synthetic.fill(tmp_path, study).summary()
    ranked = sorted(summary.conditions, key=lambda condition: -condition.test["accuracy"].mean)
    console = Console(file=io.StringIO(), width=120)
    console.print(conditions_table(summary, 3))
    text = console.file.getvalue()
    rows = [words_of(line)[:2] for line in text.splitlines() if words_of(line)[:1] in (["relu"], ["tanh"], ["sigmoid"])]
    baseline = next(c for c in summary.conditions if c.name == summary.baseline)
    assert baseline not in ranked[:3]
    assert rows == [list(condition.settings.values()) for condition in [*ranked[:3], baseline]]
    assert "The best 3 of 12 conditions by test accuracy, and the baseline;" in text
    console.print(conditions_table(summary, 12))
    assert "of 12 conditions" not in console.file.getvalue().removeprefix(text)


def test_names_without_common_factors_keep_one_column(tmp_path, synthetic):
    """One factor at a time: the names of conditions stand in full, or broken after the equals sign."""
    vary = {"network.activation": ["tanh"], "network.kernel_initializer": ["glorot_normal", "he_uniform"]}
    study = synthetic.factorial_study(vary=vary, design={"kind": "one_at_a_time", "seeds": 3})
    summary = synthetic.fill(tmp_path, study).summary()
    wide = printed(summary, width=150)
    for condition in summary.conditions:
        assert condition.name in wide
    narrow = printed(summary, width=70).splitlines()
    place = next(index for index, row in enumerate(narrow) if row.startswith("kernel_initializer="))
    assert narrow[place + 1].strip() == "glorot_normal"


def test_the_only_factor_heads_the_column_of_its_levels(tmp_path, synthetic):
    """A baseline and the levels of one factor: the factor is said once, in the heading."""
    study = synthetic.factorial_study(
        vary={"network.kernel_initializer": ["he_normal", "he_uniform"]}, design={"kind": "one_at_a_time", "seeds": 3}
    )
    lines = printed(synthetic.fill(tmp_path, study).summary(), width=80).splitlines()
    assert words_of(lines[1])[0] == "kernel_initializer"
    assert [words_of(line)[0] for line in lines[3:6]] == ["glorot_uniform", "he_normal", "he_uniform"]


def test_trials_are_told_once_and_losses_with_their_condition(tmp_path, synthetic):
    """How many trials there are stands below the table; what became of lost ones stands in their row."""
    study = synthetic.factorial_study()
    whole = printed(synthetic.fill(tmp_path / "whole", study).summary())
    assert "3 trials per condition; brackets hold the 95 % confidence interval." in whole
    lost = [(2, 0), (5, 0), (5, 1), (5, 2)]
    text = printed(synthetic.fill(tmp_path / "lost", study, diverged=lost).summary())
    lines = text.splitlines()
    assert sum(line.strip() == "1 diverged" for line in lines) == 1
    (row,) = (line for line in lines if "3 diverged" in line)
    assert words_of(row)[0] == "tanh"
    assert "undecided" not in row
    assert "3 trials per condition; means are over those that learnt; brackets" in " ".join(words_of(text))


def test_a_best_epoch_outside_its_range_is_explained(tmp_path, synthetic):
    """The mean over seeds may be best where no seed is; a line below says whose range is shown."""
    summary = synthetic.fill(tmp_path, synthetic.factorial_study()).summary()
    assert "of single seeds" not in printed(summary)
    first, second, *others = summary.conditions
    outside = replace(second, best_epoch=17, best_epoch_range=(22, 27))
    lines = printed(replace(summary, conditions=(first, outside, *others)), width=120).splitlines()
    assert lines[-1] == (
        "17 (22–27): the mean over seeds is best at epoch 17; the best epochs of single seeds lie between 22 and 27."
    )


def test_the_column_of_differences_says_against_what(tmp_path, synthetic):
    """Where another condition than the one called baseline is compared with, the heading names it."""
    named = {"baseline": {}, "tanh": {"network.activation": "tanh"}, "selu": {"network.activation": "selu"}}
    design = {"kind": "conditions", "seeds": 3, "baseline": "tanh"}
    study = synthetic.factorial_study(vary={}, conditions=named, design=design)
    text = printed(synthetic.fill(tmp_path, study).summary(), width=120)
    assert any("against tanh" in line for line in text.splitlines()[:2])
    assert words_of(text).count("baseline") == 1


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("kernel_initializer=he_normal", 40, ["kernel_initializer=he_normal"]),
        ("kernel_initializer=he_normal", 25, ["kernel_initializer=", "  he_normal"]),
        ("kernel_initializer=he_normal", 14, ["kernel_", "  initializer=", "  he_normal"]),
        ("tanh, Glorot uniform", 12, ["tanh, Glorot", "  uniform"]),
        ("random_normal(stddev=0.01)", 22, ["random_normal(stddev=", "  0.01)"]),
        ("initializer", 4, ["initializer"]),
    ],
)
def test_names_are_broken_between_words(text, width, lines):
    """After a space, an equals sign or a bracket; if that is not enough after an underscore; never within a word."""
    assert broken(text, width, "  ").split("\n") == lines


def test_output_that_is_not_a_terminal_is_plain(tmp_path, synthetic):
    """Colours are for terminals only."""
    summary = synthetic.fill(tmp_path, synthetic.factorial_study()).summary()
    assert "\x1b" not in printed(summary)
    assert "\x1b" in printed(summary, terminal=True)


def test_columns_without_content_are_left_out(tmp_path, synthetic):
    """Without a final phase there is no test column, without a baseline no conclusion."""
    study = synthetic.factorial_study(
        vary={"network.activation": ["relu", "tanh"]}, design={"seeds": 2, "final": False}
    )
    text = printed(synthetic.fill(tmp_path, study).summary())
    assert "test" not in text
    assert "conclusion" not in text
    assert "[" in text


def test_a_running_study_has_a_table(tmp_path, synthetic):
    """What has not ended shows dashes, and how many trials are to come."""
    running = synthetic.fill(tmp_path / "running", synthetic.factorial_study(), ended=1).summary()
    text = printed(running)
    assert "–" in text
    assert text.count("3 to come") == 5
    begun = printed(synthetic.fill(tmp_path / "begun", synthetic.factorial_study(), ended=0).summary())
    assert begun.count("3 to come") == 6
