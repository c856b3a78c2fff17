"""The built-in studies: each can be read, fits its data, and is what it says."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import assay.study.builtin as builtin
from assay.choices import Choice
from assay.data.datasets import describe
from assay.networks.architecture import count_parameters
from assay.networks.initializers import kernel_moments
from assay.study.builtin import BUILTIN
from assay.study.parsing import load_study
from assay.study.resolving import layers_of, resolve
from assay.study.spec import Study

NAMES = [study.name for study in BUILTIN]


def test_the_list_is_the_folder():
    """Every file in the folder is listed once, and named as it is."""
    assert sorted(NAMES) == sorted(path.stem for path in Path(builtin.__file__).parent.glob("*.toml"))
    assert {study.origin for study in BUILTIN} == {"", "O1", "O2", "O3", "O4", "O5"}


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_study_fits_its_data(name):
    """A built-in study is found by name, asks a question, survives a round trip, and every condition fits the data."""
    study = load_study(name)
    assert study.name == name
    assert study.question.endswith("?")
    assert Study(**tomllib.loads(study.to_toml())) == study
    assert study.baseline_name() is not None or len(study.expand()) == 1  # nothing to compare: a network to be mapped
    for condition in study.expand():
        resolve(study, condition, describe(condition.data.request(study.folder)))


def test_the_default_study_is_large_enough():
    """`digits` crosses at least 3 activations with at least 4 initializers over 3 seeds."""
    study = load_study("digits")
    assert len(study.vary["network.activation"]) >= 3
    assert len(study.vary["network.kernel_initializer"]) >= 4
    assert len(study.seed_list()) >= 3


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("reuters-units", 10_000 * 64 + 64 + 64 * 64 + 64 + 64 * 46 + 46),
        ("imdb-units", 10_000 * 16 + 16 + 16 * 16 + 16 + 16 * 1 + 1),
        ("mnist-initializers-all", 235_500 + 30_100 + 1_010),
        ("block-showdown", 10 * 100 + 100 + 4 * (100 * 100 + 100) + 100 + 1),
    ],
)
def test_baselines_have_the_published_sizes(name, parameters):
    """The baseline networks are those of the sources."""
    study = load_study(name)
    condition = study.expand()[0]
    assert count_parameters(layers_of(condition.network, describe(condition.data.request()))) == parameters


def test_reuters_and_imdb_hold_out_the_published_rows():
    """Reuters leaves 7,982 rows for training, IMDB 15,000."""
    assert describe(load_study("reuters-layers").data.request()).train_rows == 7_982
    assert describe(load_study("imdb-layers").data.request()).train_rows == 15_000


def test_the_fractal_has_the_published_sizes():
    """As many training rows as kernel entries, all in one batch, 500 steps; kernels have the published variances."""
    condition = load_study("fractal").expand()[0]
    shape = describe(condition.data.request())
    layers = layers_of(condition.network, shape)
    assert shape.train_rows == sum(layer.fan_in * layer.units for layer in layers) == 272
    assert (condition.training.batch_size, condition.training.epochs) == (272, 500)
    variances = [
        kernel_moments(layer.kernel_initializer, fan_in=layer.fan_in, units=layer.units)[1] for layer in layers
    ]
    assert variances == pytest.approx([2 / 16, 1 / 16**2], rel=1e-3)


def test_xavier_and_he_are_the_published_formulas():
    """Xavier is randn / sqrt(fan_in), He randn / sqrt(fan_in / 2): variance scaling, fan_in, not truncated."""
    conditions = {
        condition.name: condition.network.kernel_initializer for condition in load_study("mnist-xavier").expand()
    }
    shared = {"mode": "fan_in", "distribution": "untruncated_normal"}
    assert conditions == {
        "zeros": Choice("zeros"),
        "random": Choice("random_normal", {"stddev": 1.0}),
        "Xavier": Choice("variance_scaling", {"scale": 1.0, **shared}),
        "He": Choice("variance_scaling", {"scale": 2.0, **shared}),
    }


def test_reading_a_study_loads_nothing_heavy():
    """Parsing and expanding every built-in study loads neither jax nor anything else that is slow."""
    program = (
        "import sys\n"
        "from assay.study.builtin import BUILTIN\n"
        "from assay.study.parsing import load_study\n"
        "for study in BUILTIN: load_study(study.name).expand()\n"
        "heavy = ('jaxlib', 'keras', 'sklearn', 'scipy', 'polars', 'matplotlib')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
