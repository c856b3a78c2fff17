"""Losses against `keras.losses`, example by example, in value and in gradient."""

import inspect
import re

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from assay.choices import Choice
from assay.diagnosis.rulebook import rule_book
from assay.errors import StudyError
from assay.learning.losses import LOSSES, STUDIED, check_loss, class_threshold, loss_values

# Ten roundings of float32, relative to the number and to the largest number of the array.
RELATIVE = 1e-6
MEMBERS, OUTPUTS, EXAMPLES = 3, 4, 30
random = np.random.default_rng(0)

ALIASES = {"mse": "mean_squared_error", "mae": "mean_absolute_error"}
CASES = [
    *((name, {}) for name in LOSSES if name not in ALIASES),
    ("binary_crossentropy", {"from_logits": True}),
    ("binary_crossentropy", {"label_smoothing": 0.1}),
    ("binary_crossentropy", {"from_logits": True, "label_smoothing": 0.3}),
    ("categorical_crossentropy", {"from_logits": True}),
    ("categorical_crossentropy", {"label_smoothing": 0.1}),
    ("categorical_crossentropy", {"from_logits": True, "label_smoothing": 0.3}),
    ("sparse_categorical_crossentropy", {"from_logits": True}),
    ("huber", {"delta": 0.3}),
    ("huber", {"delta": 2.0}),
]


def one_hot():
    """Labels of OUTPUTS classes, shape (K, batch)."""
    return np.eye(OUTPUTS, dtype="float32")[random.integers(OUTPUTS, size=EXAMPLES)].T


def probabilities():
    """Outputs of a softmax, with some that are exactly 0 or 1, where the clipping shows."""
    logits = 3 * random.standard_normal((MEMBERS, OUTPUTS, EXAMPLES))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    p[0, :, 0] = [1, 0, 0, 0]
    p[1, :, 1] = [0, 0, 1, 0]
    return p.astype("float32")


def real(shape):
    """Normal numbers of variance 4."""
    return (2 * random.standard_normal(shape)).astype("float32")


def keras_losses(name, arguments, targets, outputs):
    """The loss of each example by Keras, whose features are the last axis and whose sparse labels are numbers."""
    function = getattr(keras.losses, ALIASES.get(name, name))
    labels = targets.argmax(axis=0) if name.startswith("sparse") else targets.T
    return jax.vmap(lambda member: function(labels, member.T, **arguments))(outputs)


def assert_same(ours, theirs):
    """Equal up to RELATIVE of the number plus RELATIVE of the largest."""
    np.testing.assert_allclose(ours, theirs, rtol=RELATIVE, atol=RELATIVE * float(np.abs(theirs).max()))


def assert_equals_keras(name, arguments, targets, outputs):
    """Compare the values of one loss, and a random combination of their gradients, with Keras."""
    weights = random.standard_normal((MEMBERS, EXAMPLES)).astype("float32")

    @jax.jit
    def both(outputs):
        values, pullback = jax.vjp(lambda y: loss_values(Choice(name, arguments), targets, y), outputs)
        expected, expected_pullback = jax.vjp(lambda y: keras_losses(name, arguments, targets, y), outputs)
        return (values, *pullback(weights)), (expected, *expected_pullback(weights))

    (values, gradient), (expected, expected_gradient) = both(outputs)
    assert values.shape == (MEMBERS, EXAMPLES)
    assert_same(values, expected)
    assert_same(gradient, expected_gradient)


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=str)
def test_classes_cost_what_keras_says(name, arguments):
    """On one-hot labels every loss and its gradient are those of Keras, for probabilities and for any numbers."""
    assert_equals_keras(name, arguments, one_hot(), probabilities())
    if arguments.get("from_logits") or "hinge" in name:
        assert_equals_keras(name, arguments, one_hot(), real((MEMBERS, OUTPUTS, EXAMPLES)))


@pytest.mark.parametrize(
    "name",
    [name for name in LOSSES if "crossentropy" not in name and name != "categorical_hinge" and name not in ALIASES],
)
def test_real_targets_cost_what_keras_says(name):
    """On real-valued targets every loss that takes them, and its gradient, are those of Keras."""
    targets, outputs = real((OUTPUTS, EXAMPLES)), real((MEMBERS, OUTPUTS, EXAMPLES))
    targets[0, 0] = 0.0
    outputs[:, 1, 1] = targets[1, 1]
    if name == "poisson":
        targets, outputs = np.abs(targets), np.abs(outputs)
    assert_equals_keras(name, {}, targets, outputs)


@pytest.mark.parametrize(
    "name", ["binary_crossentropy", "hinge", "squared_hinge", "mean_squared_error", "huber", "log_cosh", "poisson"]
)
def test_a_single_output_costs_what_keras_says(name):
    """Two classes are one row of {0, 1}; outputs of 0 and 1 are met by Keras' clipping."""
    targets = random.integers(2, size=(1, EXAMPLES)).astype("float32")
    outputs = random.random((MEMBERS, 1, EXAMPLES)).astype("float32")
    outputs[0, 0, :2] = [0.0, 1.0]
    assert_equals_keras(name, {}, targets, outputs)


def test_a_relu_output_under_binary_crossentropy_costs_what_keras_says():
    """Outputs above 1 are cut to 1 - 1e-7 and pass no gradient on, as in Keras."""
    targets = random.integers(2, size=(1, EXAMPLES)).astype("float32")
    outputs = np.maximum(real((MEMBERS, 1, EXAMPLES)), 0)
    assert_equals_keras("binary_crossentropy", {}, targets, outputs)


