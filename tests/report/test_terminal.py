"""The table of conditions in a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from assay.report import conditions_table


def printed(summary, *, width=100, terminal=False):
    """What a console of this width shows."""
    console = Console(
        file=io.StringIO(), width=width, force_terminal=terminal, color_system="standard" if terminal else None
    )
    console.print(conditions_table(summary))
    return console.file.getvalue()


def test_the_table_fits_a_hundred_columns(tmp_path, synthetic):
    """No line is longer, and no number is cut."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study(), diverged=[(2, 0), (5, 0), (5, 1), (5, 2)])
    text = printed(results.summary())
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "…" not in text
    for condition in results.summary()["conditions"]:
        if condition["test"]:
            assert f"{condition['test']['accuracy']['mean']:.3f} ±" in text


def test_the_table_tells_what_the_summary_holds(tmp_path, synthetic):
    """Factors are in the heading, levels in the rows, lost trials below their condition."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study(), diverged=[(2, 0)])
    lines = printed(results.summary()).splitlines()
    assert "kernel_initializer" in "".join(lines[:3])
    (row,) = (line for line in lines if line.startswith("tanh, he_normal"))
    condition = results.summary()["conditions"][4]
    assert condition["comparison"]["conclusion"] in row
    assert str(condition["best_epoch"]) in row
    assert any(line.startswith("1 diverged") for line in lines)
    assert any(" 2/3 " in line for line in lines)


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
    assert "±" in text


def test_a_running_study_has_a_table(tmp_path, synthetic):
    """What has not ended shows dashes."""
    text = printed(synthetic.fill(tmp_path, synthetic.factorial_study(), ended=1).summary())
    assert "0/3" in text
    assert "–" in text
