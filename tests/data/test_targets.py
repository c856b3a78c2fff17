"""What targets are taken for, by example."""

import numpy as np
import pytest

from assay.data.targets import read_targets
from assay.errors import DataError


def read(values, task=None):
    """Read the targets of a single part."""
    target, labels, names = read_targets({"train": np.asarray(values)}, task=task, where="my.npz: y")
    return target, labels["train"], names


@pytest.mark.parametrize(
    ("values", "task", "expected", "encoded"),
    [
        ([0, 1, 1], None, ("binary", 1, 2), [[0], [1], [1]]),
        ([0.0, 1.0, 1.0], None, ("binary", 1, 2), [[0], [1], [1]]),
        ([False, True, True], None, ("binary", 1, 2), [[0], [1], [1]]),
        ([[0], [1]], None, ("binary", 1, 2), [[0], [1]]),
        ([0, 1, 1], "multiclass", ("multiclass", 2, 2), [[1, 0], [0, 1], [0, 1]]),
        ([[1, 0], [0, 1]], None, ("multiclass", 2, 2), [[1, 0], [0, 1]]),
        ([[1, 0], [0, 1]], "binary", ("binary", 1, 2), [[0], [1]]),
        ([2, 0, 1], None, ("multiclass", 3, 3), [[0, 0, 1], [1, 0, 0], [0, 1, 0]]),
        ([2.0, 0.0, 1.0], "multiclass", ("multiclass", 3, 3), [[0, 0, 1], [1, 0, 0], [0, 1, 0]]),
        (["no", "yes", "no"], None, ("binary", 1, 2), [[0], [1], [0]]),
        ([0.5, 2.0], None, ("regression", 1, None), [[0.5], [2.0]]),
        ([7, 9], "regression", ("regression", 1, None), [[7], [9]]),
        ([[0.5, 2.0], [1.5, 3.0]], None, ("regression", 2, None), [[0.5, 2.0], [1.5, 3.0]]),
    ],
)
def test_targets_are_recognised(values, task, expected, encoded):
    """Whole numbers, words, truth values and one-hot rows are classes; other numbers are quantities."""
    target, labels, _ = read(values, task)
    assert (target.task, target.outputs, target.classes) == expected
    dense = target.encode(labels)
    assert dense.dtype == np.float32
    np.testing.assert_array_equal(dense, encoded)


def test_words_become_classes_in_alphabetical_order():
    """Class names are the words themselves."""
    _, labels, names = read(["setosa", "iris", "setosa"])
    assert names == ("iris", "setosa")
    assert list(labels) == [1, 0, 1]


def test_classes_are_counted_over_all_parts():
    """A class that occurs in the test rows only has its column all the same."""
    target, labels, _ = read_targets({"train": np.array([0, 1]), "test": np.array([2])}, task=None, where="here")
    assert target.classes == 3
    np.testing.assert_array_equal(target.encode(labels["test"]), [[0, 0, 1]])


@pytest.mark.parametrize(
    ("values", "task", "words"),
    [
        (
            [1, 2, 3],
            None,
            r"my.npz: y: expected labels that are whole numbers from 0 without a gap, got 1, 2, 3\. Number",
        ),
        ([0, 2], None, r"without a gap, got 0, 2\."),
        ([-1, 1], None, r"without a gap, got -1, 1\."),
        (
            list(range(5, 30)),
            None,
            r"got 5, 6, 7, 8, 9, 10, 11, 12, …\. .* write task = \"regression\" if it is a quantity",
        ),
        ([0.5, 1.0], "multiclass", r"expected labels that are whole numbers from 0, got 0\.5"),
        ([0, 0, 0], None, r"every row has the same label, 0\. A classifier needs at least two classes"),
        ([False, False], None, r"every row has the same label, 0"),
        (["a", "a"], None, r"every row has the same label, a"),
        ([0, 1, 2], "binary", r'task = "binary" expects 2 classes, got 3\. Write task = "multiclass"'),
        (["a", "b"], "regression", r'holds 2 classes, not quantities; task = "regression" does not fit it'),
        ([[1, 1], [0, 1]], "multiclass", r'task = "multiclass" expects labels or one-hot rows, got shape \(2, 2\)'),
        ([1.0, np.nan, np.inf], None, r"2 of 3 targets are missing or not finite, the first in row 2\. Remove or fill"),
        ([1j, 2], None, r"expected targets that are numbers or words, got complex128"),
        (np.zeros((2, 2, 2)), None, r"expected targets of shape \(rows,\) or \(rows, outputs\)"),
        ([0, 1], "binry", r"data.task: unknown task 'binry'\. Did you mean 'binary'\? Known tasks: binary, multiclass"),
    ],
)
def test_targets_that_do_not_fit_are_refused_in_words(values, task, words):
    """The message says where, what was expected and what came."""
    with pytest.raises(DataError, match=words):
        read(values, task)
