"""Metrics against `keras.metrics`, example by example."""

import keras
import numpy as np
import pytest

from assay.learning.metrics import accuracy, metric_names, per_example_metric

random = np.random.default_rng(0)


def test_multiclass_accuracy_is_that_of_keras():
    """An example counts as correct when its largest output is that of its class."""
    targets = np.eye(5, dtype="float32")[random.integers(5, size=40)].T
    outputs = random.random((3, 5, 40)).astype("float32")
    expected = [keras.metrics.categorical_accuracy(targets.T, member.T) for member in outputs]
    np.testing.assert_array_equal(accuracy(targets, outputs, "multiclass"), np.stack(expected))


@pytest.mark.parametrize("threshold", [0.5, 0.0])
def test_binary_accuracy_is_that_of_keras(threshold):
    """An example counts as correct when its output lies on the right side of the threshold."""
    targets = random.integers(2, size=(1, 40)).astype("float32")
    outputs = random.standard_normal((3, 1, 40)).astype("float32")
    outputs[0, 0, 0] = threshold
    expected = [keras.metrics.binary_accuracy(targets.T, member.T, threshold=threshold)[:, 0] for member in outputs]
    np.testing.assert_array_equal(accuracy(targets, outputs, "binary", threshold=threshold), np.stack(expected))


def test_each_member_has_its_own_threshold():
    """A threshold of shape (P,) divides the outputs of each member at its own number."""
    targets = random.integers(2, size=(1, 40)).astype("float32")
    outputs = random.standard_normal((2, 1, 40)).astype("float32")
    both = accuracy(targets, outputs, "binary", threshold=np.array([0.0, 0.5]))
    for member, threshold in enumerate([0.0, 0.5]):
        alone = accuracy(targets, outputs[member], "binary", threshold=threshold)
        np.testing.assert_array_equal(both[member], alone)


def test_regression_reports_the_mean_absolute_error():
    """The second metric of a regression is the mean over outputs of |t - y|, for each example."""
    targets, outputs = random.standard_normal((2, 3, 40)).astype("float32")
    values = per_example_metric("regression", targets, outputs)
    np.testing.assert_allclose(values, np.abs(targets - outputs).mean(axis=0), rtol=1e-6)


def test_metrics_have_names():
    """Classes report loss and accuracy, numbers loss and mean absolute error."""
    assert metric_names("binary") == metric_names("multiclass") == ("loss", "accuracy")
    assert metric_names("regression") == ("loss", "mean_absolute_error")
