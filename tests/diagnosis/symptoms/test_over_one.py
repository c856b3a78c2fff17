from __future__ import annotations

import pytest

from assay.diagnosis import OutputFacts, certain_findings


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (("softmax",), "Softmax runs over an axis of size 1."),
        (("layer_norm", "softmax"), "Layer norm and softmax run over an axis of size 1."),
    ],
)
def test_what_runs_over_one_number_is_named(facts, found, names, text):
    """A softmax of attention, and a normalization of one feature."""
    (told,) = found("over_one", facts(as_read=OutputFacts(over_one=names)))
    assert (told.level, told.layers, told.evidence.text) == ("fault", (), text)


def test_an_output_of_one_softmax_is_left_to_the_constant_output(facts, found):
    """One thing is told once; a normalization beside it is another."""
    assert found("over_one", facts(units=1, as_read=OutputFacts(over_one=("softmax",)))) == []
    assert len(found("constant_output", facts(units=1))) == 1
    assert len(found("over_one", facts(units=1, as_read=OutputFacts(over_one=("softmax", "layer_norm"))))) == 1


def test_a_network_without_such_a_thing_is_sound(facts, found):
    """As every study is."""
    assert found("over_one", facts()) == []


@pytest.mark.parametrize(("last", "level"), [(0.71, "fault"), (0.69, "note")])
def test_attention_of_ones_that_does_not_hinder_is_a_note(facts, ahead, last, level):
    """A look ahead closes 30 % of the gap all the same."""
    known = facts(as_read=OutputFacts(over_one=("softmax",)), ahead=ahead(1.0, last))
    told = certain_findings(known)
    assert [one.level for one in told if one.symptom == "over_one"] == [level]
