from __future__ import annotations

import json
import re
import runpy
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from assay.cli.target import chosen_study
from assay.diagnosis import Symptom, certain_findings, rule_book, symptom_of
from assay.diagnosis.examples import StudyExample

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "images" / "findings"
STUDIED = [symptom for symptom in rule_book() if isinstance(symptom.example, StudyExample)]
LARGEST = 60 * 1024


@pytest.fixture(scope="module")
def generator() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "generate_findings.py"))


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    return json.loads((PICTURES / "findings.json").read_text(encoding="utf-8"))


def test_the_page_of_findings_says_what_the_rule_book_says(generator: dict[str, Any]) -> None:
    """docs/findings.md is what its generator writes today."""
    page = (DOCS / "findings.md").read_text(encoding="utf-8")
    assert page == generator["findings_page"](), "run: python docs/generate_findings.py"


def test_every_symptom_has_a_small_picture_and_no_other_is_kept() -> None:
    """A PNG of at most 60 KiB and 1,400 pixels across, and what assay said of it."""
    names = {symptom.name for symptom in rule_book()}
    assert {path.stem for path in PICTURES.glob("*.png")} == names
    for path in PICTURES.glob("*.png"):
        assert path.stat().st_size <= LARGEST, path.name
        with Image.open(path) as image:
            assert image.width == 1400, path.name


@pytest.mark.parametrize("symptom", rule_book(), ids=lambda symptom: symptom.name)
def test_what_assay_said_is_of_this_symptom_and_of_todays_words(symptom: Symptom, said: dict[str, Any]) -> None:
    """The kept finding has its level and its cause, and a threshold of the symptom's own file.

    What is measured before training is a note where learning is not in danger.
    """
    finding = said[symptom.name]["finding"]
    assert finding["symptom"] == symptom.name
    assert finding["level"] in ({symptom.level, "note"} if symptom.about else {symptom.level})
    again = f"run: docs/generate_findings.py --sentences {symptom.name}"
    module = import_module(f"assay.diagnosis.symptoms.{symptom.name}")
    constants = {value for name, value in vars(module).items() if name.isupper() and isinstance(value, int | float)}
    assert finding["evidence"]["threshold"] in {None, 0.0, *constants}, again
    assert finding["cause"].endswith(symptom.cause), again
    assert set(said[symptom.name]["beside"]) <= {other.name for other in rule_book()}


@pytest.mark.parametrize("symptom", STUDIED, ids=lambda symptom: symptom.name)
def test_the_command_on_the_page_is_the_example(symptom: Symptom, generator: dict[str, Any]) -> None:
    """Read as a shell and `assay` read it, it names the study whose pictures are shown."""
    page = (DOCS / "findings.md").read_text(encoding="utf-8")
    section = re.search(rf"^### {symptom.name}\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    assert section is not None
    line = re.search(r"^\$ (assay .*)$", section[1], re.MULTILINE)
    assert line is not None
    _, verb, study, *words = shlex.split(line[1])
    given = dict[str, list[str]]()
    for option, value in zip(words[::2], words[1::2], strict=True):
        given.setdefault(option, []).append(value)
    assert verb == ("run" if symptom.example.is_trained else "probe")
    assert given.get("--out", []) == ([symptom.name] if symptom.example.is_trained else [])
    typed = chosen_study(study, given.get("--vary"), given.get("--set"), None)
    assert typed == generator["example_study"](symptom.example)
    assert len(typed.expand()) == 2


@pytest.mark.parametrize("symptom", ["output_loss_mismatch", "target_out_of_range"])
def test_what_is_certain_of_an_example_is_told_of_the_illness_alone(symptom: str, generator: dict[str, Any]) -> None:
    """Without measuring anything."""
    from assay.data import load
    from assay.judging import population_facts
    from assay.planning import plan_study

    plan = plan_study(generator["example_study"](symptom_of(symptom).example))
    facts = [one for part in plan.populations for one in population_facts(part, load(part.request))]
    ill, cured = (certain_findings(one) for one in facts)
    assert [finding.symptom for finding in ill] == [symptom]
    assert cured == []


@pytest.mark.slow
@pytest.mark.parametrize("symptom", ["symmetry", "saturation"])
def test_an_example_shows_its_symptom_and_its_cure_does_not(symptom: str, generator: dict[str, Any]) -> None:
    """As `--pictures` checks of every example before it writes one."""
    ill, cured, _ = generator["shown_start"](symptom_of(symptom).example)
    assert symptom in [finding.symptom for finding in ill]
    assert cured == []
