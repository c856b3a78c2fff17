"""Findings of many conditions told together."""

from __future__ import annotations

from dataclasses import replace

from assay.analysis import ConditionSummary, Summary, symptom_sentences, symptoms
from assay.diagnosis import Evidence, Finding, Remedy


def summary_of(*conditions):
    return Summary("study", None, 0.95, None, 1.0, conditions)


def entry(name, *findings):
    return ConditionSummary(name, {}, 3, {}, findings=findings)


def finding(symptom, level="fault", seeds=3):
    evidence = Evidence("a number", None, None, f"Seen {symptom}.")
    return Finding(symptom, (), evidence, "Why.", Remedy("Mend it."), level, seeds, of_seeds=3)


def test_each_symptom_is_told_once_faults_first():
    """With the conditions that show it; what a minority of seeds shows is left to the JSON."""
    summary = summary_of(
        entry("activation=relu", finding("overfitting", "note")),
        entry("activation=sigmoid", finding("plateau"), finding("overfitting", "note")),
        entry("activation=tanh", finding("plateau", seeds=1)),
    )
    found = symptoms(summary)
    assert [(symptom.symptom, symptom.conditions) for symptom in found] == [
        ("plateau", ("sigmoid",)),
        ("overfitting", ("relu", "sigmoid")),
    ]
    assert symptom_sentences(summary) == [
        "Plateau in sigmoid: Seen plateau. Why. Mend it.",
        "Worth knowing: overfitting in relu; sigmoid.",
    ]


def test_many_conditions_are_counted_and_all_are_called_all():
    """Three are named."""
    five = [entry(f"activation=a{number}", finding("plateau")) for number in range(5)]
    assert symptoms(summary_of(*five, entry("activation=b")))[0].where(6) == "in a0; a1; a2 and 2 more of 6"
    assert symptoms(summary_of(*five))[0].where(5) == "in all 5 conditions"


def test_a_single_condition_needs_no_where():
    """There is no other."""
    assert symptom_sentences(summary_of(entry("baseline", finding("plateau")))) == [
        "Plateau: Seen plateau. Why. Mend it."
    ]


def test_a_note_on_one_condition_has_its_numbers():
    """Of several conditions the numbers would be those of one alone, so they are left to the JSON."""
    assert symptom_sentences(summary_of(entry("baseline", finding("overfitting", "note")))) == [
        "Worth knowing: overfitting (Seen overfitting)."
    ]


def test_merged_findings_tell_the_range_of_their_numbers():
    """The sentence is that of the first condition; its number may differ in the others."""
    one, other = (
        replace(finding("plateau"), evidence=Evidence("share learnt", value, None, "Seen plateau."))
        for value in (0.25, 0.5)
    )
    assert symptom_sentences(summary_of(entry("activation=relu", one), entry("activation=tanh", other))) == [
        "Plateau in all 2 conditions: Seen plateau. These are the numbers of relu. Over all of these conditions: share "
        "learnt, 0.25 to 0.5. Why. Mend it."
    ]
    assert "These are" not in symptom_sentences(summary_of(entry("a", one), entry("b", one)))[0]
