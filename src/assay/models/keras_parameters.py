"""What is known of each parameter of a Keras model, and which arrays are a layer's kernel and bias."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from assay.diagnosis.facts import ParameterFacts
from assay.models.keras_layers import as_rows, block_of, kernel_of, parameters_of
from assay.models.keras_network import KerasNetwork, numpy_of

LOOKED_AHEAD = 16  # powers of two: a schedule is followed for 32,768 updates
Arrays = Sequence[np.ndarray]
"""One for each parameter of a network."""


def parameter_facts(
    network: KerasNetwork, optimizer: Any, gradients: Arrays, before: Arrays, after: Arrays | None
) -> tuple[ParameterFacts, ...]:
    """Of every parameter that training moves, or would move if it were not frozen.

    Parameters
    ----------
    network : KerasNetwork
    optimizer : keras.optimizers.Optimizer, optional
    gradients, before : sequence of array
    after : sequence of array, optional
        The parameters after one update.
    """
    trained = {id(variable) for variable in network.model.trainable_variables}
    held = trained  # what an optimizer gets when the model is fitted
    if optimizer is not None and optimizer.built:
        held = {id(variable) for variable in optimizer._trainable_variables}
    rate = None if optimizer is None else float(numpy_of(keras.ops.convert_to_tensor(optimizer.learning_rate)))
    peak = None if optimizer is None else peak_rate(optimizer)
    return tuple(
        ParameterFacts(
            name=variable.path,
            size=int(np.prod(variable.shape)),
            is_trained=id(variable) in trained,
            is_registered=True,
            is_in_optimizer=None if optimizer is None else id(variable) in held,
            learning_rate=rate if id(variable) in held else None,
            rms=_rms(before[place]),
            gradient=_rms(gradients[place]),
            update=None if after is None else _rms(after[place] - before[place]),
            peak_rate=peak,
        )
        for place, variable in enumerate(network.parameters)
        if id(variable) not in network.aside
    )


def peak_rate(optimizer: Any) -> float | None:
    """The largest learning rate among those that its schedule has at 1, 2, 4, … updates; None without a schedule."""
    schedule = getattr(optimizer, "_learning_rate", None)
    if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return None
    return max(float(numpy_of(keras.ops.convert_to_tensor(schedule(2**power)))) for power in range(LOOKED_AHEAD))


def kernels_and_biases(
    network: KerasNetwork, layer: Any
) -> tuple[Callable[[Arrays], np.ndarray], Callable[[Arrays], np.ndarray | None]]:
    """How to take a layer's kernel, (U, F), and its bias, (U,), if it has one, out of what there is of each parameter.

    Of a layer that is looked at as a whole all matrices are one row, and all vectors one bias.
    """
    places = {id(variable): place for place, variable in enumerate(network.parameters)}
    if block_of(layer) is None:
        kernel = places[id(kernel_of(layer))]
        bias = None if layer.bias is None else places[id(layer.bias)]
        return (
            lambda arrays: as_rows(layer, arrays[kernel]),
            lambda arrays: None if bias is None else arrays[bias].reshape(-1),
        )
    own = [places[id(variable)] for variable in parameters_of(layer)]
    matrices = [place for place in own if len(network.parameters[place].shape) > 1]
    vectors = [place for place in own if place not in matrices]

    def row(arrays: Arrays) -> np.ndarray:
        return np.concatenate([arrays[place].reshape(1, -1) for place in matrices], axis=1)

    def column(arrays: Arrays) -> np.ndarray | None:
        return np.concatenate([arrays[place].reshape(-1) for place in vectors]) if vectors else None

    return row, column


def _rms(array: np.ndarray) -> float:
    """Root mean square, in float64; NaN or infinite where a number is."""
    return float(np.sqrt(np.mean(np.square(array, dtype=np.float64)))) if array.size else 0.0
