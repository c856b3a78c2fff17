"""What is told: the report of a study as one HTML file, and its table for a terminal."""

from assay.report.html import render_html, write_report
from assay.report.terminal import conditions_table

__all__ = ["conditions_table", "render_html", "write_report"]
