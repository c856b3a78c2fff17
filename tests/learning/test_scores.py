"""Metrics against scikit-learn, and against plain loops where it has none."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import sklearn.metrics as reference

from assay.choices import Choice
from assay.errors import StudyError
from assay.learning.metrics import metric_names
from assay.learning.scores import METRICS, Answers, find_metric, measured

ROWS = 200
random = np.random.default_rng(0)

LOSSES = {
    "binary": ("binary_crossentropy", "sigmoid"),
    "multiclass": ("categorical_crossentropy", "softmax"),
    "multilabel": ("binary_crossentropy", "sigmoid"),
    "regression": ("mean_squared_error", "linear"),
}


def answers(task: str, targets: np.ndarray, outputs: np.ndarray, loss: Choice | None = None, unit: str = "") -> Answers:
    usual, activation = LOSSES[task]
    return Answers(task, targets, outputs, loss=loss or Choice(usual), output_activation=Choice(unit or activation))


def softmax(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def expit(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


Y = (random.random(ROWS) < 0.3).astype(int)
P = np.clip(0.3 * Y + 0.6 * random.random(ROWS), 0, 1)
BINARY = answers("binary", Y[:, None], P[:, None])
LABELS = random.integers(7, size=ROWS)
SHARES = softmax(2 * np.eye(7)[LABELS] + random.normal(size=(ROWS, 7)))
MULTICLASS = answers("multiclass", np.eye(7)[LABELS], SHARES)
SEVERAL = (random.random((ROWS, 4)) < [0.1, 0.3, 0.5, 0.8]).astype(int)
SEVERAL_P = np.clip(0.4 * SEVERAL + 0.55 * random.random((ROWS, 4)), 0, 1)
MULTILABEL = answers("multilabel", SEVERAL, SEVERAL_P)
T = random.uniform(1, 5, size=(ROWS, 2))
SAID = T + 0.5 * random.normal(size=(ROWS, 2))
REGRESSION = answers("regression", T, SAID)

MACRO = {"average": "macro", "zero_division": 0}
C, SEVERAL_C = SHARES.argmax(axis=1), (SEVERAL_P > 0.5).astype(int)
EXPECTED = [
    (BINARY, "accuracy", reference.accuracy_score(Y, P > 0.5)),
    (BINARY, "balanced_accuracy", reference.balanced_accuracy_score(Y, P > 0.5)),
    (BINARY, "precision", reference.precision_score(Y, P > 0.5)),
    (BINARY, "recall", reference.recall_score(Y, P > 0.5)),
    (BINARY, "f1", reference.f1_score(Y, P > 0.5)),
    (BINARY, "matthews_corrcoef", reference.matthews_corrcoef(Y, P > 0.5)),
    (BINARY, "roc_auc", reference.roc_auc_score(Y, P)),
    (BINARY, "average_precision", reference.average_precision_score(Y, P)),
    (BINARY, "brier_score", reference.brier_score_loss(Y, P)),
    (MULTICLASS, "accuracy", reference.accuracy_score(LABELS, C)),
    (MULTICLASS, "balanced_accuracy", reference.balanced_accuracy_score(LABELS, C)),
    (MULTICLASS, "precision", reference.precision_score(LABELS, C, **MACRO)),
    (MULTICLASS, "recall", reference.recall_score(LABELS, C, **MACRO)),
    (MULTICLASS, "f1", reference.f1_score(LABELS, C, **MACRO)),
    (MULTICLASS, "matthews_corrcoef", reference.matthews_corrcoef(LABELS, C)),
    (MULTICLASS, "roc_auc", reference.roc_auc_score(LABELS, SHARES, multi_class="ovr", average="macro")),
    (MULTICLASS, "average_precision", reference.average_precision_score(np.eye(7)[LABELS], SHARES)),
    (MULTICLASS, "top_5_accuracy", reference.top_k_accuracy_score(LABELS, SHARES, k=5)),
    # Brier's own form, of all classes.
    (MULTICLASS, "brier_score", np.mean(np.sum((SHARES - np.eye(7)[LABELS]) ** 2, axis=1))),
    (MULTILABEL, "accuracy", 1 - reference.hamming_loss(SEVERAL, SEVERAL_C)),
    (MULTILABEL, "subset_accuracy", reference.accuracy_score(SEVERAL, SEVERAL_C)),
    (MULTILABEL, "precision", reference.precision_score(SEVERAL, SEVERAL_C, **MACRO)),
    (MULTILABEL, "recall", reference.recall_score(SEVERAL, SEVERAL_C, **MACRO)),
    (MULTILABEL, "f1", reference.f1_score(SEVERAL, SEVERAL_C, **MACRO)),
    (MULTILABEL, "roc_auc", reference.roc_auc_score(SEVERAL, SEVERAL_P)),
    (MULTILABEL, "average_precision", reference.average_precision_score(SEVERAL, SEVERAL_P)),
    (REGRESSION, "r2", reference.r2_score(T, SAID)),
    (REGRESSION, "mean_absolute_error", reference.mean_absolute_error(T, SAID)),
    (REGRESSION, "mean_squared_error", reference.mean_squared_error(T, SAID)),
    (REGRESSION, "root_mean_squared_error", reference.root_mean_squared_error(T, SAID)),
    (REGRESSION, "mean_absolute_percentage_error", reference.mean_absolute_percentage_error(T, SAID)),
]
OTHERS = {(BINARY, "calibration_error"), (MULTICLASS, "calibration_error")}


@pytest.mark.parametrize(("seen", "name", "expected"), EXPECTED, ids=lambda value: getattr(value, "task", str(value)))
def test_metrics_are_those_of_scikit_learn(seen, name, expected):
    assert METRICS[name].of(seen) == pytest.approx(expected, abs=1e-12)


def test_every_metric_is_compared_for_every_task():
    """A metric that is added fails here until it has an expected value."""
    seen = (BINARY, MULTICLASS, MULTILABEL, REGRESSION)
    known = {(one, record.name) for one in seen for record in METRICS.records if one.task in record.tasks}
    assert {(one, name) for one, name, _ in EXPECTED} | OTHERS == known


@pytest.mark.parametrize("seen", [BINARY, MULTICLASS], ids=["binary", "multiclass"])
def test_the_calibration_error_is_that_of_a_plain_loop(seen):
    """Fifteen bins ((m - 1) / 15, m / 15], each with the distance of its accuracy and its mean confidence."""
    shares = np.stack([1 - P, P], axis=1) if seen is BINARY else SHARES
    labels = Y if seen is BINARY else LABELS
    total = 0.0
    for m in range(1, 16):
        inside = [row for row in range(ROWS) if (m - 1) / 15 < max(shares[row]) <= m / 15]
        if inside:
            accuracy = np.mean([np.argmax(shares[row]) == labels[row] for row in inside])
            confidence = np.mean([max(shares[row]) for row in inside])
            total += len(inside) / ROWS * abs(accuracy - confidence)
    assert METRICS["calibration_error"].of(seen) == pytest.approx(total, abs=1e-12)


def test_a_network_as_sure_as_it_is_right_is_calibrated():
    """Eight in ten right at a confidence of 0.8; and one that is always sure and right in half of the rows is not."""
    y = np.array([1] * 8 + [0] * 2)[:, None]
    assert METRICS["calibration_error"].of(answers("binary", y, np.full((10, 1), 0.8))) == pytest.approx(0.0)
    y = np.array([1] * 5 + [0] * 5)[:, None]
    assert METRICS["calibration_error"].of(answers("binary", y, np.ones((10, 1)))) == pytest.approx(0.5)


def test_logits_are_read_as_the_loss_reads_them():
    """Classes by their sign, probabilities behind a sigmoid or a softmax."""
    z = np.log(P / (1 - P) + 1e-9)[:, None]
    logits = answers("binary", Y[:, None], z, Choice("binary_crossentropy", {"from_logits": True}), "linear")
    for name in ("f1", "roc_auc", "brier_score", "calibration_error"):
        assert METRICS[name].of(logits) == pytest.approx(METRICS[name].of(BINARY), abs=1e-6)
    loss = Choice("categorical_crossentropy", {"from_logits": True})
    logits = answers("multiclass", np.eye(7)[LABELS], np.log(SHARES) + 3.0, loss, "linear")
    for name in ("f1", "brier_score", "calibration_error", "top_5_accuracy"):
        assert METRICS[name].of(logits) == pytest.approx(METRICS[name].of(MULTICLASS), abs=1e-9)
    margins = answers("binary", Y[:, None], 2 * P[:, None] - 1, Choice("hinge"), "tanh")
    assert METRICS["f1"].of(margins) == METRICS["f1"].of(BINARY)


@pytest.mark.parametrize(
    ("loss", "unit", "task"),
    [("hinge", "tanh", "binary"), ("mean_squared_error", "linear", "binary"), ("hinge", "linear", "multiclass")],
)
def test_outputs_that_are_no_probabilities_have_no_brier_score(loss, unit, task):
    """NaN, and no guess."""
    y = Y[:, None] if task == "binary" else np.eye(7)[LABELS]
    seen = answers(task, y, y * 0.5 + 0.1, Choice(loss), unit)
    assert seen.probabilities is None
    assert math.isnan(METRICS["brier_score"].of(seen))
    assert METRICS["f1"].of(seen) >= 0


def test_outputs_of_several_sigmoids_are_divided_by_their_sum():
    """As the cross-entropy reads them."""
    seen = answers("multiclass", np.eye(7)[LABELS], 0.9 * SHARES, unit="sigmoid")
    np.testing.assert_allclose(seen.probabilities, SHARES)


def test_what_cannot_be_computed_is_nan_and_warns_of_nothing():
    """One class in all rows, outputs that are not finite, no rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one_class = measured(METRICS, answers("binary", np.zeros((9, 1)), np.full((9, 1), 0.3)))
        assert math.isnan(one_class["roc_auc"])
        assert math.isnan(one_class["average_precision"])
        assert one_class["precision"] == one_class["recall"] == one_class["f1"] == 0  # scikit-learn's 0 / 0
        missing = answers("multiclass", np.eye(7)[LABELS % 6], SHARES)
        assert math.isnan(METRICS["roc_auc"].of(missing))
        assert METRICS["f1"].of(missing) > 0
        lost = answers("regression", T, np.where(T > 4, np.nan, SAID))
        assert all(math.isnan(value) for value in measured(METRICS, lost).values())
        assert math.isnan(METRICS["accuracy"].of(answers("binary", np.zeros((0, 1)), np.zeros((0, 1)))))


