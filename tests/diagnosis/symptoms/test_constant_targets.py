from __future__ import annotations


def test_equal_targets_are_found_and_others_are_not(facts, found):
    """Whatever the network is."""
    (told,) = found("constant_targets", facts(data={"is_constant": True}))
    assert (told.level, told.layers) == ("certain", ())
    assert found("constant_targets", facts()) == []
