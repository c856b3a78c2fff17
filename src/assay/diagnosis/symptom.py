"""What one file of `assay.diagnosis.symptoms` holds: a symptom's rules, its words and its example in one record.

A file ends with ``SYMPTOM = Symptom(...)``; that is all that has to be written for a new symptom, for
`assay.diagnosis.rulebook` finds the files by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from assay.diagnosis.course import TrainingCourse
from assay.diagnosis.examples import LoopExample, ModelExample, StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.loop import LoopFacts
from assay.diagnosis.measured import LayerSignals

FactsRule = Callable[[NetworkFacts], Iterable[Finding]]
StartRule = Callable[[NetworkFacts, LayerSignals], Iterable[Finding]]
TrainingRule = Callable[[NetworkFacts, TrainingCourse], Iterable[Finding]]
About = Literal["signal", "step", "structure"]
LoopRule = Callable[[LoopFacts], Iterable[Finding]]


@dataclass(frozen=True, eq=False)
class Symptom:
    """One symptom: when it is found, what is said of it, and two networks that show it.

    Attributes
    ----------
    name : str
        What findings carry, and the name of the file.
    order : int
        Findings and sections of the rule book are told in this order. Those read off the network have 100 and more,
        the start's 200, training's 300, notes 400, those of a loop 500; steps of ten leave room between.
    level : {"certain", "fault", "note"}
        Of its findings; see `Finding`.
    title : str
    meaning : str
        One sentence.
    sight : str
        What one sees, and in which panel or curve.
    rule : str
        When it is found, with its thresholds.
    cause : str
        Why it happens; every finding says so.
    why : str
        The formula behind the cause, for the rule book alone.
    source : str
        The paper or book where it is worked out.
    remedy : str
        What to change: what a finding says, unless its rule knows better for the network at hand.
    advice : str
        More about the remedy, for the rule book alone.
    example : StudyExample or ModelExample or LoopExample
        An illness and its cure.
    about : {"signal", "step", "structure"}, optional
        What is found before training says something about: the signal's way through the layers, the size of the first
        steps, or how the network is built. Where learning is not in danger (`assay.diagnosis.danger`) its findings are
        notes.
    factors : tuple of str
        What in a program is to blame, in the words of published lists of faults: ``activation``, ``initializer``, …
    as_written, at_start, in_training, in_loop : callable, optional
        The rules: on the facts alone, on an untrained network, on a training, on a loop that was watched. A symptom has
        at least one.
    unless_certain : callable, optional
        A rule on an untrained network that is asked only where nothing certain was found.
    """

    name: str
    order: int
    level: str
    title: str
    meaning: str
    sight: str
    rule: str
    cause: str
    why: str
    source: str
    remedy: str
    example: StudyExample | ModelExample | LoopExample
    advice: str = ""
    about: About | None = None
    factors: tuple[str, ...] = ()
    as_written: FactsRule | None = None
    at_start: StartRule | None = None
    unless_certain: StartRule | None = None
    in_training: TrainingRule | None = None
    in_loop: LoopRule | None = None

    def finding(
        self,
        layers: tuple[int, ...],
        evidence: Evidence,
        *,
        detail: str = "",
        cause: str | None = None,
        remedy: Remedy | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Finding:
        """Say that a network has it.

        Parameters
        ----------
        layers : tuple of int
        evidence : Evidence
        detail : str
            What the cause is in this network; it comes before the general cause.
        cause : str, optional
            In place of the general cause, where a rule knows another.
        remedy : Remedy, optional
            For this network; else the general one.
        settings : mapping of str to value, optional
            The general remedy as dotted keys of a study.
        """
        told = f"{detail} {self.cause if cause is None else cause}".strip()
        return Finding(
            self.name, layers, evidence, told, remedy or Remedy(self.remedy, dict(settings or {})), self.level
        )
