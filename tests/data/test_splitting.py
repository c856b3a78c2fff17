"""Splitting, against scikit-learn and by counting."""

import numpy as np
import pytest
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    train_test_split,
)

from assay.data import Split
from assay.data.splitting import Resample, Rows, split_rows
from assay.errors import DataError


def test_a_random_split_is_that_of_scikit_learn():
    """A fraction gives the rows that `train_test_split` gives for the same seed and classes."""
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    rest, part = split_rows(Split(fraction=0.3), Rows(100, labels), seed=7)
    expected = train_test_split(np.arange(100), test_size=0.3, random_state=7, stratify=labels)
    np.testing.assert_array_equal(rest, expected[0])
    np.testing.assert_array_equal(part, expected[1])


def test_a_random_split_keeps_the_share_of_each_class():
    """Of 50, 30 and 20 rows, a part of 10 holds 5, 3 and 2."""
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    _, part = split_rows(Split(count=10), Rows(100, labels), seed=0)
    np.testing.assert_array_equal(np.bincount(labels[part]), [5, 3, 2])


def test_a_class_of_one_row_does_not_stop_a_split():
    """Where a class has a single row the split is random without regard to classes."""
    rest, part = split_rows(Split(count=4), Rows(10, np.array([0] * 9 + [1])), seed=0)
    assert sorted([*rest, *part]) == list(range(10))
    assert len(part) == 4


def test_first_takes_the_top_rows_in_order():
    """`first = 3` puts rows 0, 1, 2 into the part and leaves the others as they lie."""
    rest, part = split_rows(Split(first=3), Rows(8), seed=0)
    assert (list(part), list(rest)) == ([0, 1, 2], [3, 4, 5, 6, 7])


def test_nothing_may_be_held_out():
    """A count of 0 leaves every row in its place."""
    rest, part = split_rows(Split(count=0), Rows(4), seed=0)
    assert (list(part), list(rest)) == ([], [0, 1, 2, 3])


@pytest.mark.parametrize(("fraction", "rows", "size"), [(0.3, 1797, 540), (0.55, 100, 55), (0.2, 3, 1), (0.0, 5, 0)])
def test_a_fraction_is_rounded_up(fraction, rows, size):
    """A fraction of the rows is rounded up, rounding of binary fractions aside."""
    assert Split(fraction=fraction).size(rows) == size


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "exactly one of fraction, count and first, got none of them"),
        ({"fraction": 0.2, "first": 3}, "exactly one of fraction, count and first, got fraction = 0.2, first = 3"),
        ({"fraction": 1.0}, "fraction: expected a number from 0 to below 1, got 1.0"),
        ({"fraction": float("nan")}, "fraction: expected a number from 0 to below 1, got nan"),
        ({"count": -1}, "count: expected a whole number of at least 0, got -1"),
        ({"first": 2.5}, "first: expected a whole number of at least 0, got 2.5"),
    ],
)
def test_a_split_that_makes_no_sense_is_refused(arguments, words):
    """The message says what was expected and what came."""
    with pytest.raises(DataError, match=words):
        Split(**arguments)


@pytest.mark.parametrize(
    ("split", "words"),
    [
        (Split(fraction=0.125), "12.5 % of the rows, drawn at random"),
        (Split(count=10000), "10,000 rows, drawn at random"),
        (Split(first=1000), "the first 1,000 rows"),
    ],
)
def test_a_split_is_told_in_words(split, words):
    """How many rows, and how they are chosen."""
    assert split.in_words() == words


# ---- several splits


LABELS = np.repeat([0, 1, 2], [50, 30, 20])
PATIENTS = np.repeat([f"patient {number}" for number in range(20)], 5)


def test_each_split_draws_other_rows_of_the_same_number():
    """Splits differ, each class has its share in all of them, and none depends on how many there are."""
    parts = [
        split_rows(Split(fraction=0.2), Rows(100, LABELS), seed=3, resample=Resample(number))[1] for number in range(4)
    ]
    assert len({tuple(sorted(part)) for part in parts}) == 4
    assert [np.bincount(LABELS[part]).tolist() for part in parts] == [[10, 6, 4]] * 4


def test_further_splits_of_the_first_rows_draw_as_many():
    """`first = 10` is the first split; the others draw 10 rows, for there is only one top."""
    first, second = (split_rows(Split(first=10), Rows(100), seed=0, resample=Resample(number))[1] for number in (0, 1))
    assert list(first) == list(range(10))
    assert (len(second), sorted(second) == list(range(10))) == (10, False)


