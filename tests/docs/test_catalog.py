from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_catalogue_says_what_the_functions_and_the_numbers_say() -> None:
    """docs/catalog.md is what its generator writes today."""
    page = runpy.run_path(str(DOCS / "generate_catalog.py"))["catalog_page"]()
    assert (DOCS / "catalog.md").read_text(encoding="utf-8") == page, "run: python docs/generate_catalog.py"
