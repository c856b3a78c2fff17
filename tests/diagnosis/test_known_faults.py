"""Programs with known faults (validation/faulty_programs.py): their causes are named, their cures and controls pass."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import assay
from assay.choices import Choice
from assay.diagnosis import DataFacts, LayerFacts, NetworkFacts, certain_findings, chance_loss
from assay.judging import Judgement

VALIDATION = Path(__file__).parents[2] / "validation"
CERTAIN = ("constant_output", "output_loss_mismatch")


def of_validation(name: str) -> ModuleType:
    """A module of the folder validation/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, VALIDATION / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


faulty = of_validation("faulty_programs")
PROGRAMS = {program.number: program for program in faulty.PROGRAMS}
CONTROLS = {control.number: control for control in faulty.CONTROLS}
HERE = [number for number, program in PROGRAMS.items() if not program.needs_mnist]

by_number = pytest.mark.parametrize("number", HERE)
real_data = pytest.mark.skipif(
    not os.environ.get("ASSAY_DATA"), reason="ASSAY_DATA names no folder with the files of keras.datasets"
)


def facts(table, variant) -> NetworkFacts:
    """What can be read off a variant without measuring."""
    rows = variant.rows(table)
    units = (*variant.hidden, table.outputs)
    activations = (*[variant.activation] * len(variant.hidden), variant.output_activation)
    layers = tuple(
        LayerFacts(f"layer {number}", "dense", fan_in, size, Choice(activation))
        for number, (fan_in, size, activation) in enumerate(
            zip((table.x_train.shape[1], *units), units, activations, strict=False), start=1
        )
    )
    targets = np.asarray(rows.y_train, np.float32).reshape(len(rows.y_train), -1)
    classes = None if table.task == "regression" else max(2, table.outputs)
    known = variant.loss not in (faulty.SUM_OF_SQUARES, faulty.LOG_OF_SCORES)
    loss = Choice(variant.loss) if known else None
    data = DataFacts.of(rows.x_train, targets, classes=classes)
    return NetworkFacts(layers, table.task, loss, None, None, data, chance_loss(loss, targets) if loss else None)


def shown(judgement: Judgement) -> set[str]:
    """What at least half of the seeds show, notes left out."""
    return {
        finding.symptom
        for finding in judgement.findings
        if finding.level != "note" and 2 * finding.seeds >= finding.of_seeds
    }


def probed(table, folder, seeds=3, **variants) -> dict[str, set[str]]:
    """By variant, what the untrained networks show."""
    conditions = {name: variant.settings() for name, variant in variants.items()}
    study = faulty.program_study("program", table, conditions, folder, seeds=seeds)
    return {name: shown(judgement) for name, judgement in assay.probe(study).judgements.items()}


# --- Without measuring ------------------------------------------------------------------------------------------------


@by_number
def test_what_is_certain_is_told_without_measuring(number):
    """Softmax on one unit, and outputs that do not go with the loss, are read off the program."""
    program = PROGRAMS[number]
    told = {finding.symptom for finding in certain_findings(facts(program.table(), program.buggy))}
    expected = set(program.causes) & set(CERTAIN)
    assert expected <= told


@by_number
def test_a_cured_program_has_nothing_certain_against_it(number):
    """Its output unit, loss and targets go together."""
    program = PROGRAMS[number]
    assert certain_findings(facts(program.table(), program.cured)) == []


@pytest.mark.parametrize("number", CONTROLS)
def test_a_control_has_nothing_certain_against_it(number):
    """Zeros in a single layer are no fault, nor is a small epsilon."""
    control = CONTROLS[number]
    assert certain_findings(facts(control.table(), control.variant)) == []


def test_an_offer_changes_the_program_by_its_dotted_keys():
    """The offer of another initializer goes for the output layer too."""
    changed = PROGRAMS["11"].buggy.changed({"network.output_activation": "sigmoid", "network.activation": "selu"})
    assert (changed.output_activation, changed.activation) == ("sigmoid", "selu")
    changed = PROGRAMS["11"].buggy.changed({"network.kernel_initializer": "he_normal"})
    assert changed.settings()["network.kernel_initializer"] == "he_normal"
    assert "network.layers.output.kernel_initializer" not in changed.settings()


# --- At epoch 0 -------------------------------------------------------------------------------------------------------


def test_equal_kernels_are_named_and_the_sound_regression_is_not(tmp_path):
    """A constant initializer is symmetry; the same network with he_normal is silent."""
    variants = {"constant": PROGRAMS["constant"].buggy, "sound": CONTROLS["regression"].variant}
    found = probed(faulty.fuel(), tmp_path, seeds=1, **variants)
    assert "symmetry" in found["constant"]
    assert found["sound"] == set()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:(invalid value|overflow) encountered:RuntimeWarning")  # theory, of exponential
