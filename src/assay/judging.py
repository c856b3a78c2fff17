"""From a study's conditions to what rules need to know of them, and from findings of single networks to a judgement.

A judgement is of a condition: its seeds are judged one by one, and what is found in at least half of them counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.choices import Choice
from assay.data import DataRequest, Dataset
from assay.data.request import DataShape
from assay.diagnosis import (
    DataFacts,
    Finding,
    LayerFacts,
    LayerSignals,
    LookAhead,
    NetworkFacts,
    SignalKept,
    TrainingCourse,
    Verdict,
    chance_loss,
    layer_signals,
    signal_kept,
    training_findings,
)
from assay.diagnosis.agreement import agreeing
from assay.diagnosis.forecast import will_train_probability
from assay.diagnosis.start import start_findings
from assay.engine.batching import num_batches
from assay.engine.layout import Member
from assay.errors import AssayError
from assay.learning.optimizers import OPTIMIZERS
from assay.learning.scores import METRICS
from assay.linearized import LinearizedCourse
from assay.networks.activations import ACTIVATIONS
from assay.networks.traits import Traits, remember, traits_of
from assay.own_code import OwnCode, running_nothing
from assay.planning import PopulationPlan
from assay.study import Condition, Study, resolve
from assay.study.fields import plain

if TYPE_CHECKING:
    from assay.store import Tables

# A table of more trials than this is told without verdicts: judging them would take longer than reading them.
MOST_JUDGED = 5000


@dataclass(frozen=True)
class Judgement:
    """What is wrong with a condition, and what follows.

    Attributes
    ----------
    findings : tuple of Finding
        Each with the number of seeds that show it.
    verdict : Verdict
    signal : SignalKept, optional
        Of untrained networks: whether the signal keeps its size, which is another question than the verdict.
    """

    findings: tuple[Finding, ...]
    verdict: Verdict
    signal: SignalKept | None = None

    def written(self) -> dict[str, Any]:
        """The entries ``findings``, ``verdict`` and, of untrained networks, ``signal`` of the JSON."""
        told = {"findings": [finding.written() for finding in self.findings], "verdict": self.verdict.written()}
        return told if self.signal is None else {**told, "signal": self.signal.written()}


def network_facts(
    member: Member, *, task: str, steps: int, data: DataFacts | None, chance: float | None
) -> NetworkFacts:
    """What rules need to know of one condition."""
    layers = tuple(
        LayerFacts(
            name=f"layer {number}",
            kind="dense",
            fan_in=layer.fan_in,
            units=layer.units,
            activation=layer.activation,
            kernel_initializer=layer.kernel_initializer,
        )
        for number, layer in enumerate(member.layers, start=1)
    )
    return NetworkFacts(layers, task, member.loss, _with_its_rate(member.optimizer), steps, data, chance)


def _with_its_rate(optimizer: Choice) -> Choice:
    """The optimizer with the learning rate that it has, the default where the study names none."""
    rate = OPTIMIZERS.arguments(optimizer).get("learning_rate")
    return optimizer if rate is None else replace(optimizer, arguments={"learning_rate": rate, **optimizer.arguments})


def population_facts(population: PopulationPlan, dataset: Dataset) -> tuple[NetworkFacts, ...]:
    """The facts of each condition of a population, in order."""
    data, row_weights = _data_facts(dataset), population.row_weights(dataset)
    weights = None if row_weights is None else row_weights.training["train"]
    if row_weights is not None:
        data = _judged_by_loss(data)
    losses = {member.loss for member in population.members}
    chance = {loss: chance_loss(loss, dataset.y_train, weights) for loss in losses}
    return tuple(
        network_facts(
            member, task=dataset.shape.task, steps=population.select_steps, data=data, chance=chance[member.loss]
        )
        for member in population.members
    )


def _data_facts(dataset: Dataset) -> DataFacts:
    return DataFacts.of(dataset.x_train, dataset.y_train, classes=dataset.shape.classes)


def _judged_by_loss(data: DataFacts) -> DataFacts:
    """What rules need to know where rows have weights: a network that minds rare ones may lose accuracy by learning."""
    return replace(data, majority=None)


def judge_start(
    facts: NetworkFacts, networks: Sequence[LayerSignals], courses: Sequence[LinearizedCourse | None]
) -> Judgement:
    """The judgement of the untrained networks of one condition.

    Parameters
    ----------
    facts : NetworkFacts
    networks : sequence of LayerSignals
        One for each seed, at epoch 0.
    courses : sequence of LinearizedCourse or None
        Where the linear network of each seed would go; without one a seed has no prediction.
    """
    probabilities = [
        will_train_probability(facts, measured, course) for measured, course in zip(networks, courses, strict=True)
    ]
    known = [probability for probability in probabilities if probability is not None]
    probability = float(np.mean(known)) if known else None
    learns = None if probability is None else probability >= 0.5
    found = merged([start_findings(facts, measured, learns=learns) for measured in networks])
    is_known = was_looked_at(facts, networks)
    if facts.ahead is None:
        verdict = verdict_of(found, probability, is_known=is_known)
    else:
        verdict = replace(verdict_of(found, is_known=is_known), will_train=_outlook(facts, facts.ahead))
    return Judgement(found, verdict, signal_kept(facts, networks, found))


def _outlook(facts: NetworkFacts, ahead: LookAhead) -> bool | None:
    """Whether it learns within its budget, by what some updates did; None where that cannot be said."""
    if ahead.learns:
        within = ahead.skill_within_budget
        return within is None or within >= ahead.enough
    if not ahead.can_learn:
        return False
    needed = ahead.updates_needed
    if needed is None or facts.steps is None or facts.is_budget_assumed:
        return None
    return True if needed < facts.steps / 2 else (False if needed > facts.steps else None)


def was_looked_at(facts: NetworkFacts, networks: Sequence[LayerSignals]) -> bool:
    """Whether there is a gradient to judge by: a loss that could be computed, of layers that were looked at."""
    return all(np.isfinite(measured("kernel_gradient", "rms")).any() for measured in networks) and bool(facts.layers)


def verdict_of(findings: Sequence[Finding], probability: float | None = None, *, is_known: bool = True) -> Verdict:
    """From what at least half of the seeds show."""
    voted = [finding for finding in findings if 2 * finding.seeds >= finding.of_seeds]
    return Verdict.of(voted, probability, is_known=is_known)


def merged(by_seed: Sequence[Sequence[Finding]]) -> tuple[Finding, ...]:
    """One finding for each symptom and level: that of the middle seed among those that show it, with their number.

    Certain ones come first, then what most seeds show; one that contradicts another before it is left out.
    """
    shown: dict[tuple[str, str], list[Finding]] = {}
    for findings in by_seed:
        for finding in findings:
            shown.setdefault((finding.symptom, finding.level), []).append(finding)

    def size(finding: Finding) -> float:
        return finding.evidence.value if finding.evidence.value is not None else np.inf

    chosen = [
        replace(sorted(same, key=size)[len(same) // 2], seeds=min(len(same), len(by_seed)), of_seeds=len(by_seed))
        for same in shown.values()
    ]
    order = {"certain": 0, "fault": 1, "note": 2}
    return tuple(agreeing(sorted(chosen, key=lambda finding: (order[finding.level], -finding.seeds))))


# --- Of a results folder ---------------------------------------------------------------------------------------------


def data_notes(populations: Iterable[PopulationPlan], datasets: Mapping[DataRequest, Dataset]) -> list[dict[str, Any]]:
    """What a folder keeps of its data, so that its trials can be judged without them; one entry a data set.

    Of several splits it is the first that stands for all.
    """
    notes: dict[str, dict[str, Any]] = {}
    for population in populations:
        dataset = datasets[population.request]
        for condition, facts in zip(population.conditions, population_facts(population, dataset), strict=True):
            assert facts.loss is not None
            key = _data_key(condition)
            if key not in notes:
                described = {"shape": asdict(dataset.shape), "facts": asdict(_data_facts(dataset))}
                notes[key] = {"data": plain(condition.data), **described, "chance": {}}
            # Of several splits that of the first.
            notes[key]["chance"].setdefault(_chance_key(facts.loss, condition), facts.chance_loss)
    return list(notes.values())


def trait_notes(populations: Iterable[PopulationPlan]) -> list[dict[str, Any]]:
    """What a folder keeps of activations that are code of the user's own, for reading it runs no code."""
    layers = (layer for population in populations for member in population.members for layer in member.layers)
    own = dict.fromkeys(layer.activation for layer in layers if isinstance(layer.activation.own, OwnCode))
    measured = {choice: traits_of(choice) for choice in own}
    return [
        {"activation": plain(choice), "traits": traits.written()}
        for choice, traits in measured.items()
        if traits is not None
    ]


