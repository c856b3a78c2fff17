from __future__ import annotations

import pytest

from assay.diagnosis.facts import LookupFacts


@pytest.mark.parametrize(
    ("low", "high", "remedy"),
    [(0, 10, "Give the embedding 11 rows"), (-1, 9, "from 0: no number below 0 has a row")],
)
def test_numbers_without_a_row_are_found(facts, found, low, high, remedy):
    """With the layer where it is one of those that were looked at."""
    tables = (LookupFacts("layer 2", low, high, 10), LookupFacts("elsewhere", low, high, 10))
    one, other = found("lookup_out_of_range", facts(lookups_beyond=tables))
    assert (one.level, one.layers, other.layers) == ("certain", (2,), ())
    assert one.evidence.text == (
        f"The embedding 'layer 2' has the rows 0 to 9, and it is asked for numbers from {low} to {high}."
    )
    assert remedy in one.remedy.text


def test_numbers_with_a_row_are_not(facts, found):
    """Whoever reads them says nothing."""
    assert found("lookup_out_of_range", facts()) == []
