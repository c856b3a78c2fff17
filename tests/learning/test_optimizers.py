"""Optimizers against `keras.optimizers`: a population of three beside Keras' optimizer on each member alone."""

import functools
import inspect

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from assay.choices import Choice
from assay.errors import StudyError
from assay.learning.optimizers import (
    OPTIMIZERS,
    RANGES,
    check_numbers,
    clip,
    numeric_part,
    slot_names,
    slots,
    static_part,
    update,
)

STEPS = 20
FAN_IN, UNITS = 6, 5
LEARNING_RATES = (0.001, 0.01, 0.1)
# After 20 updates, relative to the largest entry of the parameter: some 100 roundings of float32.
RELATIVE = 1e-5

KERAS = {
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
    "adagrad": keras.optimizers.Adagrad,
    "adadelta": keras.optimizers.Adadelta,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "adamax": keras.optimizers.Adamax,
    "nadam": keras.optimizers.Nadam,
    "ftrl": keras.optimizers.Ftrl,
    "lion": keras.optimizers.Lion,
    "adafactor": keras.optimizers.Adafactor,
}
# What Keras' base class offers beyond a rule: averaging, accumulation and scaling belong to the training loop.
OF_THE_LOOP = {
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
    "name",
    "kwargs",
}
OPTIONS = [
    *((name, {}) for name in OPTIMIZERS),
    *((name, {"weight_decay": 0.02}) for name in ("sgd", "rmsprop", "ftrl", "adafactor")),
    ("sgd", {"momentum": 0.9}),
    ("sgd", {"momentum": 0.9, "nesterov": True}),
    ("sgd", {"nesterov": True}),
    ("sgd", {"momentum": 0.5, "clipnorm": 0.7}),
    ("sgd", {"clipvalue": 0.2}),
    ("sgd", {"global_clipnorm": 0.9}),
    ("rmsprop", {"rho": 0.99, "epsilon": 1e-5}),
    ("rmsprop", {"momentum": 0.8}),
    ("rmsprop", {"centered": True}),
    ("rmsprop", {"centered": True, "momentum": 0.8, "clipnorm": 0.7}),
    ("adagrad", {"initial_accumulator_value": 0.0, "epsilon": 1e-3}),
    ("adagrad", {"clipvalue": 0.2}),
    ("adadelta", {"rho": 0.8, "epsilon": 1e-4}),
    ("adam", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    ("adam", {"amsgrad": True}),
    ("adam", {"global_clipnorm": 0.9}),
    ("adamw", {"weight_decay": 0.1, "amsgrad": True, "clipnorm": 0.7}),
    ("adamax", {"beta_1": 0.5, "beta_2": 0.9}),
    ("nadam", {"beta_1": 0.5, "beta_2": 0.9}),
    ("nadam", {"global_clipnorm": 0.9}),
    ("ftrl", {"learning_rate_power": -0.7, "initial_accumulator_value": 0.3, "beta": 0.1}),
    (
        "ftrl",
        {
            "l1_regularization_strength": 0.01,
            "l2_regularization_strength": 0.02,
            "l2_shrinkage_regularization_strength": 0.03,
        },
    ),
    ("lion", {"beta_1": 0.8, "beta_2": 0.95}),
    ("adafactor", {"beta_2_decay": -0.5, "epsilon_2": 0.1, "clip_threshold": 0.5}),
    ("adafactor", {"relative_step": False}),
]


def start():
    """Kernels (P, out, in) and biases (P, out), and their gradients at each step; unit 0 is dead."""
    random = np.random.default_rng(0)
    members = len(LEARNING_RATES)
    parameters = [random.standard_normal((members, UNITS, FAN_IN)), random.standard_normal((members, UNITS))]
    gradients = [0.3 * random.standard_normal((STEPS, *array.shape)) for array in parameters]
    gradients[0][:, :, 0], gradients[1][:, :, 0] = 0, 0
    return [p.astype("float32") for p in parameters], [g.astype("float32") for g in gradients]


def choices_of(name, arguments):
    """One choice for each of the three learning rates."""
    return [Choice(name, {"learning_rate": rate, **arguments}) for rate in LEARNING_RATES]


def stacked_numbers(choices):
    """The numbers of the choices as arrays (P,), as the engine stacks them."""
    parts = [numeric_part(choice) for choice in choices]
    return {name: np.asarray([part[name] for part in parts], "float32") for name in parts[0]}


@functools.partial(jax.jit, static_argnums=0)
def run(static, numbers, parameters, gradients):
    """The parameters after one update for each entry of the gradients' first axis."""

    def one_update(carry, batch):
        parameters, held, step = carry
        clipped = clip(static, batch, numbers)
        pairs = [
            update(static, parameter=p, gradient=g, slots=s, step=step, numbers=numbers)
            for p, g, s in zip(parameters, clipped, held, strict=True)
        ]
        return ([p for p, _ in pairs], [s for _, s in pairs], step + 1), None

    held = [slots(static, parameter.shape) for parameter in parameters]
    return jax.lax.scan(one_update, (parameters, held, jnp.float32(1)), gradients)[0][0]


def trained(choices, parameters, gradients):
    """The population after its updates, by the engine's face under jit and scan."""
    return run(static_part(choices[0]), stacked_numbers(choices), parameters, gradients)


def trained_by_keras(choice, parameters, gradients, member):
    """One member alone, by Keras' optimizer, in Keras' orientation."""
    optimizer = KERAS[choice.name](**choice.arguments)
    variables = [keras.Variable(parameter[member].T) for parameter in parameters]
    optimizer.build(variables)
    for step in range(STEPS):
        optimizer.apply([jnp.asarray(gradient[step, member].T) for gradient in gradients])
    return [np.asarray(variable.value).T for variable in variables]


@pytest.mark.parametrize(("name", "arguments"), OPTIONS, ids=str)
def test_a_population_takes_the_steps_that_keras_takes_with_each_member(name, arguments):
    """20 updates of three members with different learning rates equal Keras' on each alone, to 1e-5 of the largest."""
    parameters, gradients = start()
    choices = choices_of(name, arguments)
    ours = trained(choices, parameters, gradients)
    for member, choice in enumerate(choices):
        theirs = trained_by_keras(choice, parameters, gradients, member)
        for array, expected, before in zip(ours, theirs, parameters, strict=True):
            assert np.isfinite(expected).all()
            assert np.abs(expected - before[member]).max() > 1e-7
            np.testing.assert_allclose(array[member], expected, rtol=0, atol=RELATIVE * np.abs(expected).max())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_first_step_is_keras_own_to_a_few_roundings(name):
    """One update moves every entry as far as Keras does, relative to the move itself and not to the parameter."""
    parameters, gradients = start()
    parameters = [np.zeros_like(p) for p in parameters]  # the move is then all there is to see
    choice = Choice(name, {"learning_rate": 0.01})
    ours = trained([choice], [p[:1] for p in parameters], [g[:1, :1] for g in gradients])
    optimizer = KERAS[name](learning_rate=0.01)
    variables = [keras.Variable(p[0].T) for p in parameters]
    optimizer.build(variables)
    optimizer.apply([jnp.asarray(g[0, 0].T) for g in gradients])
    for array, variable in zip(ours, variables, strict=True):
        np.testing.assert_allclose(array[0], np.asarray(variable.value).T, rtol=2e-6, atol=0)


@pytest.mark.parametrize("name", ["sgd", "adam", "nadam", "ftrl", "adafactor"])
def test_a_member_alone_takes_the_steps_that_it_takes_in_its_population(name):
    """No member's numbers depend on its neighbours."""
    parameters, gradients = start()
    choices = choices_of(name, {"global_clipnorm": 0.9})
    together = trained(choices, parameters, gradients)
    for member, choice in enumerate(choices):
        one = slice(member, member + 1)
        alone = trained([choice], [p[one] for p in parameters], [g[:, one] for g in gradients])
        for array, expected in zip(together, alone, strict=True):
            np.testing.assert_allclose(array[member], expected[0], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["sgd", "nadam", "adafactor"])
def test_updates_can_be_mapped_over_groups(name):
    """Under vmap over an axis before the members', every group is updated as if alone."""
    parameters, gradients = start()
    choices = choices_of(name, {})
    static, numbers = static_part(choices[0]), stacked_numbers(choices)
    groups = jnp.stack([parameters[0], 2 * parameters[0]])
    gradient = gradients[0][0]

    def one_update(parameter):
        held = slots(static, parameter.shape)
        step = jnp.float32(1)
        return update(static, parameter=parameter, gradient=gradient, slots=held, step=step, numbers=numbers)[0]

    mapped = jax.jit(jax.vmap(one_update))(groups)
    alone = jax.jit(one_update)
    for group, before in zip(mapped, groups, strict=True):
        np.testing.assert_allclose(group, alone(before), rtol=1e-6)


@pytest.mark.parametrize("kind", ["clipnorm", "clipvalue", "global_clipnorm"])
def test_gradients_within_the_bound_are_left_alone(kind):
    """Clipping changes no gradient that is small enough, not even one of zeros."""
    choice = Choice("sgd", {kind: 100.0})
    gradients = [jnp.ones((2, 3, 4)), jnp.zeros((2, 3))]
    clipped = clip(static_part(choice), gradients, stacked_numbers([choice, choice]))
    for array, expected in zip(clipped, gradients, strict=True):
        np.testing.assert_allclose(array, expected, rtol=1e-6)


def test_a_zero_momentum_keeps_no_slot():
    """The rule without momentum is a program of its own, with less to remember."""
    assert slot_names(static_part(Choice("sgd"))) == ()
    assert slot_names(static_part(Choice("sgd", {"momentum": 0.9}))) == ("momentum",)
    assert len(slot_names(static_part(Choice("rmsprop", {"momentum": 0.9, "centered": True})))) == 3
    assert len(slot_names(static_part(Choice("adam", {"amsgrad": True})))) == 3


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_slot_names_are_the_slots_of_the_parameters_size(name):
    """The names told for planning are those of the arrays that have the parameter's shape."""
    static = static_part(Choice(name))
    kernel = jnp.zeros((2, 4, 3))
    full = {key for key, array in slots(static, kernel.shape).items() if array.shape == kernel.shape}
    assert full == set(slot_names(static))


def test_members_that_differ_in_numbers_share_a_program():
    """The static part holds flags and what is there; learning rates and the like are numbers."""
    slow, fast = Choice("adam", {"learning_rate": 1e-4}), Choice("adam", {"learning_rate": 0.1, "beta_1": 0.5})
    assert static_part(slow) == static_part(fast)
    assert hash(static_part(slow)) == hash(static_part(fast))
    assert static_part(slow).numbers == tuple(sorted(numeric_part(fast)))
    for other in (
        Choice("adam", {"amsgrad": True}),
        Choice("adam", {"clipnorm": 1.0}),
        Choice("adam", {"weight_decay": 0.1}),
        Choice("adamax"),
    ):
        assert static_part(other) != static_part(slow)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_arguments_and_defaults_are_those_of_keras(name):
    """An optimizer has every argument of Keras' class that belongs to its rule, with Keras' default."""
    theirs = {
        parameter.name: parameter.default
        for parameter in inspect.signature(KERAS[name]).parameters.values()
        if parameter.name not in OF_THE_LOOP
    }
    assert OPTIMIZERS[name].defaults == theirs


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        (
            "sgd",
            {"learning_rate": -0.1},
            r"^training\.optimizer\.learning_rate: expected a number of at least 0, got -0\.1\. .* default, 0\.01\.$",
        ),
        ("sgd", {"momentum": 1.0}, r"momentum: expected a number in \[0, 1\), got 1\.0"),
        ("adam", {"beta_1": -0.1}, r"beta_1: expected a number in \[0, 1\)"),
        ("adam", {"beta_2": 1.5}, r"beta_2: expected a number in \[0, 1\)"),
        ("rmsprop", {"rho": 2}, r"rho: expected a number in \[0, 1\)"),
        ("adam", {"epsilon": -1e-7}, r"epsilon: expected a number of at least 0"),
        ("adamw", {"weight_decay": -1.0}, r"weight_decay: expected a number of at least 0, got -1\.0"),
        ("adam", {"clipnorm": 0.0}, r"clipnorm: expected a number above 0, got 0\.0\. Leave it out to do without\."),
        ("ftrl", {"learning_rate_power": 0.5}, r"learning_rate_power: expected a number of at most 0"),
        ("ftrl", {"learning_rate": 0.0}, r"learning_rate: expected a number above 0"),
        ("adafactor", {"clip_threshold": 0.0}, r"clip_threshold: expected a number above 0"),
        ("adam", {"clipnorm": 1.0, "clipvalue": 1.0}, r"one kind of clipping, got clipnorm and clipvalue"),
    ],
)
def test_numbers_out_of_range_are_refused_in_words(name, arguments, words):
    """A number that its rule cannot use is named with its place and its range."""
    with pytest.raises(StudyError, match=words):
        check_numbers(Choice(name, arguments), "training.optimizer")


def test_every_number_has_a_range_and_every_default_is_in_it():
    """Every optimizer can be used by its bare name, and no number goes unchecked."""
    for name, entry in OPTIMIZERS.items():
        defaults = entry.defaults
        check_numbers(Choice(name, defaults), "training.optimizer")
        flags = {key for key, value in defaults.items() if isinstance(value, bool)}
        assert set(defaults) - flags <= set(RANGES)


def test_an_unknown_argument_is_answered_with_the_near_miss():
    """A misspelt argument names the one that was meant."""
    with pytest.raises(StudyError, match=r"'sgd' has no argument 'momentun'\. Did you mean 'momentum'\?"):
        OPTIMIZERS.parse({"name": "sgd", "momentun": 0.9}, where="training.optimizer")
