"""Links in the site: what is outside docs/ on GitHub is taken into it."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hooks() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "site_files.py"))


@pytest.mark.parametrize(
    ("page", "written", "in_the_site"),
    [
        ("docs/map.md", "[x](../benchmarks/scale.md#maps)", "[x](benchmarks/scale.md#maps)"),
        ("docs/map.md", "[x](glossary.md)", "[x](glossary.md)"),
        ("docs/map.md", "![x](images/fractal.png)", "![x](images/fractal.png)"),
        ("README.md", "[x](docs/map.md), [y](docs/signals.md)", "[x](map.md), [y](signals.md)"),
        ("README.md", "see [x](examples/).", "see x."),
        ("benchmarks/scale.md", "![x](../docs/images/scale.png)", "![x](../images/scale.png)"),
        ("docs/map.md", "[x](https://keras.io), [y](#top)", "[x](https://keras.io), [y](#top)"),
    ],
)
def test_a_link_leads_to_the_same_file_in_the_site(
    hooks: dict[str, Any], page: str, written: str, in_the_site: str
) -> None:
    """docs/ is the site's root, README.md its home page; a link to a folder becomes plain text."""
    assert hooks["with_site_links"](written, page) == in_the_site


def test_every_page_stands_in_the_navigation() -> None:
    """mkdocs.yml names each page of docs/ once."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    text = re.sub(r"!!python/\S+", "", text)  # what only mkdocs may make
    named = re.findall(r"[\w-]+\.md", str(yaml.safe_load(text)["nav"]))
    assert sorted(named) == sorted([*(path.name for path in (ROOT / "docs").glob("*.md")), "index.md"])
