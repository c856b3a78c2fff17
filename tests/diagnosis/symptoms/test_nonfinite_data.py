from __future__ import annotations

import pytest


@pytest.mark.parametrize(("count", "text"), [(1, "1 number in the inputs and targets is"), (2, "2 numbers in the")])
def test_one_entry_is_enough(facts, found, count, text):
    """It makes every weight NaN."""
    (told,) = found("nonfinite_data", facts(data={"nonfinite": count}))
    assert (told.level, told.layers) == ("certain", ())
    assert told.evidence.text.startswith(text)


def test_finite_data_are_sound(facts, found):
    """None is found where all entries are numbers, nor where nothing is known of the data."""
    assert found("nonfinite_data", facts()) == []
    assert found("nonfinite_data", facts(data=None)) == []