def _recall_traits(tables: Tables) -> None:
    """Let rules know the traits that `trait_notes` kept."""
    for note in tables.manifest.get("own_activations", []):
        with running_nothing(tables.manifest.get("own_code")):
            remember(ACTIVATIONS.parse(note["activation"], where="own_activations"), Traits.of_written(note["traits"]))


def training_judgements(tables: Tables) -> dict[str, Judgement]:
    """What became of each condition, by name: the findings of its trials that have ended.

    Empty for folders that keep nothing of their data (those of older versions), and above `MOST_JUDGED` trials.
    """
    if tables.was_watched:
        return _watched_judgement(tables)
    if len(tables.trials) > MOST_JUDGED:
        return {}
    facts = condition_facts(tables)
    judged = {}
    for name, courses in training_courses(tables).items() if facts else ():
        if name in facts:
            found = merged([training_findings(facts[name], course) for course in courses])
            judged[name] = Judgement(found, verdict_of(found))
    return judged


def _watched_judgement(tables: Tables) -> dict[str, Judgement]:
    """What its watcher said of a training when it ended; empty before."""
    judged = tables.manifest.get("judged")
    if judged is None:
        return {}
    findings = tuple(Finding.of_written(finding) for finding in judged["findings"])
    return {tables.study.name: Judgement(findings, Verdict.of(findings))}


