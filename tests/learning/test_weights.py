"""How much each row counts."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from assay.errors import StudyError
from assay.learning.weights import class_weights, row_weights

LABELS = np.array([0] * 7 + [1] * 2 + [2])
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]
BINARY = (LABELS > 0).astype(np.float32)[:, None]


def test_balanced_weights_are_those_of_scikit_learn():
    """N / (K · n_k), from one-hot rows and from 0 and 1; their mean over the rows is 1."""
    expected = compute_class_weight("balanced", classes=np.arange(3), y=LABELS)
    np.testing.assert_allclose(class_weights("balanced", ONE_HOT, None), expected, rtol=1e-6)
    assert class_weights("balanced", ONE_HOT, None)[LABELS].mean() == pytest.approx(1.0)
    expected = compute_class_weight("balanced", classes=np.arange(2), y=BINARY[:, 0])
    np.testing.assert_allclose(class_weights("balanced", BINARY, None), expected, rtol=1e-6)


def test_a_class_without_training_rows_has_the_weight_1():
    """It is not among the K classes of the formula."""
    four = np.concatenate([ONE_HOT, np.zeros((10, 1), np.float32)], axis=1)
    expected = [*compute_class_weight("balanced", classes=np.arange(3), y=LABELS), 1.0]
    np.testing.assert_allclose(class_weights("balanced", four, None), expected, rtol=1e-6)


def test_a_table_names_classes_or_their_numbers():
    """A class that it does not name has the weight 1, as in Keras."""
    names = ("cat", "dog", "a rare bird")
    assert class_weights({"a rare bird": 5.0, "0": 0.5}, ONE_HOT, names).tolist() == [0.5, 1.0, 5.0]
    assert class_weights({"1": 3.0}, BINARY, None).tolist() == [1.0, 3.0]
    with pytest.raises(StudyError) as error:
        class_weights({"dgo": 2.0}, ONE_HOT, names)
    assert str(error.value) == (
        "training.class_weight: unknown class 'dgo'. Did you mean 'dog'? Classes: cat, dog, a rare bird; or their "
        "numbers, 0 to 2."
    )
    with pytest.raises(StudyError, match=r"unknown class '3'\..* Classes: 0, 1, 2; or their numbers, 0 to 2\."):
        class_weights({"3": 2.0}, ONE_HOT, None)


def test_class_weights_act_in_training_and_a_column_everywhere():
    """Both together are their product; neither is no weights at all."""
    targets = {"train": BINARY, "validation": BINARY[:3]}
    none = dict.fromkeys(targets)
    assert row_weights("none", targets, none, None) is None
    classes = row_weights({"1": 4.0}, targets, none, None)
    assert classes.training["train"].tolist() == [1.0] * 7 + [4.0] * 3
    assert classes.scores["train"].tolist() == [1.0] * 10
    column = {"train": np.arange(10, dtype=np.float32), "validation": np.full(3, 2.0, np.float32)}
    both = row_weights({"1": 4.0}, targets, column, None)
    np.testing.assert_array_equal(both.training["train"], column["train"] * classes.training["train"])
    np.testing.assert_array_equal(both.scores["validation"], column["validation"])
    alone = row_weights("none", targets, column, None)
    assert alone.training is alone.scores
