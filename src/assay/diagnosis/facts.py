"""What is known about a network without measuring it: its layers, its loss, its optimizer, the numbers it is fed.

A study's condition, a Keras model and a PyTorch module all come down to these facts; rules never see where they come
from. What a source does not tell is None, and rules that need it stay silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from assay._lazy import lazy_module
from assay.choices import Choice
from assay.diagnosis.ahead import LookAhead
from assay.learning.losses import loss_values

jax: Any = lazy_module("jax")

# Rows that are looked at to know a data set; medians and means over more would not differ.
LOOKED_AT = 10_000
# Numbers whose quantiles are kept: sorting all of many pictures takes seconds.
QUANTILES_OF = 1_000_000


@dataclass(frozen=True)
class LayerFacts:
    """One layer with a kernel.

    Attributes
    ----------
    name : str
        As a message calls it: ``layer 3``, or the name that the user's model gives it.
    kind : {"dense", "convolution", "recurrent", "attention", "embedding"}
    fan_in, units : int
        Inputs of one unit, and units (channels of a convolution).
    activation : Choice, optional
        What is applied to its outputs before the next kernel; None where it is not one of ours.
    kernel_initializer : Choice, optional
    is_normalized : bool
        A batch, layer or group normalization stands between its outputs and the next kernel.
    is_residual : bool
        A connection leads around it, so a dead layer does not end the signal.
    is_chained : bool
        The next kernel takes its activations as they are: no pooling, no sum, nothing unread stands between.
    number_type : str
        Of its outputs: ``float32``, ``float16``, …
    through_time : float, optional
        Of a recurrent layer: the root mean square of the gradient with respect to its inputs at the first step, divided
        by that at the last.
    lookup : (lowest, highest, size), optional
        Of an embedding: the ends of the indices that it was asked for, and how many its table has.
    ends_branch : bool
        Its outputs are added to a residual stream as they are.
    """

    name: str
    kind: str
    fan_in: int
    units: int
    activation: Choice | None
    kernel_initializer: Choice | None = None
    is_normalized: bool = False
    is_residual: bool = False
    is_chained: bool = True
    number_type: str = "float32"
    through_time: float | None = None
    lookup: tuple[int, int, int] | None = None
    ends_branch: bool = False


@dataclass(frozen=True)
class AttentionFacts:
    """One attention, over the positions that each of its rows may look at.

    Attributes
    ----------
    name : str
    positions : int
        The most that a row may look at.
    entropy : float
        Mean entropy of the weights, as a share of that of equal weights, log(positions): 1 where all positions count
        alike, 0 where one takes all.
    scores_std : float
        Standard deviation of the scores that the softmax is given.
    saturated : float
        Share of rows that give one position more than 99 %.
    """

    name: str
    positions: int
    entropy: float
    scores_std: float
    saturated: float


@dataclass(frozen=True)
class DataFacts:
    """The numbers that a network is fed and asked for.

    Attributes
    ----------
    rows, features : int
    largest_std, largest_mean : float
        Over the features: the largest standard deviation, and the mean farthest from 0.
    rms : float
        Root mean square of all entries of x.
    nonfinite : int
        Entries of x and y that are NaN or infinite.
    target_low, target_high : float
        The ends of the targets.
    target_std : float
    classes : int, optional
        None for quantities.
    majority : float, optional
        Share of the commonest class: the accuracy of the best constant output. None for quantities.
    is_constant : bool
        All targets are equal: nothing can be learnt from them.
    target_quantiles : tuple of float
        Of the numbers of the targets: 0 %, 1 %, … 100 %. Empty of classes, and where they were not kept.
    """

    rows: int
    features: int
    largest_std: float
    largest_mean: float
    rms: float
    nonfinite: int
    target_low: float
    target_high: float
    target_std: float
    classes: int | None
    majority: float | None
    is_constant: bool
    target_quantiles: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "target_quantiles", tuple(self.target_quantiles))  # out of a file it is a list

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, *, classes: int | None) -> DataFacts:
        """Read them off x (B, …) and dense targets y (B, K)."""
        inputs, targets = (_some_rows(np.asarray(array)) for array in (x, y))
        nonfinite = int((~np.isfinite(inputs)).sum() + (~np.isfinite(targets)).sum())
        inputs, targets = np.nan_to_num(inputs, posinf=0.0, neginf=0.0), np.nan_to_num(targets, posinf=0.0, neginf=0.0)
        means = inputs.mean(axis=0)
        return cls(
            rows=len(x),
            features=inputs.shape[1],
            largest_std=float(inputs.std(axis=0).max()),
            largest_mean=float(means[np.abs(means).argmax()]),
            rms=float(np.sqrt((inputs**2).mean())),
            nonfinite=nonfinite,
            target_low=float(targets.min()),
            target_high=float(targets.max()),
            target_std=float(targets.std()),
            classes=classes,
            majority=None if classes is None else _majority(targets),
            is_constant=bool((targets == targets[0]).all()),
            target_quantiles=_quantiles(targets) if classes is None else (),
        )


def _some_rows(array: np.ndarray) -> np.ndarray:
    """At most `LOOKED_AT` rows, flat, the same ones of every array of as many."""
    few = np.random.Generator(np.random.Philox(len(array))).permutation(len(array))[:LOOKED_AT]
    return array[few].reshape(len(few), -1).astype(np.float64)


def _quantiles(targets: np.ndarray) -> tuple[float, ...]:
    """0 %, 1 %, … 100 % of the numbers in (B, K); its rows are in random order, so of pictures the first are enough."""
    few = targets[: max(1, QUANTILES_OF // targets.shape[1])]
    return tuple(np.quantile(few, np.linspace(0, 1, 101)).tolist())


def _majority(targets: np.ndarray) -> float:
    """Share of the commonest class, of one-hot rows (B, K) or of 0 and 1 (B, 1)."""
    shares = targets.mean(axis=0)
    return float(max(shares[0], 1 - shares[0]) if len(shares) == 1 else shares.max())


@dataclass(frozen=True)
class ParameterFacts:
    """One array of parameters of a user's own network, and what one update does to it.

    Attributes
    ----------
    name : str
        As the framework calls it: ``classifier.weight``.
    size : int
        How many numbers it holds.
    is_trained : bool
        It is not frozen: ``requires_grad`` in PyTorch, ``trainable`` in Keras.
    is_registered : bool
        The model lists it among its parameters; one in a plain Python list is used and not listed.
    is_in_optimizer : bool, optional
        The optimizer was given it. None without an optimizer.
    learning_rate : float, optional
        Of its group in the optimizer, as it is now.
    peak_rate : float, optional
        The largest that a schedule names; None where none is known.
    rms : float
        Root mean square of its numbers.
    gradient : float, optional
        Root mean square of its gradient: 0 where none reaches it, NaN where it is not finite. None if not measured.
    update : float, optional
        Root mean square of its change in one update. None if not measured.
    """

    name: str
    size: int
    is_trained: bool
    is_registered: bool
    is_in_optimizer: bool | None
    learning_rate: float | None
    rms: float
    gradient: float | None = None
    update: float | None = None
    peak_rate: float | None = None


@dataclass(frozen=True)
class BatchMix:
    """How well the rows are mixed over the batches that were looked at.

    Attributes
    ----------
    batches : int
    between : float
        The share of the targets' variance that lies between the batches; of classes, of the variance of their 0/1
        columns. 0 if all batches are alike, 1 if all rows of each are equal.
    by_chance : float
        The mean of that share over all ways of dealing the same rows to the batches.
    """

    batches: int
    between: float
    by_chance: float


@dataclass(frozen=True)
class AuditEntry:
    """The size of one parameter array of a user's network as it was found, beside the sizes that are usual.

    Attributes
    ----------
    name : str
        Numbers in it are ``*`` where arrays that differ in nothing else agree.
    count : int
        How many arrays it speaks of.
    mean, std : float
        Of their entries.
    default : (words, float), optional
        The standard deviation that the framework gives a new layer of this class.
    theory : (words, float), optional
        The one that its place in the network asks for.
    remarks : tuple of str
        ``tied to head.weight``, ``no gradient reaches it``, …
    is_odd : bool
        Its size is neither the default's nor theory's, nor near one of them.
    """

    name: str
    count: int
    mean: float
    std: float
    default: tuple[str, float] | None = None
    theory: tuple[str, float] | None = None
    remarks: tuple[str, ...] = ()
    is_odd: bool = False

    def written(self) -> dict[str, Any]:
        """As JSON; numbers that are not finite are None."""
        return {
            "name": self.name,
            "count": self.count,
            "mean": _finite(self.mean),
            "std": _finite(self.std),
            "default": None if self.default is None else {"words": self.default[0], "std": self.default[1]},
            "theory": None if self.theory is None else {"words": self.theory[0], "std": self.theory[1]},
            "remarks": list(self.remarks),
            "is_odd": self.is_odd,
        }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


@dataclass(frozen=True)
class OutputFacts:
    """How a user's own loss reads the output and the targets, and where a network's softmaxes run.

    Attributes
    ----------
    takes_logarithms : bool
        The loss expects logarithms of probabilities, as ``NLLLoss`` does.
    broadcast : pair of shapes, optional
        Of an output and a target that are compared although their shapes differ, so that each output meets several
        targets.
    labels_beyond : (low, high, K), optional
        The ends of the labels, where some lie outside those that K outputs can have.
    target_form : {"one_hot", "labels", "not_shares"}, optional
        Why the loss cannot read the targets as they are: it takes class numbers and got one-hot rows; the other way
        round; or it takes shares of the classes, and the numbers of a row do not add up to 1.
    over_one : tuple of str
        Softmaxes and normalizations over a single number.
    over_rows : tuple of str
        Softmaxes over the examples of a batch.
    negated : str
        The name of a loss whose negative is what is minimized; empty where none is.
    """

    takes_logarithms: bool = False
    broadcast: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    labels_beyond: tuple[float, float, int] | None = None
    over_one: tuple[str, ...] = ()
    over_rows: tuple[str, ...] = ()
    target_form: str | None = None
    negated: str = ""


@dataclass(frozen=True)
class LookupFacts:
    """A table of an embedding that is asked for rows which it does not have.

    Attributes
    ----------
    name : str
        Of the layer.
    low, high : int
        The ends of the numbers that it is given.
    size : int
        How many rows it has: those from 0 to size - 1.
    """

    name: str
    low: int
    high: int
    size: int


@dataclass(frozen=True)
class NetworkFacts:
    """All that is known of one network, its data and how it is to be trained.

    Attributes
    ----------
    layers : tuple of LayerFacts
        In the order of the signal; the last is the output's.
    task : {"binary", "multiclass", "multilabel", "regression"}, optional
        Of several labels an example each is a question of yes or no of its own.
    loss : Choice, optional
        With its arguments (``from_logits``).
    optimizer : Choice, optional
        With its ``learning_rate``.
    steps : int, optional
        Updates that it will have: the budget.
    data : DataFacts, optional
        Of a user's network the numbers that reach its first kernel, behind whatever scales or looks them up.
    chance_loss : float, optional
        The loss of the best constant output; see `chance_loss`.
    floor_loss : float
        The smallest loss that any outputs reach on these targets: 0, or the entropy of soft targets.
    parameters : tuple of ParameterFacts
        Of a user's own network; empty for a study's, whose parameters are all trained.
    unseen : tuple of str
        Layers with parameters whose signals were not looked at.
    as_read : OutputFacts
    is_budget_assumed : bool
        Nobody named `steps`.
    is_scheduled : bool
        A schedule changes the learning rate while it trains.
    largest_dropout : float
        The largest share of activations that a dropout of a user's own network sets to 0.
    ahead : LookAhead, optional
        Some updates on a copy of a user's own network.
    lookups_beyond : tuple of LookupFacts
        Embeddings that are given numbers which they have no row for.
    attentions : tuple of AttentionFacts
    decay_cosine : float, optional
        Cosine between the kernels' next update and the one that weight decay alone would make: 1 where the loss has no
        say. None without weight decay.
    statistics_kept : float
        Of a batch normalization, the share of its first running statistics that is left when training ends, the largest
        of all: (1 − momentum)^updates. 0 where it has none, or the updates are not known.
    batch_mix : BatchMix, optional
        Of the targets, where the examples came in batches.
    audit : tuple of AuditEntry
        How the parameters of a user's own network were initialized.
    """

    layers: tuple[LayerFacts, ...]
    task: str | None = None
    loss: Choice | None = None
    optimizer: Choice | None = None
    steps: int | None = None
    data: DataFacts | None = None
    chance_loss: float | None = None
    floor_loss: float = 0.0
    parameters: tuple[ParameterFacts, ...] = ()
    unseen: tuple[str, ...] = ()
    as_read: OutputFacts = OutputFacts()
    is_budget_assumed: bool = False
    is_scheduled: bool = False
    largest_dropout: float = 0.0
    ahead: LookAhead | None = None
    lookups_beyond: tuple[LookupFacts, ...] = ()
    attentions: tuple[AttentionFacts, ...] = ()
    decay_cosine: float | None = None
    statistics_kept: float = 0.0
    batch_mix: BatchMix | None = None
    audit: tuple[AuditEntry, ...] = ()

    @property
    def output(self) -> LayerFacts:
        """The last layer."""
        return self.layers[-1]


def chance_loss(loss: Choice, y: np.ndarray, weights: np.ndarray | None = None) -> float | None:
    """The smallest loss that one constant output reaches: what a network knows that has learnt the targets' mean alone.

    Tried are the mean, the median and the commonest row of the targets, which are the best constants of squared and
    cross-entropy losses, of absolute ones, and of hinges; for logits their logarithms.

    Parameters
    ----------
    loss : Choice
    y : array, shape (B, K)
        Dense targets.
    weights : array, shape (B,), optional
        How much each row counts in the loss; all alike when not given.

    Returns
    -------
    float or None
        None where no such loss is finite.
    """
    y = np.asarray(y, np.float64)[:LOOKED_AT]
    counting = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)[:LOOKED_AT]
    rows, of_rows = np.unique(y[:1000], axis=0, return_inverse=True)
    counts = np.bincount(of_rows.ravel(), counting[:1000])
    mean = y.mean(axis=0) if weights is None else np.average(y, axis=0, weights=counting)
    constants = [mean, np.median(y, axis=0), rows[counts.argmax()], 2 * rows[counts.argmax()] - 1]
    if loss.arguments.get("from_logits"):
        mean = np.clip(constants[0], 1e-7, 1 - 1e-7)
        constants = [np.log(mean) if y.shape[1] > 1 else np.log(mean / (1 - mean))]
    with jax.enable_x64(True):
        mean_loss = _mean_loss(loss)
        found = [
            float(mean_loss(y.T, np.broadcast_to(constant[:, None], y.T.shape), counting)) for constant in constants
        ]
    finite = [value for value in found if np.isfinite(value)]
    return min(finite) if finite else None


@lru_cache(maxsize=64)
def _mean_loss(loss: Choice) -> Any:
    """``(targets, outputs, weights) -> mean``, of arrays (K, B) and (B,): a single small program."""
    return jax.jit(lambda targets, outputs, weights: (loss_values(loss, targets, outputs) * weights).mean())
