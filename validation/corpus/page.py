"""The page of the corpus: how often broken programs are named and sound ones alarmed, on the half that no rule saw."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.grammar import program
from corpus.labels import AS_GOOD, FIRST_FRESH, LABELS, LEARNT, PARTS, SOUND, WORSE, part_of
from corpus.mutations import MUTATIONS
from corpus.program import Program
from corpus.training import SEEDS

LEVELS = ("certain", "fault", "note")


@dataclass(frozen=True)
class Row:
    """One program with all that is known of it.

    Attributes
    ----------
    program : Program
    label : str
    start, training : mapping
        assay's judgements, as `judging.judged` writes them.
    others : mapping
        As `judging.judged_by_others` writes them; empty if they have not been asked.
    """

    program: Program
    label: str
    start: Mapping[str, Any]
    training: Mapping[str, Any]
    others: Mapping[str, Any]

    @property
    def part(self) -> str:
        """``seen``, ``unseen`` or ``fresh``."""
        return part_of(self.program)

    @property
    def is_broken(self) -> bool:
        """Broken, where the others that count are sound."""
        return self.label == "broken"

    def levels(self) -> dict[str, str]:
        """By symptom that shows, before or in training, its gravest level."""
        found: dict[str, str] = {}
        for symptom, level in (*self.start["findings"], *self.training["findings"]):
            if symptom not in found or LEVELS.index(level) < LEVELS.index(found[symptom]):
                found[symptom] = level
        return found


def rows(
    labels: Mapping[int, str], judgements: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]
) -> list[Row]:
    """The programs that count and that have been judged."""
    of_others = {line["number"]: line for line in others}
    return [
        Row(program(number), labels[number], line["start"], line["training"], of_others.get(number, {}))
        for line in sorted(judgements, key=lambda line: line["number"])
        for number in [line["number"]]
        if labels.get(number) in (*SOUND, "broken")
    ]


def wilson(count: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, 1927."""
    if total == 0:
        return 0.0, 1.0
    z, p = 1.959964, count / total
    centre, half = p + z * z / (2 * total), z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return max(0.0, (centre - half) / (1 + z * z / total)), min(1.0, (centre + half) / (1 + z * z / total))


def share(flags: Sequence[bool]) -> str:
    """``12 of 80: 15 % [9, 24]``."""
    count, total = sum(flags), len(flags)
    if total == 0:
        return "–"
    low, high = wilson(count, total)
    return f"{count} of {total}: {100 * count / total:.1f} % [{100 * low:.0f}, {100 * high:.0f}]"


# --- Detectors --------------------------------------------------------------------------------------------------------

Detector = Callable[[Row], bool | None]


def _by_thresholds(row: Row) -> bool | None:
    flag = row.others.get("thresholds")
    return None if flag is None else bool(flag)


def _by_deep_diagnosis(row: Row) -> bool | None:
    found = row.others.get("deep_diagnosis")
    return None if found is None else bool(found)


def _is_named(row: Row) -> bool:
    return "unhealthy" in (row.start["status"], row.training["status"])


DETECTORS: dict[str, Detector] = {
    "assay, epoch 0": lambda row: row.start["status"] == "unhealthy",
    "assay, in training": lambda row: row.training["status"] == "unhealthy",
    "assay, either": _is_named,
    "DeepDiagnosis' rules": _by_deep_diagnosis,
    "gradient thresholds": _by_thresholds,
    "always broken": lambda row: True,
    "never broken": lambda row: False,
}


def matrix(part: Sequence[Row], detector: Detector) -> tuple[list[bool], list[bool]]:
    """Of the broken and of the sound programs that a detector can judge, whether it calls them broken."""
    said = [(row.is_broken, detector(row)) for row in part]
    return [flag for broken, flag in said if broken and flag is not None], [
        flag for broken, flag in said if not broken and flag is not None
    ]


# --- Symptoms ---------------------------------------------------------------------------------------------------------


def by_symptom(part: Sequence[Row]) -> list[dict[str, Any]]:
    """For each symptom and level: how many broken and sound programs show it, precision and recall.

    A level counts programs where this is the symptom's gravest; ``any`` counts all that show it.
    """
    shown = [(row.is_broken, row.levels()) for row in part]
    broken = sum(is_broken for is_broken, _ in shown)
    found = []
    for symptom in sorted({name for _, levels in shown for name in levels}):
        for level in (*LEVELS, "any"):
            firing = [
                is_broken
                for is_broken, levels in shown
                if levels.get(symptom) in (LEVELS if level == "any" else (level,))
            ]
            if not firing or (level == "any" and len({levels.get(symptom) for _, levels in shown} - {None}) == 1):
                continue
            low, high = wilson(sum(firing), len(firing))
            found.append(
                {
                    "symptom": symptom,
                    "level": level,
                    "broken": sum(firing),
                    "sound": len(firing) - sum(firing),
                    "precision": sum(firing) / len(firing),
                    "precision_low": low,
                    "precision_high": high,
                    "recall": sum(firing) / broken if broken else None,
                }
            )
    return found


