"""The page of a report."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from assay.errors import StoreError
from assay.report import write_report

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Collects what a page is made of, and checks that its elements are nested well."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.addresses, self.open, self.words = Counter(), Counter(), [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags[tag] += 1
        for name, value in attributes:
            if name == "id":
                self.ids[value] += 1
            elif name in ("src", "href", "xlink:href"):
                self.addresses.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def written(tmp_path_factory, synthetic):
    """A report of six conditions with hostile words in it, as text."""
    study = synthetic.factorial_study(question="Is <script>alert(1)</script> & co. harmless?")
    results = synthetic.fill(tmp_path_factory.mktemp("results"), study, diverged=[(2, 0), (5, 0), (5, 1), (5, 2)])
    path = write_report(results)
    assert path == results.directory / "report.html"
    return path.read_text(encoding="utf-8")


def test_the_page_needs_nothing_else(written):
    """Every address is a place on the page itself; nothing is fetched."""
    addresses = Page(written).addresses
    assert addresses
    assert all(address.startswith("#") for address in addresses)
    assert not re.search(r"@import|url\((?!#)|<link|<img", written)


def test_the_page_is_well_formed(written):
    """Elements close in order, ids are unique, and every link on the page leads somewhere."""
    page = Page(written)
    assert page.open == []
    assert [name for name, count in page.ids.items() if count > 1] == []
    assert {address[1:] for address in page.addresses} <= page.ids.keys()


def test_the_page_has_its_parts(written):
    """One heading, one main part, three tables, two figures with words for who cannot see them."""
    page = Page(written)
    assert [page.tags[tag] for tag in ("h1", "main", "table", "figure", "svg")] == [1, 1, 3, 2, 2]
    assert len(re.findall(r'<svg role="img" aria-label="[^"]{40,}"', written)) == 2
    for heading in ("Conclusions", "Best epochs", "Test results", "Settings", "Provenance"):
        assert heading in page.words


def test_words_of_the_study_are_not_markup(written):
    """A question with markup in it is shown as it was written, and runs nothing."""
    assert "<script>alert" not in written
    assert "Is <script>alert(1)</script> & co. harmless?" in "".join(Page(written).words)


def test_figures_take_the_colours_of_the_page(written):
    """Ink, grid and paper follow the page, so that they are seen in the dark; data keep their own colours."""
    figures = written[written.index('<section id="figures"') : written.index('<section id="epochs"')]
    assert "var(--ink)" in figures
    assert "var(--grid)" in figures
    assert "#24292f" not in figures
    assert "#0072b2" in figures


def test_no_number_is_nan(written):
    """Diverged trials leave dashes, not NaN."""
    body = written[written.index("<body>") : written.index("<script>\n//")]
    assert not re.search(r"\b(nan|inf|None)\b", " ".join(Page(body + "</body>").words))


def test_a_running_study_can_be_reported(tmp_path, synthetic):
    """A report of what is there so far says how many trials have ended."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study(), ended=0)
    path = write_report(results, tmp_path / "so-far.html")
    text = path.read_text()
    assert "0 of 18" in text
    assert "No trial has completed yet" in text


def test_a_place_that_cannot_be_written_is_told(tmp_path, synthetic):
    """The error names the file and the way out."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study(design={"seeds": 1}))
    with pytest.raises(StoreError, match=r"missing.report\.html: cannot be written.*--out"):
        write_report(results, tmp_path / "missing" / "report.html")
