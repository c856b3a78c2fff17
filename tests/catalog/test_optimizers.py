"""What the catalogue says of optimizers."""

from __future__ import annotations

from assay.catalog import catalog
from assay.learning.optimizers import OPTIMIZERS


def test_every_optimizer_has_notes():
    """In the order of the table."""
    assert all(notes.advantages and notes.drawbacks for notes in OPTIMIZERS.records)


def test_every_rule_says_what_becomes_of_the_parameter():
    """An equation that assigns w."""
    assert all(any("w ←" in line for line in entry.rule) for entry in catalog("optimizers"))


def test_adamw_is_adam_after_a_decay():
    """Its class has no rule of its own but the decay that is on by default."""
    entries = {entry.name: entry for entry in catalog("optimizers")}
    assert entries["adamw"].rule == ("w ← w - weight_decay · η · w, and then", *entries["adam"].rule)


def test_what_an_optimizer_keeps_is_what_it_has_slots_for():
    """Nothing for plain descent, two arrays for Adam, as in Keras."""
    kept = {entry.name: entry.state for entry in catalog("optimizers")}
    assert kept["sgd"] == ()
    assert kept["adam"] == ("momentum", "velocity")
    assert len(kept["lion"]) == 1
