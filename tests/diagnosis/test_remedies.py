"""What is offered, against the papers: He for ReLU, Glorot for tanh, LeCun for SELU, critical gains for others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.choices import Choice
from assay.diagnosis import DataFacts, LayerFacts, NetworkFacts
from assay.diagnosis.expected import predict
from assay.diagnosis.remedies import scaled_rate, sound_change, with_rate


def network(activation: str, initializer: Choice, *, hidden: int = 8, width: int = 64) -> NetworkFacts:
    """A chain of equal hidden layers, fed with as many inputs of size 1, with a linear output."""
    data = DataFacts(100, width, 1.0, 0.0, 1.0, 0, 0.0, 1.0, 0.3, 2, 0.5, False)
    sizes = [*[width] * hidden, 1]
    layers = tuple(
        LayerFacts(f"layer {at}", "dense", width, size, Choice(activation if at <= hidden else "linear"), initializer)
        for at, size in enumerate(sizes, start=1)
    )
    return NetworkFacts(layers, "binary", data=data)


def changed(facts: NetworkFacts, settings: dict) -> NetworkFacts:
    """The network that a remedy asks for."""
    kernel = settings["network.kernel_initializer"]
    kernel = Choice(kernel) if isinstance(kernel, str) else Choice(kernel["name"], {"scale": kernel["scale"]})
    *hidden, output = (replace(layer, kernel_initializer=kernel) for layer in facts.layers)
    if "network.activation" in settings:
        hidden = [replace(layer, activation=Choice(settings["network.activation"])) for layer in hidden]
    return replace(facts, layers=(*hidden, output))


SMALL, LARGE = Choice("random_normal", {"stddev": 0.01}), Choice("random_normal", {"stddev": 1.0})


@pytest.mark.parametrize("weights", [SMALL, LARGE])
@pytest.mark.parametrize(
    ("activation", "initializer"),
    [("relu", "he_normal"), ("leaky_relu", "he_normal"), ("tanh", "glorot_uniform"), ("selu", "lecun_normal")],
)
def test_the_published_initializer_is_offered(activation, initializer, weights):
    """He et al. (2015) for rectifiers, Glorot and Bengio (2010) for tanh, Klambauer et al. (2017) for SELU."""
    told = sound_change(network(activation, weights, hidden=4))
    assert told.settings == {"network.kernel_initializer": initializer}


def test_an_activation_without_a_published_initializer_gets_its_critical_gain():
    """GELU has the slope ½ at 0: its critical gain is 2, and the scale of an initializer the square of it."""
    offered = sound_change(network("gelu", SMALL, hidden=4))
    initializer = {"name": "variance_scaling", "scale": pytest.approx(4.0, rel=1e-2)}
    assert offered.settings == {"network.kernel_initializer": initializer}


@pytest.mark.parametrize("activation", ["sigmoid", "softplus", "exponential"])
def test_what_no_initializer_mends_is_replaced(activation):
    """By ReLU with he_normal."""
    settings = sound_change(network(activation, Choice("glorot_uniform"))).settings
    assert settings == {"network.activation": "relu", "network.kernel_initializer": "he_normal"}


@pytest.mark.parametrize(("width", "activation"), [(15, "selu"), (16, "relu")])
def test_narrow_layers_get_units_that_cannot_die(width, activation):
    """Below 16 units a layer of ReLUs may die by chance (Lu et al., 2020)."""
    settings = sound_change(network("sigmoid", Choice("he_normal"), width=width)).settings
    assert settings["network.activation"] == activation


@pytest.mark.parametrize("weights", [SMALL, LARGE, Choice("glorot_uniform"), Choice("he_normal"), Choice("zeros")])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "softplus", "gelu", "elu", "selu", "linear"])
def test_what_is_offered_is_sound_by_theory(activation, weights):
    """Whatever the network began with, neither its signal nor its gradient vanishes or explodes any more."""
    known = network(activation, weights)
    predicted = predict(changed(known, sound_change(known).settings))
    assert predicted is not None
    assert predicted.is_sound


def test_the_effect_is_told_beside_what_is():
    """Glorot's kernels halve the variance of ReLU: √½ for each of the seven steps between eight layers, 0.0884."""
    told = sound_change(network("relu", Choice("glorot_uniform"))).text
    assert told == (
        "Use he_normal for relu (gain 1.41 instead of 1). In theory the signal then keeps its size (now × 0.0884), "
        "and so does the gradient (now × 0.0884)."
    )


def test_without_theory_the_fitting_pair_is_named_alone():
    """A convolution is followed by nobody, yet he_normal still fits ReLU."""
    known = network("relu", SMALL)
    convolutions = replace(known, layers=tuple(replace(layer, kind="convolution") for layer in known.layers))
    told = sound_change(convolutions)
    assert told.settings == {"network.kernel_initializer": "he_normal"}
    assert "theory" not in told.text


def test_a_rate_is_scaled_and_other_settings_stay():
    """The optimizer keeps its name and its momentum."""
    optimizer = Choice("sgd", {"learning_rate": 0.03, "momentum": 0.9})
    known = replace(network("relu", SMALL), optimizer=optimizer)
    assert scaled_rate(known, 0.1).settings == with_rate(optimizer, 0.003)
    assert scaled_rate(known, 10).settings["training.optimizer"] == {
        "name": "sgd",
        "learning_rate": 0.3,
        "momentum": 0.9,
    }
    assert scaled_rate(known, 10, ", or wait").text == "Try a learning rate of 0.3, or wait."


def test_an_unknown_rate_is_scaled_in_words():
    """A user's model may have a schedule."""
    known = network("relu", SMALL)
    assert scaled_rate(known, 0.1).text == "Try a learning rate ten times smaller."
    assert scaled_rate(known, 10).settings == {}
