"""Training a population."""

from __future__ import annotations

import dataclasses
import functools

import jax
import numpy as np
import pytest

from assay.choices import Choice
from assay.engine import counted_compilation
from assay.engine.batching import batch_order
from assay.engine.layout import Member
from assay.engine.trainer import Trainer
from assay.networks.architecture import Layer

ROWS, FEATURES, CLASSES, BATCH = 45, 5, 3, 10
# Members of a group are one matrix product, whose sums another tile size may order otherwise.
TOLERANCE = 2e-6


def member(
    activation: str = "tanh",
    optimizer: Choice | None = None,
    initializer: str = "glorot_uniform",
    dropout: float = 0.0,
    l2: float = 0.0,
    loss: str = "categorical_crossentropy",
) -> Member:
    kernel, zeros = Choice(initializer), Choice("zeros")
    layers = (
        Layer(FEATURES, 8, Choice(activation), kernel, zeros, dropout, l2),
        Layer(8, 6, Choice(activation), kernel, zeros, dropout, l2),
        Layer(6, CLASSES, Choice("softmax"), kernel, zeros, 0.0, l2),
    )
    return Member(layers, Choice(loss), optimizer or Choice("adam"))


def examples() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(ROWS, FEATURES)).astype(np.float32)
    return x, np.eye(CLASSES, dtype=np.float32)[(x[:, 0] > 0).astype(int) + (x[:, 1] > 0)]


MIXED = [
    member("relu"),
    member("tanh", Choice("sgd", {"learning_rate": 0.1, "momentum": 0.9})),
    member("sigmoid", Choice("rmsprop")),
    member("tanh", Choice("sgd", {"learning_rate": 0.2, "momentum": 0.9}), "he_normal"),
    member("relu", l2=0.01),
    member("tanh", Choice("adam", {"learning_rate": 0.01}), dropout=0.5, loss="mean_squared_error"),
]


def train(members: list[Member], seeds: list[int], epochs: int = 3, **options) -> tuple[Trainer, object, dict]:
    trainer = Trainer(members, seeds=seeds, batch_size=BATCH, task="multiclass", **options)
    data = trainer.place(*examples())
    state, scores = trainer.start(), {}
    for epoch in range(1, epochs + 1):
        state, scores = trainer.train_epoch(state, data, epoch)
    return trainer, state, scores


def difference(left: list, right: list) -> float:
    """The largest difference between two networks' parameters, relative to their largest parameter."""
    flat = [(a, b) for one, two in zip(left, right, strict=True) for a, b in zip(one, two, strict=True)]
    return max(np.abs(a - b).max() for a, b in flat) / max(np.abs(b).max() for _, b in flat)


@functools.cache
def trained_together() -> tuple[Trainer, object, dict]:
    """The mixed population after three epochs."""
    return train(MIXED, seeds=[0, 1, 2])


@pytest.mark.parametrize("index", range(len(MIXED)))
def test_a_member_alone_equals_the_member_in_its_population(index):
    """A trial's numbers do not depend on which others ran beside it."""
    together, state, _ = trained_together()
    alone, own_state, _ = train([MIXED[index]], seeds=[1])
    assert difference(alone.parameters(own_state, 0, 0), together.parameters(state, index, 1)) < TOLERANCE


def test_the_number_of_tiles_does_not_change_a_member():
    """The same members in other groups give the same numbers."""
    members = [member("relu", Choice("sgd", {"learning_rate": rate})) for rate in (0.05, 0.1, 0.2, 0.3, 0.4)]
    one, state_one, _ = train(members, seeds=[0, 1], tiles=1)
    many, state_many, _ = train(members, seeds=[0, 1], tiles=3)
    for index in range(len(members)):
        assert difference(one.parameters(state_one, index, 1), many.parameters(state_many, index, 1)) < TOLERANCE


def test_two_runs_are_equal_to_the_bit():
    """Nothing in a run is left to chance."""
    _, first, first_scores = trained_together()
    _, second, second_scores = train(MIXED, seeds=[0, 1, 2])
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True))
    assert all(np.array_equal(first_scores[name], second_scores[name]) for name in first_scores)


def test_a_saved_state_goes_on_to_the_bit():
    """Two epochs, a save, a restore and a third epoch equal three epochs."""
    trainer, state, _ = train(MIXED, seeds=[0, 1, 2], epochs=2)
    resumed = Trainer(MIXED, seeds=[0, 1, 2], batch_size=BATCH, task="multiclass", tiles=trainer.layout.tiles)
    again = resumed.restore(trainer.save(state))
    again, _ = resumed.train_epoch(again, resumed.place(*examples()), 3)
    straight, straight_state, _ = trained_together()
    expected = straight.save(straight_state)
    assert all(np.array_equal(array, expected[name]) for name, array in resumed.save(again).items())


