"""The records of a summary: what they are as JSON, and printed."""

from __future__ import annotations

import json
from dataclasses import replace

from assay.analysis import BaselineComparison, ConditionSummary, Interval, Measure, Share, Summary
from assay.diagnosis import Evidence, Finding, Remedy, Verdict

MEASURE = Measure("test", "accuracy")
PLATEAU = Finding(
    "plateau",
    (2,),
    Evidence("loss", 0.5, 0.1, "The loss rests."),
    "The units are saturated.",
    Remedy("Use relu.", {"network.activation": "relu"}),
    seeds=2,
    of_seeds=3,
)
SUMMARY = Summary(
    study="mine",
    baseline="activation=relu",
    confidence=0.95,
    compared_by=MEASURE,
    elapsed_seconds=1.5,
    margin=0.01,
    conditions=(
        ConditionSummary(
            name="activation=relu",
            settings={"network.activation": "relu"},
            trials=3,
            outcomes={"completed": 3, "diverged": 0},
            parameters=35,
            best_epoch=7,
            best_epoch_range=(5, 9),
            validation={"accuracy": Interval(0.9, 0.85, 0.95, 3)},
            test={"accuracy": Interval(0.8, 0.75, 0.85, 3)},
            verdict=Verdict("healthy", (), True, 0.9),
        ),
        ConditionSummary(
            name="activation=tanh",
            settings={"network.activation": "tanh"},
            trials=3,
            outcomes={"completed": 1, "diverged": 2},
            parameters=35,
            best_epoch=2,
            best_epoch_range=(2, 2),
            test={"accuracy": Interval(0.7, None, None, 1)},
            learnt=Share(1, 3, 0.04, 0.8),
            comparison=BaselineComparison(
                Interval(-0.1, None, None, 1), "undecided", against="activation=relu", measure=MEASURE
            ),
            findings=(PLATEAU,),
            verdict=Verdict("unhealthy", ("plateau",)),
        ),
        ConditionSummary("activation=elu", {"network.activation": "elu"}, 3, {"completed": 0, "diverged": 0}),
    ),
)
WRITTEN = """\
{"study": "mine", "baseline": "activation=relu", "confidence": 0.95, "margin": 0.01, "looks": null,
 "left_out_trials": 0,
 "compared_by": {"split": "test", "metric": "accuracy"}, "elapsed_seconds": 1.5,
 "effects": null, "marginal_gains": [],
 "conditions": [
  {"condition": "activation=relu", "settings": {"network.activation": "relu"}, "trials": 3,
   "outcomes": {"completed": 3, "diverged": 0}, "learnt": null,
   "parameters": 35, "best_epoch": 7, "best_epoch_range": [5, 9],
   "validation": {"accuracy": {"mean": 0.9, "low": 0.85, "high": 0.95}},
   "test": {"accuracy": {"mean": 0.8, "low": 0.75, "high": 0.85}},
   "comparison": null, "findings": [], "verdict": {"status": "healthy", "findings": []}},
  {"condition": "activation=tanh", "settings": {"network.activation": "tanh"}, "trials": 3,
   "outcomes": {"completed": 1, "diverged": 2}, "learnt": {"seeds": 1, "of": 3, "low": 0.04, "high": 0.8},
   "parameters": 35, "best_epoch": 2, "best_epoch_range": [2, 2],
   "validation": null, "test": {"accuracy": {"mean": 0.7, "low": null, "high": null}},
   "comparison": {"against": "activation=relu", "split": "test", "metric": "accuracy",
                  "difference": -0.1, "low": null, "high": null, "effect_size": null, "pairs": 1, "p": null,
                  "p_adjusted": null, "comparisons": 1, "conclusion": "undecided", "seeds_needed": null,
                  "settles_margin": true, "is_separate": false},
   "findings": [
    {"symptom": "plateau", "level": "fault", "layers": [2], "seeds": 2, "of_seeds": 3,
     "evidence": {"quantity": "loss", "value": 0.5, "threshold": 0.1, "text": "The loss rests."},
     "cause": "The units are saturated.",
     "remedy": {"text": "Use relu.", "settings": {"network.activation": "relu"}}}],
   "verdict": {"status": "unhealthy", "findings": ["plateau"]}},
  {"condition": "activation=elu", "settings": {"network.activation": "elu"}, "trials": 3,
   "outcomes": {"completed": 0, "diverged": 0}, "learnt": null,
   "parameters": null, "best_epoch": null, "best_epoch_range": null,
   "validation": null, "test": null, "comparison": null, "findings": [],
   "verdict": {"status": null, "findings": []}}]}
"""


def test_the_json_is_the_contract_to_the_letter():
    """Names, order and nulls of `assay show --json` are those that programs rely on, written here by hand."""
    assert json.dumps(SUMMARY.written(), allow_nan=False) == json.dumps(json.loads(WRITTEN))


def test_before_a_trial_has_completed_nothing_is_compared():
    """The entry is null, and so is the baseline of a study without one."""
    written = replace(SUMMARY, compared_by=None, baseline=None).written()
    assert (written["compared_by"], written["baseline"]) == (None, None)


def test_a_score_is_found_by_its_measure():
    """On either split; None where it was not measured."""
    first, second, _ = SUMMARY.conditions
    assert first.score(Measure("validation", "accuracy")) == Interval(0.9, 0.85, 0.95, 3)
    assert second.score(MEASURE) == Interval(0.7, None, None, 1)
    assert second.score(Measure("validation", "accuracy")) is None
    assert first.score(Measure("test", "loss")) is None


def test_a_summary_is_printed_as_a_table():
    """A line for each condition, with what is compared; what is not known is a dash."""
    assert repr(SUMMARY) == (
        "mine:\n"
        "condition        best epoch  test accuracy         difference  against the baseline\n"
        "activation=relu  7           0.800 [0.750, 0.850]  –           is the baseline\n"
        "activation=tanh  2           0.700                 -0.100      undecided\n"
        "activation=elu   –           –                     –           –"
    )
    assert repr(replace(SUMMARY, baseline=None)).splitlines()[1] == "condition        best epoch  test accuracy"
    assert repr(replace(SUMMARY, compared_by=None)).splitlines()[1] == "condition        best epoch"


def test_many_conditions_are_counted_in_print():
    """The first two dozen have a line each."""
    lines = repr(replace(SUMMARY, conditions=SUMMARY.conditions[1:2] * 1030)).splitlines()
    assert len(lines) == 27
    assert lines[-1] == "and 1,006 more conditions"
