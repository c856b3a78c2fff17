"""The folder of symptoms, and what is written about each."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from assay.diagnosis import Symptom, rule_book, symptom_of, thresholds
from assay.diagnosis.examples import DEFAULTS, StudyExample
from assay.diagnosis.wording import percent_text
from assay.errors import AssayError
from assay.study import with_changes
from assay.study.parsing import load_study

each = pytest.mark.parametrize("symptom", rule_book(), ids=lambda symptom: symptom.name)


def file_of(symptom: Symptom) -> ModuleType:
    return import_module(f"assay.diagnosis.symptoms.{symptom.name}")


def numbers_of(module: ModuleType) -> dict[str, float]:
    """The public constants of a file that are numbers: thresholds, its own and those that it shares."""
    return {
        name: value for name, value in vars(module).items() if re.fullmatch("[A-Z][A-Z_]*", name) and value == value
    }


def test_a_file_is_a_symptom_and_its_name_the_symptoms():
    """Names and places in the order are there once."""
    assert all(file_of(symptom).SYMPTOM is symptom for symptom in rule_book())
    orders = [symptom.order for symptom in rule_book()]
    assert orders == sorted(set(orders))


def test_each_symptom_has_its_test_file():
    """A threshold without a test on either side may move unseen."""
    tests = {path.stem.removeprefix("test_") for path in (Path(__file__).parent / "symptoms").glob("test_*.py")}
    assert tests == {symptom.name for symptom in rule_book()}


@each
def test_what_is_written_is_whole(symptom):
    """It has a level, a rule, full sentences, and a source with a year or a standard."""
    assert symptom.level in ("certain", "fault", "note")
    rules = (symptom.as_written, symptom.at_start, symptom.unless_certain, symptom.in_training, symptom.in_loop)
    assert any(rules)
    texts = (symptom.meaning, symptom.sight, symptom.rule, symptom.cause, symptom.why, symptom.remedy)
    assert all(re.fullmatch(r"\S.*\.", text) for text in texts)
    assert symptom.advice == "" or symptom.advice.endswith(".")
    assert re.search(r"\d{4}|IEEE 754|definition", symptom.source)
    assert not symptom.source.endswith(".")


@each
def test_the_numbers_of_a_file_are_told_in_words(symptom):
    """As a number or in percent, where the rule or the advice is written."""
    for name, value in numbers_of(file_of(symptom)).items():
        if isinstance(value, int | float) and name not in vars(thresholds):
            told = {f"{value:g}", f"{value:,g}", percent_text(value)}
            assert any(one in f"{symptom.rule} {symptom.advice}" for one in told), name


def test_shared_thresholds_are_shared():
    """A number that a single file uses belongs into that file; `expected` and `course` use some for all."""
    users = dict.fromkeys(numbers_of(thresholds), 0)
    for symptom in rule_book():
        for name in users:
            users[name] += name in vars(file_of(symptom))
    assert all(users.values())


@pytest.mark.parametrize(
    "symptom", [one for one in rule_book() if isinstance(one.example, StudyExample)], ids=lambda symptom: symptom.name
)
def test_an_example_is_a_valid_study(symptom):
    """Its settings and both levels can be tried on `digits`."""
    example = symptom.example
    settings = {key: value for key, value in example.settings.items() if key not in DEFAULTS}
    factors = {key: [value] for key, value in {**DEFAULTS, **example.settings}.items()}
    factors = {key: levels for key, levels in factors.items() if key in DEFAULTS}
    factors[example.factor] = [example.illness, example.cure]
    assert len(with_changes(load_study("digits"), settings, factors).expand()) == 2


def test_an_unknown_symptom_is_told_with_the_near_miss():
    """And with all that are known."""
    with pytest.raises(AssayError, match=r"Did you mean 'symmetry'\? Known symptoms: constant_output, "):
        symptom_of("symetry")


def test_the_book_imports_nothing_heavy():
    """A command line may print an entry without waiting for JAX, Keras or matplotlib."""
    program = (
        "import sys; from assay.diagnosis import rule_book; rule_book(); "
        "print(*{'jaxlib', 'keras', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
