from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("still", "level", "words"),
    [
        ({"learning_rate": 0.0}, "certain", "The learning rate of these parameters is 0"),
        ({"is_registered": False, "is_in_optimizer": False, "learning_rate": None}, "fault", "a plain Python list"),
        ({"is_in_optimizer": False, "learning_rate": None}, "fault", "The optimizer was not given these parameters"),
        ({"gradient": 0.0, "update": 0.0}, "fault", "The gradient of these parameters is exactly 0"),
        ({"is_trained": False, "gradient": None, "update": 0.0}, "note", "These parameters are frozen"),
    ],
)
def test_each_reason_has_its_cause_and_its_level(facts, signals, parameter, found, still, level, words):
    """What is frozen may be so on purpose; a learning rate of 0 never is."""
    (told,) = found("no_update", facts(parameters=(parameter(), parameter("head.weight", **still))), signals())
    assert (told.level, told.evidence.value) == (level, 0.5)
    assert words in told.cause
    assert told.evidence.text == "One update leaves 'head.weight' as they are: 50 % of all parameters."


@pytest.mark.parametrize(("rate", "is_found"), [(0.0, True), (1e-12, False)])
def test_only_a_learning_rate_of_exactly_0_stands_still(facts, signals, parameter, found, rate, is_found):
    """The smallest warm-up moves the weights."""
    known = facts(parameters=(parameter(learning_rate=rate),))
    assert len(found("no_update", known, signals())) == is_found


@pytest.mark.parametrize(
    ("gradient", "update", "is_found"),
    [(0.0, 0.0, True), (1e-30, 0.0, False), (0.0, 1e-30, False), (None, None, False), (float("nan"), 0.0, False)],
)
def test_only_a_gradient_of_exactly_0_is_none(facts, signals, parameter, found, gradient, update, is_found):
    """A decay of the weights moves them without one; what was not measured is not told."""
    known = facts(parameters=(parameter(gradient=gradient, update=update),))
    assert len(found("no_update", known, signals())) == is_found


def test_a_bias_before_a_normalization_needs_no_gradient(facts, signals, parameter, found):
    """The normalization takes its mean away, so only a kernel without a gradient counts."""
    bias = parameter("body.bias", gradient=0.0, update=0.0)
    kernel = parameter("body.weight", gradient=0.0, update=0.0)
    assert found("no_update", facts(parameters=(parameter("head.weight"), bias)), signals()) == []
    assert len(found("no_update", facts(parameters=(parameter("head.weight"), bias, kernel)), signals())) == 1


def test_a_parameter_without_numbers_is_left_out(facts, signals, parameter, found):
    """It cannot move."""
    assert found("no_update", facts(parameters=(parameter(size=0, learning_rate=0.0),)), signals()) == []


def test_three_parameters_are_named_and_the_others_counted(facts, signals, parameter, found):
    """A deep network has hundreds."""
    known = facts(parameters=tuple(parameter(f"p{at}", learning_rate=0.0) for at in range(5)))
    (told,) = found("no_update", known, signals())
    assert told.evidence.text == "One update leaves 'p0', 'p1', 'p2' and 2 more as they are: 100 % of all parameters."


def test_a_study_has_no_such_finding(facts, signals, found):
    """It moves all its parameters, and tells of none."""
    assert found("no_update", facts(), signals()) == []
