"""Figures inside a page."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from assay.figures.style import INK, new_figure
from assay.report.drawings import inline_svg


def draw():
    """A figure with clipping, text and a marker, which all have ids."""
    figure = new_figure(3, 2)
    axes = figure.add_subplot()
    axes.plot([1, 2, 3], "o-", color=INK)
    axes.set_title("a < b & c")
    return figure


def test_two_figures_do_not_share_ids():
    """The same drawing under two names has different ids, and every reference inside finds its own."""
    found = []
    for name in ("first", "second"):
        root = ElementTree.fromstring(inline_svg(draw(), name, "words"))
        ids = {element.get("id") for element in root.iter() if element.get("id")}
        references = {
            value[1:] for element in root.iter() for key, value in element.attrib.items() if key.endswith("href")
        }
        assert references <= ids
        found.append(ids)
    assert not found[0] & found[1]


def test_a_figure_scales_and_is_named():
    """Without width and height it fills its place; its words are escaped."""
    root = ElementTree.fromstring(inline_svg(draw(), "name", 'more "or" less < 1'))
    assert root.get("width") is None
    assert root.get("height") is None
    assert root.get("viewBox") == "0 0 216 144"
    assert root.get("aria-label") == 'more "or" less < 1'
