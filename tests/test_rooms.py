"""The order of rooms, which `lint-imports` enforces and ARCHITECTURE.md tells."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_table_of_rooms_is_the_order_that_is_enforced():
    """ARCHITECTURE.md names the rooms from the lowest to the highest, one by one as in pyproject.toml's layers."""
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = page[page.index("## The rooms") : page.index("## The engine's shape")]
    first_cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    told = [re.sub(r"/$|\.py$", "", name) for cell in first_cells for name in re.findall(r"`(.*?)`", cell)]
    with (ROOT / "pyproject.toml").open("rb") as file:
        order, _ = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    assert order["type"] == "layers"
    assert told == order["layers"][::-1]
    there = {path.stem for path in (ROOT / "src" / "assay").iterdir() if not path.name.startswith(("__", "py."))}
    assert set(told) == there
