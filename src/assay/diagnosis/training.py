"""What is wrong with a training: the reason of a failure, or notes on a run that learnt.

A run is judged by what it did. One that learnt is healthy however it began, and gets notes at most; one that did not
gets its reasons, and then what the untrained network already showed. The rules stand with their symptoms, in the folder
`symptoms`.
"""

from __future__ import annotations

from dataclasses import replace

from assay.diagnosis.course import TrainingCourse, outcome
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Finding
from assay.diagnosis.rulebook import rule_book
from assay.diagnosis.start import certain_findings, start_findings


def training_findings(facts: NetworkFacts, course: TrainingCourse) -> list[Finding]:
    """What is wrong with a run, the reason of a failure first; notes where it learnt.

    Parameters
    ----------
    facts : NetworkFacts
        With its ``chance_loss``; without it nothing can be said of how much was learnt.
    course : TrainingCourse
    """
    reasons = _found(facts, course, is_note=False)
    if reasons and outcome(facts, course) in ("diverged", "failed"):
        return [*reasons, *_reasons_at_start(facts, course)]
    changes = [replace(reason, level="note") for reason in reasons]  # the run learnt in spite of them
    return [*certain_findings(facts), *changes, *_found(facts, course, is_note=True)]


def _found(facts: NetworkFacts, course: TrainingCourse, *, is_note: bool) -> list[Finding]:
    """What the rules about trainings find; those of notes, or the others."""
    return [
        finding
        for symptom in rule_book()
        if symptom.in_training is not None and (symptom.level == "note") == is_note
        for finding in symptom.in_training(facts, course)
    ]


def _reasons_at_start(facts: NetworkFacts, course: TrainingCourse) -> list[Finding]:
    """What the untrained network already showed, where it was recorded; else what is certain without looking."""
    if 0 in course.signals:
        then = replace(course.facts_at_start or facts, ahead=None)  # what became of it says more than a look ahead
        return start_findings(then, course.signals[0], learns=False)
    return certain_findings(facts)
