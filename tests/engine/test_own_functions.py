"""A user's own functions train as their built-in twins do."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from assay.choices import Choice
from assay.engine.layout import Member
from assay.engine.trainer import Trainer
from assay.learning.losses import LOSSES, loss_values
from assay.learning.optimizers import OPTIMIZERS
from assay.networks.activations import ACTIVATIONS, activate
from assay.networks.architecture import Layer
from assay.networks.initializers import INITIALIZERS, draw_kernel

ROWS, FEATURES, UNITS, BATCH = 40, 6, 8, 8  # 5 steps an epoch
EPOCHS = 4  # 20 steps
TOLERANCE = 1e-5  # of the largest parameter of an array: float32 sums in another order, through 20 updates

TANH, SQUARED = Choice("tanh"), Choice("mean_squared_error")
ADAM = Choice("adam", {"learning_rate": 0.01})
TANH_GELU = "0.5 * x * (1 + tanh(0.7978845608 * (x + 0.044715 * x * x * x)))"


def member(activation=TANH, loss=SQUARED, optimizer=ADAM, output="linear", **layer):
    choices = {"kernel_initializer": Choice("glorot_uniform"), "bias_initializer": Choice("zeros"), **layer}
    sizes = [(FEATURES, UNITS, activation), (UNITS, UNITS, activation), (UNITS, 2, Choice(output))]
    return Member(tuple(Layer(*size, **choices) for size in sizes), loss, optimizer)


def trained(members, *, task="regression"):
    """Parameters of each member after 20 steps, from seed 1, all in one population."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((ROWS, FEATURES)).astype(np.float32)
    y = np.tanh(x[:, :2]) if task == "regression" else (x[:, :2] > 0).astype(np.float32)
    trainer = Trainer(members, seeds=[1], batch_size=BATCH, task=task)
    state, rows = trainer.start(), trainer.place(x, y)
    for epoch in range(1, EPOCHS + 1):
        state, _ = trainer.train_epoch(state, rows, epoch)
    return [trainer.parameters(state, condition, 0) for condition in range(len(members))]


def assert_equal(ours, theirs):
    for own, twin in zip(ours, theirs, strict=True):
        for array, other in zip(own, twin, strict=True):
            np.testing.assert_allclose(array, other, atol=TOLERANCE * np.abs(other).max(), rtol=0)


def test_a_formula_trains_as_the_activation_that_it_writes_out():
    """GELU's tanh approximation over 20 steps of Adam, beside the built-in in the same population."""
    own = ACTIVATIONS.parse({"expression": TANH_GELU}, where="network.activation")
    ours, theirs = trained([member(own), member(Choice("gelu", {"approximate": True}))])
    assert_equal(ours, theirs)


def test_settings_of_a_formula_are_numbers_of_the_condition():
    """X · sigmoid(a x) with a = 1 is SiLU, and with another number something else."""
    own = [
        ACTIVATIONS.parse({"expression": "x * sigmoid(a * x)", "a": a}, where="network.activation") for a in (1.0, 1.7)
    ]
    ours, other, theirs = trained([member(own[0]), member(own[1]), member(Choice("silu"))])
    assert_equal(ours, theirs)
    assert np.abs(other[0][0] - theirs[0][0]).max() > 1e-3