def condition_facts(tables: Tables) -> dict[str, NetworkFacts]:
    """The facts of each condition by name, as far as the folder keeps what is needed."""
    _recall_traits(tables)
    notes = {json.dumps(note["data"], sort_keys=True): note for note in tables.manifest.get("judged_by", [])}
    conditions = [condition for condition in tables.conditions if isinstance(condition, Condition)]
    found = {condition.name: _facts(tables, condition, notes) for condition in conditions} if notes else {}
    return {name: facts for name, facts in found.items() if facts is not None}


def _facts(tables: Tables, condition: Condition, notes: Mapping[str, Any]) -> NetworkFacts | None:
    """The facts of a condition from what the folder keeps; None where it keeps too little."""
    note = notes.get(_data_key(condition))
    if note is None or not isinstance(tables.study, Study):
        return None
    shape = DataShape(**note["shape"])
    try:
        layers, loss = resolve(tables.study, condition, shape)
    except AssayError:  # a saved model that it began with is gone
        return None
    steps = condition.training.epochs * num_batches(shape.train_rows, condition.training.batch_size)
    member, data = Member(layers, loss, condition.training.optimizer), DataFacts(**note["facts"])
    if condition.training.class_weight != "none" or condition.data.weight is not None:
        data = _judged_by_loss(data)
    chance = note["chance"].get(_chance_key(loss, condition))
    return network_facts(member, task=shape.task, steps=steps, data=data, chance=chance)


def training_courses(tables: Tables) -> dict[str, list[TrainingCourse]]:
    """By condition, the selection phase of each of its trials that completed or diverged."""
    import polars as pl

    ended = tables.trials.filter(pl.col("outcome").is_in(["completed", "diverged"]))
    signals = layer_signals(tables.signals) if len(tables.signals) else {}
    by_trial: dict[int, dict[int, LayerSignals]] = {}
    for (trial, epoch), measured in signals.items():
        by_trial.setdefault(trial, {})[epoch] = measured
    curves: dict[tuple[int, str, str], list[float]] = {}
    history = tables.rows("history", pl.col("phase") == "select").sort("trial", "epoch")
    for trial, split, metric, value in history.select("trial", "split", "metric", "value").iter_rows():
        curves.setdefault((trial, split, metric), []).append(value)
    found: dict[str, list[TrainingCourse]] = {}
    for trial, condition, outcome, step in ended.select("trial", "condition", "outcome", "outcome_step").iter_rows():
        # Beside the loss: what data of its task have anyway.
        metric = next(
            (each.name for each in METRICS.records if each.anyway and (trial, "train", each.name) in curves), None
        )
        if metric is None:
            continue
        validation = curves.get((trial, "validation", "loss"))
        found.setdefault(condition, []).append(
            TrainingCourse(
                loss=np.asarray(curves[trial, "train", "loss"], float),
                metric=np.asarray(curves[trial, "train", metric], float),
                validation_loss=None if validation is None else np.asarray(validation, float),
                has_diverged=outcome == "diverged",
                diverged_step=step if outcome == "diverged" else None,
                signals=by_trial.get(trial, {}),
            )
        )
    return found


def _data_key(condition: Condition) -> str:
    return json.dumps(plain(condition.data), sort_keys=True)


def _chance_key(loss: Choice, condition: Condition) -> str:
    """What tells the losses of constant answers apart, on the same data."""
    weights = condition.training.class_weight
    return json.dumps(loss.written() if weights == "none" else [loss.written(), weights], sort_keys=True)
