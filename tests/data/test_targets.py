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
        ([3, 7, 7, 3], None, ("binary", 1, 2), [[0], [1], [1], [0]]),
        ([1, 2, 3, 3, 2, 1], None, ("multiclass", 3, 3), np.eye(3)[[0, 1, 2, 2, 1, 0]]),
        ([7, 9, 8], None, ("regression", 1, None), [[7], [9], [8]]),
        (list(range(5, 30)) * 9, None, ("regression", 1, None), np.array(list(range(5, 30)) * 9)[:, None]),
        (list(range(25)) * 10, None, ("multiclass", 25, 25), np.eye(25)[list(range(25)) * 10]),
        (list(range(25)) * 9, None, ("regression", 1, None), np.array(list(range(25)) * 9)[:, None]),
        ([[1, 1], [0, 1]], None, ("multilabel", 2, None), [[1, 1], [0, 1]]),
        ([[1, 0], [0, 1]], "multilabel", ("multilabel", 2, None), [[1, 0], [0, 1]]),
        ([[True, True], [False, True]], None, ("multilabel", 2, None), [[1, 1], [0, 1]]),
        ([[1, 1], [0, 1]], "regression", ("regression", 2, None), [[1, 1], [0, 1]]),
    ],
)
def test_targets_are_recognised(values, task, expected, encoded):
    """Few whole numbers, words, flags and one-hot rows are classes; columns of 0 and 1 labels; the rest quantities."""
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


def test_classes_that_are_numbers_are_named_by_them():
    """Labels 3 and 7 are classes 0 and 1, called 3 and 7."""
    _, labels, names = read([7, 3, 7, 3])
    assert names == ("3", "7")
    assert list(labels) == [1, 0, 1, 0]


def test_classes_are_counted_over_all_parts():
    """A class that occurs in the test rows only has its column all the same."""
    target, labels, _ = read_targets({"train": np.array([0, 1]), "test": np.array([2])}, task=None, where="here")
    assert target.classes == 3
    np.testing.assert_array_equal(target.encode(labels["test"]), [[0, 0, 1]])


@pytest.mark.parametrize(
    ("values", "task", "words"),
    [
        ([0.5, 1.0], "multiclass", r"expected labels that are whole numbers, got 0\.5"),
        ([0, 0, 0], None, r"every row has the same label, 0\. A classifier needs at least two classes"),
        ([False, False], None, r"every row has the same label, 0"),
        (["a", "a"], None, r"every row has the same label, a"),
        ([0, 1, 2], "binary", r'task = "binary" expects 2 classes, got 3\. Write task = "multiclass"'),
        (["a", "b"], "regression", r'holds 2 classes, not quantities; task = "regression" does not fit it'),
        ([[1, 1], [0, 1]], "multiclass", r'task = "multiclass" expects labels or one-hot rows, got shape \(2, 2\)'),
        ([[1, 2], [0, 1]], "multilabel", r'task = "multilabel" expects columns of 0 and 1, got shape \(2, 2\)'),
        ([0, 1, 2], "multilabel", r'task = "multilabel" expects several columns of 0 and 1, got 3 classes'),
        ([["a", "b"]], None, r"several targets are columns of numbers, or of 0 and 1, got words"),
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
