"""What tells members apart without changing their program."""

from __future__ import annotations

import numpy as np

from assay.choices import Choice
from assay.engine.layout import Member, plan_layout
from assay.engine.numbers import member_numbers
from assay.engine.recipe import Recipe
from assay.networks.architecture import Layer


def member(rate: float, *, dropout: float = 0.0, l2: float = 0.0, own: float | None = None) -> Member:
    glorot, zeros = Choice("glorot_uniform"), Choice("zeros")
    layers = (
        Layer(4, 3, Choice("tanh"), glorot, zeros, dropout, l2, own),
        Layer(3, 1, Choice("sigmoid"), glorot, zeros),
    )
    return Member(layers, Choice("binary_crossentropy"), Choice("sgd", {"learning_rate": rate}))


def of_trials(members: list[Member], seeds: tuple[int, ...]):
    """The numbers, and how to read one array of them by condition and seed."""
    layout = plan_layout(members, num_seeds=len(seeds), num_devices=1, batch_size=8, tiles=1)
    return member_numbers(layout, Recipe.of(layout, "binary"), seeds), lambda array: array[layout.position]


def test_every_trial_has_the_numbers_of_its_condition():
    """Layer by layer; a layer's own learning rate stands beside the optimizer's of the others."""
    members = [member(0.1, dropout=0.2), member(0.3, l2=0.01), member(0.5, own=0.7)]
    numbers, read = of_trials(members, (5, 9))

    def told(array: np.ndarray) -> list[float]:
        values = read(array)
        np.testing.assert_array_equal(values[:, 0], values[:, 1])  # seeds differ in nothing but the seed
        return np.round(values[:, 0].astype(float), 6).tolist()

    assert [told(array) for array in numbers.dropout] == [[0.2, 0, 0]]
    assert [told(array) for array in numbers.l2] == [[0, 0.01, 0], [0, 0, 0]]
    assert [told(array) for array in numbers.learning_rate] == [[0.1, 0.3, 0.7], [0.1, 0.3, 0.5]]
    assert told(numbers.threshold) == [0.5] * 3
    assert numbers.seed.tolist() == [5, 9]
    assert numbers.seed_index.tolist() == [0, 1]


def test_what_no_member_uses_is_not_there():
    """So that its operations are not in the program."""
    numbers, _ = of_trials([member(0.1), member(0.3)], (0,))
    assert numbers.dropout == numbers.l2 == numbers.learning_rate == []