def levels_file(all_rows: Sequence[Row]) -> dict[str, Any]:
    """What other pages quote: by part, the table of symptoms, and by detector what is named and alarmed."""
    written = {}
    for name_of_part in PARTS:
        part = [row for row in all_rows if row.part == name_of_part]
        detectors = {}
        for name, detector in DETECTORS.items():
            broken, sound = matrix(part, detector)
            detectors[name] = {
                "broken": len(broken),
                "named": sum(broken),
                "sound": len(sound),
                "alarmed": sum(sound),
            }
        written[name_of_part] = {"detectors": detectors, "symptoms": by_symptom(part)}
    return written


# --- The page ---------------------------------------------------------------------------------------------------------


def page(labels: Mapping[int, str], alike: Collection[int], all_rows: Sequence[Row]) -> Iterator[str]:
    """All lines of corpus.md; `alike` are the broken programs of `labels.decide_alike`."""
    seen, unseen, fresh = ([row for row in all_rows if row.part == part] for part in PARTS)
    yield "# A corpus that grows by itself"
    yield ""
    yield (
        "*Written by `make corpus` (`validation/corpus/`).* Programs are drawn from a grammar (`grammar.py`), and each "
        f"is broken in two ways, by two of {len(MUTATIONS)} mutations (`mutations.py`). All forms are trained from "
        f"{SEEDS} seeds. What a program learnt is R² on held-out rows: the share of the gap between the best constant "
        "answer and a perfect one; of classes it is that of the probabilities that the loss reads out (`skill.py`)."
    )
    yield ""
    yield f"- A program as it was drawn is **sound** if it learnt at least {LEARNT} in the mean over seeds."
    yield (
        f"- A mutated one is **broken** if in each seed it learnt less than {WORSE} of what its twin learnt in the "
        f"mean, and **sound** if in each seed it learnt at least {AS_GOOD} of that. Others are left out."
    )
    yield (
        "- A family is an architecture and a group of mutations. A hash of its name puts it, twins and all, on one "
        "side: rules and thresholds may look at the *seen* half; levels are earned by the *unseen* one. Programs from "
        f"number {FIRST_FRESH} on are *fresh*: they were drawn, trained and judged when rules and levels stood, so "
        "they are the result. A judgement is of seed 0."
    )
    yield ""
    yield from _table_of_labels(labels)
    yield ""
    names = Counter(program(number).mutation for number in alike)
    yield (
        f"{len(alike)} of the broken ones decide as well as their twins; only the probabilities that their loss reads "
        f"out are worse: {', '.join(f'{name} ({count})' for name, count in names.most_common()) or 'none'}."
    )
    yield ""
    counted = Counter(part_of(program(number)) for number, label in labels.items() if label in (*SOUND, "broken"))
    yield (
        f"Judged by this version of assay: {len(seen)} of the {counted['seen']} seen programs that count, "
        f"{len(unseen)} of the {counted['unseen']} unseen ones, and {len(fresh)} of the {counted['fresh']} fresh ones."
    )
    yield ""
    yield EXPLANATION
    yield ""
    for title, part in (("Fresh programs", fresh), ("The unseen half", unseen)):
        if part:
            yield from _in_full(title, part)
    if seen:
        yield from _of_the_seen(seen)


def _of_the_seen(seen: Sequence[Row]) -> Iterator[str]:
    """Detectors and symptoms, and each false alarm and miss by its number: this half may be looked at."""
    yield "## The seen half"
    yield ""
    yield from detector_table(seen)
    yield ""
    yield from symptom_table(seen)
    yield ""
    yield "### False alarms"
    yield ""
    yield from case_list([row for row in seen if not row.is_broken and _is_named(row)])
    yield ""
    yield "### Misses"
    yield ""
    yield from case_list([row for row in seen if row.is_broken and not _is_named(row)])


EXPLANATION = (
    "*Either* is epoch 0 or the training. DeepDiagnosis' rules are those of `published_rules.py` on the signals "
    "that assay records in about six epochs, without the rule on the accuracy. *Gradient thresholds* call a "
    "program broken if, in one of the first 10 updates, the gradient of some kernel is not finite or its norm "
    "is below 10⁻⁷ or above 1,000; they see PyTorch's programs only. TrainCheck is not among them: it needs its "
    "own instrumented run and known-good reference runs of the same program. An alarm on a program whose mutation "
    "did no harm names what is odd about it, and counts as a false one all the same."
)


