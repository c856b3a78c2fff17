"""Initial draws: their distribution against Keras' own samples, their bounds, and the pairing of seeds."""

import inspect
import math

import keras
import numpy as np
import pytest
from scipy import stats

from assay.choices import Choice
from assay.errors import StudyError
from assay.networks.initializers import (
    INITIALIZERS,
    Draw,
    bias_moments,
    check_initializer,
    draw_bias,
    draw_decoder,
    draw_kernel,
    kernel_moments,
)

SQUARE, WIDE, TALL = (250, 250), (60, 400), (400, 60)

# (name, arguments, variance as a function of the fans, half-width of the support)
SCALED = [
    ("glorot_normal", {}, lambda i, o: 2 / (i + o)),
    ("glorot_uniform", {}, lambda i, o: 2 / (i + o)),
    ("he_normal", {}, lambda i, o: 2 / i),
    ("he_uniform", {}, lambda i, o: 2 / i),
    ("lecun_normal", {}, lambda i, o: 1 / i),
    ("lecun_uniform", {}, lambda i, o: 1 / i),
    ("variance_scaling", {}, lambda i, o: 1 / i),
    ("variance_scaling", {"scale": 3.0, "mode": "fan_out"}, lambda i, o: 3 / o),
    ("variance_scaling", {"scale": 0.5, "mode": "fan_avg", "distribution": "uniform"}, lambda i, o: 1 / (i + o)),
    ("variance_scaling", {"distribution": "untruncated_normal"}, lambda i, o: 1 / i),
    ("variance_scaling", {"mode": "fan_out", "distribution": "uniform"}, lambda i, o: 1 / o),
]
FIXED = [
    ("random_normal", {}, lambda i, o: 0.05**2),
    ("random_normal", {"mean": 0.0, "stddev": 1.5}, lambda i, o: 1.5**2),
    ("random_uniform", {}, lambda i, o: 0.1**2 / 12),
    ("random_uniform", {"minval": -2.0, "maxval": 2.0}, lambda i, o: 4**2 / 12),
    # Var of a standard normal cut at ±2: 1 - 4 φ(2) / (2 Φ(2) - 1) = 0.77374
    ("truncated_normal", {}, lambda i, o: 0.05**2 * 0.7737413),
    ("truncated_normal", {"stddev": 2.0}, lambda i, o: 2.0**2 * 0.7737413),
]
RANDOM = SCALED + FIXED
OFF_CENTRE = [
    ("random_normal", {"mean": 0.3, "stddev": 0.2}),
    ("random_uniform", {"minval": 0.1, "maxval": 0.7}),
    ("truncated_normal", {"mean": -0.4, "stddev": 0.1}),
]
NO_LUCK = ("zeros", "ones", "constant", "identity")
OF_KERAS = [record.name for record in INITIALIZERS.records if not record.is_learnt]
LEARNT = [record.name for record in INITIALIZERS.records if record.is_learnt]


def keras_class(name):
    """The class of `keras.initializers` behind a snake_case name."""
    return getattr(keras.initializers, "".join(part.title() for part in name.split("_")))


def kernel(name, arguments=None, shape=SQUARE, seed=0, layer=1):
    """A kernel of the given shape."""
    return draw_kernel(Choice(name, arguments or {}), seed=seed, layer=layer, fan_in=shape[0], units=shape[1])


def identifier(part):
    """The name of a parametrized case."""
    return None if callable(part) else str(part)


@pytest.mark.parametrize("shape", [SQUARE, WIDE], ids=str)
@pytest.mark.parametrize(
    ("name", "arguments"),
    [case[:2] for case in RANDOM] + OFF_CENTRE + [("orthogonal", {}), ("orthogonal", {"gain": 1.4})],
    ids=identifier,
)
def test_a_kolmogorov_smirnov_test_cannot_tell_draws_from_those_of_keras(name, arguments, shape):
    """Entries of a kernel and of Keras' kernel of the same shape come from one distribution (p > 0.001)."""
    theirs = np.asarray(keras_class(name)(**arguments, seed=7)(shape))
    ours = kernel(name, arguments, shape)
    assert ours.shape == theirs.shape
    assert ours.dtype == np.float32
    assert stats.ks_2samp(ours.ravel(), theirs.ravel()).pvalue > 1e-3


@pytest.mark.parametrize("shape", [SQUARE, WIDE, TALL], ids=str)
@pytest.mark.parametrize(("name", "arguments", "variance"), RANDOM, ids=identifier)
def test_moments_are_those_of_the_formula(name, arguments, variance, shape):
    """Mean and variance lie within five standard errors of their closed forms."""
    w = kernel(name, arguments, shape).astype("float64")
    expected = variance(*shape)
    assert abs(w.mean()) < 5 * math.sqrt(expected / w.size)
    # Var of a sample variance of n numbers is at most 2 σ⁴ / n for these distributions (kurtosis at most 3).
    assert abs(w.var() / expected - 1) < 5 * math.sqrt(2 / w.size)


