"""What a network said, read as classes, labels, probabilities and quantities."""

from __future__ import annotations

import numpy as np

from assay.choices import Choice
from assay.data.scaling import Scaling
from assay.learning.losses import LOSSES
from assay.own_code import running_nothing


def test_the_largest_output_is_the_class(make_answers):
    """Of several classes; a row is wrong where it is another one's."""
    answers = make_answers("multiclass", "abc", [[0, 1, 0], [1, 0, 0]], [[0.1, 0.7, 0.2], [0.3, 0.2, 0.5]])
    assert answers.labels.tolist() == [1, 0]
    assert answers.classes.tolist() == [1, 2]
    assert answers.is_wrong.tolist() == [False, True]


def test_two_classes_part_at_the_threshold(make_answers):
    """An output above it says 1; of margins the threshold is 0."""
    margins = make_answers(
        "binary", "ab", [[1], [0]], [[0.2], [-3]], loss=Choice("hinge"), output_activation=Choice("tanh")
    )
    assert margins.classes.tolist() == [1, 0]
    assert margins.class_probabilities is None
    assert make_answers("binary", "ab", [[1]], [[0.2]]).classes.tolist() == [0]


def test_probabilities_of_two_classes_add_up_to_one(make_answers):
    """The output is the probability of the second."""
    found = make_answers("binary", "ab", [[1], [0]], [[0.9], [0.25]]).class_probabilities
    np.testing.assert_allclose(found, [[0.1, 0.9], [0.75, 0.25]])


def test_logits_become_probabilities(make_answers):
    """By the sigmoid or the softmax within the loss."""
    loss = Choice("binary_crossentropy", {"from_logits": True})
    found = make_answers(
        "binary", "ab", [[1]], [[np.log(3)]], loss=loss, output_activation=Choice("linear")
    ).class_probabilities
    np.testing.assert_allclose(found, [[0.25, 0.75]])
    loss = Choice("categorical_crossentropy", {"from_logits": True})
    found = make_answers(
        "multiclass", "abc", [[1, 0, 0]], [np.log([2, 1, 1])], loss=loss, output_activation=Choice("linear")
    ).class_probabilities
    np.testing.assert_allclose(found, [[0.5, 0.25, 0.25]])


def test_outputs_without_a_range_are_no_probabilities(make_answers):
    """Nor are those of a regression, or what is not finite."""
    linear = Choice("linear")
    assert make_answers("binary", "ab", [[1]], [[0.5]], output_activation=linear).class_probabilities is None
    assert make_answers("regression", ["y"], [[1]], [[0.5]]).class_probabilities is None
    assert make_answers("binary", "ab", [[1]], [[np.nan]]).class_probabilities is None


def test_a_row_of_several_labels_is_wrong_if_one_of_them_is(make_answers):
    """Each label has its own threshold of one half."""
    answers = make_answers("multilabel", ["x", "y"], [[1, 0], [1, 1]], [[0.9, 0.4], [0.9, 0.4]])
    assert answers.classes.tolist() == [[1, 0], [1, 0]]
    assert answers.is_wrong.tolist() == [False, True]


def test_quantities_have_the_unit_of_the_target(make_answers):
    """Scaling is undone: of both targets and outputs."""
    scaling = Scaling("standard", np.array([10.0]), np.array([2.0]))
    targets, outputs = make_answers("regression", ["y"], [[1], [0]], [[0.5], [-1]], scaling=scaling).quantities
    assert targets.tolist() == [[12], [10]]
    assert outputs.tolist() == [[11], [8]]


def test_losses_are_those_of_the_loss(make_answers):
    """-ln p of the right class; what is not a number is infinite."""
    answers = make_answers("multiclass", "abc", np.eye(3)[[0, 1]], [[0.5, 0.25, 0.25], [0.2, 0.1, 0.7]])
    np.testing.assert_allclose(answers.losses, [np.log(2), np.log(10)], rtol=1e-5)
    assert make_answers("regression", ["y"], [[1]], [[np.nan]]).losses.tolist() == [np.inf]


def test_a_loss_of_ones_own_is_not_run(make_answers):
    """Reading a folder runs no code: rows are then ordered by the squared error."""
    with running_nothing():
        own = LOSSES.parse("mine.py:own_loss", where="training.loss")
    answers = make_answers("regression", ["y"], [[1], [0]], [[0.5], [-3]], loss=own)
    assert answers.losses.tolist() == [0.25, 9]