def test_targets_of_each_member_are_judged_apart():
    """Targets may carry the member axis; a hinge then reads each member's labels by themselves."""
    signed = np.where(random.random((OUTPUTS, EXAMPLES)) < 0.5, -1.0, 1.0).astype("float32")
    targets = np.stack([one_hot(), signed, one_hot()])
    outputs = real((MEMBERS, OUTPUTS, EXAMPLES))
    ours = loss_values(Choice("hinge"), targets, outputs)
    expected = [keras.losses.hinge(t.T, y.T) for t, y in zip(targets, outputs, strict=True)]
    assert_same(ours, jnp.stack(expected))


@pytest.mark.parametrize("name", LOSSES)
def test_arguments_and_defaults_are_those_of_keras(name):
    """A loss has the arguments of Keras' function with its defaults, save the axis and the class to ignore."""
    function = getattr(keras.losses, ALIASES.get(name, name))
    theirs = {
        parameter.name: parameter.default
        for parameter in list(inspect.signature(function).parameters.values())[2:]
        if parameter.name not in ("axis", "ignore_class")
    }
    assert LOSSES[name].defaults == theirs


def test_short_names_are_the_same_functions():
    """Each alias is the loss that it is short for."""
    assert all(LOSSES[short] is LOSSES[name] for short, name in ALIASES.items())


def test_losses_can_be_mapped_over_members():
    """Under vmap a loss keeps its numbers."""
    targets, outputs = one_hot(), probabilities()
    for name in ("categorical_crossentropy", "hinge"):
        mapped = jax.vmap(lambda y, name=name: loss_values(Choice(name), targets, y))(outputs)
        assert_same(mapped, loss_values(Choice(name), targets, outputs))


def check(name, task, outputs, activation="linear", arguments=None, allowed=()):
    """Call `check_loss` by names."""
    check_loss(Choice(name, arguments or {}), task, outputs, Choice(activation), "training.loss", allowed=allowed)


@pytest.mark.parametrize(
    ("name", "task", "outputs", "activation", "words"),
    [
        ("binary_crossentropy", "regression", 1, "linear", "expects class labels, but the data are for regression"),
        ("categorical_crossentropy", "regression", 3, "linear", r"regression \(3 real-valued target"),
        ("hinge", "regression", 1, "linear", "Choose 'mean_squared_error'"),
        ("categorical_crossentropy", "binary", 1, "sigmoid", "one-hot labels of at least 2 classes"),
        ("sparse_categorical_crossentropy", "binary", 1, "sigmoid", "Choose 'binary_crossentropy'"),
        ("categorical_hinge", "binary", 1, "sigmoid", "a single 0/1 label per example"),
        ("binary_crossentropy", "binary", 1, "softmax", "Choose 'sigmoid' as the output activation"),
    ],
)
def test_labels_that_do_not_fit_the_loss_are_refused(name, task, outputs, activation, words):
    """A loss that cannot mean anything on the data is refused, with one that can."""
    with pytest.raises(StudyError, match=words) as caught:
        check(name, task, outputs, activation)
    assert str(caught.value).startswith(f"training.loss: '{name}'")
    (symptom,) = re.findall(r'design.allow = \["(\w+)"\]', str(caught.value))
    assert symptom in STUDIED
    check(name, task, outputs, activation, allowed=(symptom,))


def test_what_may_be_studied_is_a_symptom():
    """`design.allow` speaks the rule book's names."""
    assert set(STUDIED) <= {symptom.name for symptom in rule_book() if symptom.level == "certain"}


@pytest.mark.parametrize(
    ("name", "task", "outputs", "activation"),
    [
        ("binary_crossentropy", "binary", 1, "relu"),
        ("mse", "binary", 1, "sigmoid"),
        ("mean_squared_error", "multiclass", 10, "softmax"),
        ("binary_crossentropy", "multiclass", 10, "sigmoid"),
        ("hinge", "binary", 1, "tanh"),
        ("hinge", "multiclass", 10, "linear"),
        ("huber", "regression", 1, "linear"),
    ],
)
def test_questionable_pairs_are_experiments(name, task, outputs, activation):
    """What may train badly, but means something, is let through."""
    check(name, task, outputs, activation)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("categorical_crossentropy", {"label_smoothing": 1.5}, r"label_smoothing: expected a number between 0 and 1"),
        ("huber", {"delta": 0.0}, r"training\.loss\.delta: expected a number above 0, got 0\.0"),
    ],
)
def test_arguments_out_of_range_are_refused(name, arguments, words):
    """A wrong number is named with its place and its range."""
    with pytest.raises(StudyError, match=words):
        check(name, "multiclass", 3, "softmax", arguments)


def test_the_threshold_between_two_classes_follows_the_loss():
    """Logits and margins are divided at 0, everything else at one half."""
    assert class_threshold(Choice("binary_crossentropy"), Choice("sigmoid")) == 0.5
    assert class_threshold(Choice("binary_crossentropy", {"from_logits": True}), Choice("linear")) == 0.0
    assert class_threshold(Choice("hinge"), Choice("tanh")) == 0.0
    assert class_threshold(Choice("hinge"), Choice("sigmoid")) == 0.5
    assert class_threshold(Choice("mean_squared_error"), Choice("tanh")) == 0.5
