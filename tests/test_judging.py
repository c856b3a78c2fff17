"""From single networks to a judgement of a condition."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

import assay
from assay.diagnosis import Evidence, Finding, LookAhead, Remedy, layer_signals
from assay.diagnosis.ahead import within_budget
from assay.errors import StudyError
from assay.judging import condition_facts, judge_start, merged, population_facts, verdict_of
from assay.models.torch_reading import observe_torch
from assay.planning import plan_study


def finding(symptom, value, level="fault"):
    return Finding(symptom, (1,), Evidence("ratio", value, 1.0, f"{value}"), "because", Remedy("mend it"), level)


def test_a_symptom_is_told_once_with_the_middle_seed_and_their_number():
    """Certain ones come first, then what most seeds show."""
    found = merged(
        [
            [finding("a", 3.0), finding("b", 1.0)],
            [finding("a", 1.0)],
            [finding("a", 2.0), finding("c", None, "certain")],
        ]
    )
    assert [(item.symptom, item.seeds, item.of_seeds) for item in found] == [("c", 1, 3), ("a", 3, 3), ("b", 1, 3)]
    assert found[1].evidence.value == 2.0


def test_what_fewer_than_half_of_the_seeds_show_leaves_the_verdict_alone():
    """One dead start of five is told, but the condition is healthy; so are notes."""
    one_of_three = merged([[finding("a", 1.0)], [], []])
    assert verdict_of(one_of_three).status == "healthy"
    assert verdict_of(merged([[finding("a", 1.0)], [finding("a", 1.0)], []])).findings == ("a",)
    assert verdict_of(merged([[finding("a", 1.0, "note")]])).status == "healthy"


def test_a_folder_keeps_what_its_trials_are_judged_by(tiny_study, tmp_path):
    """The facts read from it are those of the study and its data, to the last number."""
    study = tiny_study()
    results = assay.run(study, tmp_path / "run")
    plan = plan_study(study)
    from assay.data import load

    for population in plan.populations:
        known = population_facts(population, load(population.request))
        for condition, facts in zip(population.conditions, known, strict=True):
            assert condition_facts(results)[condition.name] == facts
    verdicts = [condition.verdict.status for condition in results.summary().conditions]
    assert set(verdicts) <= {"healthy", "unhealthy"}


def test_a_folder_without_them_is_told_without_verdicts(tiny_study, tmp_path):
    """As those that older versions wrote."""
    results = assay.run(tiny_study(), tmp_path / "run")
    del results.manifest["judged_by"]
    assert all(condition.verdict is None for condition in results.summary().conditions)


def test_a_fault_that_a_study_names_is_trained_and_told(tiny_study, tmp_path):
    """Without its name the study is refused; the learning rate is not blamed beside what is certain."""
    parts = {"data": "circles", "vary": {"network.output_activation": ["sigmoid", "softmax"]}}
    with pytest.raises(StudyError, match=r'write design.allow = \["constant_output"\]'):
        assay.run(tiny_study(**parts), tmp_path / "refused")
    study = tiny_study(**parts, design={"allow": ["constant_output"]})
    assert study.fingerprint() == tiny_study(**parts).fingerprint()  # it decides no number
    results = assay.run(study, tmp_path / "run")
    sound, ill = assay.Results(tmp_path / "run").summary().conditions
    assert "constant_output" not in [finding.symptom for finding in sound.findings]
    assert [finding.symptom for finding in ill.findings] == ["constant_output"]
    assert results.trials.height == 4


@pytest.mark.parametrize(
    ("allow", "words"),
    [("constant_output", "expected a list of symptoms"), (["constant_outptu"], "Did you mean 'constant_output'?")],
)
def test_only_what_would_be_refused_can_be_allowed(tiny_study, allow, words):
    """A near miss is told."""
    with pytest.raises(StudyError, match=re.escape(words)):
        tiny_study(design={"allow": allow})


@pytest.mark.parametrize(("steps", "will_train"), [(8, False), (40, True), (1000, True), (None, True)])
def test_a_network_that_learns_behind_the_end_of_its_budget_does_not_learn_within_it(steps, will_train):
    """The loss falls from update 20 on."""
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    module = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    seen = observe_torch(module, x, x[:, :1], loss=torch.nn.MSELoss(), optimizer=optimizer)
    ahead = within_budget(LookAhead((1.0, *[1.0] * 20, *[0.1] * 44), chance=1.0), steps)
    facts = replace(seen.facts, ahead=ahead, steps=steps or 1000, is_budget_assumed=steps is None)
    judgement = judge_start(facts, list(layer_signals(seen.signals).values()), [None])
    assert judgement.verdict.will_train == will_train
