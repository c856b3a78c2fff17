"""The verdicts of the source on weight initializers, and the named illnesses of the issue's own examples."""

from __future__ import annotations

import os

import numpy as np
import pytest

import assay
from assay.data import load
from assay.diagnosis import certain_findings
from assay.judging import population_facts
from assay.planning import plan_study
from assay.study import Study, load_study

real_data = pytest.mark.skipif(
    not os.environ.get("ASSAY_DATA"), reason="ASSAY_DATA names no folder with the files of keras.datasets"
)

# What the source says of each initializer, from four panels and no training: whether the signal is kept.
VERDICTS = {
    "sigmoid, normal 0.01": "unhealthy",
    "sigmoid, normal 0.1": "unhealthy",
    "sigmoid, normal 1": "unhealthy",
    "tanh, normal 0.01": "unhealthy",
    "tanh, normal 0.1": "healthy",
    "tanh, normal 1": "unhealthy",
    "tanh, Glorot normal": "healthy",
    "tanh, Glorot uniform": "healthy",
    "ReLU, Glorot normal": "unhealthy",
    "ReLU, Glorot uniform": "unhealthy",
    "ReLU, He normal": "healthy",
    "ReLU, He uniform": "healthy",
}


def probed(**parts):
    """The findings of each condition of a study, by symptom."""
    report = assay.probe(Study(name="one", **parts))
    return {
        name: {finding.symptom: finding for finding in findings if 2 * finding.seeds >= finding.of_seeds}
        for name, findings in report.findings.items()
    }


@pytest.fixture(scope="module")
def digits():
    """Two ways to spoil a network of two hidden layers."""
    return probed(
        data="digits",
        network={"hidden": [16, 16]},
        conditions={
            "zeros": {"network.kernel_initializer": "zeros"},
            "adam": {"training.optimizer": {"name": "adam", "learning_rate": 10.0}},
        },
        design={"kind": "conditions", "seeds": 1},
    )


@pytest.mark.slow
def test_the_source_s_verdicts_on_initializers_agree():
    """All twelve, from three of the ten seeds; its `healthy` is a signal that is kept, which is no verdict here."""
    block = load_study("block")
    few = Study(**{**block.written(), "design": {"kind": "conditions", "seeds": 3}})
    judgements = assay.probe(few).judgements
    kept = {name: judgement.signal.kept for name, judgement in judgements.items()}
    assert kept == {name: verdict == "healthy" for name, verdict in VERDICTS.items()}


def test_a_relu_output_under_binary_cross_entropy_is_named():
    """For certain, with sigmoid as the remedy."""
    study = Study(
        data="breast_cancer",
        network={"hidden": [8], "output_activation": "relu"},
        training={"loss": "binary_crossentropy"},
    )
    population = plan_study(study).populations[0]
    (facts,) = population_facts(population, load(population.request))
    (told,) = certain_findings(facts)
    assert (told.symptom, told.level, told.layers) == ("output_loss_mismatch", "certain", (2,))
    assert told.remedy.settings == {"network.output_activation": "sigmoid"}


def test_zeros_in_hidden_layers_are_named(digits):
    """As the symmetry that they are, and with another initializer as the remedy."""
    told = digits["zeros"]["symmetry"]
    assert told.layers == (1, 2)
    assert told.cause.startswith("The initializer zeros ")
    assert told.remedy.settings == {"network.kernel_initializer": "he_normal"}


def test_a_learning_rate_of_10_is_named(digits):
    """One update of Adam takes the loss far above that of knowing nothing."""
    told = digits["adam"]["learning_rate_too_high"]
    assert "learning rate 10 is too high" in told.cause
    assert told.remedy.settings["training.optimizer"]["learning_rate"] < 1


@pytest.mark.slow
def test_deep_narrow_sigmoids_on_two_circles_are_named_and_mended(tmp_path):
    """Eight layers of five sigmoids with he_uniform: the gradient vanishes; with what is offered the network trains."""
    network = {"depth": 9, "width": 5, "activation": "sigmoid", "kernel_initializer": "he_uniform"}
    study = {
        "data": {"name": "circles", "rows": 700, "noise": 0.1, "factor": 0.8},
        "network": network,
        "training": {"epochs": 300, "batch_size": 128},
        "design": {"seeds": 3, "final": False},
    }
    told = probed(**study)["as written"]["vanishing_gradient"]
    assert told.layers == tuple(range(1, 9))
    offered = {key.removeprefix("network."): value for key, value in told.remedy.settings.items()}
    results = assay.run(
        Study(
            name="mended",
            **{**study, "design": {"kind": "conditions", "seeds": 3, "final": False, "select": "last"}},
            conditions={"as written": {}, "offered": {f"network.{key}": value for key, value in offered.items()}},
        ),
        tmp_path / "run",
    )
    last = results.history.filter(epoch=300, split="validation", metric="accuracy")
    accuracy = {name: last.filter(condition=name)["value"].to_numpy() for name in ("as written", "offered")}
    assert np.all(accuracy["as written"] < 0.6)
    assert np.all(accuracy["offered"] > 0.75)


@real_data
def test_digits_of_0_to_255_are_named():
    """MNIST as its file has it, not divided by 255."""
    data = {"name": "mnist", "scaling": "none", "rows": 1000}
    found = probed(data=data, network={"hidden": [32]}, design={"seeds": 1})["as written"]
    assert found["unscaled_inputs"].evidence.value > 50
    assert "255" in found["unscaled_inputs"].remedy.text


@real_data
@pytest.mark.slow
def test_a_deep_relu_stack_with_glorot_is_named_for_its_forward_decay():
    """Variance × 0.5 a layer (He et al., 2015), told even where the gradients of all layers are equally small."""
    found = probed(
        data={"name": "mnist", "rows": 1000},
        network={"depth": 11, "width": 128, "activation": "relu", "kernel_initializer": "glorot_uniform"},
        design={"seeds": 1},
    )
    told = found["as written"]["vanishing_signal"]
    per_layer = told.evidence.value ** (2 / 9)  # of the variance, over the 9 steps between 10 hidden layers
    assert per_layer == pytest.approx(0.5, abs=0.08)
    assert "its variance by 0." in told.evidence.text
    assert told.remedy.settings == {"network.kernel_initializer": "he_normal"}
