from __future__ import annotations

import pytest

from assay.diagnosis import OutputFacts


@pytest.mark.parametrize("output", ["softmax", "log_softmax", "sparsemax"])
def test_one_unit_is_found_and_two_are_not(facts, found, output):
    """One unit divided by itself is constant; of two, the shares differ."""
    (told,) = found("constant_output", facts(output=output, units=1))
    assert (told.level, told.layers) == ("certain", (4,))
    assert found("constant_output", facts(output=output, units=2)) == []


def test_the_remedy_fits_the_task(facts, found):
    """A regression needs any number, a question of yes or no a probability."""
    (classes,) = found("constant_output", facts(units=1, task="binary"))
    (quantity,) = found("constant_output", facts(units=1, task="regression"))
    assert classes.remedy.settings == {"network.output_activation": "sigmoid"}
    assert quantity.remedy.settings == {"network.output_activation": "linear"}


def test_sigmoid_on_one_unit_is_sound(facts, found):
    """It does not divide by a sum."""
    assert found("constant_output", facts(output="sigmoid", units=1)) == []


def test_a_softmax_over_the_rows_is_not_constant(facts, found):
    """Each output is divided by the sum over the examples, which is another symptom."""
    assert len(found("constant_output", facts(units=1))) == 1
    assert found("constant_output", facts(units=1, as_read=OutputFacts(over_rows=("softmax",)))) == []