@pytest.mark.parametrize(
    "number",
    [
        *("25", "high rate"),
        *(
            pytest.param(number, marks=pytest.mark.validation)
            for number in ("18", "23", "30", "31", "34", "38a", "unscaled")
        ),
    ],
)
def test_the_cause_is_named_at_epoch_0_and_the_cure_is_silent(number, tmp_path):
    """From three untrained networks of each; validation/known_faults.md has the programs that are alike."""
    program = PROGRAMS[number]
    found = probed(program.table(), tmp_path, buggy=program.buggy, cured=program.cured)
    assert program.causes[0] in found["buggy"]
    assert found["cured"] == set()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:You are using a softmax")
@pytest.mark.parametrize("number", ["4", "IPS_17"])
def test_a_keras_model_of_a_program_is_judged_the_same(number):
    """What a study refuses or does not know: softmax on one unit, a sum written by hand."""
    program = PROGRAMS[number]
    table = program.table()
    for variant, is_healthy in ((program.buggy, False), (program.cured, True)):
        rows = variant.rows(table)
        report = assay.probe(variant.model(table), rows.x_train, rows.y_train)
        (judgement,) = report.judgements.values()
        assert report.is_healthy == is_healthy
        assert is_healthy or program.causes[0] in shown(judgement)


@real_data
@pytest.mark.slow
def test_a_loss_that_takes_the_logarithm_of_raw_scores_is_named():
    """It is not a number at once, though all outputs are."""
    program = PROGRAMS["IPS_7"]
    rows = program.buggy.rows(program.table())
    report = assay.probe(program.buggy.model(program.table()), rows.x_train[:500], rows.y_train[:500])
    (findings,) = report.findings.values()
    (told,) = [finding for finding in findings if finding.symptom == "loss_at_start"]
    assert "not a number" in told.evidence.text
    assert "softmax" in told.remedy.text


# --- In training ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_absolute_error_on_xor_is_named_as_a_plateau(tmp_path):
    """Nothing is wrong at epoch 0, yet the training rests at half of the answers; with a cross-entropy it is silent."""
    program = PROGRAMS["1"]
    conditions = {"buggy": program.buggy.settings(), "cured": program.cured.settings()}
    study = faulty.program_study("program 1", program.table(), conditions, tmp_path, epochs=(0, 1000))
    summary = assay.run(study, tmp_path / "run").summary()
    verdicts = {condition.name: condition.verdict for condition in summary.conditions}
    assert "plateau" in verdicts["buggy"].findings
    assert verdicts["cured"].status == "healthy"


# --- The published rules ----------------------------------------------------------------------------------------------


@pytest.fixture
def quiet():
    """A recorded training of a sound network at six looks, as published rules read it."""
    rules = of_validation("published_rules")
    control = CONTROLS["regression"]
    generator = np.random.default_rng(0)
    ones = np.ones((6, 3))
    layers = {
        f"{name}.mean": generator.normal(size=(6, 3)) for name in ("activations", "kernel", "kernel_gradient")
    } | {f"{name}.nonfinite_count": 0 * ones for name in ("activations", "kernel", "kernel_gradient")}
    layers |= {"activations.zero_fraction": 0.5 * ones, "preactivations.flat_share": 0 * ones}
    layers |= {"kernel_gradient.rms": 0.1 * ones}
    return rules, rules.Seen(facts(control.table(), control.variant), np.linspace(1, 0.1, 6), None, layers)


def test_the_published_rules_fire_where_their_papers_say(quiet):
    """70 % zeros is a dead node; five equal means are unchanged; a mean of exactly 0 is a numerical error."""
    rules, seen = quiet
    assert rules.deep_diagnosis(seen) == rules.deep_localize(seen) == set()
    ones = np.ones((6, 3))
    dead = replace(seen, layers={**seen.layers, "activations.zero_fraction": 0.7 * ones})
    assert rules.deep_diagnosis(dead) == {"dead node"}
    still = replace(seen, layers={**seen.layers, "kernel.mean": 0.3 * ones})
    assert rules.deep_diagnosis(still) == {"unchanged weights"}
    assert rules.deep_localize(still) == {"kernel unchanged"}
    zero = replace(seen, layers={**seen.layers, "activations.mean": 0 * ones})
    assert rules.deep_diagnosis(zero) == {"numerical error"}
    assert rules.deep_localize(zero) == {"activations zero", "activations unchanged"}