def test_a_constant_answer_has_the_value_of_chance():
    """Of the metrics where that does not depend on the rows."""
    y = np.tile([0, 0, 0, 1], 20)[:, None]
    constant = answers("binary", y, np.full((80, 1), 0.25))
    mean = answers("regression", T, np.broadcast_to(T.mean(axis=0), T.shape))
    for record in METRICS.records:
        if record.chance is not None:
            seen = constant if "binary" in record.tasks else mean
            assert record.of(seen) == pytest.approx(record.chance(2), abs=1e-12), record.name


def test_a_metric_stays_within_its_ends():
    """Of a perfect network and of the worst, the better is on the better side."""
    for record in METRICS.records:
        for seen in (BINARY, MULTICLASS, MULTILABEL):
            if seen.task not in record.tasks:
                continue
            loss, unit = seen.loss, seen.output_activation
            perfect = Answers(seen.task, seen.targets, seen.targets, loss=loss, output_activation=unit)
            turned = np.roll(seen.targets, 1, axis=1) if seen.task == "multiclass" else 1 - seen.targets
            worst = Answers(seen.task, seen.targets, turned, loss=loss, output_activation=unit)
            best, low = record.of(perfect), record.of(worst)
            assert record.low <= min(best, low) <= max(best, low) <= record.high
            assert (best > low) == record.higher_is_better
            assert best == pytest.approx(record.high if record.higher_is_better else record.low)


def test_every_study_records_what_its_task_has_anyway():
    """The names that the engine gives come off the records."""
    assert metric_names("multilabel") == ("loss", "accuracy")
    assert find_metric("accuracy") is METRICS["accuracy"]
    assert not find_metric("loss").higher_is_better
    assert not find_metric("abs(y_true - y_pred)").higher_is_better


def test_other_people_s_names_are_near_misses():
    """A word by which a metric is known elsewhere names it in the message."""
    with pytest.raises(StudyError, match=r"unknown metric 'mcc'\. Did you mean 'matthews_corrcoef'\? Known metrics: "):
        METRICS.parse("mcc", where="training.metrics")
    with pytest.raises(StudyError, match=r"got a function of your own\. Write it as training\.metric"):
        METRICS.parse(expit, where="training.metrics")
    assert all(record.meant_by for record in METRICS.records)
