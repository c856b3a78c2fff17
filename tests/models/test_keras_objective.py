"""What a Keras model is to learn."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from assay.models.keras_reading import KerasReader

# NumPy's to Keras, about how it reads its own variables.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((40, 4)).astype(np.float32)
LABELS = RANDOM.choice(3, 40, p=[0.6, 0.3, 0.1])
SHARES = np.bincount(LABELS, minlength=3) / 40


def reader(loss, y, *, units=3, activation="softmax"):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(units, activation)])
    model.compile("adam", loss)
    return KerasReader(model, X, y)


def weighted(y, p):
    """A closure of the user's: each class has its weight; the labels come with an axis of 1."""
    weights = ops.convert_to_tensor([1.0, 2.0, 8.0])
    hot = ops.one_hot(ops.cast(ops.reshape(y, (-1,)), "int32"), 3)
    return -ops.sum(hot * weights * ops.log(p + 1e-9), axis=-1)


def test_chance_of_a_loss_of_the_users_own_is_found_by_minimizing():
    """Closed form: −Σ s w log q is smallest at q ∝ s w, over all that a softmax can give."""
    best = SHARES * [1.0, 2.0, 8.0]
    expected = -(best * np.log(best / best.sum())).sum()
    found = reader(weighted, LABELS)
    assert found.objective.loss is None
    assert found.facts().chance_loss == pytest.approx(expected, rel=1e-4)


def test_chance_of_a_regression_is_found_from_the_targets_mean_too():
    """Closed form: a weighted square is smallest at the weighted mean."""
    weights = np.linspace(1, 3, 40).astype(np.float32)[:, None]
    y = RANDOM.gamma(2.0, size=(40, 1)).astype(np.float32) + 5
    rows = reader("mse", y, units=1, activation=None)._rows
    given = ops.convert_to_tensor(weights[rows])
    found = reader(lambda t, p: ops.mean(given * ops.square(t - p)), y, units=1, activation=None)
    best = (weights * y).sum() / weights.sum()
    assert found.facts().chance_loss == pytest.approx(float((weights * (y - best) ** 2).mean()), rel=1e-4)


def test_a_sum_is_taken_of_a_batch():
    """Keras' losses may sum; a sum over 40 examples is told as one over a batch of 32."""
    facts = reader(keras.losses.SparseCategoricalCrossentropy(reduction="sum"), LABELS).facts()
    entropy = -(SHARES * np.log(SHARES)).sum()
    assert facts.chance_loss == pytest.approx(32 * entropy, rel=1e-4)
    assert facts.loss.name == "sparse_categorical_crossentropy"


def test_a_class_that_a_loss_leaves_out_is_left_out_of_chance():
    """With `ignore_class` the choice says less than the loss, so the loss itself is asked."""
    facts = reader(keras.losses.SparseCategoricalCrossentropy(ignore_class=0), LABELS).facts()
    left = SHARES[1:] / SHARES[1:].sum()
    expected = -(left * np.log(left)).sum()  # Keras' mean is over the rows that count
    assert facts.chance_loss == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("loss", "y", "form"),
    [
        ("sparse_categorical_crossentropy", LABELS, None),
        ("sparse_categorical_crossentropy", LABELS[:, None], None),
        ("sparse_categorical_crossentropy", np.eye(3)[LABELS], "one_hot"),
        ("categorical_crossentropy", np.eye(3)[LABELS], None),
        ("categorical_crossentropy", LABELS, "labels"),
        ("mse", LABELS, "labels"),
        ("categorical_crossentropy", (RANDOM.random((40, 3)) > 0.5).astype(float), "not_shares"),
        ("categorical_crossentropy", np.tile([0.2, 0.3, 0.5], (40, 1)), None),
    ],
)
def test_targets_of_another_form_are_told_and_the_model_is_looked_at(loss, y, form):
    """As if they had the form that the loss takes."""
    observation = reader(loss, y).observe()
    assert observation.facts.as_read.target_form == form
    assert np.isfinite(observation.signals.filter(quantity="loss", statistic="before")["value"].item())


@pytest.mark.parametrize(("shift", "beyond"), [(0, None), (1, (1.0, 3.0, 3)), (-1, (-1.0, 1.0, 3))])
def test_labels_that_are_not_numbered_from_0_are_told(shift, beyond):
    """And read as if they were, so that the rest is what it will be after the cure."""
    facts = reader("sparse_categorical_crossentropy", LABELS + shift).facts()
    assert facts.as_read.labels_beyond == beyond
    assert facts.chance_loss == pytest.approx(-(SHARES * np.log(SHARES)).sum(), rel=1e-5)
    assert facts.data.classes == 3


def test_several_labels_an_example_are_a_task_of_their_own():
    """Chance is by element: the mean over columns of each one's entropy."""
    y = (RANDOM.random((40, 3)) > 0.7).astype(np.float32)
    facts = reader("binary_crossentropy", y, activation="sigmoid").facts()
    share = y.mean(axis=0)
    entropy = -(share * np.log(share) + (1 - share) * np.log(1 - share)).mean()
    assert (facts.task, facts.data.classes, facts.data.majority) == ("multilabel", None, None)
    assert facts.chance_loss == pytest.approx(entropy, rel=1e-5)


def test_soft_targets_have_a_smallest_loss():
    """The entropy of the targets, label smoothing included; that of hard ones is 0."""
    soft = np.tile([0.2, 0.3, 0.5], (40, 1))
    assert reader("categorical_crossentropy", soft).facts().floor_loss == pytest.approx(
        -(soft[0] * np.log(soft[0])).sum()
    )
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.3)
    smoothed = np.array([0.8, 0.1, 0.1])
    expected = -(smoothed * np.log(smoothed)).sum()
    assert reader(loss, np.eye(3)[LABELS]).facts().floor_loss == pytest.approx(expected)
    assert reader("sparse_categorical_crossentropy", LABELS).facts().floor_loss == 0
