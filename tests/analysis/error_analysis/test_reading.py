"""The answers of a kept network, from its folder."""

from __future__ import annotations

import numpy as np
import pytest

from assay.data import load
from assay.errors import StoreError
from assay.figures.examples import data_of
from assay.lab import run


def test_answers_are_what_the_network_says_of_the_rows(kept_results):
    """Of the validation rows unless others are asked for, with their numbers in the source."""
    results = kept_results("iris")
    dataset = load(results.conditions[0].data.request())
    for split in ("validation", "test"):
        answers = results.errors("activation=tanh", split=split).answers
        said = results.model("activation=tanh").outputs(getattr(dataset, f"x_{split}"))
        np.testing.assert_array_equal(answers.outputs, said)
        np.testing.assert_array_equal(answers.targets, getattr(dataset, f"y_{split}"))
        np.testing.assert_array_equal(answers.source_rows, dataset.rows[split])
    assert results.errors("activation=tanh").answers.split == "validation"
    assert answers.names == ("setosa", "versicolor", "virginica")
    assert (answers.condition, answers.seed, answers.epoch) == ("activation=tanh", 1, 7)


def test_of_several_splits_it_is_the_first(tmp_path, tiny_study):
    """Its network, and its rows: each is found in the source under its number."""
    study = tiny_study(data="wine", vary={}, design={"splits": 2, "seeds": 1}, training={"epochs": 1})
    results = run(study, tmp_path)
    errors = results.errors()
    dataset = data_of(results, results.conditions[0].name)
    np.testing.assert_array_equal(errors.answers.source_rows, dataset.rows["validation"])
    assert errors.answers.count == len(results.predictions.filter(split="validation", resample=0))
    np.testing.assert_array_equal(errors.answers.targets, dataset.y_validation)


def test_without_a_name_it_is_the_best_condition(kept_results):
    """The one whose network `Results.model` gives."""
    results = kept_results("iris")
    assert results.errors().answers.condition == results.best_condition()


def test_targets_without_a_name_are_called_so(kept_results):
    """A regression of scikit-learn's names its features and not its target."""
    [column] = kept_results("diabetes").errors().residuals
    assert column.name == "target"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"split": "train"}, "split: expected validation or test, got 'train'."),
        ({"condition": "activation=rely"}, r"no condition 'activation=rely'\. Did you mean 'activation=relu'\?"),
        ({"condition": "activation=relu", "seed": 0}, "not that of seed 0"),
    ],
)
def test_what_is_not_kept_is_told(kept_results, asked, message):
    """With what there is."""
    with pytest.raises(StoreError, match=message):
        kept_results("iris").errors(**asked)


def test_predictions_that_are_not_kept_are_told(kept_results):
    """A study without a final phase has no test predictions."""
    results = kept_results("iris", design={"seeds": 2, "final": False})
    with pytest.raises(
        StoreError, match=r"no predictions of test rows.*It keeps those of validation rows.*design.keep"
    ):
        results.errors(split="test")
