"""What the engine sums beside the loss: accuracy for classes, mean absolute error for regression, and a loss more.

Those that look at all rows at once are in `assay.learning.scores`, with the record of every metric.

Targets and outputs have shape (..., K, batch) and a metric returns one number per example, (..., batch), so that the
mean over any set of examples is exact whatever the batches were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay._lazy import lazy_module
from assay.choices import Choice
from assay.learning.losses import FEATURES, mean_absolute_error
from assay.learning.scores import METRICS

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


def accuracy(targets: jax.Array, outputs: jax.Array, task: str, *, threshold: float | jax.Array = 0.5) -> jax.Array:
    """1 where an example is classified correctly, 0 where not; of several labels the share of them.

    Parameters
    ----------
    targets : array, shape (..., K, batch)
        One-hot, or {0, 1} with K = 1.
    outputs : array, shape (..., K, batch)
        What the network said.
    task : {"binary", "multiclass", "multilabel"}
        A multiclass example is correct if its largest output is that of its class, a binary one if its output lies on
        the right side of the threshold; of several labels, the share of those that are.
    threshold : float or array, shape (...)
        Outputs above it say 1, for each member; see `assay.learning.losses.class_threshold`.

    Returns
    -------
    array of float32, shape (..., batch)
    """
    if task == "multiclass":
        correct = jax.numpy.argmax(targets, axis=FEATURES) == jax.numpy.argmax(outputs, axis=FEATURES)
        return correct.astype("float32")
    threshold = jax.numpy.asarray(threshold)[..., None, None]
    return jax.numpy.mean((targets > 0.5) == (outputs > threshold), axis=FEATURES, dtype="float32")


def metric_names(task: str, own: Choice | None = None) -> tuple[str, ...]:
    """The metrics of a task: the loss, what is easier to read, and the one that a study asks for."""
    plain = ("loss", *(record.name for record in METRICS.records if task in record.anyway))
    return plain if own is None else (*plain, str(own))


def per_example_metric(
    task: str, targets: jax.Array, outputs: jax.Array, *, threshold: float | jax.Array = 0.5
) -> jax.Array:
    """The second of `metric_names`, example by example, shape (..., batch). A third one is a loss by its choice."""
    if task == "regression":
        return mean_absolute_error(targets, outputs)
    return accuracy(targets, outputs, task, threshold=threshold)