def _in_full(title: str, part: Sequence[Row]) -> Iterator[str]:
    """The result: detectors, symptoms, architectures, frameworks, mutations; and no program by its number."""
    yield f"## {title}"
    yield ""
    yield from detector_table(part)
    yield ""
    yield "### By symptom"
    yield ""
    yield (
        "How many programs show a symptom, before or in training; *precision* is the share of them that are broken, "
        "*recall* the share of broken ones that show it. A level is the gravest that a program shows."
    )
    yield ""
    yield from symptom_table(part)
    yield ""
    for grouped, key in (
        ("architecture", lambda row: row.program.architecture),
        ("framework", lambda row: row.program.framework),
    ):
        yield f"### By {grouped}"
        yield ""
        yield from group_table(part, key, grouped)
        yield ""
    yield "### By mutation"
    yield ""
    yield (
        "Broken programs that are named, and sound ones that are called unhealthy: those that the mutation did no harm."
    )
    yield ""
    yield from group_table(
        [row for row in part if row.program.is_mutated], lambda row: row.program.mutation, "mutation"
    )
    yield ""


def _table_of_labels(labels: Mapping[int, str]) -> Iterator[str]:
    counts = Counter((label, part_of(program(number))) for number, label in labels.items())
    yield f"| label | meaning | {' | '.join(PARTS)} |"
    yield f"|---|---|{'---|' * len(PARTS)}"
    for label, meaning in LABELS.items():
        if any(counts[label, part] for part in PARTS):
            yield f"| {label} | {meaning} | {' | '.join(str(counts[label, part]) for part in PARTS)} |"


def detector_table(part: Sequence[Row]) -> Iterator[str]:
    """Named, alarmed and their balance, by detector."""
    yield "| detector | broken ones named | sound ones alarmed | as they were drawn | mutated without harm | balanced |"
    yield "|---|---|---|---|---|---|"
    drawn, harmless = ([row for row in part if row.label == label] for label in SOUND)
    for name, detector in DETECTORS.items():
        broken, sound = matrix(part, detector)
        if broken and sound:
            balance = (sum(broken) / len(broken) + 1 - sum(sound) / len(sound)) / 2
            alarmed = " | ".join(share(matrix(group, detector)[1]) for group in (drawn, harmless))
            yield f"| {name} | {share(broken)} | {share(sound)} | {alarmed} | {100 * balance:.1f} % |"


def symptom_table(part: Sequence[Row]) -> Iterator[str]:
    """Precision and recall of each symptom at each level."""
    yield "| symptom | level | broken | sound | precision | recall |"
    yield "|---|---|---|---|---|---|"
    for line in by_symptom(part):
        bounds = f"[{100 * line['precision_low']:.0f}, {100 * line['precision_high']:.0f}]"
        name = line["symptom"].replace("_", " ")
        yield (
            f"| {name} | {line['level']} | {line['broken']} | {line['sound']} "
            f"| {100 * line['precision']:.1f} % {bounds} | {100 * line['recall']:.1f} % |"
        )


def group_table(part: Sequence[Row], key: Callable[[Row], str], title: str) -> Iterator[str]:
    """Named and alarmed by group."""
    yield f"| {title} | broken: named at epoch 0 | in training | either | sound: alarmed at epoch 0 | in training |"
    yield "|---|---|---|---|---|---|"
    start, training, either = (DETECTORS[f"assay, {name}"] for name in ("epoch 0", "in training", "either"))
    for name in sorted({key(row) for row in part}):
        group = [row for row in part if key(row) == name]
        cells = [share(matrix(group, detector)[0]) for detector in (start, training, either)]
        cells += [share(matrix(group, detector)[1]) for detector in (start, training)]
        yield f"| {name} | {' | '.join(cells)} |"


def case_list(part: Sequence[Row]) -> Iterator[str]:
    """By number what each program is, and what was said."""
    yield "| program | what | mutation | label | epoch 0 | in training |"
    yield "|---|---|---|---|---|---|"
    for row in part:
        known = row.program
        what = f"{known.framework}, {known.architecture}, {known.task}, {known.normalization} norm, {known.optimizer}"
        mutation = known.mutation if known.is_mutated else "–"
        yield (
            f"| {known.number} | {what} | {mutation} | {row.label} "
            f"| {_findings(row.start)} | {_findings(row.training)} |"
        )


def _findings(judgement: Mapping[str, Any]) -> str:
    """``constant output (certain)``, notes left out."""
    told = [f"{name.replace('_', ' ')} ({level})" for name, level in judgement["findings"] if level != "note"]
    return ", ".join(told) or ("–" if judgement["status"] != "unknown" else "unknown")
