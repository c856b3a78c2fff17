"""An activation is added by one decorated function in one file; every room picks it up."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest
from typer.testing import CliRunner

import assay
from assay.catalog import catalog
from assay.choices import Choice
from assay.figures.activations import activation_data
from assay.networks.activations import ACTIVATIONS
from assay.networks.traits import traits_of
from assay.study import study_schema

FAMILY = '''\
"""A family of one."""

import jax.numpy as jnp

from assay.networks.activations import activation


@activation(
    other_names=("gauss",),
    derivative="-2 · z · exp(-z²)",
    range="(0, 1]",
    advantages="Looks at one place.",
    drawbacks="Forgets what is far away.",
    sources=("Broomhead and Lowe, 1988",),
)
def bump(z, *, width: float = 1.0):
    """φ(z) = exp(-(z / width)²)."""
    return jnp.exp(-((z / width) ** 2))
'''


@pytest.fixture
def bump(tmp_path):
    """The file as a module, and its entry taken out again."""
    path = tmp_path / "bumps.py"
    path.write_text(FAMILY)
    spec = importlib.util.spec_from_file_location("bumps", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["bumps"] = module
    spec.loader.exec_module(module)
    catalog.cache_clear()
    yield ACTIVATIONS["bump"]
    ACTIVATIONS.remove(ACTIVATIONS["bump"])
    del sys.modules["bumps"]
    catalog.cache_clear()


def test_every_room_picks_it_up(bump, tmp_path):
    """Study files and their schema, training, probes and findings, catalogue, pictures, the command line."""
    from assay.cli.main import app

    study = assay.Study(
        data="iris",
        network={"hidden": [8, 8, 8], "kernel_initializer": {"name": "random_normal", "stddev": 8.0}},
        training={"epochs": 1},
        vary={"network.activation": ["bump", {"name": "gauss", "width": 3.0}, "relu"]},
        seeds=1,
    )
    assert "bump" in json.dumps(study_schema())
    assert "bump" in {name for entry in catalog("activations") for name in (entry.name, *entry.other_names)}
    assert traits_of(Choice("bump")).saturates  # bounded and flat far out: nothing had to be told
    assert {"bump", "gauss"} <= {name for curve in activation_data() for name in curve.names}
    results = assay.run(study, tmp_path / "results")
    assert results.trials["outcome"].to_list() == ["completed"] * 3
    found = assay.probe(study).findings
    assert "saturation" in {finding.symptom for finding in found["activation=bump"]}
    told = CliRunner().invoke(app, ["catalog", "activations", "gauss"])
    assert told.exit_code == 0
    assert "Looks at one place." in told.output
    with pytest.raises(assay.StudyError, match="Did you mean 'bump'"):
        assay.Study(data="iris", network={"activation": "bum"})