@pytest.mark.parametrize(("labels", "kind"), [(LABELS, StratifiedKFold), (None, KFold), (np.arange(100) // 2, KFold)])
def test_folds_are_those_of_scikit_learn(labels, kind):
    """Each row is in one part; classes have their shares where each has a row for every fold."""
    found = [
        split_rows(Split(fraction=0.2), Rows(100, labels), seed=5, resample=Resample(number, 7)) for number in range(7)
    ]
    expected = kind(7, shuffle=True, random_state=5).split(np.zeros(100), labels)
    for (rest, part), (theirs, other) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(part, other)
        np.testing.assert_array_equal(np.sort(rest), theirs)
    assert sorted(np.concatenate([part for _, part in found])) == list(range(100))


@pytest.mark.parametrize("rows", [100, 103, 7])
def test_the_sizes_of_folds_are_known_before_rows_are_seen(rows):
    """What a plan tells is what is cut, with classes and without."""
    for labels in (np.arange(rows) % 2, None):
        for number in range(3):
            resample = Resample(number, 3)
            cut = split_rows(Split(count=1), Rows(rows, labels), seed=1, resample=resample)
            assert tuple(map(len, cut)) == resample.sizes(Split(count=1), rows)


def test_a_group_is_never_on_both_sides():
    """Whole groups are drawn as `GroupShuffleSplit` draws them, so many of them as the fraction says."""
    rest, part = split_rows(Split(fraction=0.3), Rows(100, LABELS, PATIENTS), seed=2)
    [(theirs, other)] = GroupShuffleSplit(1, test_size=0.3, random_state=2).split(np.zeros(100), groups=PATIENTS)
    assert (sorted(rest), sorted(part)) == (theirs.tolist(), other.tolist())
    assert len(np.unique(PATIENTS[part])) == 6
    assert not set(PATIENTS[part]) & set(PATIENTS[rest])


def test_a_number_of_rows_takes_about_as_many_in_whole_groups():
    """Twelve of a hundred rows are three groups of five."""
    _, part = split_rows(Split(count=12), Rows(100, None, PATIENTS), seed=0)
    assert len(part) == 15


@pytest.mark.parametrize(("labels", "kind"), [(LABELS, StratifiedGroupKFold), (None, GroupKFold)])
def test_folds_of_groups_are_those_of_scikit_learn(labels, kind):
    """Every group is in one part, with the shares of classes where there are classes."""
    expected = kind(4, shuffle=True, random_state=0).split(np.zeros(100), labels, PATIENTS)
    for number, (_, other) in enumerate(expected):
        rest, part = split_rows(Split(fraction=0.2), Rows(100, labels, PATIENTS), seed=0, resample=Resample(number, 4))
        np.testing.assert_array_equal(part, other)
        assert not set(PATIENTS[part]) & set(PATIENTS[rest])


def test_rows_in_time_are_cut_at_their_end():
    """Whatever their order in the table, the last ones in time are the part; a network learns from earlier ones."""
    times = np.random.default_rng(0).permutation(50).astype("datetime64[D]")
    rest, part = split_rows(Split(fraction=0.2), Rows(50, None, None, times), seed=0)
    assert len(part) == 10
    assert times[rest].max() < times[part].min()
    assert (np.diff(times[rest]) > np.timedelta64(0)).all()


def test_further_splits_in_time_are_windows_of_a_growing_past():
    """They are those of `TimeSeriesSplit`, the last window first, so that more of them change none."""
    windows = list(TimeSeriesSplit(3, test_size=10).split(np.zeros(50)))[::-1]
    for number, (past, window) in enumerate(windows):
        rest, part = split_rows(
            Split(fraction=0.2), Rows(50, None, None, np.arange(50)), seed=0, resample=Resample(number)
        )
        assert (rest.tolist(), part.tolist()) == (past.tolist(), window.tolist())


@pytest.mark.parametrize(
    ("split", "rows", "resample", "words"),
    [
        (Split(count=2), Rows(4), Resample(0, 5), "expected at most 4 folds, as many as there are rows, got 5"),
        (Split(count=2), Rows(100, None, PATIENTS), Resample(0, 21), "at most 20 folds, as many as there are groups"),
        (Split(count=40), Rows(50, None, PATIENTS[:50]), Resample(), None),
        (Split(count=48), Rows(50, None, PATIENTS[:50]), Resample(), "expected enough groups for both sides .* got 10"),
        (Split(first=5), Rows(50, None, PATIENTS[:50]), Resample(), "first = 5, which may part a group"),
        (Split(first=5), Rows(50, None, None, np.arange(50)), Resample(), "first = 5 asks for the first ones"),
        (Split(count=5), Rows(50, None, None, np.arange(50)), Resample(0, 5), r"Write splits = 5: windows that grow"),
        (Split(count=5), Rows(50, None, PATIENTS[:50], np.arange(50)), Resample(), "Keep data.group or data.time"),
        (
            Split(count=20),
            Rows(50, None, None, np.arange(50)),
            Resample(2),
            "of 50 rows nothing lies before window 3 of 20 rows each",
        ),
    ],
)
def test_rows_that_cannot_be_cut_are_told(split, rows, resample, words):
    """The message says what was expected, what there is, and what to write instead."""
    if words is None:
        assert len(split_rows(split, rows, seed=0, resample=resample)[1]) == 40
        return
    with pytest.raises(DataError, match=words):
        split_rows(split, rows, seed=0, resample=resample)
