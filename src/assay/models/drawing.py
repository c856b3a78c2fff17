"""Examples for a network that was given none.

They tell how signals pass through it, and nothing of what it could learn. They are drawn from one stream of random
numbers, so the same network always sees the same ones.
"""

from __future__ import annotations

import numpy as np

from assay.choices import Choice
from assay.learning.losses import LOSSES
from assay.networks.activations import ACTIVATIONS


def drawn_inputs(rows: int, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal numbers, (rows, *shape)."""
    return np.random.Generator(np.random.Philox(0)).standard_normal((rows, *shape), dtype=np.float32)


def drawn_words(rows: int, shape: tuple[int, ...], count: int) -> np.ndarray:
    """Whole numbers from 0 to count - 1, (rows, *shape), for a layer that looks words up."""
    return np.random.Generator(np.random.Philox(0)).integers(0, count, (rows, *shape), dtype=np.int32)


def drawn_targets(
    rows: int, output_shape: tuple[int, ...], activation: Choice | None, loss: Choice | None
) -> tuple[np.ndarray, str]:
    """Targets of the kind that a network's output suggests, and what they are in words.

    Parameters
    ----------
    rows : int
    output_shape : tuple of int
        Of one example; its last axis has the K outputs.
    activation, loss : Choice, optional
        Of the output.
    """
    random = np.random.Generator(np.random.Philox(1))
    outputs = output_shape[-1] if output_shape else 1
    needs = LOSSES.of(loss).needs if loss else ""
    normalizes = activation is not None and ACTIVATIONS.of(activation).normalizes
    if outputs > 1 and (needs == "one_hot" or (not loss and normalizes)):
        labels = random.integers(0, outputs, (rows, *output_shape[:-1]))
        is_sparse = loss is not None and loss.name.startswith("sparse")
        return (labels if is_sparse else np.eye(outputs, dtype=np.float32)[labels]), f"drawn from {outputs} classes"
    if needs in ("classes", "one_hot") or (not loss and activation == Choice("sigmoid")):
        return random.integers(0, 2, (rows, *output_shape)).astype(np.float32), "drawn from 0 and 1"
    return random.standard_normal((rows, *output_shape), dtype=np.float32), "drawn from a standard normal"