@pytest.mark.parametrize(("name", "arguments", "variance"), RANDOM, ids=identifier)
def test_draws_keep_within_their_bounds(name, arguments, variance):
    """Uniform draws stay within √3 standard deviations; truncated ones are cut at two of the parent's."""
    w = kernel(name, arguments)
    stddev = math.sqrt(variance(*SQUARE))
    if "uniform" in name or arguments.get("distribution") == "uniform":
        bound = math.sqrt(3) * stddev
    elif name == "random_normal" or arguments.get("distribution") == "untruncated_normal":
        assert np.abs(w).max() > 3.5 * stddev
        return
    else:
        bound = 2 * stddev / math.sqrt(0.7737413)
    assert 0.99 * bound < np.abs(w).max() <= bound * (1 + 1e-6)


@pytest.mark.parametrize("shape", [SQUARE, WIDE, TALL], ids=str)
def test_orthogonal_kernels_have_orthonormal_rows_or_columns(shape):
    """The shorter side of an orthogonal kernel holds orthonormal vectors times the gain."""
    w = kernel("orthogonal", {"gain": 1.5}, shape).astype("float64")
    gram = w @ w.T if shape[0] < shape[1] else w.T @ w
    np.testing.assert_allclose(gram, 1.5**2 * np.eye(min(shape)), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("zeros", {}), ("ones", {}), ("constant", {"value": 0.3}), ("identity", {}), ("identity", {"gain": 2.0})],
    ids=identifier,
)
def test_initializers_without_luck_equal_those_of_keras(name, arguments):
    """Zeros, ones, constants and identities are Keras' arrays exactly."""
    for shape in (SQUARE, WIDE, TALL):
        np.testing.assert_array_equal(kernel(name, arguments, shape), keras_class(name)(**arguments)(shape))


@pytest.mark.parametrize(("name", "arguments", "variance"), RANDOM, ids=identifier)
def test_one_seed_gives_every_initializer_the_same_ranks(name, arguments, variance):
    """Whatever the initializer, seed s puts the largest entry in the same place, and the second largest, and so on."""
    draw = Draw(3, 1, "kernel", SQUARE)
    sorted_by_luck = INITIALIZERS[name].function(draw, **arguments).ravel()[np.argsort(draw.uniform().ravel())]
    # Monotone, but for the rounding of double precision.
    assert np.diff(sorted_by_luck).min() > -1e-14 * np.abs(sorted_by_luck).max()


def test_scaling_an_initializer_scales_its_draw():
    """Normal draws of one seed differ by their standard deviation only."""
    np.testing.assert_allclose(kernel("random_normal", {"stddev": 1.0}) * 0.05, kernel("random_normal"), rtol=2e-7)


def test_draws_are_repeatable():
    """The same seed, layer and shape give the same numbers, to the bit."""
    np.testing.assert_array_equal(kernel("he_normal", seed=5, layer=2), kernel("he_normal", seed=5, layer=2))


def test_seeds_layers_and_roles_draw_independently():
    """Draws of different seeds, layers or roles are uncorrelated (five standard errors, 1 / √n each)."""
    draws = {
        (seed, layer): kernel("random_normal", {"stddev": 1.0}, seed=seed, layer=layer).ravel()
        for seed in (0, 1, 2)
        for layer in (1, 2)
    }
    bias = draw_bias(Choice("random_normal", {"stddev": 1.0}), seed=0, layer=1, units=draws[0, 1].size)
    correlations = np.corrcoef([*draws.values(), bias]) - np.eye(len(draws) + 1)
    assert np.abs(correlations).max() < 5 / math.sqrt(bias.size)


def test_the_base_draw_never_leaves_the_open_interval():
    """A million base draws stay finite under the normal quantile function."""
    assert np.isfinite(kernel("random_normal", shape=(1000, 1000))).all()


@pytest.mark.parametrize("name", [name for name in OF_KERAS if name not in ("orthogonal", "identity")])
def test_a_bias_counts_its_fans_as_keras_does(name):
    """A bias of n units has fan_in = fan_out = n, so its spread equals that of Keras' vector."""
    ours = draw_bias(Choice(name), seed=0, layer=1, units=20000)
    theirs = keras_class(name)()((20000,)) if name in NO_LUCK else keras_class(name)(seed=7)((20000,))
    assert ours.shape == (20000,)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours.std(), np.asarray(theirs).std(), rtol=0.03)


