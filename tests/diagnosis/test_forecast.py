"""Will it train? The trees and what they look at."""

from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pytest

import assay
from assay.diagnosis.forecast import MODEL_FILE, probability_of


def test_a_tree_sends_each_value_to_its_leaf():
    """Two trees by hand: the score is the baseline and a leaf of each, the probability its logistic."""
    model = {
        "baseline": 0.5,
        "features": ["a", "b"],
        "trees": [[[0, 1.0, 1, 2], [-1.0], [1, 0.0, 3, 4], [2.0], [3.0]], [[0.25]]],
    }
    for values, score in (([1.0, 9.0], -0.25), ([1.1, 0.0], 2.75), ([1.1, 0.1], 3.75)):
        assert probability_of(model, values) == pytest.approx(1 / (1 + np.exp(-score)))


def test_the_shipped_trees_say_what_they_were_grown_on():
    """And nothing that was held out of them."""
    model = json.loads(files("assay.diagnosis").joinpath(MODEL_FILE).read_text())
    assert model["trees"]
    assert set(model["grown_on"]["data"]) == {"breast_cancer", "circles", "diabetes", "digits"}
    assert not set(model["grown_on"]["depths"]) & {3, 8, 12, 20, 30}


@pytest.mark.slow
def test_clear_cases_are_told_apart():
    """He and ReLU with Adam at 1e-3 trains on digits; 9 sigmoid layers, and a learning rate of 10, do not."""
    study = assay.Study(
        name="clear",
        data="digits",
        network={"hidden": [64, 64], "activation": "relu", "kernel_initializer": "he_normal"},
        conditions={
            "sound": {},
            "too deep a sigmoid": {"network.hidden": [64] * 9, "network.activation": "sigmoid"},
            "rate of 10": {"training.optimizer": {"name": "sgd", "learning_rate": 10.0}},
        },
        design={"kind": "conditions", "seeds": 1},
    )
    told = {name: judgement.verdict for name, judgement in assay.probe(study).judgements.items()}
    assert [told[name].will_train for name in ("sound", "too deep a sigmoid", "rate of 10")] == [True, False, False]
    assert told["sound"].status == "healthy"
