"""What a network gets wrong, in sentences."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score

from assay.analysis.error_analysis import analyse
from assay.analysis.error_analysis.wording import share_text


def test_classes_that_are_confused_are_named(classed):
    """With both directions, and their part of all errors."""
    counts = {"4": {"4": 86, "9": 12}, "9": {"9": 95, "4": 5}, "1": {"1": 99, "4": 2}, "7": {"7": 96, "1": 4}}
    counts["7"] |= {"9": 4}
    found = analyse(classed(counts)).sentences()
    assert found[0] == "It is wrong on 27 of 403 validation rows (6.7 %)."
    assert "It takes 4 for 9 in 12 of 98 cases, and 9 for 4 in 5; 63 % of its errors are between the two." in found


def test_few_errors_name_no_pair(classed):
    """Three errors may lie anywhere."""
    counts = {"a": {"a": 30, "b": 2}, "b": {"b": 30, "c": 1}, "c": {"c": 30}}
    assert analyse(classed(counts)).sentences()[:2] == [
        "It is wrong on 3 of 93 validation rows (3.2 %).",
        "Its 3 errors do not tell which classes it confuses.",
    ]


def test_errors_that_are_spread_evenly_are_called_so(classed):
    """Many of them, and none stands out."""
    names = "abc"
    counts = {truth: {said: 60 if truth == said else 10 for said in names} for truth in names}
    assert "It confuses no two classes more often than others." in analyse(classed(counts)).sentences()


def test_no_error_is_one_sentence(classed):
    """There is nothing else to say."""
    assert analyse(classed({"a": {"a": 4}, "b": {"b": 4}})).sentences() == ["It is right on all 8 validation rows."]


def test_of_two_classes_the_one_that_is_missed_is_first(classed):
    """Where Fisher's test tells their shares apart."""
    counts = {"healthy": {"healthy": 97, "sick": 3}, "sick": {"sick": 28, "healthy": 12}}
    found = analyse(classed(counts)).sentences()
    assert found[1] == "It misses 12 of 40 rows of sick (30 %), and 3 of 100 of healthy (3.0 %)."


def test_a_class_that_is_never_answered_is_named(classed):
    """And that always saying the other would do as well."""
    found = analyse(classed({"no": {"no": 95}, "not so sure": {"no": 5}})).sentences()
    assert "It is right no more often than who always answers no." in found
    assert "It never answers 'not so sure', the class of 5 rows." in found


def test_a_class_that_is_seldom_found_is_compared_with_the_others(classed):
    """Its recall, and theirs."""
    counts = {"a": {"a": 60}, "b": {"b": 60}, "c": {"c": 30, "a": 15, "b": 15}}
    assert "It finds 30 of 60 rows of c (50 %), and 100 % of the others." in analyse(classed(counts)).sentences()


def test_answers_that_are_too_sure_are_told(classed):
    """0.97 is said, and two thirds are right; where as many are right nothing is said."""
    counts = {"a": {"a": 60, "b": 30}, "b": {"b": 60, "a": 30}}
    told = "It is too sure: its answers have a probability of 97 % on average, and 67 % of them are right."
    assert analyse(classed(counts, sure=0.97)).sentences()[-1] == told
    assert not any("sure" in sentence for sentence in analyse(classed(counts, sure=0.66)).sentences())
    assert any("not sure enough" in sentence for sentence in analyse(classed(counts, sure=0.52)).sentences())


def regression(make_answers, truth, said, names=("y",)):
    return analyse(make_answers("regression", names, np.c_[truth], np.c_[said])).sentences()


def test_a_regression_tells_by_how_much_it_is_off(make_answers):
    """And which part of the variance it explains."""
    draws = np.random.default_rng(1)
    said = 10 * draws.random(200)
    truth = said + draws.normal(size=200)
    [found] = regression(make_answers, truth, said)
    error, part = mean_absolute_error(truth, said), r2_score(truth, said)
    assert found == (
        f"Its predictions are off by {error:.3f} on average (200 validation rows); they explain {100 * part:.0f} % of "
        "the variance."
    )


def test_a_regression_tells_to_which_side_it_errs(make_answers):
    """And where, if it does more in one place than in another."""
    draws = np.random.default_rng(1)
    said = 10 * draws.random(200)
    found = regression(make_answers, 0.5 * said - 2 + 0.1 * said * draws.normal(size=200), said)
    assert found[1].startswith("Its predictions are too large by ")
    assert found[2].startswith("Where its prediction rises by 1, the target rises by 0.4")
    assert found[2].endswith(": its extremes do not come true.")
    assert found[3] == "Its errors are larger where the prediction is large."


def test_a_regression_worse_than_the_mean_is_told(make_answers):
    """R² is then below 0."""
    [found] = regression(make_answers, [0.0, 1.0, 2.0], [2.0, 1.0, 0.0])
    assert found.endswith("; the mean of the targets would be off by less (R² = -3.000).")


def test_columns_of_a_regression_are_named(make_answers):
    """Where there are several."""
    found = regression(make_answers, np.eye(3)[:, :2], np.eye(3)[:, :2] + 0.1, names=("y", "the other"))
    assert found[1] == "Its predictions of y are too large by 0.100 on average."
    assert found[2].startswith("Its predictions of 'the other' are off by 0.100")


def test_labels_that_are_hardly_found_are_named(make_answers):
    """Rows that are right as a whole, and labels that are wrong."""
    targets = np.array([[1, 1]] * 10 + [[1, 0]] * 10)
    found = analyse(make_answers("multilabel", ["x", "y"], targets, np.full((20, 2), [0.9, 0.1]))).sentences()
    assert found[:2] == [
        "It has every label right on 10 of 20 validation rows; of 40 labels 10 are wrong (25 %).",
        "It finds y on 0 of the 10 rows that have it.",
    ]


@pytest.mark.parametrize(
    ("part", "text"), [(0, "0 %"), (0.083, "8.3 %"), (0.41, "41 %"), (0.994, "99.4 %"), (1, "100 %")]
)
def test_shares_are_told_in_two_digits(part, text):
    """A decimal where it matters."""
    assert share_text(part) == text
