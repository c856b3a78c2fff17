"""The names at the top of the package."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import assay

HEAVY = ("jax", "keras", "sklearn", "scipy", "matplotlib", "polars", "pydantic", "numpy", "rich")


@pytest.mark.parametrize("name", assay.__all__)
def test_every_public_name_can_be_imported(name):
    """Each name of `__all__` is what its own module calls by that name."""
    home = importlib.import_module(f"assay.{assay._HOMES[name]}")
    assert getattr(assay, name) is getattr(home, name)


def test_the_list_of_public_names_is_whole_and_in_order():
    """`__all__` is sorted, has a home for every name, and is what `dir` shows."""
    assert assay.__all__ == sorted(assay._HOMES)
    assert dir(assay) == assay.__all__


def test_an_unknown_name_is_an_attribute_error():
    """A misspelt name fails as it does in any module."""
    with pytest.raises(AttributeError, match="module 'assay' has no attribute 'rnu'"):
        assay.rnu  # noqa: B018


def test_importing_the_package_imports_nothing_heavy():
    """`import assay` is free: each public name brings what it needs when it is first used."""
    program = f"import sys, assay; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
