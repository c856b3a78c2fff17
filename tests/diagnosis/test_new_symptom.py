"""One new file in the folder of symptoms, and every room knows it."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import assay
from assay.analysis import ConditionSummary, Summary
from assay.analysis.symptoms import symptom_sentences
from assay.cli.main import app
from assay.diagnosis import (
    Verdict,
    certain_findings,
    rule_book,
    start_findings,
    symptom_of,
    symptoms,
    training_findings,
)
from assay.study import Study

DOCS = Path(__file__).parents[2] / "docs"
FILE = '''\
from assay.diagnosis.examples import StudyExample
from assay.diagnosis.finding import Evidence
from assay.diagnosis.symptom import Symptom

MOST_UNITS = 40


def at_start(facts, measured):
    """More units than there is paint for."""
    layers = tuple(at for at, layer in enumerate(facts.layers, start=1) if layer.units > MOST_UNITS)
    if layers:
        worst = max(layer.units for layer in facts.layers)
        yield SYMPTOM.finding(layers, Evidence("units", worst, MOST_UNITS, f"A layer has {worst} units."))


def in_training(facts, course):
    """Told of every training that failed."""
    yield SYMPTOM.finding((), Evidence("epochs", course.epochs, None, "It was trained."))


SYMPTOM = Symptom(
    name="too_colourful",
    order=255,
    level="fault",
    title="The layer is too colourful",
    meaning="A layer has more units than there is paint for.",
    sight="A rainbow.",
    rule=f"A layer has more than {MOST_UNITS} units.",
    cause="Paint is scarce.",
    why="One unit needs one pot.",
    source="Newton, Opticks, 1704",
    remedy="Use fewer units.",
    example=StudyExample({}, "network.width", 41, 39),
    at_start=at_start,
    in_training=in_training,
)
'''


@pytest.fixture
def colourful(tmp_path, monkeypatch):
    """The file, in a folder that counts as part of the package while the test runs."""
    (tmp_path / "too_colourful.py").write_text(FILE, encoding="utf-8")
    monkeypatch.setattr(symptoms, "__path__", [*symptoms.__path__, str(tmp_path)])
    rule_book.cache_clear()
    yield symptom_of("too_colourful")
    monkeypatch.undo()
    sys.modules.pop("assay.diagnosis.symptoms.too_colourful")
    rule_book.cache_clear()


@pytest.fixture
def study():
    """One network that has the symptom, one that has not."""
    return Study(
        name="paint",
        data="iris",
        network={"activation": "tanh", "kernel_initializer": "glorot_uniform"},
        vary={"network.hidden": [[41, 8], [39, 8]]},
        design={"seeds": 1},
    )


def test_the_rule_book_has_it_in_its_place(colourful):
    """Between its neighbours in the order; without the file it is gone."""
    names = [symptom.name for symptom in rule_book()]
    at = names.index("too_colourful")
    assert names[at - 1 : at + 2] == ["exploding_gradient", "too_colourful", "saturation"]


def test_it_is_found_in_a_network_and_in_a_training(colourful, tmp_path):
    """With its own words; a training that failed has it as a fault, one that learnt as a note."""
    from assay.choices import Choice
    from assay.diagnosis import DataFacts, LayerFacts, LayerSignals, NetworkFacts, TrainingCourse

    data = DataFacts(100, 4, 1.0, 0.0, 1.0, 0, 0.0, 1.0, 0.3, 2, 0.5, False)
    layers = tuple(LayerFacts("a", "dense", 4, units, Choice("linear")) for units in (41, 1))
    facts = NetworkFacts(layers, "binary", None, None, None, data, 0.7)
    assert certain_findings(facts) == []
    (told,) = start_findings(facts, LayerSignals(2, {}))
    assert (told.symptom, told.layers, told.level) == ("too_colourful", (1,), "fault")
    assert (told.evidence.text, told.cause, told.remedy.text) == (
        "A layer has 41 units.",
        "Paint is scarce.",
        "Use fewer units.",
    )
    assert Verdict.of([told]).findings == ("too_colourful",)
    import numpy as np

    for accuracy, level in ((0.6, "fault"), (0.9, "note")):
        course = TrainingCourse(np.array([0.7, 0.7]), np.array([0.5, accuracy]))
        levels = {found.symptom: found.level for found in training_findings(facts, course)}
        assert levels["too_colourful"] == level


@pytest.mark.slow
def test_a_probe_tells_it_in_verdict_and_sentences(colourful, study):
    """Of the network that has it, and of no other."""
    report = assay.probe(study)
    ill, sound = report.judgements.values()
    assert ill.verdict.findings == ("too_colourful",)
    assert sound.verdict.status == "healthy"
    conditions = [
        ConditionSummary(name, {}, trials=1, outcomes={}, findings=judgement.findings)
        for name, judgement in report.judgements.items()
    ]
    (sentence,) = symptom_sentences(Summary("paint", None, 0.95, None, 0.0, tuple(conditions)))
    assert sentence.startswith("Too colourful in 41-8: A layer has 41 units. Paint is scarce. Use fewer units.")


def test_the_command_line_prints_it(colourful, study, tmp_path):
    """With evidence, cause and remedy; as JSON too."""
    path = tmp_path / "paint.toml"
    path.write_text('data = "iris"\n[network]\nactivation = "tanh"\nhidden = [41, 8]\n[design]\nseeds = 1\n')
    told = CliRunner().invoke(app, ["probe", str(path)])
    for word in ("too colourful", "A layer has 41 units.", "Paint is scarce.", "Use fewer units."):
        assert word in told.output
    (condition,) = json.loads(CliRunner().invoke(app, ["probe", str(path), "--json"]).stdout)["conditions"]
    assert condition["verdict"]["findings"] == ["too_colourful"]


def test_the_page_of_findings_has_its_section(colourful):
    """A row of the table's kind, its words and its command, under the group of its rules."""
    generator: dict[str, Any] = runpy.run_path(str(DOCS / "generate_findings.py"))
    finding = {"evidence": {"text": "A layer has 41 units."}, "cause": "Paint.", "remedy": {"text": "Use fewer units."}}
    section = generator["section"](colourful, {"finding": finding, "beside": []})
    assert section.startswith("### too_colourful\n")
    for words in (
        "**The layer is too colourful.** A layer has more ",
        "than there is paint for.",
        "Newton, Opticks, 1704",
    ):
        assert words in section
    assert "--vary width=41,39" in section
