"""The rules through training, on curves drawn by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.choices import Choice
from assay.diagnosis import DataFacts, LayerFacts, LayerSignals, NetworkFacts, TrainingCourse, training_findings
from assay.diagnosis.facts import ParameterFacts

CHANCE = float(np.log(10))


@pytest.fixture
def facts():
    """Ten classes of equal size, a network of three layers, Adam, 300 updates."""
    data = DataFacts(1000, 64, 1.0, 0.0, 1.0, 0, 0.0, 1.0, 0.3, 10, 0.1, False)
    layers = tuple(LayerFacts(f"layer {at}", "dense", 64, 64, Choice("relu"), Choice("he_normal")) for at in (1, 2))
    output = LayerFacts("layer 3", "dense", 64, 10, Choice("softmax"), Choice("he_normal"))
    optimizer = Choice("adam", {"learning_rate": 1e-3})
    return NetworkFacts(
        (*layers, output), "multiclass", Choice("categorical_crossentropy"), optimizer, 300, data, CHANCE
    )


def course(loss, accuracy, **more):
    """Epoch 0 has the chance loss unless the curve says otherwise."""
    loss = np.asarray(loss, float)
    return TrainingCourse(loss, np.linspace(0.1, accuracy, len(loss)), **more)


def faults(facts, course):
    return [finding.symptom for finding in training_findings(facts, course) if finding.level != "note"]


def notes(facts, course):
    return [finding.symptom for finding in training_findings(facts, course) if finding.level == "note"]


def test_a_run_that_learns_is_silent(facts):
    """A falling loss and an accuracy of 0.97 are nothing to be told."""
    loss = CHANCE * np.exp(-np.arange(11) / 2)
    assert training_findings(facts, course(loss, 0.97, validation_loss=np.append(loss[:8], [loss[8]] * 3))) == []


@pytest.mark.parametrize(
    ("loss", "accuracy", "symptom"),
    [
        (CHANCE * (1 + 1e-4 * np.sin(np.arange(11))), 0.11, "plateau"),
        (CHANCE * (1 - 0.01 * np.arange(11)), 0.2, "learning_rate_too_low"),
        (CHANCE * (1 + 0.3 * (-1.0) ** np.arange(11)), 0.12, "learning_rate_too_high"),
        (CHANCE * (1 + np.arange(11)), 0.1, "learning_rate_too_high"),
    ],
)
def test_each_way_of_learning_nothing_has_its_name(facts, loss, accuracy, symptom):
    """Flat at chance, falling slowly when the budget ends, swinging, rising."""
    assert faults(facts, course(loss, accuracy))[0] == symptom


def test_divergence_is_told_with_its_step_and_a_smaller_rate(facts):
    """The remedy is a tenth of the learning rate that diverged."""
    found = training_findings(facts, course([CHANCE, 5.0], 0.1, has_diverged=True, diverged_step=17))
    assert found[0].symptom == "divergence"
    assert "step 17" in found[0].evidence.text
    assert found[0].remedy.settings["training.optimizer"] == {"name": "adam", "learning_rate": 1e-4}


def test_overfitting_names_the_epoch_at_which_it_begins(facts):
    """It is a note: what was learnt by heart was learnt."""
    loss = CHANCE * np.exp(-np.arange(11) / 2)
    validation = np.concatenate([np.linspace(2.3, 0.5, 5), np.linspace(0.6, 1.2, 6)])
    found = training_findings(facts, course(loss, 0.99, validation_loss=validation))
    assert [(finding.symptom, finding.level) for finding in found] == [("overfitting", "note")]
    assert "From epoch 4 on" in found[0].evidence.text


def test_a_validation_loss_that_still_falls_asks_for_more_epochs(facts):
    """A note as well."""
    loss = CHANCE * np.exp(-np.arange(11) / 8)
    assert notes(facts, course(loss, 0.9, validation_loss=loss)) == ["too_few_epochs"]


def test_units_that_die_are_a_reason_where_nothing_is_learnt_and_a_note_where_it_is(facts):
    """A run is judged by what it did."""

    def with_dead(fraction):
        values = {("dead_units", "fraction"): np.array([fraction, 0.0, 0.0]), ("update", "ratio"): np.full(3, 0.01)}
        return LayerSignals(3, values)

    signals = {0: with_dead(0.0), 10: with_dead(0.9)}
    flat, falling = np.full(11, CHANCE), CHANCE * np.exp(-np.arange(11) / 2)
    assert faults(facts, course(flat, 0.1, signals=signals)) == ["plateau", "dying_units"]
    assert faults(facts, course(falling, 0.97, signals=signals)) == []
    assert notes(facts, course(falling, 0.97, signals=signals)) == ["dying_units"]


@pytest.mark.parametrize(("gradient", "symptom"), [(np.nan, "nonfinite_gradient"), (0.0, "no_update")])
def test_gradients_of_a_later_look_say_nothing_of_the_untrained_network(facts, gradient, symptom):
    """A failed run is told what was wrong at its start by what was measured there."""

    def with_gradient(size):
        return replace(
            facts, parameters=(ParameterFacts("kernel", 64, True, True, True, 1e-3, 0.1, size, 1e-3 * size),)
        )

    now, then = with_gradient(gradient), with_gradient(0.1)
    values = {("loss", "before"): np.full(3, CHANCE), ("update", "ratio"): np.full(3, 0.01)}
    signals = {0: LayerSignals(3, values)}
    failed = course(np.full(11, CHANCE), 0.1, signals=signals)
    assert symptom in faults(now, failed)  # measured at the start, it would be a reason
    assert symptom not in faults(now, replace(failed, facts_at_start=then))
    assert symptom in faults(then, replace(failed, facts_at_start=now))
