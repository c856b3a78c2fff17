"""The next update of a user's parameters."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from assay.models.keras_layers import optimizer_of
from assay.models.updates import can_update, next_parameters

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RANDOM = np.random.default_rng(0)
SHAPES = [(3, 3, 2, 4), (5, 4), (4,)]
PARAMETERS = [RANDOM.standard_normal(shape).astype(np.float32) for shape in SHAPES]
GRADIENTS = [RANDOM.standard_normal(shape).astype(np.float32) for shape in SHAPES]


@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, global_clipnorm=0.5),
        keras.optimizers.Adam(0.01, amsgrad=True, clipvalue=0.3),
        keras.optimizers.AdamW(0.01, weight_decay=0.1),
        keras.optimizers.Nadam(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)),
        keras.optimizers.Lion(0.01),
    ],
    ids=lambda optimizer: type(optimizer).__name__,
)
def test_the_first_update_is_that_of_keras(optimizer):
    """For kernels of any number of axes, the choice that an optimizer is read as makes Keras' own first update."""
    choice = optimizer_of(optimizer)
    ours = next_parameters(choice, PARAMETERS, GRADIENTS)
    variables = [keras.Variable(array) for array in PARAMETERS]
    optimizer.apply_gradients(zip(map(keras.ops.convert_to_tensor, GRADIENTS), variables, strict=True))
    for mine, variable in zip(ours, variables, strict=True):
        np.testing.assert_allclose(mine, np.asarray(variable.value), rtol=1e-5, atol=1e-6)


def test_adafactor_is_told_of_matrices_only():
    """Its moments of rows and columns are not those of a convolution's kernel here, so nothing is said of it."""
    choice = optimizer_of(keras.optimizers.Adafactor())
    assert can_update(choice, [(5, 4), (4,)])
    assert not can_update(choice, SHAPES)
    assert not can_update(None, [(4,)])
