"""What a report tells."""

from __future__ import annotations

import re

import pytest

from assay.analysis import SHOWN_CONDITIONS, sentences, shortlist
from assay.report import render_html
from assay.report.content import build_content, duration_text
from assay.study import load_study


@pytest.fixture
def results(tmp_path, synthetic):
    """Six conditions; one lost a trial, one lost all."""
    return synthetic.fill(tmp_path, synthetic.factorial_study(), diverged=[(2, 0), (5, 0), (5, 1), (5, 2)])


def test_the_report_says_what_the_summary_says(results):
    """Conclusions are the summary's sentences, and the main table has its means in its order."""
    content, summary = build_content(results), results.summary()
    assert content.conclusions == sentences(summary)
    place = content.table.columns.index("test accuracy")
    for row, condition in zip(content.table.rows, summary.conditions, strict=True):
        assert row[place].sort == (condition.test["accuracy"].mean if condition.test else None)


def test_outcomes_are_told_where_trials_were_lost(results):
    """Facts count the diverged trials, and their rows are marked."""
    content = build_content(results)
    assert ("diverged", "4") in content.facts
    assert [row[1].text for row in content.table.rows] == [
        *["3 of 3", "3 of 3", "2 of 3, 1 diverged", "3 of 3", "3 of 3", "0 of 3, 3 diverged"]
    ]


def test_a_study_without_a_final_phase_has_no_test_results(tmp_path, synthetic):
    """No table of test results, and no column for them."""
    study = synthetic.factorial_study(
        vary={"network.activation": ["relu", "tanh"]}, design={"seeds": 2, "final": False}
    )
    content = build_content(synthetic.fill(tmp_path, study))
    assert content.tests is None
    assert not any("test" in column for column in content.table.columns)


def test_the_note_says_what_the_correction_keeps(results):
    """Among how many comparisons, and how often even one would be called better or worse by luck."""
    note = build_content(results).conclusion_note
    assert "by Holm's method among all 5 comparisons" in note
    assert "the chance that even one would be called better or worse is at most 5 %" in note


def test_one_seed_is_advised_to_become_more(tmp_path, synthetic):
    """The note of a study of one seed says how to get intervals."""
    study = synthetic.factorial_study(
        vary={"network.activation": ["tanh"]}, design={"kind": "one_at_a_time", "seeds": 1}
    )
    assert "ask for more seeds with --seeds" in build_content(synthetic.fill(tmp_path, study)).conclusion_note


def test_provenance_holds_what_a_repetition_needs(results):
    """Seeds, fingerprints of study and data, versions, platform; and the study file is the same study."""
    content = build_content(results)
    told = dict(content.provenance)
    assert told["seeds"] == "0, 1, 2"
    assert told["study fingerprint"] == results.study.fingerprint()
    assert told["data fingerprint, digits"] == results.manifest["data"]["digits"]
    assert "jax" in told["versions"]
    assert content.command == "assay run curves.toml"


def test_the_study_file_in_the_report_is_the_study(results, tmp_path):
    """Saved and read, it equals the study that was run."""
    path = tmp_path / "curves.toml"
    path.write_text(build_content(results).study_file)
    assert load_study(path).fingerprint() == results.study.fingerprint()


def test_a_large_study_is_told_by_its_best_conditions(tmp_path, synthetic):
    """Tables hold the shortlist and say so, figures fewer; facts and conclusions are of all conditions."""
    results = synthetic.fill_large(tmp_path, synthetic.large_study(300))
    content, summary = build_content(results), results.summary()
    shown = [condition.name for condition in shortlist(summary).conditions]
    for table in (content.table, content.best_epochs, content.tests):
        assert len(table.rows) == len(shown) == SHOWN_CONDITIONS + 1
        assert "The best 100 of 300 conditions by test accuracy, and the baseline;" in table.caption
    assert content.table.rows[0][0].text == "0.15, tanh"  # quality grows with the index
    assert {("conditions", "300"), ("trials", "900"), ("diverged", "30")} <= set(content.facts)
    assert content.conclusions == sentences(summary)
    assert len(content.conclusions) < 20
    overview, *curves = content.figures
    assert overview.title == "The best conditions"
    assert all("The best 24 of 300 conditions" in figure.caption for figure in content.figures)
    assert [figure.svg.count("axes_") for figure in curves] == [25, 25]
    page = render_html(content)
    assert len(page) < 2_000_000
    assert "<code>assay show DIR --json</code> and <code>assay export</code> have all." in page
    assert "`" not in re.sub("<(script|style).*?</", "", page, flags=re.DOTALL)
    assert ("vary.training.optimizer.learning_rate", "0.001, 0.002, 0.003, …, 0.15 (150 values)") in content.settings


def test_many_named_conditions_are_counted_in_the_settings(tmp_path, synthetic):
    """Their settings are in the study file alone."""
    named = {f"rate {number}": {"training.optimizer.learning_rate": number / 1000} for number in range(101)}
    study = synthetic.factorial_study(vary={}, conditions=named, design={"kind": "conditions", "seeds": 1})
    content = build_content(synthetic.fill_large(tmp_path, study))
    assert content.settings[-1] == ("conditions", "101 named ones, in the study file below")
    assert '[conditions."rate 100"]' in content.study_file


@pytest.mark.parametrize(("seconds", "text"), [(8.44, "8.4 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")])
def test_durations_are_told_in_fitting_units(seconds, text):
    """Seconds, minutes or hours."""
    assert duration_text(seconds) == text
