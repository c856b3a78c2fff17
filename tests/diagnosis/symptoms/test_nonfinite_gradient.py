from __future__ import annotations

import numpy as np
import pytest


@pytest.mark.parametrize("gradient", [np.nan, np.inf])
def test_a_gradient_that_is_no_number_is_found(facts, signals, parameter, found, gradient):
    """By the parameters that have one, where the loss is a number."""
    parts = (parameter(), parameter("a.weight", gradient=gradient), parameter("b.weight", gradient=gradient))
    (told,) = found("nonfinite_gradient", facts(parameters=parts), signals(loss_before=0.5))
    assert (told.level, told.evidence.value, told.evidence.threshold) == ("certain", 2, 0)
    assert told.evidence.text == (
        "The loss is 0.5, and the gradient of 'a.weight' and 1 more is infinite or not a number."
    )


@pytest.mark.parametrize(("count", "is_found"), [(0, False), (1, True)])
def test_one_entry_of_a_kernels_gradient_is_enough(facts, signals, found, count, is_found):
    """Of a network whose parameters are not told one by one, such as a study's."""
    told = found("nonfinite_gradient", facts(), signals(kernel_gradient_nonfinite_count=[0, count, 0, 0]))
    assert [(one.evidence.value, "of a kernel is" in one.evidence.text) for one in told] == [(1, True)] * is_found


@pytest.mark.parametrize("broken", [{"loss_before": np.nan}, {"preactivations_nonfinite_count": [0, 0, 1, 0]}])
def test_where_the_loss_or_a_signal_is_no_number_the_gradient_is_not_to_blame(facts, signals, parameter, found, broken):
    """It follows from what is told of them."""
    known = facts(parameters=(parameter(gradient=np.nan),))
    assert found("nonfinite_gradient", known, signals(**broken)) == []
    assert len(found("nonfinite_gradient", known, signals())) == 1


def test_one_parameter_is_named_alone(facts, signals, parameter, found):
    """Without a count of others."""
    (told,) = found("nonfinite_gradient", facts(parameters=(parameter(gradient=np.nan),)), signals())
    assert "the gradient of 'body.weight' is infinite" in told.evidence.text
