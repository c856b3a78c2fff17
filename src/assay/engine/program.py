"""The compiled program of a population: make the steps of an epoch, then score rows.

Two loops: over the groups, spread over the devices (`jax.lax.map` inside `jax.shard_map`), and inside each one over
all steps of an epoch. The state is donated. Nothing here touches the host.

Index letters: G groups, M slots of a group, B examples of a batch, F features, K outputs.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.sharding import Mesh

from assay.engine.arguments import Batches, Done, Numbers, Parameters, State, Totals, Work
from assay.engine.compilation import Jitted, compiler_options
from assay.engine.network import example_losses, forward, penalty
from assay.engine.recipe import Recipe
from assay.engine.sparse import Inputs, SparseBatch, SparseInputs
from assay.engine.spreading import GROUPED, WHOLE, over_groups
from assay.engine.updating import updated
from assay.learning.losses import loss_values
from assay.learning.metrics import per_example_metric


class Examples(NamedTuple):
    """A batch of rows, as networks see it.

    Attributes
    ----------
    inputs : array (B, F), or SparseBatch
    targets : array, (K, B)
    present : array, (B,)
        1; 0 for the padding, marked −1.
    weights : array, (B,)
        How much each row counts in the loss: `present`, unless the rows have weights.
    """

    inputs: Array | SparseBatch
    targets: Array
    present: Array
    weights: Array


def batch_of(recipe: Recipe, x: Inputs, y: Array, batch: Batches[Array]) -> Examples:
    """The rows of a batch."""
    present = (batch.rows >= 0).astype(jnp.float32)
    rows = jnp.maximum(batch.rows, 0)
    if isinstance(x, SparseInputs):
        assert batch.words is not None
        assert batch.owners is not None
        inputs: Array | SparseBatch = SparseBatch(
            x.values[rows].astype(jnp.float32), x.columns, batch.words, batch.owners
        )
    else:
        inputs = x[rows].astype(jnp.float32)
    targets = y[rows].T
    if recipe.weighted:
        return Examples(inputs, targets[:-1], present, present * targets[-1])
    return Examples(inputs, targets, present, present)


def _other_metric(recipe: Recipe, targets: Array, outputs: Array, present: Array) -> Array | None:
    """Its sum over the examples, (M,), where the study asks for another metric."""
    return None if recipe.metric is None else loss_values(recipe.metric, targets, outputs) @ present


def _plus(total: Array | None, found: Array | None) -> Array | None:
    return None if total is None or found is None else total + found


def _no_totals(recipe: Recipe, zeros: Array) -> Totals:
    return Totals(zeros, zeros, None if recipe.metric is None else zeros)


def _train_group(
    recipe: Recipe,
    state: State[Array],
    numbers: Numbers[Array],
    x: Inputs,
    y: Array,
    batches: Batches[Array],
    steps: Array,
) -> tuple[State[Array], Totals, Array]:
    """The first `steps` batches of (room, …), one update each, for one group (no leading G).

    Returns the new state, the totals, and the loss of each batch before its update, (room, M).
    """
    key = jax.random.key(numbers.seed)

    def step(index: Array, carry: tuple[State[Array], Totals, Array]) -> tuple[State[Array], Totals, Array]:
        state, totals, losses = carry
        inputs, targets, present, weights = batch_of(recipe, x, y, jax.tree.map(lambda leaf: leaf[index], batches))
        count = jnp.sum(present)

        def objective(parameters: Parameters) -> tuple[Array, tuple[Array, Array]]:
            step_key = jax.random.fold_in(key, state.step) if numbers.dropout else None
            outputs = forward(recipe, parameters, inputs, numbers.dropout, step_key)
            loss = example_losses(recipe, targets, outputs) @ weights / count + penalty(parameters, numbers.l2)
            # Members are independent, so the gradient of the sum holds each member's own gradient.
            return jnp.sum(loss), (loss, outputs)

        (_, (loss, outputs)), gradients = jax.value_and_grad(objective, has_aux=True)(state.parameters)
        metric = per_example_metric(recipe.task, targets, outputs, threshold=numbers.threshold) @ present
        other = _other_metric(recipe, targets, outputs, present)
        number = state.step + 1
        parameters, slots = updated(
            recipe, state.parameters, gradients, state.slots, number.astype(jnp.float32), numbers
        )
        diverged_step = jnp.where((state.diverged_step == 0) & ~jnp.isfinite(loss), number, state.diverged_step)
        return (
            State(parameters, slots, number, diverged_step),
            Totals(totals.loss + loss * count, totals.metric + metric, _plus(totals.other, other)),
            losses.at[index].set(loss),
        )

    zeros = jnp.zeros_like(numbers.threshold)
    losses = jnp.zeros((len(batches.rows), len(zeros)))
    return jax.lax.fori_loop(0, steps, step, (state, _no_totals(recipe, zeros), losses))


def _score_group(
    recipe: Recipe,
    parameters: Parameters,
    numbers: Numbers[Array],
    x: Inputs,
    y: Array,
    chunks: Batches[Array],
    count: Array,
) -> Totals:
    """Sums over the rows of the first `count` chunks, without dropout, for one group."""

    def chunk(index: Array, totals: Totals) -> Totals:
        inputs, targets, present, weights = batch_of(recipe, x, y, jax.tree.map(lambda leaf: leaf[index], chunks))
        outputs = forward(recipe, parameters, inputs)
        loss = example_losses(recipe, targets, outputs) @ weights + penalty(parameters, numbers.l2) * jnp.sum(present)
        metric = per_example_metric(recipe.task, targets, outputs, threshold=numbers.threshold) @ present
        other = _other_metric(recipe, targets, outputs, present)
        return Totals(totals.loss + loss, totals.metric + metric, _plus(totals.other, other))

    zeros = jnp.zeros_like(numbers.threshold)
    return jax.lax.fori_loop(0, count, chunk, _no_totals(recipe, zeros))


def epoch_program(recipe: Recipe, mesh: Mesh) -> Jitted:
    """``(state, numbers, x, y, work) -> Done``: steps, then scores, for all groups.

    The one program of a population: how many steps and which rows are arguments, so training, validating and testing
    are calls of the same compiled code.

    Parameters of the compiled function
    -----------------------------------
    state, numbers : State and Numbers; the state is donated
    x, y : Inputs (rows, F) and array (rows, K), on every device
    work : Work
    """

    def program(state: State[Array], numbers: Numbers[Array], x: Inputs, y: Array, work: Work[Array]) -> Done:
        def one_group(state: State[Array], numbers: Numbers[Array], steps: Array, num_chunks: Array) -> Done:
            own = jax.tree.map(lambda leaf: leaf[numbers.seed_index], work.batches)
            state, trained, losses = _train_group(recipe, state, numbers, x, y, own, steps)
            scored = _score_group(recipe, state.parameters, numbers, x, y, work.chunks, num_chunks)
            return Done(state, trained, scored, losses)

        if not recipe.at_once:
            return jax.lax.map(lambda group: one_group(*group), (state, numbers, work.steps, work.num_chunks))
        # All groups make as many steps as the longest, and those that should have made none are put back.
        most = jnp.max(work.steps), jnp.max(work.num_chunks)
        done: Done = jax.vmap(one_group, in_axes=(0, 0, None, None))(state, numbers, *most)

        def kept(new: Array, old: Array) -> Array:
            return jnp.where((work.steps > 0).reshape(-1, *[1] * (new.ndim - 1)), new, old)

        return done._replace(state=jax.tree.map(kept, done.state, state))

    batches = Batches(WHOLE, WHOLE, WHOLE)
    work = Work(batches=batches, steps=GROUPED, chunks=batches, num_chunks=GROUPED)
    spread = over_groups(program, mesh, (GROUPED, GROUPED, WHOLE, WHOLE, work))
    return jax.jit(spread, donate_argnums=0, compiler_options=compiler_options(mesh))