@pytest.mark.parametrize("name", OF_KERAS)
def test_arguments_and_defaults_are_those_of_keras(name):
    """An initializer has the arguments of Keras' class with its defaults; the seed is the trial's."""
    theirs = {
        parameter.name: parameter.default
        for parameter in inspect.signature(keras_class(name)).parameters.values()
        if parameter.name not in ("seed", "input_axes", "output_axes")
    }
    assert INITIALIZERS[name].defaults == theirs


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("random_normal", {"stddev": -0.1}, r"^here\.stddev: expected a number of at least 0, got -0\.1\."),
        ("truncated_normal", {"stddev": -1.0}, r"^here\.stddev: expected a number of at least 0"),
        ("random_uniform", {"minval": 0.5, "maxval": 0.1}, r"minval = 0\.5 and maxval = 0\.1\. Swap them\."),
        ("random_uniform", {"minval": 0.5}, r"got minval = 0\.5 and maxval = 0\.05"),
        ("variance_scaling", {"scale": 0.0}, r"^here\.scale: expected a number above 0, got 0\.0\."),
        ("variance_scaling", {"mode": "fan_inn"}, r"^here\.mode: unknown mode 'fan_inn'\. Did you mean 'fan_in'\?"),
        ("variance_scaling", {"mode": "both"}, r"Known: fan_in, fan_out, fan_avg\."),
        ("pretrained", {}, r'^here\.from: expected .* got none\. Write \{name = "pretrained", from = "model\.keras"\}'),
        ("pretrained", {"from": "model.h5"}, r"^here\.from: expected .* got 'model\.h5'.*model\.save"),
        ("autoencoder", {"start": "he_norml"}, r"^here\.start: .* got 'he_norml'\. Did you mean 'he_normal'\?"),
        ("autoencoder", {"start": "autoencoder"}, r"^here\.start: expected an initializer that draws"),
        ("autoencoder", {"epochs": 2.5}, r"^here\.epochs: expected a whole number of at least 0, got 2\.5\."),
        ("autoencoder", {"batch_size": 0}, r"^here\.batch_size: expected a whole number of at least 1, got 0\."),
        ("autoencoder", {"learning_rate": 0.0}, r"^here\.learning_rate: expected a number above 0, got 0\.0\."),
        (
            "variance_scaling",
            {"distribution": "gauss"},
            r"unknown distribution 'gauss'\. Known: truncated_normal, untruncated_normal, uniform\.",
        ),
    ],
)
def test_arguments_out_of_range_are_refused_in_words(name, arguments, words):
    """A wrong number or word is named with its place and with what would do."""
    with pytest.raises(StudyError, match=words):
        check_initializer(Choice(name, arguments), "here")


def test_every_default_is_in_range():
    """Every initializer can be used by its bare name."""
    for name in [*OF_KERAS, "autoencoder"]:  # a saved model needs its path
        check_initializer(Choice(name), "here")


@pytest.mark.parametrize("name", ["orthogonal", "identity"])
def test_matrix_initializers_are_refused_for_a_bias(name):
    """A bias is a vector, and the message says what to take instead."""
    with pytest.raises(StudyError, match=rf"'{name}' fills matrices only.*'zeros'"):
        check_initializer(Choice(name), "network.bias_initializer", role="bias")
    with pytest.raises(StudyError, match="fills matrices only"):
        draw_bias(Choice(name), seed=0, layer=1, units=3)


@pytest.mark.parametrize("name", LEARNT)
def test_what_is_learnt_is_refused_for_a_bias_alone(name):
    """Such a kernel brings its bias with it."""
    with pytest.raises(StudyError, match=rf"here: '{name}' is a kernel_initializer, and brings the biases.*'zeros'"):
        check_initializer(Choice(name), "here", role="bias")


@pytest.mark.parametrize("name", LEARNT)
def test_theory_knows_no_moments_of_what_is_learnt(name):
    """They are not a number; nothing is read and nothing is trained to find out."""
    assert np.isnan(kernel_moments(Choice(name), fan_in=3, units=2)).all()
    assert np.isnan(bias_moments(Choice(name), units=2)).all()


def test_an_encoder_starts_where_its_start_initializer_would_have_put_the_layer():
    """Before it is trained an autoencoder's kernel is the draw of `start`, so it is paired with that initializer."""
    np.testing.assert_array_equal(kernel("autoencoder", {"start": "he_normal"}), kernel("he_normal"))


def test_a_decoder_draws_independently_of_every_layer():
    """Its draw is correlated neither with its own layer's nor with the next one's (five standard errors)."""
    normal = Choice("random_normal")
    back = draw_decoder(normal, seed=0, layer=1, fan_in=250, outputs=250)
    draws = [back.ravel(), kernel("random_normal").ravel(), kernel("random_normal", layer=2).ravel()]
    assert back.dtype == np.float32
    assert np.abs(np.corrcoef(draws) - np.eye(3)).max() < 5 / math.sqrt(back.size)
