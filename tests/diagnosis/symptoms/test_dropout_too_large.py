"""A dropout that leaves next to nothing, on either side of its threshold."""

from __future__ import annotations

from assay.diagnosis import certain_findings
from assay.diagnosis.symptoms.dropout_too_large import TOO_LARGE


def test_a_dropout_at_the_threshold_is_named(facts):
    """And one below it is not."""
    told = [finding.symptom for finding in certain_findings(facts(largest_dropout=TOO_LARGE))]
    assert told == ["dropout_too_large"]
    assert not certain_findings(facts(largest_dropout=TOO_LARGE - 0.01))
