"""The sparse first layer is the dense one, computed otherwise."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from assay.choices import Choice
from assay.engine.layout import Member
from assay.engine.sparse import FREQUENT, RareEntries, SparseBatch, sparse_product, suits_sparse
from assay.engine.trainer import Trainer
from assay.networks.architecture import Layer
from assay.probes import all_probes

ROWS, FEATURES, BATCH = 50, 2500, 16
TOLERANCE = 2e-6


def multi_hot(rows: int = ROWS, features: int = FEATURES) -> np.ndarray:
    """Bags of words as texts have them: few frequent words and many rare ones; one text is empty, one is long."""
    generator = np.random.default_rng(0)
    likely = np.minimum(0.5, 5.0 / np.arange(1, features + 1))[generator.permutation(features)]
    x = (generator.random((rows, features)) < likely).astype(np.uint8)
    x[3] = 0
    x[5] |= (generator.random(features) < 0.1).astype(np.uint8)
    return x


def targets() -> np.ndarray:
    return np.eye(3, dtype=np.float32)[np.arange(ROWS) % 3]


def member(optimizer: str, rate: float) -> Member:
    kernel, zeros = Choice("glorot_uniform"), Choice("zeros")
    layers = (
        Layer(FEATURES, 6, Choice("relu"), kernel, zeros, 0.0, 1e-4),
        Layer(6, 3, Choice("softmax"), kernel, zeros, 0.0, 1e-4),
    )
    return Member(layers, Choice("categorical_crossentropy"), Choice(optimizer, {"learning_rate": rate}))


MEMBERS = [member("rmsprop", 1e-3), member("rmsprop", 1e-2), member("adam", 1e-3), member("sgd", 0.1)]


def trained(*, sparse: bool):
    """Trainer, state and scores after three epochs, the last batch of each smaller than the others."""
    trainer = Trainer(MEMBERS, seeds=[0, 1], batch_size=BATCH, task="multiclass", sparse=sparse)
    data, state, scores = trainer.place(multi_hot(), targets()), trainer.start(), []
    for epoch in (1, 2, 3):
        state, found = trainer.train_epoch(state, data, epoch)
        scores.append(found["loss"])
    return trainer, data, state, np.stack(scores)


@pytest.fixture(scope="module")
def both():
    return trained(sparse=False), trained(sparse=True)


def test_training_is_that_of_the_dense_layer(both):
    """Losses, parameters and scores of every member, with three optimizers and a penalty."""
    (dense, dense_data, dense_state, dense_losses), (sparse, sparse_data, sparse_state, sparse_losses) = both
    np.testing.assert_allclose(sparse_losses, dense_losses, rtol=1e-5)
    for condition, seed in np.ndindex(len(MEMBERS), 2):
        mine, reference = (
            sparse.parameters(sparse_state, condition, seed),
            dense.parameters(dense_state, condition, seed),
        )
        for (kernel, bias), (dense_kernel, dense_bias) in zip(mine, reference, strict=True):
            # RMSprop and Adam divide rounding by small roots: what counts is the size beside the largest entry.
            assert np.abs(kernel - dense_kernel).max() <= 1e-4 * np.abs(dense_kernel).max()
            assert np.abs(bias - dense_bias).max() <= 1e-4 * max(np.abs(dense_bias).max(), 1e-3)
    _, found = sparse.evaluate(sparse.restore(sparse.save(sparse_state)), sparse_data)
    _, expected = dense.evaluate(dense.restore(dense.save(dense_state)), dense_data)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4)


def test_probes_see_the_same_layers(both):
    """Kernels, gradients and updates are turned back before anything looks at them."""
    rows = np.arange(20)
    found = []
    for sparse in (False, True):
        trainer = Trainer(MEMBERS, seeds=[0, 1], batch_size=BATCH, task="multiclass", sparse=sparse)
        found.append(trainer.probe(trainer.start(), trainer.place(multi_hot(), targets()), rows, all_probes()))
    for dense_layer, sparse_layer in zip(*found, strict=True):
        for quantity, measured in dense_layer.items():
            for statistic, values in measured.statistics.items():
                if statistic.startswith(("mean", "quantile")) and quantity != "correlation":
                    continue  # a mean of values about 0 has no relative accuracy
                other = sparse_layer[quantity].statistics[statistic]
                np.testing.assert_allclose(other, values, rtol=1e-4, atol=1e-7, err_msg=f"{quantity} {statistic}")


def test_a_saved_state_goes_on_to_the_bit(both):
    """A checkpoint of a sparse population holds its kernels as they lie."""
    trainer, data, state, _ = both[1]
    saved = trainer.save(state)
    fresh = Trainer(MEMBERS, seeds=[0, 1], batch_size=BATCH, task="multiclass", sparse=True)
    restored = fresh.restore(saved)
    one, _ = fresh.train_epoch(restored, fresh.place(multi_hot(), targets()), 4)
    other, _ = trainer.train_epoch(trainer.restore(saved), data, 4)
    for left, right in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_array_equal(np.asarray(left), np.asarray(right))


def test_the_gradient_is_that_of_the_dense_product():
    """Against automatic differentiation of the plain product; a row of padding adds nothing."""
    x = multi_hot()
    rare = RareEntries(x)
    rows = np.array([[7, 3, 5, 0, 49, -1]])
    words, owners = rare.of_batches(rows)
    values = np.where(rows[0, :, None] >= 0, x[rows[0]][:, rare.columns], 0).astype(np.float32)
    batch = SparseBatch(jnp.asarray(values), jnp.asarray(rare.columns), jnp.asarray(words[0]), jnp.asarray(owners[0]))
    inputs = np.where(rows[0, :, None] >= 0, x[rows[0]], 0).astype(np.float32)
    kernel = jax.random.normal(jax.random.key(0), (2, FEATURES, 4))
    errors = jax.random.normal(jax.random.key(1), (2, 4, 6))
    product, pull = jax.vjp(lambda kernel: sparse_product(kernel, batch), kernel)
    expected, dense_pull = jax.vjp(lambda kernel: jnp.einsum("mfo,bf->mob", kernel, inputs), kernel)
    np.testing.assert_allclose(product, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(pull(errors)[0], dense_pull(errors)[0], rtol=1e-5, atol=1e-6)


def test_rare_and_frequent_entries_make_up_the_rows():
    """Every entry is in one of the two, once; the frequent columns are those with most entries."""
    x = multi_hot()
    rare = RareEntries(x)
    words, owners = rare.of_batches(np.arange(ROWS)[None])
    again = np.zeros_like(x)
    again[:, rare.columns] = x[:, rare.columns]
    known = owners[0] < ROWS
    np.add.at(again, (owners[0][known], words[0][known]), 1)
    np.testing.assert_array_equal(again, x)
    counts = x.sum(axis=0, dtype=int)
    assert counts[rare.columns].min() >= np.sort(counts)[-FREQUENT]


def test_batches_of_one_size_keep_their_room(monkeypatch):
    """Epochs of other batches fit the program of the first; batches of another size have room of their own."""
    monkeypatch.setattr("assay.engine.sparse.ROUND", 64)
    rare = RareEntries(multi_hot())
    orders = np.random.default_rng(0).permuted(np.tile(np.arange(48), (20, 1)), axis=1)
    rooms = {rare.of_batches(order.reshape(-1, 8))[0].shape[-1] for order in orders}
    assert len(rooms) == 1
    assert rare.of_batches(np.arange(48)[None])[0].shape[-1] > max(rooms)
    assert {rare.of_batches(order.reshape(-1, 8))[0].shape[-1] for order in orders} == rooms


def test_only_bags_of_many_words_are_sparse():
    """Numbers, counts, few features and full rows stay dense."""
    x = multi_hot()
    assert suits_sparse(x)
    assert not suits_sparse(x.astype(np.float32))
    assert not suits_sparse(2 * x)
    assert not suits_sparse(x[:, :1000])
    assert not suits_sparse(np.ones_like(x))
