"""What is kept of a user's own network: the very tables of a study's trial, measured by the same probes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np

from assay.choices import Choice
from assay.diagnosis.facts import LayerFacts, NetworkFacts
from assay.engine.batching import num_batches
from assay.engine.layout import Segment
from assay.engine.tracing import Layers, LayerTrace, Measurement, Signals
from assay.linearized import LINEARIZED_ROWS, DenseWeights, LinearizedCourse, linearized_course
from assay.models.objective import dense_loss
from assay.probes import all_probes, quantities, signal_frames

if TYPE_CHECKING:
    import polars as pl

# Memory that the arrays of all layers may take, for values, errors and what becomes of them.
TRACE_BYTES = 2**30
COPIES = 4
FEW = 4  # examples that show a network's structure
# What a training is taken to be where nobody says: Keras' batches.
EPOCHS, BATCH_SIZE = 10, 32


@dataclass(frozen=True, eq=False)
class Observation:
    """A user's own network, looked at once.

    Attributes
    ----------
    name : str
        Of the model; the condition's name in the tables.
    facts : NetworkFacts
    signals, histograms : polars.DataFrame
        As in the store: trial 0, seed 0, layers numbered from 1 in the order of the signal. A quantity that the network
        has not, or that is not known, has no rows: ``bias`` of a layer without one; ``update``, ``response`` and the
        loss after it where the optimizer is not one of ours.
    remarks : tuple of str
        Sentences on what was assumed and what was left out.
    course : LinearizedCourse, optional
        Where a chain of dense layers would go if it stayed linear in its parameters; None for other networks.
    """

    name: str
    facts: NetworkFacts
    signals: pl.DataFrame
    histograms: pl.DataFrame
    remarks: tuple[str, ...] = ()
    course: LinearizedCourse | None = None

    @property
    def layer_names(self) -> tuple[str, ...]:
        """What the model calls its layers, in the order of their numbers."""
        return tuple(layer.name for layer in self.facts.layers)


@dataclass(frozen=True, eq=False)
class TracedLayer:
    """One layer with a kernel, on B examples; P positions of a convolution (1 of a dense layer), U units, F inputs.

    Attributes
    ----------
    facts : LayerFacts
    preactivations, errors : array, (B, P, U)
        What the activation is given, and the gradient of the mean loss with respect to it, times B. None of a recurrent
        layer, of which only the outputs are seen.
    activations : array, (B, P, U')
    kernel, kernel_gradient, kernel_update : array, (U, F)
        The update is None where it is not known.
    bias, bias_gradient : array, (U,), optional
        None without a bias.
    preactivation_change : array, (B, P, U), optional
        None where the update is not known.
    """

    facts: LayerFacts
    preactivations: np.ndarray | None
    activations: np.ndarray
    errors: np.ndarray | None
    kernel: np.ndarray
    kernel_gradient: np.ndarray
    kernel_update: np.ndarray | None
    bias: np.ndarray | None
    bias_gradient: np.ndarray | None
    preactivation_change: np.ndarray | None


class Budget(NamedTuple):
    """How many updates a network will have.

    Attributes
    ----------
    steps : int
    is_assumed : bool
        Nobody named them.
    """

    steps: int
    is_assumed: bool

    @classmethod
    def of(cls, given: Budget | int | None) -> Budget | None:
        """As it was given; a plain number is what somebody named."""
        return given if given is None or isinstance(given, Budget) else cls(given, False)


def assumed_budget(rows: int) -> tuple[Budget, str]:
    """The updates that a network is taken to have where nobody says, and the remark that tells so."""
    steps = EPOCHS * num_batches(rows, BATCH_SIZE)
    return Budget(steps, True), f"Assumed: a budget of {EPOCHS} epochs of batches of {BATCH_SIZE}, {steps:,} updates."


def assumed_epochs(batches: int) -> tuple[Budget, str]:
    """The same where it is known how many batches an epoch has."""
    steps = EPOCHS * batches
    return Budget(steps, True), f"Assumed: a budget of {EPOCHS} epochs of its {batches:,} batches, {steps:,} updates."


def course_of(
    facts: NetworkFacts, layers: Sequence[TracedLayer], x: np.ndarray, y: np.ndarray
) -> LinearizedCourse | None:
    """Where the linear network would go, of a chain of dense layers with known activations, loss and optimizer.

    Parameters
    ----------
    facts : NetworkFacts
    layers : sequence of TracedLayer
    x, y : array, shape (B, F) and (B, K)
        Inputs, and dense targets.
    """
    if None in (facts.loss, facts.optimizer, facts.steps, facts.task) or x.shape[1] != facts.layers[0].fan_in:
        return None
    if facts.task == "multilabel":
        return None
    weights = []
    for below, layer in zip((None, *layers[:-1]), layers, strict=True):
        own = layer.facts
        plain = own.kind == "dense" and not own.is_normalized and not own.is_residual
        if not plain or own.activation is None or (below is not None and below.facts.units != own.fan_in):
            return None
        bias = np.zeros(own.units) if layer.bias is None else layer.bias
        weights.append(DenseWeights(np.asarray(layer.kernel, float), np.asarray(bias, float), own.activation))
    assert facts.loss is not None
    assert facts.optimizer is not None
    assert facts.task is not None
    return linearized_course(
        weights,
        x[:LINEARIZED_ROWS],
        y[:LINEARIZED_ROWS],
        task=facts.task,
        loss=dense_loss(facts.loss),
        optimizer=facts.optimizer,
        steps=facts.steps or 0,
        batch_size=BATCH_SIZE,
    )


def signal_tables(
    name: str, layers: Iterable[TracedLayer], *, loss: float, loss_after: float | None, epoch: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Measure every layer with the probes of a study.

    Parameters
    ----------
    name : str
        The condition's.
    layers : iterable of TracedLayer
        Each is measured and let go before the next is taken, so that an iterator holds one at a time.
    loss, loss_after : float
        The mean loss, penalties included, now and after the next update; None where that is not known.
    epoch : int

    Returns
    -------
    signals, histograms : polars.DataFrame
    """
    import polars as pl

    found: Signals = [measured_alone(layer) for layer in layers]
    losses: Any = [np.array([np.nan if value is None else value], np.float32) for value in (loss, loss_after)]
    for probe in all_probes():
        if all(quantity.per == "network" for quantity in probe.quantities):
            found[-1] |= probe.measure(Layers([_NOTHING], ((),), *losses))[-1]
    signals, histograms = signal_frames(
        jax.tree.map(lambda leaf: np.asarray(leaf)[None], found),  # with axes for conditions and seeds
        trials=np.zeros((1, 1), np.int64),
        conditions=[name],
        seeds=[0],
        epoch=epoch,
        recorded=np.ones((1, 1), bool),
    )
    if loss_after is None:
        for quantity in quantities():
            is_unknown = pl.col("statistic").is_in(quantity.after_update) & (pl.col("quantity") == quantity.name)
            signals = signals.filter(~is_unknown)
        histograms = histograms.join(signals, on=["layer", "quantity"], how="semi")
    return signals, histograms


_EMPTY: Any = np.zeros((1, 0, 0), np.float32)
_NOTHING = LayerTrace(*[_EMPTY for _ in LayerTrace._fields])


def measured_alone(layer: TracedLayer) -> dict[str, Measurement]:
    """Every quantity that this layer has, by name, with a member axis of 1; nothing is compiled for its shapes."""
    segments = (Segment(layer.facts.activation or Choice("linear"), 0, 1),)
    by_position, by_example = _arrays(layer, _by_position), _arrays(layer, _by_example)
    found: dict[str, Measurement] = {}
    for probe in all_probes():
        # Of a convolution whole examples are all its positions together; the others look at each position.
        arrays = by_example if any(quantity.per == "example" for quantity in probe.quantities) else by_position
        with np.errstate(all="ignore"):  # numbers that overflow are counted
            found |= probe.measure_alone(arrays, segments)
    return found


def _by_position(values: np.ndarray) -> np.ndarray:
    """(B, P, U) as (1, U, B · P): a unit's values are those of all examples and positions."""
    return values.reshape(-1, values.shape[-1]).T[None]


def _by_example(values: np.ndarray) -> np.ndarray:
    """(B, P, U) as (1, P · U, B): a column is an example's whole map."""
    return values.reshape(len(values), -1).T[None]


def _arrays(layer: TracedLayer, arranged: Callable[[np.ndarray], np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays that the layer has as probes take them, by name, with a member axis of 1; parameters as they are."""
    found = {name: getattr(layer, name, None) for name in LayerTrace._fields}
    return {
        name: arranged(np.asarray(array, np.float32)) if array.ndim == 3 else np.asarray(array, np.float32)[None]
        for name, array in found.items()
        if array is not None
    }