def test_a_function_of_a_layer_sees_units_last():
    """A user writes softmax over the last axis, as in Keras; it is the built-in's over the units."""

    def own_softmax(z):
        e = jnp.exp(z - z.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    choice = ACTIVATIONS.parse(own_softmax, where="network.activation")
    record = ACTIVATIONS.of(choice)
    assert not record.is_elementwise
    assert record.normalizes
    z = jnp.asarray(np.random.default_rng(0).standard_normal((3, 5, 7)), "float32")
    np.testing.assert_allclose(activate(choice, z), activate(Choice("softmax"), z), rtol=1e-6)
    ours, theirs = trained([member(choice), member(Choice("softmax"))])
    assert_equal(ours, theirs)


@pytest.mark.parametrize("shape", [(784, 300), (300, 100), (7, 7)])
def test_he_as_a_formula_draws_the_kernels_of_its_built_in(shape):
    """Both are the same normal draw times √(2 / fan_in): equal to the bit."""
    own = INITIALIZERS.parse({"expression": "normal / sqrt(fan_in / 2)"}, where="network.kernel_initializer")
    built_in = Choice("variance_scaling", {"scale": 2.0, "distribution": "untruncated_normal"})
    for seed in range(3):
        sizes = {"seed": seed, "layer": 1, "fan_in": shape[0], "units": shape[1]}
        np.testing.assert_array_equal(draw_kernel(own, **sizes), draw_kernel(built_in, **sizes))


def test_a_formula_of_an_initializer_may_depend_on_the_depth():
    """GPT-2 scales kernels by 1 / √(2 · depth): three kernels make 1 / √6."""
    own = INITIALIZERS.parse({"expression": "0.02 * normal / sqrt(2 * depth)"}, where="network.kernel_initializer")
    networks = [
        member(kernel_initializer=own),
        member(kernel_initializer=Choice("random_normal", {"stddev": 0.02 / np.sqrt(6)})),
    ]
    trainer = Trainer(networks, seeds=[3], batch_size=BATCH, task="regression")
    state = trainer.start()
    for ours, theirs in zip(trainer.parameters(state, 0, 0), trainer.parameters(state, 1, 0), strict=True):
        np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6)


def test_an_initializer_in_python_is_given_the_draw():
    """The orthogonal built-in, written by a user: QR of the normal draw."""

    def own_orthogonal(draw, gain=1.0):
        normal = draw.normal()
        wide = draw.fan_in < draw.fan_out
        q, r = np.linalg.qr(normal.T if wide else normal)
        q = q * np.sign(np.diag(r))
        return gain * (q.T if wide else q)

    choice = INITIALIZERS.parse(own_orthogonal, where="network.kernel_initializer")
    for fan_in, units in ((9, 5), (5, 9)):
        sizes = {"seed": 4, "layer": 2, "fan_in": fan_in, "units": units}
        np.testing.assert_array_equal(draw_kernel(choice, **sizes), draw_kernel(Choice("orthogonal"), **sizes))


class HeavyBall:
    """SGD with momentum, by its equations."""

    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.learning_rate, self.momentum = learning_rate, momentum

    def init(self, parameter):
        return {"velocity": jnp.zeros_like(parameter)}

    def update(self, parameter, gradient, state, step):
        velocity = self.momentum * state["velocity"] - self.learning_rate * gradient
        return parameter + velocity, {"velocity": velocity}


class OwnAdam:
    """Adam, by its equations, with a step."""

    def __init__(self, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon

    def init(self, parameter):
        return {"m": jnp.zeros_like(parameter), "v": jnp.zeros_like(parameter)}

    def update(self, parameter, gradient, state, step):
        m = self.beta_1 * state["m"] + (1 - self.beta_1) * gradient
        v = self.beta_2 * state["v"] + (1 - self.beta_2) * gradient**2
        rate = self.learning_rate * jnp.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)
        return parameter - rate * m / (jnp.sqrt(v) + self.epsilon), {"m": m, "v": v}


class Anchored:
    """Gradient descent that is pulled back to where it started: its state is the initial parameter itself."""

    def __init__(self, learning_rate=0.1, pull=0.5):
        self.learning_rate, self.pull = learning_rate, pull

    def init(self, parameter):
        return {"start": parameter}

    def update(self, parameter, gradient, state, step):
        return parameter - self.learning_rate * (gradient + self.pull * (parameter - state["start"])), state


def optimizer(rule, **arguments):
    return OPTIMIZERS.parse({"name": OPTIMIZERS.parse(rule, where="o").name, **arguments}, where="training.optimizer")


def test_sgd_with_momentum_by_a_user_equals_the_built_in():
    """Two learning rates in one population: numbers of a user's class are arrays of the program, as ours are."""
    rates = (0.05, 0.01)
    own = [member(optimizer=optimizer(HeavyBall, learning_rate=rate)) for rate in rates]
    built_in = [member(optimizer=Choice("sgd", {"learning_rate": rate, "momentum": 0.9})) for rate in rates]
    found = trained([*own, *built_in])
    assert_equal(found[0], found[2])
    assert_equal(found[1], found[3])
    assert len({m.kind for m in own}) == 1