def test_seeds_are_paired_across_conditions():
    """One seed gives the same draws in every condition, scaled by each initializer."""
    trainer = Trainer(
        [member(initializer="glorot_uniform"), member(initializer="he_uniform")],
        seeds=[4],
        batch_size=BATCH,
        task="multiclass",
    )
    state = trainer.start()
    glorot, he = trainer.parameters(state, 0, 0)[0][0], trainer.parameters(state, 1, 0)[0][0]
    # Uniform on ± sqrt(6 / (fan_in + fan_out)) and ± sqrt(6 / fan_in).
    np.testing.assert_allclose(he / glorot, np.sqrt((FEATURES + 8) / FEATURES), rtol=1e-5)


def test_zeros_leave_all_units_of_a_layer_identical():
    """Symmetry: units that start equal stay equal, so a layer of zeros never becomes more than one unit."""
    trainer, state, _ = train([member("sigmoid", initializer="zeros")], seeds=[0], epochs=10)
    parameters = trainer.parameters(state, 0, 0)
    for kernel, bias in parameters[:2]:
        assert np.array_equal(kernel, np.repeat(kernel[:, :1], kernel.shape[1], axis=1))
        assert np.array_equal(bias, np.repeat(bias[:1], len(bias)))
    assert np.any(parameters[2][1] != 0)  # it did train: the output biases have moved


def test_a_diverged_member_tells_its_step_and_leaves_the_others_alone():
    """A member whose loss overflows is marked with the step; its neighbours' numbers are as without it."""
    exploding = Member(
        tuple(
            Layer(
                layer.fan_in, layer.units, Choice("linear"), layer.kernel_initializer, layer.bias_initializer, 0.0, 0.0
            )
            for layer in MIXED[0].layers
        ),
        Choice("mean_squared_error"),
        Choice("sgd", {"learning_rate": 1e6}),
    )
    calm = member("relu", Choice("sgd", {"learning_rate": 0.1}), loss="mean_squared_error")
    trainer, state, scores = train([exploding, calm], seeds=[0])
    twin = first_step_with_infinite_loss(exploding, trainer.parameters(trainer.start(), 0, 0))
    assert trainer.diverged_steps(state).tolist() == [[twin], [0]]
    assert not np.isfinite(scores["loss"][0, 0])
    _, alone, _ = train([calm], seeds=[0])
    own = Trainer([calm], seeds=[0], batch_size=BATCH, task="multiclass")
    assert difference(own.parameters(alone, 0, 0), trainer.parameters(state, 1, 0)) < TOLERANCE


def first_step_with_infinite_loss(diverging: Member, parameters: list) -> int:
    """A slow plain twin in NumPy, float32 as the engine: a linear network, its squared error, gradient descent."""
    x, y = examples()
    rate = np.float32(diverging.optimizer.arguments["learning_rate"])
    kernels = [kernel.copy() for kernel, _ in parameters]
    biases = [bias.copy() for _, bias in parameters]
    step = 0
    with np.errstate(all="ignore"):
        for epoch in range(1, 4):
            for rows in batch_order(0, epoch, ROWS, BATCH):
                step += 1
                rows = rows[rows >= 0]
                h = [x[rows]]
                for kernel, bias in zip(kernels, biases, strict=True):
                    h.append(h[-1] @ kernel + bias)
                error = h[-1] - y[rows]
                if not np.isfinite(np.mean(error**2)):
                    return step
                delta = 2 * error / error.size
                for layer in reversed(range(3)):
                    gradient, bias_gradient = h[layer].T @ delta, delta.sum(0)
                    delta = delta @ kernels[layer].T
                    kernels[layer] -= rate * gradient
                    biases[layer] -= rate * bias_gradient
    return 0


def test_inactive_groups_stand_still():
    """A group without an active trial is passed through unchanged."""
    trainer = Trainer([member()], seeds=[0, 1], batch_size=BATCH, task="multiclass")
    data = trainer.place(*examples())
    before = trainer.parameters(trainer.start(), 0, 1)
    state, _ = trainer.train_epoch(trainer.start(), data, 1, np.array([[True, False]]))
    assert difference(trainer.parameters(state, 0, 1), before) == 0.0
    assert difference(trainer.parameters(state, 0, 0), before) > 0.0


def test_evaluation_equals_a_forward_pass_by_hand():
    """Loss and accuracy over all rows equal NumPy's, penalty included."""
    trainer = Trainer([member("relu", l2=0.1)], seeds=[0], batch_size=BATCH, task="multiclass")
    state = trainer.start()
    x, y = examples()
    state, scores = trainer.evaluate(state, trainer.place(x, y))
    h = x
    parameters = trainer.parameters(state, 0, 0)
    for index, (kernel, bias) in enumerate(parameters):
        z = h @ kernel + bias
        h = np.maximum(z, 0) if index < 2 else np.exp(z) / np.exp(z).sum(1, keepdims=True)
    penalty = 0.1 * sum((kernel**2).sum() for kernel, _ in parameters)
    np.testing.assert_allclose(scores["loss"], [[-np.mean(np.log((h * y).sum(1))) + penalty]], rtol=1e-5)
    np.testing.assert_allclose(scores["accuracy"], [[np.mean(h.argmax(1) == y.argmax(1))]], rtol=1e-6)


