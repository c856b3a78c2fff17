from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_on_signals_says_what_the_records_say() -> None:
    """The tables of docs/signals.md are what their generator writes today."""
    page = runpy.run_path(str(DOCS / "generate_signals.py"))["signals_page"]()
    assert (DOCS / "signals.md").read_text(encoding="utf-8") == page, "run: python docs/generate_signals.py"
