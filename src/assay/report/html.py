"""One HTML file that needs nothing else: no network, no other file, no program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from assay.report.content import ReportContent, build_content
from assay.store.files import write_text

if TYPE_CHECKING:
    from markupsafe import Markup

    from assay.analysis import Summary
    from assay.results import Results


def write_report(results: Results, path: str | Path | None = None, summary: Summary | None = None) -> Path:
    """Write the report of a study.

    Parameters
    ----------
    results : Results
        Finished or still being written.
    path : path, optional
        Where to; ``report.html`` in the results folder if not given.
    summary : Summary, optional
        Its summary, where it is at hand already.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    WriteError
        If the file cannot be written.
    """
    path = results.directory / "report.html" if path is None else Path(path)
    write_text(path, render_html(build_content(results, summary)))
    return path


def render_html(content: ReportContent) -> str:
    """The page of a report."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("assay.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["with_code"] = _with_code
    return environment.get_template("report.html").render(report=content)


def _with_code(text: str) -> Markup:
    """The text with what stands between backticks, as in a terminal, set as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))
