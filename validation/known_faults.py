"""Programs with known faults, judged: whether the cause is named, the remedy works, and sound networks stay silent.

    python validation/known_faults.py [--only NUMBER …]

Every program of `faulty_programs.py` is trained from six paired seeds in three forms: as it was written, with what
assay offers at epoch 0 (all settings of its remedies), and with its principled cure. The untrained networks are judged
by `assay.probe` (with a forecast where the program is a study, with a look ahead where it is a Keras model), the
trainings by the rule book; what at least half of the seeds show counts. A remedy is proved if the paired
95 % interval of what it gains leaves out zero and it brings no new certain finding; where all seeds gain the same, so
that no interval can be estimated, six of six (a sign test gives p = 0.03). A training that diverged counts as the best
constant answer.

Beside our figures stand the constant answers and two published detectors (`published_rules.py`) on the same signals.
What has been trained lies in assay-runs/known-faults and is not trained again. Writes validation/known_faults.md.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import polars as pl
from faulty_programs import CONTROLS, PROGRAMS, Control, Program, Table, Variant, program_study
from published_rules import FLAT_BEYOND, Seen, deep_diagnosis, deep_localize

import assay
from assay.analysis import PLAIN, Rules, Sample, compare_paired, concluded
from assay.data import load
from assay.diagnosis import (
    Finding,
    LayerSignals,
    NetworkFacts,
    TrainingCourse,
    layer_signals,
    rule_book,
    training_findings,
)
from assay.engine import use_compilation_cache
from assay.judging import merged, population_facts
from assay.planning import plan_study

HERE = Path(__file__).parent
RUNS = HERE.parent / "assay-runs" / "known-faults"
SEEDS = 6
LOOKS = 6

# Which published classes of fault a symptom stands for.
CLASSES = {symptom.name: symptom.factors for symptom in rule_book() if symptom.factors}
CONSTANT_PAIR = {"activation", "learning rate"}


@dataclass(frozen=True)
class Untrained:
    """One variant before training.

    Attributes
    ----------
    findings : tuple of Finding
        What `assay.probe` tells.
    facts : dict of int to NetworkFacts
        Of Keras models, by seed: what was measured of their parameters. Empty of a study, whose facts hold no such.
    """

    findings: tuple[Finding, ...]
    facts: dict[int, NetworkFacts]


@dataclass(frozen=True)
class Recording:
    """One variant, trained from all seeds.

    Attributes
    ----------
    facts : NetworkFacts
    history, signals, histograms : polars.DataFrame
        As in the store; the validation rows are the program's test rows.
    diverged : dict of int to int
        The seeds that diverged, with the step.
    untrained : Untrained, optional
        Judged anew by the present rules, and not kept.
    """

    facts: NetworkFacts
    history: pl.DataFrame
    signals: pl.DataFrame
    histograms: pl.DataFrame
    diverged: dict[int, int]
    untrained: Untrained | None = None

    def curve(self, seed: int, split: str, metric: str) -> np.ndarray:
        """By epoch; empty where it was not recorded."""
        rows = self.history.filter(seed=seed, split=split, metric=metric).sort("epoch")
        return rows["value"].fill_null(np.nan).to_numpy()

    def signals_of(self, seed: int) -> dict[int, LayerSignals]:
        """By epoch."""
        return {epoch: found for (_, epoch), found in layer_signals(self.signals.filter(seed=seed)).items()}

    @property
    def metric(self) -> str:
        """The one beside the loss."""
        return "mean_absolute_error" if self.facts.task == "regression" else "accuracy"


# --- Training ---------------------------------------------------------------------------------------------------------


def looks(epochs: int) -> tuple[int, ...]:
    """The epochs that are looked at: the untrained network, and about six behind."""
    return (0, *sorted({max(1, round(epochs * part / LOOKS)) for part in range(1, LOOKS + 1)}))


def recorded(name: str, part: str, table: Callable[[], Table], variant: Variant, *, with_keras: bool) -> Recording:
    """Train a variant from all seeds, unless that has been done: for another program perhaps, or as what is offered.

    The untrained networks are looked at in any case, by the present rules.
    """
    rows = table()
    data = hashlib.sha256(b"".join(part.tobytes() for part in (rows.x_train, rows.y_train, rows.x_test, rows.y_test)))
    key = f"{data.hexdigest()} {variant} {with_keras} {SEEDS}"
    folder = RUNS / hashlib.sha256(key.encode()).hexdigest()[:16]
    kept = folder / "recording.pickle"
    if not kept.exists():
        print(f"{name}: training {part}", file=sys.stderr, flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        found = _by_keras(rows, variant) if with_keras else _by_study(name, rows, variant, folder)
        kept.write_bytes(pickle.dumps(vars(found)))
    untrained = _probed_models(rows, variant) if with_keras else _probed_study(name, rows, variant, folder)
    return replace(Recording(**pickle.loads(kept.read_bytes())), untrained=untrained)


def _probed_study(name: str, table: Table, variant: Variant, folder: Path) -> Untrained:
    study = program_study(name, table, {"variant": variant.settings()}, folder, seeds=SEEDS)
    (judgement,) = assay.probe(study).judgements.values()
    return Untrained(judgement.findings, {})


def _probed_models(table: Table, variant: Variant) -> Untrained:
    rows = variant.rows(table)
    steps = variant.epochs * math.ceil(len(rows.x_train) / variant.batch_size)
    reports = [
        assay.probe(variant.model(table, seed), rows.x_train, rows.y_train, steps=steps) for seed in range(SEEDS)
    ]
    findings = merged([found for report in reports for found in report.findings.values()])
    return Untrained(findings, {seed: report.conditions[0].facts for seed, report in enumerate(reports)})


def _by_study(name: str, table: Table, variant: Variant, folder: Path) -> Recording:
    study = program_study(
        name, table, {"variant": variant.settings()}, folder, seeds=SEEDS, epochs=looks(variant.epochs)
    )
    results = assay.run(study, folder / "run")
    population = plan_study(study).populations[0]
    facts = population_facts(population, load(population.request))[0]
    ended = results.trials.filter(pl.col("outcome") == "diverged")
    return Recording(
        facts,
        results.history,
        results.signals,
        results.histograms,
        dict(ended.select("seed", "outcome_step").iter_rows()),
    )


def _by_keras(table: Table, variant: Variant) -> Recording:
    import keras

    rows = variant.rows(table)
    tables: dict[str, list[pl.DataFrame]] = {"history": [], "signals": [], "histograms": []}
    diverged: dict[int, int] = {}
    facts = None
    for seed in range(SEEDS):
        keras.utils.set_random_seed(seed)
        model = variant.model(table, seed)
        start = model.evaluate(rows.x_train, rows.y_train, verbose=0, return_dict=True)
        every = max(1, round(variant.epochs / LOOKS))
        watch = assay.Watch(rows.x_train, rows.y_train, every=every)
        model.fit(
            rows.x_train,
            rows.y_train,
            validation_data=(rows.x_test, rows.y_test),
            epochs=variant.epochs,
            batch_size=variant.batch_size,
            callbacks=[watch],
            verbose=0,
        )
        facts = watch.facts
        metric = "mean_absolute_error" if table.task == "regression" else "accuracy"
        untrained = watch.history.head(2).with_columns(
            epoch=pl.lit(0, pl.Int64), split=pl.lit("train"), metric=pl.Series(["loss", metric])
        )
        untrained = untrained.with_columns(value=pl.Series([start["loss"], start[metric]]))
        history = pl.concat([untrained, watch.history])
        tables["history"].append(history.with_columns(seed=pl.lit(seed, pl.Int64)))
        for name in ("signals", "histograms"):
            tables[name].append(getattr(watch, name).with_columns(seed=pl.lit(seed, pl.Int64)))
        if not np.isfinite(history.filter(metric="loss", split="train")["value"].to_numpy()).all():
            diverged[seed] = 1
    assert facts is not None
    return Recording(facts, *(pl.concat(tables[name]) for name in ("history", "signals", "histograms")), diverged)


# --- Judging ----------------------------------------------------------------------------------------------------------


def at_start(recording: Recording) -> tuple[Finding, ...]:
    """What the untrained networks show, as `assay.probe` tells it."""
    assert recording.untrained is not None
    return recording.untrained.findings


def in_training(recording: Recording) -> tuple[Finding, ...]:
    """What the trainings show."""
    return merged([training_findings(recording.facts, course(recording, seed)) for seed in range(SEEDS)])


def course(recording: Recording, seed: int) -> TrainingCourse:
    """One training as the rules read it: up to its last finite loss."""
    loss = recording.curve(seed, "train", "loss")
    metric = recording.curve(seed, "train", recording.metric)
    known = np.isfinite(loss) & np.isfinite(metric)
    end = len(known) if known.all() else max(1, int(known.argmin()))
    return TrainingCourse(
        loss=loss[:end],
        metric=metric[:end],
        validation_loss=recording.curve(seed, "validation", "loss")[:end],
        has_diverged=seed in recording.diverged,
        diverged_step=recording.diverged.get(seed),
        signals=recording.signals_of(seed),
        facts_at_start=None if recording.untrained is None else recording.untrained.facts.get(seed),
    )


def symptoms(findings: Sequence[Finding]) -> list[str]:
    """What at least half of the seeds show, notes left out."""
    return [each.symptom for each in findings if each.level != "note" and 2 * each.seeds >= each.of_seeds]


def offered(buggy: Variant, findings: Sequence[Finding]) -> Variant | None:
    """The program with all that its findings offer, the first finding's word before the next one's; None if nothing."""
    settings: dict[str, Any] = {}
    for finding in findings:
        if finding.symptom in symptoms(findings):
            settings = {**finding.remedy.settings, **settings}
    return buggy.changed(settings) if settings else None


def seen(recording: Recording, seed: int) -> Seen:
    """The same recording as published rules read it."""
    signals = recording.signals.filter((pl.col("seed") == seed) & (pl.col("epoch") > 0))
    layers: dict[str, np.ndarray] = {}
    for quantity, statistic in (
        ("activations", "zero_fraction"),
        *(
            (name, stat)
            for name in ("activations", "kernel", "kernel_gradient")
            for stat in ("mean", "nonfinite_count")
        ),
        ("kernel_gradient", "rms"),
    ):
        layers[f"{quantity}.{statistic}"] = _looks(signals.filter(quantity=quantity, statistic=statistic), "value")
    drawn = recording.histograms.filter((pl.col("seed") == seed) & (pl.col("epoch") > 0))
    drawn = drawn.filter(quantity="preactivations")
    shares = [share_beyond(*row) for row in drawn.select("low", "high", "counts").iter_rows()]
    layers["preactivations.flat_share"] = _looks(drawn.with_columns(share=pl.Series(shares, dtype=pl.Float64)), "share")
    own = None if recording.metric != "accuracy" else recording.curve(seed, "train", "accuracy")[1:]
    return Seen(recording.facts, recording.curve(seed, "train", "loss")[1:], own, layers)


def _looks(rows: pl.DataFrame, column: str) -> np.ndarray:
    """(looks, L)."""
    epochs, layers = rows["epoch"].n_unique(), rows["layer"].n_unique()
    return rows.sort("epoch", "layer")[column].fill_null(np.nan).to_numpy().reshape(epochs, layers)


def share_beyond(low: float, high: float, counts: Sequence[int]) -> float:
    """Which part of a histogram lies beyond ±5, a bin that holds the border in proportion."""
    total = sum(counts)
    if total == 0:
        return 0.0
    edges = np.linspace(low, high, len(counts) + 1)
    if high <= low:
        return float(abs(low) > FLAT_BEYOND)
    inside = np.clip(np.minimum(edges[1:], FLAT_BEYOND) - np.maximum(edges[:-1], -FLAT_BEYOND), 0, None)
    return float(1 - (np.asarray(counts) * inside / np.diff(edges)).sum() / total)


def published(recording: Recording, detector: Callable[[Seen], set[str]]) -> list[str]:
    """What a published detector finds in at least half of the seeds."""
    counts: dict[str, int] = {}
    for seed in range(SEEDS):
        for symptom in sorted(detector(seen(recording, seed))):  # the order of a set is another one every time
            counts[symptom] = counts.get(symptom, 0) + 1
    return [symptom for symptom, count in counts.items() if 2 * count >= SEEDS]


# --- Proof ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proof:
    """What a remedy gained."""

    before: float
    after: float
    text: str
    is_proved: bool


def scores(program: Program, recording: Recording, table: Table, variant: Variant) -> dict[int, float]:
    """What proves the cure, by seed; a training that diverged answers like the best constant."""
    rows = variant.rows(table)
    found = {}
    for seed in range(SEEDS):
        if program.measure == "saturation":
            found[seed] = float(recording.signals_of(seed)[0]("saturation", "fraction")[0])
            continue
        metric = {"accuracy": "accuracy", "error": "mean_absolute_error", "loss": "loss"}[program.measure]
        value = float(recording.curve(seed, "validation", metric)[-1])
        constant = float(np.abs(rows.y_test - np.median(rows.y_train)).mean()) if program.measure == "error" else 1.0
        if seed in recording.diverged or not np.isfinite(value):
            shares = np.bincount(table.y_test.astype(int)) / len(table.y_test) if program.measure == "accuracy" else [1]
            value = float(max(shares)) * constant
        found[seed] = value / constant
    return found


def proof(program: Program, before: Mapping[int, float], after: Mapping[int, float], new_certain: set[str]) -> Proof:
    """Whether the gain is more than luck; see the first lines of the file."""
    higher = program.measure == "accuracy"
    rules = Rules(higher_is_better=higher, scale=PLAIN)
    (compared,) = concluded([compare_paired(Sample(after), Sample(before), rules)], rules)
    difference = compared.difference
    means = float(np.mean(list(before.values()))), float(np.mean(list(after.values())))
    if difference.low is None or difference.high is None:
        gain = (difference.mean or 0.0) * (1 if higher else -1)
        text, proved = f"{difference.mean or 0:+.3f} in each of {SEEDS} seeds", gain > 0
    else:
        text = f"{difference.mean:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"
        proved = compared.conclusion == "better"
    if new_certain:
        text += f"; new: {', '.join(sorted(new_certain))}"
    return Proof(*means, text, proved and not new_certain)


# --- One program, one control -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judged:
    """All that is told of a program."""

    program: Program
    start: list[str]
    training: list[str]
    cured_start: list[str]
    cured_training: list[str]
    offer: str
    offered: Proof | None
    cured: Proof
    deep_diagnosis: tuple[list[str], list[str]]
    deep_localize: tuple[list[str], list[str]]

    @property
    def named(self) -> set[str]:
        """The judged causes that are told, at epoch 0 or in training."""
        return set(self.program.causes) & {*self.start, *self.training}


def judge(program: Program) -> Judged:
    """Train and judge one program."""
    table = program.table()
    with_keras = program.needs_keras
    buggy = recorded(program.number, "buggy", program.table, program.buggy, with_keras=with_keras)
    cured = recorded(program.number, "cured", program.table, program.cured, with_keras=with_keras)
    findings = at_start(buggy)
    certain = {finding.symptom for finding in findings if finding.level == "certain"}
    before = scores(program, buggy, table, program.buggy)

    def proved(variant: Variant, recording: Recording) -> Proof:
        later = {finding.symptom for finding in at_start(recording) if finding.level == "certain"}
        return proof(program, before, scores(program, recording, table, variant), later - certain)

    offer = offered(program.buggy, findings)
    offer_proof = None
    if offer is not None:
        tried = recorded(program.number, "offered", program.table, offer, with_keras=with_keras)
        offer_proof = proved(offer, tried)
    return Judged(
        program,
        symptoms(findings),
        symptoms(in_training(buggy)),
        symptoms(at_start(cured)),
        symptoms(in_training(cured)),
        "" if offer is None else _difference(program.buggy, offer),
        offer_proof,
        proved(program.cured, cured),
        (published(buggy, deep_diagnosis), published(cured, deep_diagnosis)),
        (published(buggy, deep_localize), published(cured, deep_localize)),
    )


def _difference(before: Variant, after: Variant) -> str:
    """What an offer changes: ``activation relu, learning rate 0.01``."""
    told = []
    for name, value in vars(after).items():
        if value == vars(before)[name]:
            continue
        if name == "optimizer":
            told.append(f"learning rate {value['learning_rate']:g}")
        elif value is not None:
            told.append(f"{name.replace('_', ' ')} {value if isinstance(value, str) else dict(value)}")
    return ", ".join(told)


@dataclass(frozen=True)
class Watched:
    """All that is told of a control."""

    control: Control
    start: list[str]
    training: list[str]
    deep_diagnosis: list[str]
    deep_localize: list[str]


def watch(control: Control) -> Watched:
    """Train and judge one control."""
    recording = recorded(f"control {control.number}", "sound", control.table, control.variant, with_keras=False)
    return Watched(
        control,
        symptoms(at_start(recording)),
        symptoms(in_training(recording)),
        published(recording, deep_diagnosis),
        published(recording, deep_localize),
    )


# --- The page ---------------------------------------------------------------------------------------------------------


def page(judged: Sequence[Judged], watched: Sequence[Watched]) -> Iterator[str]:
    """All lines of known_faults.md."""
    yield "# Programs with known faults"
    yield ""
    yield (
        "Written by `make known-faults` (`validation/known_faults.py`, whose first lines say how it is judged). *Named "
        "at epoch 0* is what `assay.probe` says of the untrained network, *in training* what the rule book says of the "
        "run; the judged causes stand in bold. Symptoms are explained in docs/findings.md."
    )
    yield ""
    yield "## Summary"
    yield ""
    yield from summary(judged, watched)
    yield ""
    yield "## What is named"
    yield ""
    yield "| program | published faults | named at epoch 0 | in training | cured: at epoch 0 | cured: in training |"
    yield "|---|---|---|---|---|---|"
    for each in judged:
        causes = each.program.causes
        told = [_listed(names, causes) for names in (each.start, each.training, each.cured_start, each.cured_training)]
        name = f"{each.program.number}: {each.program.source}"
        yield f"| {name} | {', '.join(each.program.published)} | {' | '.join(told)} |"
    yield ""
    yield "| control | at epoch 0 | in training | DeepDiagnosis | DeepLocalize |"
    yield "|---|---|---|---|---|"
    for other in watched:
        told = [_listed(names) for names in (other.start, other.training, other.deep_diagnosis, other.deep_localize)]
        yield f"| {other.control.what} | {' | '.join(told)} |"
    yield ""
    yield "## Whether the remedy works"
    yield ""
    yield (
        f"Means over {SEEDS} paired seeds, and the paired difference to the program as written with its 95 % interval; "
        "bold where it is proved. *Error* is the mean absolute error in units of what the median answer has. *Offered* "
        "is what the findings at epoch 0 offer, all of it together; *cure* is the principled one."
    )
    yield ""
    yield "| program | measure | as written | offered | gain | principled cure | with it | gain |"
    yield "|---|---|---|---|---|---|---|---|"
    for each in judged:
        yield _proof_row(each)
    yield ""
    yield "## What the published rules say of the same signals"
    yield ""
    yield (
        f"They look at about {LOOKS} epochs of each training, not at every batch, so values have less occasion to "
        "stand still than in their own papers."
    )
    yield ""
    yield "| program | DeepDiagnosis | of the cured | DeepLocalize | of the cured |"
    yield "|---|---|---|---|---|"
    for each in judged:
        cells = [_listed(names) for pair in (each.deep_diagnosis, each.deep_localize) for names in pair]
        yield f"| {each.program.number} | {' | '.join(cells)} |"
    yield ""
    yield "## From symptoms to published classes"
    yield ""
    yield "| symptom | classes of fault that it stands for |"
    yield "|---|---|"
    for symptom, classes in CLASSES.items():
        yield f"| {symptom} | {', '.join(classes)} |"
    notes = {each.program.table().note for each in judged} - {""}
    yield ""
    yield f"Data: {'; '.join(sorted(notes))}." if notes else ""


def summary(judged: Sequence[Judged], watched: Sequence[Watched]) -> Iterator[str]:
    """Recall over the faulty programs, false alarms over the sound ones, and their balance."""
    faulty, sound = len(judged), len(judged) + len(watched)
    matched = sum(bool(set(_classes(each)) & set(each.program.published)) for each in judged)
    pair = sum(bool(CONSTANT_PAIR & set(each.program.published)) for each in judged)
    rows = {
        "assay, epoch 0": (
            [bool(each.start) for each in judged],
            [bool(each.cured_start) for each in judged] + [bool(each.start) for each in watched],
        ),
        "assay, in training": (
            [bool(each.training) for each in judged],
            [bool(each.cured_training) for each in judged] + [bool(each.training) for each in watched],
        ),
        "assay, both": (
            [bool(each.start or each.training) for each in judged],
            [bool(each.cured_start or each.cured_training) for each in judged]
            + [bool(each.start or each.training) for each in watched],
        ),
        "DeepDiagnosis' rules": (
            [bool(each.deep_diagnosis[0]) for each in judged],
            [bool(each.deep_diagnosis[1]) for each in judged] + [bool(each.deep_diagnosis) for each in watched],
        ),
        "DeepLocalize's rule": (
            [bool(each.deep_localize[0]) for each in judged],
            [bool(each.deep_localize[1]) for each in judged] + [bool(each.deep_localize) for each in watched],
        ),
        "always faulty": ([True] * faulty, [True] * sound),
        "never faulty": ([False] * faulty, [False] * sound),
    }
    yield f"{faulty} faulty programs; {sound} sound networks: their {faulty} cures and {len(watched)} controls."
    yield ""
    yield "| detector | faults found | false alarms | balanced accuracy |"
    yield "|---|---|---|---|"
    for name, (found, alarms) in rows.items():
        recall, alarm = float(np.mean(found)), float(np.mean(alarms))
        balance = (recall + 1 - alarm) / 2
        yield (
            f"| {name} | {sum(found)} of {faulty} ({recall:.0%}) | {sum(alarms)} of {sound} ({alarm:.0%}) "
            f"| {balance:.0%} |"
        )
    named = sum(bool(each.named) for each in judged)
    decisive = sum(each.program.causes[0] in each.named for each in judged)
    startable = [each for each in judged if each.program.seen_at_start]
    early = sum(each.program.causes[0] in each.start for each in startable)
    certain = sum(each.cured.is_proved for each in judged)
    tried = [each.offered for each in judged if each.offered is not None]
    yield ""
    yield (
        f"- The judged cause is named in {named} of {faulty}; the decisive one in {decisive}, and at epoch 0 in "
        f"{early} of the {len(startable)} where it can be told there."
    )
    yield (
        f"- By the score that others use, one matching class of fault: {matched} of {faulty} ({matched / faulty:.0%}); "
        f"the constant answer {{activation, learning rate}} has {pair} ({pair / faulty:.0%})."
    )
    yield (
        f"- The principled cure is proved in {certain} of {faulty}; what assay offers at epoch 0, tried as it stands, "
        f"in {sum(each.is_proved for each in tried)} of {len(tried)}."
    )


def _classes(judged: Judged) -> list[str]:
    return [name for symptom in (*judged.start, *judged.training) for name in CLASSES.get(symptom, ())]


def _listed(names: Sequence[str], bold: Sequence[str] = ()) -> str:
    shown = [name.replace("_", " ") for name in names]
    return ", ".join(f"**{show}**" if name in bold else show for name, show in zip(names, shown, strict=True)) or "–"


def _proof_row(each: Judged) -> str:
    def told(proved: Proof | None) -> tuple[str, str]:
        if proved is None:
            return "–", "–"
        return f"{proved.after:.3f}", f"**{proved.text}**" if proved.is_proved else proved.text

    offer = told(each.offered)
    cure = told(each.cured)
    offered_text = f"{each.offer}: {offer[0]}" if each.offer else "–"
    return (
        f"| {each.program.number} | {each.program.measure} | {each.cured.before:.3f} | {offered_text} | {offer[1]} "
        f"| {each.program.remedy} | {cure[0]} | {cure[1]} |"
    )


def main() -> None:
    """Train what is missing, judge all, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", help="numbers of programs; the page is printed and not written")
    only = parser.parse_args().only
    warnings.filterwarnings("ignore", message="You are using a softmax")  # that is the fault
    use_compilation_cache()
    judged = [judge(program) for program in PROGRAMS if not only or program.number in only]
    watched = [] if only else [watch(control) for control in CONTROLS]
    lines = "\n".join(page(judged, watched)) + "\n"
    if not only:
        (HERE / "known_faults.md").write_text(lines, encoding="utf-8")
    print(lines)


if __name__ == "__main__":
    main()
