"""The records of what is measured."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from assay.errors import StoreError
from assay.probes import find_quantity, quantities
from assay.probes.quantity import DISTRIBUTION, Quantity

ONE = {"name": "one", "title": "one", "meaning": "one", "colour": "#000000", "per": "unit"}


def test_reading_the_records_imports_nothing_heavy():
    """Neither JAX nor matplotlib nor polars is started to know what can be measured."""
    heavy = ("jaxlib", "matplotlib", "polars", "pydantic", "scipy")
    program = (
        "import sys; from assay.probes import quantities; "
        f"print(len(quantities()), [name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(quantities())), "[]"]


def test_a_name_belongs_to_one_quantity():
    """And so does a place among the panels; colours are as a page writes them."""
    names = [quantity.name for quantity in quantities()]
    panels = [quantity.panel for quantity in quantities() if quantity.panel is not None]
    assert len(set(names)) == len(names)
    assert sorted(panels) == list(range(1, len(panels) + 1))
    assert all(re.fullmatch("#[0-9a-f]{6}", quantity.colour) for quantity in quantities())


def test_an_unknown_quantity_is_told_with_the_near_miss():
    """And all that there are."""
    with pytest.raises(StoreError, match=r"No quantity 'activation'. Did you mean 'activations'.* There are: preact"):
        find_quantity("activation")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"statistics": ("ratio",), "size": "rms"}, "its size to be one of"),
        ({"statistics": ("ratio",), "size": "ratio", "panel": 5}, "expected a histogram"),
        ({"statistics": ("ratio",), "size": "ratio", "over_epochs": True}, "expected a histogram"),
    ],
)
def test_a_record_that_cannot_be_drawn_is_refused(settings, words):
    """Its size is one of its statistics, and what shows a distribution has one."""
    with pytest.raises(ValueError, match=f"one: .*{words}"):
        Quantity(**ONE, **settings)


def test_every_statistic_is_told_unless_the_record_says_otherwise():
    """In the JSON of `assay probe`."""
    assert Quantity(**ONE, statistics=DISTRIBUTION, size="std").told == DISTRIBUTION


def test_no_figure_or_table_names_a_quantity_of_its_own():
    """Rooms that show quantities read their records; a name in quotes would be a second list."""
    source = Path(__file__).parents[2] / "src" / "assay"
    shown = [*source.glob("figures/*.py"), *source.glob("export/*.py"), *source.glob("report/*.py")]
    shown += [source / "cli" / "probe.py", source / "probing.py", source / "models" / "observation.py"]
    # Also words of other things: of a layer, of the catalog, of the losses of a training.
    others = {"kernel", "bias", "loss", "activations", "update"}
    for path in shown:
        words = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        named = {word.value for word in words if isinstance(word, ast.Constant) and isinstance(word.value, str)}
        assert not named & ({quantity.name for quantity in quantities()} - others), path
