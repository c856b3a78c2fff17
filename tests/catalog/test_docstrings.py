"""Formulas and sources, read from docstrings."""

from __future__ import annotations

from assay.catalog.docstrings import rule_of, sources_of, summary_of


def documented():
    """φ(z) = z above 0, alpha · (exp(z) - 1) below (Clevert et al., ICLR 2016).

    Made simpler in Smith and Doe (2020); see (there) for more.
    """


class Parent:
    """A rule (Doe, 2001).

    ::

        a ← 1
        w ← a

    More words.
    """


class Child(Parent):
    """The same, renamed."""


def test_the_summary_is_the_formula_without_sources():
    """Nor the name of the function, nor the full stop."""
    assert summary_of(documented) == "z above 0, alpha · (exp(z) - 1) below"


def test_sources_have_a_year():
    """In brackets together, or names before the brackets; other brackets are no sources."""
    assert sources_of(documented) == ("Clevert et al., ICLR 2016", "Smith and Doe, 2020")


def test_a_rule_is_the_block_after_two_colons():
    """A class without one has its parent's."""
    assert rule_of(Parent) == rule_of(Child) == ("a ← 1", "w ← a")