def test_adam_by_a_user_equals_the_built_in():
    """The number of the step reaches the user's update; 1 - β₂ in float32 costs a few more digits than ours."""
    ours, theirs = trained([member(optimizer=optimizer(OwnAdam, learning_rate=0.01)), member(optimizer=ADAM)])
    for own, twin in zip(ours, theirs, strict=True):
        for array, other in zip(own, twin, strict=True):
            np.testing.assert_allclose(array, other, atol=2e-4 * np.abs(other).max(), rtol=0)


def test_the_state_of_an_own_optimizer_starts_from_the_parameters():
    """A strong pull to the start leaves the network nearer to it than a weak one, and none is plain descent."""
    pulls = (0.0, 5.0)
    free, pulled, plain = trained(
        [
            *(member(optimizer=optimizer(Anchored, pull=pull)) for pull in pulls),
            member(optimizer=Choice("sgd", {"learning_rate": 0.1})),
        ]
    )
    assert_equal(free, plain)
    start = draw_kernel(Choice("glorot_uniform"), seed=1, layer=1, fan_in=FEATURES, units=UNITS)
    assert np.abs(pulled[0][0] - start).max() < 0.3 * np.abs(free[0][0] - start).max()


def own_focal(y_true, y_pred, gamma=2.0, alpha=0.25):
    """Lin et al., ICCV 2017, on probabilities."""
    p = jnp.clip(y_pred, 1e-7, 1 - 1e-7)
    right = jnp.where(y_true > 0.5, p, 1 - p)
    weight = jnp.where(y_true > 0.5, alpha, 1 - alpha)
    return jnp.mean(weight * (1 - right) ** gamma * -jnp.log(right), axis=-1)


FOCAL = (
    "-where(y_true > 0.5, alpha, 1 - alpha) * (1 - where(y_true > 0.5, clip(y_pred, 1e-7, 1 - 1e-7), "
    "1 - clip(y_pred, 1e-7, 1 - 1e-7))) ** gamma * log(where(y_true > 0.5, clip(y_pred, 1e-7, 1 - 1e-7), "
    "1 - clip(y_pred, 1e-7, 1 - 1e-7)))"
)


def test_focal_loss_by_a_user_equals_keras():
    """Values on random outputs, as code and as a formula, against Keras' own class; balanced and focused."""
    import keras

    generator = np.random.default_rng(0)
    targets = (generator.random((2, 30)) > 0.5).astype(np.float32)
    outputs = generator.random((2, 30)).astype(np.float32)
    twin = keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.25, gamma=2.0, reduction="none")(
        targets.T, outputs.T
    )
    as_code = LOSSES.parse(own_focal, where="training.loss")
    as_formula = LOSSES.parse({"expression": FOCAL, "gamma": 2.0, "alpha": 0.25}, where="training.loss")
    for own in (as_code, as_formula):
        found = loss_values(own, jnp.asarray(targets), jnp.asarray(outputs))
        np.testing.assert_allclose(found, np.asarray(twin), rtol=1e-5)


def test_focal_loss_trains_alike_as_code_and_as_a_formula():
    """Twenty steps of a binary network with two outputs."""
    as_code = LOSSES.parse(own_focal, where="training.loss")
    as_formula = LOSSES.parse({"expression": FOCAL, "gamma": 2.0, "alpha": 0.25}, where="training.loss")
    ours, theirs = trained([member(loss=own, output="sigmoid") for own in (as_code, as_formula)], task="binary")
    assert_equal(ours, theirs)


def test_losses_with_sums_over_the_outputs():
    """Cross-entropy as a formula is the built-in; a loss in Python may also return one number for the whole batch."""
    generator = np.random.default_rng(0)
    outputs = jnp.asarray(generator.dirichlet(np.ones(4), 9).T, "float32")
    targets = jnp.asarray(np.eye(4)[generator.integers(0, 4, 9)].T, "float32")
    formula = LOSSES.parse({"expression": "-sum(y_true * log(y_pred / sum(y_pred)))"}, where="training.loss")
    wanted = loss_values(Choice("categorical_crossentropy"), targets, outputs)
    np.testing.assert_allclose(loss_values(formula, targets, outputs), wanted, rtol=1e-5)

    def of_the_batch(y_true, y_pred):
        return -jnp.mean(jnp.sum(y_true * jnp.log(y_pred), axis=-1))

    code = LOSSES.parse(of_the_batch, where="training.loss")
    np.testing.assert_allclose(loss_values(code, targets, outputs), wanted, rtol=1e-5)
