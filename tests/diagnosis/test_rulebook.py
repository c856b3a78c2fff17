"""What is written about every symptom."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.diagnosis import rulebook, thresholds
from assay.diagnosis.rulebook import RULE_BOOK, Entry, StudyExample, entry_of
from assay.errors import AssayError
from assay.study import with_changes
from assay.study.parsing import load_study

ROOM = Path(rulebook.__file__).parent
# Which argument of these calls is a symptom's name.
MAKERS = {"Finding": 0, "_certain": 1, "_growing": 2}


def emitted() -> Iterator[str]:
    """The names of symptoms in the source of the rules."""
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
                place = MAKERS[node.func.id]
                name = node.args[place] if len(node.args) > place else None
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    yield name.value


def names_in(rule: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(rule) if name}


def test_every_symptom_of_a_rule_is_in_the_book_and_no_other() -> None:
    """The names that the rules' source gives to findings are those of the entries, each of which is there once."""
    assert sorted(entry.symptom for entry in RULE_BOOK) == sorted(set(emitted()))


def test_every_threshold_is_told_and_every_number_told_is_a_threshold() -> None:
    """Rules in words name the constants of `assay.diagnosis.thresholds`: all of them, and nothing else."""
    constants = {name for name in vars(thresholds) if name.isupper()}
    assert set().union(*(names_in(entry.rule) for entry in RULE_BOOK)) == constants


def test_a_rule_is_told_with_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number is read from the thresholds when it is asked for."""
    monkeypatch.setattr(thresholds, "DEAD_FRACTION", 0.73)
    assert entry_of("dead_units").told_when.startswith("At least 73% of the ReLU units")


@pytest.mark.parametrize("entry", RULE_BOOK, ids=lambda entry: entry.symptom)
def test_an_entry_is_whole(entry: Entry) -> None:
    """It has a level, full sentences, and a source with a year or a standard."""
    assert entry.level in ("certain", "fault", "note")
    assert all(text.endswith(".") for text in (entry.meaning, entry.sight, entry.rule, entry.why, entry.cure))
    assert re.search(r"\d{4}|IEEE 754|definition", entry.source)
    assert not entry.source.endswith(".")


@pytest.mark.parametrize(
    "entry", [entry for entry in RULE_BOOK if isinstance(entry.example, StudyExample)], ids=lambda entry: entry.symptom
)
def test_an_example_is_a_valid_study(entry: Entry) -> None:
    """Its settings and both levels can be tried on `digits`."""
    example = entry.example
    assert isinstance(example, StudyExample)
    settings = {key: value for key, value in example.settings.items() if key not in rulebook.DEFAULTS}
    factors = {key: [value] for key, value in {**rulebook.DEFAULTS, **example.settings}.items()}
    factors = {key: levels for key, levels in factors.items() if key in rulebook.DEFAULTS}
    factors[example.factor] = [example.illness, example.cure]
    assert len(with_changes(load_study("digits"), settings, factors).expand()) == 2


def test_an_unknown_symptom_is_told_with_the_near_miss() -> None:
    """And with all that are known."""
    with pytest.raises(AssayError, match=r"Did you mean 'symmetry'\? Known symptoms: constant_output, "):
        entry_of("symetry")


def test_the_book_imports_nothing_heavy() -> None:
    """A command line may print an entry without waiting for JAX, Keras or matplotlib."""
    tree = ast.parse((ROOM / "rulebook.py").read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"__future__", "collections.abc", "dataclasses", "typing", "assay.diagnosis", "assay.errors"}
