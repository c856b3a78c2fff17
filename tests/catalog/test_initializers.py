"""What the catalogue says of initializers, against the functions themselves."""

from __future__ import annotations

import math

import pytest

from assay.choices import Choice
from assay.networks.activations import ACTIVATIONS
from assay.networks.initializers import INITIALIZERS, draw_kernel

FANS = {"fan_in": 300, "fan_out": 200}


def test_every_initializer_has_notes():
    """In the order of the table."""
    assert all(notes.advantages and notes.drawbacks for notes in INITIALIZERS.records)


@pytest.mark.parametrize("name", [record.name for record in INITIALIZERS.records if not record.is_learnt])
def test_the_variance_is_that_of_a_drawn_kernel(name, evaluated):
    """The formula that is shown, with default arguments, within the scatter of 60,000 entries."""
    formula, _, share = INITIALIZERS[name].variance.partition(" with s = ")
    names = {**FANS, **INITIALIZERS[name].defaults}
    shown = evaluated(formula, **names, **({"s": evaluated(share, **names)} if share else {}))
    kernel = draw_kernel(Choice(name), seed=0, layer=1, fan_in=FANS["fan_in"], units=FANS["fan_out"])
    # The variance of n normal entries scatters by √(2 / n) of itself: 0.6 %.
    assert kernel.var(dtype=float) == pytest.approx(shown, rel=5 * math.sqrt(2 / kernel.size), abs=1e-12)


def test_initializers_that_are_learnt_have_no_variance_to_tell():
    """It is what the other training made it."""
    assert all(record.variance == "" for record in INITIALIZERS.records if record.is_learnt)


def test_activations_that_an_initializer_is_for_exist():
    """By their names."""
    assert all(set(notes.activations) <= set(ACTIVATIONS) for notes in INITIALIZERS.records)
