"""Activations against `keras.activations`, in value and in gradient."""

import inspect
import types

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from assay.choices import Choice
from assay.errors import StudyError
from assay.networks.activations import ACTIVATIONS, activate, output_units

# One rounding more or less of float32 numbers of order 1.
TOLERANCE = {"rtol": 2e-6, "atol": 2e-6}

ARGUMENTS = [
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 6.0}),
    ("relu", {"max_value": 1.0}),
    ("relu", {"threshold": 0.5}),
    ("relu", {"negative_slope": 0.1, "threshold": 0.5}),
    ("relu", {"negative_slope": 0.1, "max_value": 6.0}),
    ("relu", {"negative_slope": 0.2, "max_value": 1.5, "threshold": 0.5}),
    ("relu", {"max_value": 6.0, "threshold": 1.0}),
    ("leaky_relu", {"negative_slope": 0.01}),
    ("elu", {"alpha": 0.7}),
    ("celu", {"alpha": 1.8}),
    ("gelu", {"approximate": True}),
    ("squareplus", {"b": 2.5}),
    ("soft_shrink", {"threshold": 1.2}),
    ("hard_shrink", {"threshold": 1.2}),
    ("threshold", {"threshold": 0.5, "default_value": -2.0}),
]
CASES = [(name, {}) for name in ACTIVATIONS if name != "threshold"] + ARGUMENTS


def pre_activations():
    """Members, units, examples: normal numbers, and every place where some function has a kink."""
    z = 2.0 * np.random.default_rng(0).standard_normal((3, 8, 40)).astype("float32")
    z[0, 0, :14] = [-6, -3, -1.2, -1, -0.5, -0.0, 0, 0.5, 1, 1.2, 1.5, 3, 6, 9]
    return z


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=lambda part: str(part))
def test_value_and_gradient_equal_those_of_keras(name, arguments):
    """An activation is Keras' function of that name with the feature axis moved to -2, and so is its gradient."""
    z = pre_activations()
    theirs = getattr(keras.activations, name)

    def keras_on_features(z):
        return jnp.swapaxes(theirs(jnp.swapaxes(z, -1, -2), **arguments), -1, -2)

    weights = np.random.default_rng(1).standard_normal(z.shape).astype("float32")

    @jax.jit
    def both(z):
        values, pullback = jax.vjp(lambda z: activate(Choice(name, arguments), z), z)
        expected, expected_pullback = jax.vjp(keras_on_features, z)
        cotangent = weights[:, : values.shape[1]]
        return (values, *pullback(cotangent)), (expected, *expected_pullback(cotangent))

    (values, gradient), (expected, expected_gradient) = both(z)
    np.testing.assert_allclose(values, expected, **TOLERANCE)
    np.testing.assert_allclose(gradient, expected_gradient, **TOLERANCE)


def test_the_table_holds_every_activation_of_keras():
    """Every function of `keras.activations` has an entry of the same name."""
    theirs = {
        name
        for name, function in vars(keras.activations).items()
        if isinstance(function, types.FunctionType) and name not in ("get", "serialize", "deserialize")
    }
    assert theirs == set(ACTIVATIONS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_arguments_and_defaults_are_those_of_keras(name):
    """An activation has Keras' arguments with Keras' defaults, save the axis, which is the layout's."""
    parameters = list(inspect.signature(getattr(keras.activations, name)).parameters.values())[1:]
    theirs = {parameter.name: parameter.default for parameter in parameters if parameter.name != "axis"}
    ours = ACTIVATIONS[name].defaults
    assert ours.keys() == theirs.keys()
    # Keras gives the two arguments of threshold no default.
    assert name == "threshold" or ours == theirs


@pytest.mark.parametrize("name", ["relu", "softmax", "sparsemax", "glu"])
def test_activations_can_be_compiled_and_batched(name):
    """Under jit and vmap an activation keeps its numbers."""
    z = pre_activations()
    choice = Choice(name)
    mapped = jax.jit(jax.vmap(lambda member: activate(choice, member)))(z)
    np.testing.assert_allclose(mapped, activate(choice, z), **TOLERANCE)


def test_softmax_sums_to_one_over_the_units_of_a_layer():
    """Softmax makes a distribution over axis -2, for each example of each member."""
    np.testing.assert_allclose(activate(Choice("softmax"), pre_activations()).sum(axis=-2), 1.0, rtol=1e-6)


def test_glu_halves_the_units():
    """Only glu changes the number of units, and it asks for an even one."""
    assert output_units(Choice("glu"), 64) == 32
    assert activate(Choice("glu"), pre_activations()).shape == (3, 4, 40)
    assert output_units(Choice("relu"), 7) == 7
    with pytest.raises(StudyError, match=r"glu: expected a layer with an even number of units, got 7\..* write 8\."):
        output_units(Choice("glu"), 7)


def test_an_unknown_activation_is_answered_with_the_near_miss():
    """A misspelt activation names the one that was meant."""
    with pytest.raises(StudyError, match=r"unknown activation 'rellu'\. Did you mean 'relu'\?"):
        ACTIVATIONS.parse("rellu", where="network.activation")