def test_dropout_keeps_the_mean_and_is_off_in_evaluation():
    """A network with dropout evaluates as the same network without it."""
    with_dropout = Trainer([member(dropout=0.5)], seeds=[0], batch_size=BATCH, task="multiclass")
    without = Trainer([member()], seeds=[0], batch_size=BATCH, task="multiclass")
    scores = [
        trainer.evaluate(trainer.start(), trainer.place(*examples()))[1]["loss"] for trainer in (with_dropout, without)
    ]
    np.testing.assert_array_equal(*scores)


def test_a_population_compiles_once():
    """Every epoch of every member, and every score of every part, is the same compiled program."""
    trainer = Trainer(MIXED, seeds=[0, 1, 2], batch_size=BATCH, task="multiclass")
    data = trainer.place(*examples())
    state = trainer.start()
    validation = data.part(5, 20)
    with counted_compilation() as compilation:
        for epoch in range(1, 4):
            state, _ = trainer.train_epoch(state, data, epoch)
        state, _, _ = trainer.train_and_evaluate(state, data, 4, np.ones((len(MIXED), 3), bool), validation, None)
        trainer.evaluate(state, validation)
    assert compilation.programs <= 1


def test_a_layer_with_a_learning_rate_of_its_own_takes_it_alone():
    """Under plain SGD the first update of a layer is its own rate times its gradient; a rate of 0 keeps its draw."""
    plain = member("tanh", Choice("sgd", {"learning_rate": 0.1}))
    rates = (0.3, None, 0.0)
    layers = tuple(
        dataclasses.replace(layer, learning_rate=rate) for layer, rate in zip(plain.layers, rates, strict=True)
    )
    trainer = Trainer(
        [plain, Member(layers, plain.loss, plain.optimizer), member("relu")],
        seeds=[0],
        batch_size=ROWS,
        task="multiclass",
    )
    state = trainer.start()
    before = [trainer.parameters(state, 0, 0), trainer.parameters(state, 1, 0)]
    state, _ = trainer.train_epoch(state, trainer.place(*examples()), 1)
    after = [trainer.parameters(state, 0, 0), trainer.parameters(state, 1, 0)]
    for layer, ratio in enumerate((3.0, 1.0, 0.0)):
        for start, common, own in zip(before[0][layer], after[0][layer], after[1][layer], strict=True):
            np.testing.assert_allclose(own - start, ratio * (common - start), atol=1e-7)
            assert np.abs(common - start).max() > 1e-4


def test_parts_of_placed_rows_are_rows_by_themselves():
    """Training on a part, and scoring another after it, equals placing each alone."""
    x, y = examples()
    trainer = Trainer(MIXED, seeds=[0, 1], batch_size=BATCH, task="multiclass")
    whole = trainer.place(x, y, training_rows=33)
    everyone = np.ones((len(MIXED), 2), bool)
    state, trained, scored = trainer.train_and_evaluate(
        trainer.start(), whole.part(7, 40), 1, everyone, whole.part(40, 45), everyone
    )
    alone, trained_alone = trainer.train_epoch(trainer.start(), trainer.place(x[7:40], y[7:40]), 1)
    for index in range(len(MIXED)):
        assert difference(trainer.parameters(state, index, 1), trainer.parameters(alone, index, 1)) < TOLERANCE
    _, scored_alone = trainer.evaluate(alone, trainer.place(x[40:], y[40:]))
    for name in trained:
        np.testing.assert_allclose(trained[name], trained_alone[name], rtol=1e-5)
        np.testing.assert_allclose(scored[name], scored_alone[name], rtol=1e-5)


def test_what_is_compiled_ahead_is_what_trains():
    """Compiling for sizes alone leaves nothing to compile for the data of these sizes."""
    x, y = examples()
    trainer = Trainer([member("tanh"), member("relu")], seeds=[3], batch_size=BATCH - 1, task="multiclass")
    with counted_compilation() as ahead:
        trainer.compile(ROWS, x.dtype, CLASSES, training_rows=30)
    with counted_compilation() as after:
        whole = trainer.place(x, y, training_rows=30)
        state, _ = trainer.train_epoch(trainer.start(), whole.part(0, 30), 1)
        trainer.evaluate(state, whole.part(30, ROWS))
    assert (ahead.programs, after.programs) == (1, 0)


def test_groups_at_once_are_groups_one_after_another():
    """What a GPU does with all groups at the same time is what a core does in turn; groups left out stand still."""
    active = np.ones((len(MIXED), 3), bool)
    active[:, 1] = False
    found = []
    for at_once in (True, False):
        trainer = Trainer(MIXED, seeds=[0, 1, 2], batch_size=BATCH, task="multiclass", tiles=1, at_once=at_once)
        data = trainer.place(*examples())
        state, _ = trainer.train_epoch(trainer.start(), data, 1)
        state, scores = trainer.train_epoch(state, data, 2, active)
        found.append((trainer, state, scores))
    (one, one_state, one_scores), (other, other_state, other_scores) = found
    for index, seed in np.ndindex(active.shape):
        assert (
            difference(one.parameters(one_state, index, seed), other.parameters(other_state, index, seed)) < TOLERANCE
        )
    for name, values in one_scores.items():
        np.testing.assert_allclose(values[active], other_scores[name][active], rtol=1e-5)
