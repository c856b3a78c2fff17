from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_on_the_command_line_says_what_the_help_texts_say() -> None:
    """docs/command-line.md is what its generator writes today."""
    page = runpy.run_path(str(DOCS / "generate_command_line.py"))["command_line_page"]()
    assert (DOCS / "command-line.md").read_text(encoding="utf-8") == page, "run: python docs/generate_command_line.py"
