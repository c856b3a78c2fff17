from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from assay.store.schema import HISTOGRAM_COLUMNS, HISTORY_COLUMNS, SIGNAL_COLUMNS, trial_columns
from assay.study import DataSpec, DesignSpec, LayerSpec, NetworkSpec, ProbeSpec, TrainingSpec

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.glob("*.md"))
TABLES = [
    ("data", DataSpec),
    ("network", NetworkSpec),
    ("training", TrainingSpec),
    ("design", DesignSpec),
    ("probe", ProbeSpec),
]


def section(page: str, title: str) -> str:
    """The text under a heading of the second level."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"{page} has no section '{title}'"
    return found[1]


def rows_of(text: str) -> dict[str, list[str]]:
    """The rows of all tables in a text by the word in their first cell."""
    rows = {}
    for line in text.splitlines():
        if line.startswith("| `"):
            first, *cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
            rows[first.strip("`")] = cells
    return rows


@pytest.mark.parametrize(
    ("title", "part"),
    TABLES,
)
def test_every_key_of_a_study_file_is_documented(title: str, part: type[BaseModel]) -> None:
    """docs/study-files.md has a line for each key of each table, and for no other."""
    assert set(rows_of(section("study-files.md", title))) == set(part.model_fields)


@pytest.mark.parametrize(
    ("title", "part"),
    TABLES,
)
def test_documented_defaults_are_those_of_the_code(title: str, part: type[BaseModel]) -> None:
    """A default that a field has stands in its line, as a study file writes it."""
    for key, cells in rows_of(section("study-files.md", title)).items():
        default = part.model_fields[key].default
        if default is None:
            continue  # follows from the data, or from other keys; told in words
        written = {True: "true", False: "false"}.get(default) if isinstance(default, bool) else str(default)
        if key == "splits":
            written = str(len(default))
        if key == "words":
            written = f"{default:_}"
        assert cells[1].replace('"', "") == f"`{written}`", key


def test_what_a_single_layer_may_set_is_documented() -> None:
    """The section on the network names every field of a layer's own settings."""
    text = section("study-files.md", "network")
    assert all(f"`{name}`" in text for name in LayerSpec.model_fields)


def test_every_column_of_the_tables_is_documented() -> None:
    """docs/protocol.md names each column of the trials, history, signals and histograms."""
    text = section("protocol.md", "What is kept")
    columns = {*trial_columns([]), *HISTORY_COLUMNS, *SIGNAL_COLUMNS, *HISTOGRAM_COLUMNS}
    assert all(f"`{column}`" in text for column in columns)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link of a page names a file that is there, and each anchor a heading in it."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}, target


@pytest.mark.parametrize("page", [DOCS.parent / "README.md", *PAGES], ids=lambda page: page.name)
def test_every_row_of_a_table_has_a_cell_for_each_column(page: Path) -> None:
    """A bar that is meant as a bar is written with a backslash; it would end the cell otherwise, even in code."""
    columns = 0
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) - 1 if line.startswith("|") else 0
        if columns and cells:
            assert cells == columns, line
        columns = cells
