"""What a report tells, as plain values; how it looks is the template's affair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from assay.analysis import (
    SHOWN_CONDITIONS,
    ConditionSummary,
    FactorAnalysis,
    Interval,
    Measure,
    Summary,
    sentences,
    shortlist,
    symptoms,
)
from assay.analysis.effect_wording import share_text, term_text
from assay.analysis.numbers import interval_text, metric_text
from assay.analysis.wording import false_alarms_text, lost_text, margin_text, p_text, shared_names, shown_text
from assay.report.tables import Cell, TableContent
from assay.selection import is_higher_better

if TYPE_CHECKING:
    from assay.report.drawings import FigureContent
    from assay.report.error_content import ErrorsContent
    from assay.results import Results


SHOWN_OPENINGS = 4
"""So many openings of the test set are told with their date: the first and the last ones."""


@dataclass(frozen=True)
class FindingContent:
    """A symptom: its name, where it is, and one example told in full."""

    title: str
    where: str
    evidence: str
    cause: str
    remedy: str


@dataclass(frozen=True)
class ReportContent:
    """Everything on the page, in the order of the page."""

    study: str
    question: str
    facts: list[tuple[str, str]]
    conclusions: list[str]
    conclusion_note: str
    findings: list[FindingContent]
    finding_notes: list[str]
    table: TableContent
    effects: TableContent | None
    errors: ErrorsContent | None
    figures: list[FigureContent]
    best_epochs: TableContent | None
    tests: TableContent | None
    settings: list[tuple[str, str]]
    study_file: str
    command: str
    provenance: list[tuple[str, str]]


def build_content(results: Results, summary: Summary | None = None) -> ReportContent:
    """Collect what a report tells of a study, figures drawn.

    Parameters
    ----------
    results : Results
        Finished or still being written.
    summary : Summary, optional
        Its summary, where it is at hand already.
    """
    from assay.report.drawings import figure_contents
    from assay.report.error_content import errors_content

    summary = results.summary() if summary is None else summary
    shown = shortlist(summary)
    which = shown_text(summary, shown)
    measure = summary.compared_by or Measure("validation", "loss")
    study = results.study
    return ReportContent(
        study=study.name,
        question=study.question,
        facts=_facts(results, summary),
        conclusions=sentences(summary),
        conclusion_note="" if summary.told else _note(summary, measure),
        findings=_findings(summary),
        finding_notes=[
            f"{symptom.title} {symptom.where(len(summary.conditions))}".rstrip()
            for symptom in symptoms(summary)
            if symptom.level == "note"
        ],
        table=_conditions(shown, measure.metric, which),
        effects=None if summary.effects is None else _effects(summary.effects, measure),
        errors=errors_content(results, summary),
        figures=figure_contents(results, summary),
        best_epochs=_measured(
            shown,
            "validation",
            "best-epochs",
            f"The best epoch of each condition ({_rule(study.design.select)}{_of_splits(summary)}), the range over "
            f"single seeds, and the validation data at that epoch. {which}",
        )
        if summary.compared_by is not None or not results.was_watched
        else None,
        tests=_measured(
            shown,
            "test",
            "tests",
            "Fresh networks, trained from scratch on training and validation data together up to the best epoch; "
            f"then the test set was opened{_openings_text(results)}. {which}",
        )
        if any(condition.test for condition in shown.conditions)
        else None,
        settings=_settings(study.written()),
        study_file=study.to_toml(),
        command="" if results.was_watched else f"assay run {_shell_word(study.name + '.toml')}",
        provenance=_provenance(results),
    )


def _facts(results: Results, summary: Summary) -> list[tuple[str, str]]:
    """The study in a few numbers."""
    if results.was_watched:
        known = results.study.written()
        counts = [(str(key), f"{known[key]:,}") for key in ("steps", "epochs", "looks") if key in known]
        return [*counts, ("time", duration_text(summary.elapsed_seconds))]
    outcomes = [condition.outcomes for condition in summary.conditions]
    ended = sum(sum(counts.values()) for counts in outcomes)
    asked = sum(condition.trials for condition in summary.conditions)
    facts = [
        ("conditions", f"{len(outcomes):,}"),
        *([("splits", f"{summary.splits:,}")] if summary.splits > 1 else []),
        ("seeds", f"{len(results.study.seed_list()):,}"),
        ("trials", f"{asked:,}" if ended == asked else f"{ended:,} of {asked:,}"),
    ]
    for outcome in ("diverged", "stopped", "failed"):
        count = sum(counts.get(outcome, 0) for counts in outcomes)
        if count:
            facts.append((outcome, f"{count:,}"))
    return [*facts, ("time", duration_text(summary.elapsed_seconds))]


def _note(summary: Summary, measure: Measure) -> str:
    """How the conclusions were reached, and what they do not say."""
    direction = "higher" if is_higher_better(measure.metric) else "lower"
    compared = [condition.comparison for condition in summary.conditions if condition.comparison]
    share = f"{100 * summary.confidence:g} %"
    opening = f"Conditions are compared by {measure} ({direction} is better). "
    unit = "seed" if summary.splits == 1 else "split"
    if not compared:
        test = "Student t" if summary.splits == 1 else "corrected Student t"
        return opening + f"Brackets hold the {share} confidence interval of the mean over {unit}s ({test})."
    pairs = max(comparison.pairs for comparison in compared)
    if pairs < 2:
        return (
            f"{opening}With fewer than two {unit}s that completed in both conditions there is no interval "
            f"and no conclusion; ask for more {unit}s with {'--seeds' if unit == 'seed' else 'design.splits'}."
        )
    why = "A seed gives every condition the same start and the same batches"
    if unit == "split":
        why = "A split gives every condition the same rows, and each of its seeds the same start and the same batches"
    return (
        f"{opening}{why}, so differences are taken {unit} by "
        f"{unit}; brackets hold the {share} confidence interval of their mean, each for one comparison alone. "
        "p is the probability of so large a difference by luck, alone and by Holm's method among all "
        f"{len(compared):,} comparisons. {false_alarms_text(summary)} The same means: closer than "
        f"{margin_text(summary)}."
    )


def _findings(summary: Summary) -> list[FindingContent]:
    """What is wrong, each symptom once."""
    return [
        FindingContent(
            title=symptom.title,
            where=symptom.where(len(summary.conditions)),
            evidence=symptom.finding.evidence.text,
            cause=symptom.finding.cause,
            remedy=symptom.finding.remedy.text,
        )
        for symptom in symptoms(summary)
        if symptom.level != "note"
    ]


def _verdict(condition: ConditionSummary) -> Cell:
    """``healthy``, or what is wrong."""
    verdict = condition.verdict
    if verdict is None:
        return Cell("–")
    text = ", ".join(name.replace("_", " ") for name in verdict.findings) or "healthy"
    return Cell(text, text, verdict.status)


def _conditions(summary: Summary, metric: str, which: str) -> TableContent:
    """The main table: a row per condition of those that are shown, which `which` says."""
    conditions = summary.conditions
    has_test = any(condition.test for condition in conditions)
    has_comparison = any(condition.comparison for condition in conditions)
    word = metric_text(metric)
    heading, names = _names(conditions)
    columns = [heading, "completed", "parameters", "best epoch", f"validation {word}"]
    columns += [f"test {word}"] if has_test else []
    columns += ["against baseline", "conclusion"] if has_comparison else []
    has_verdict = any(condition.verdict for condition in conditions)
    columns += ["verdict"] if has_verdict else []
    rows = []
    for condition, name in zip(conditions, names, strict=True):
        row = [Cell(name, name), _outcomes(condition)]
        parameters = condition.parameters
        row.append(Cell("–" if parameters is None else f"{parameters:,}", parameters))
        row.append(_best_epoch(condition))
        row.append(_interval(condition.validation.get(metric)))
        if has_test:
            row.append(_interval(condition.test.get(metric)))
        if has_comparison:
            row += _comparison(condition, summary.baseline)
        if has_verdict:
            row.append(_verdict(condition))
        rows.append(row)
    share = f"{100 * summary.confidence:g} %"
    whose = "learnt" if any(condition.learnt for condition in conditions) else "completed"
    caption = f"Means over the trials that {whose}; brackets hold the {share} confidence interval."
    return TableContent("conditions", f"{caption} {which}".rstrip(), columns, rows)


def _measured(summary: Summary, split: Literal["validation", "test"], table: str, caption: str) -> TableContent:
    """All metrics of a split, with the best epoch."""
    conditions = summary.conditions
    metrics = sorted(
        {metric for condition in conditions for metric in condition.scores(split)},
        key=lambda metric: (metric != "loss", metric),
    )
    heading, names = _names(conditions)
    rows = [
        [
            Cell(name, name),
            _best_epoch(condition, with_range=split == "validation") if condition.scores(split) else Cell("–"),
            *(_interval(condition.scores(split).get(metric)) for metric in metrics),
        ]
        for condition, name in zip(conditions, names, strict=True)
    ]
    epochs = "best epoch" if split == "validation" else "epochs trained"
    return TableContent(
        table, caption.rstrip(), [heading, epochs, *(f"{split} {metric_text(m)}" for m in metrics)], rows
    )


def _effects(effects: FactorAnalysis, measure: Measure) -> TableContent:
    """Which part of the variance each factor and interaction makes."""
    rows = []
    for term in (*effects.terms, effects.seed, effects.residual):
        name, share = term_text(term), term.share
        rows.append([Cell(name, name), Cell(share_text(term), share), _p_cell(term.p), _p_cell(term.p_adjusted)])
    caption = (
        f"Parts of the variance of the {measure} over all trials (ω²), with their {100 * effects.confidence:g} % "
        "intervals. p is the probability of so large a part by luck, alone and by Holm's method among all rows of "
        f"factors. The noise is what a {effects.seed.kind} does to one condition alone."
    )
    return TableContent("effects", caption, ["factor", "part of the variance", "p", "p among all"], rows)


def _p_cell(p: float | None) -> Cell:
    return Cell("–" if p is None else p_text(p).removeprefix("= "), p)


def _names(conditions: Sequence[ConditionSummary]) -> tuple[str, list[str]]:
    """The heading and the cells of the first column, factors said once where all names have the same."""
    factors, names = shared_names([condition.name for condition in conditions])
    return factors or "condition", names


def _outcomes(condition: ConditionSummary) -> Cell:
    completed, asked = condition.outcomes["completed"], condition.trials
    lost = lost_text(condition)
    text = f"{completed} of {asked}"
    return Cell(f"{text}, {lost}", completed, "lost") if lost else Cell(text, completed)


def _best_epoch(condition: ConditionSummary, *, with_range: bool = True) -> Cell:
    if condition.best_epoch is None or condition.best_epoch_range is None:
        return Cell("–")
    low, high = condition.best_epoch_range
    spread = f" ({low}–{high})" if with_range and low != high else ""
    return Cell(f"{condition.best_epoch}{spread}", condition.best_epoch)


def _interval(interval: Interval | None) -> Cell:
    return Cell(interval_text(interval), None if interval is None else interval.mean)


def _comparison(condition: ConditionSummary, baseline: str | None) -> list[Cell]:
    comparison = condition.comparison
    if comparison is None:
        text = "baseline" if condition.name == baseline else "–"
        return [Cell("–"), Cell(text, text, "baseline")]
    difference = Cell(interval_text(comparison.difference, signed=True), comparison.difference.mean)
    conclusion = comparison.conclusion
    return [difference, Cell(conclusion, conclusion, conclusion)]


def _openings_text(results: Results) -> str:
    """``, once``, or how often and when: each time that its rows were scored for some trials."""
    openings = results.manifest.get("openings", [])
    if len(openings) < 2:
        return ", once"
    told = [f"on {opening['when'][:10]} for {opening['trials']:,} trials" for opening in openings]
    shown = told if len(told) <= SHOWN_OPENINGS else [told[0], "…", *told[1 - SHOWN_OPENINGS :]]
    return f" {len(openings)} times: {', '.join(shown)}"


def _rule(select: str) -> str:
    """How the best epoch is chosen, in words."""
    if select == "last":
        return "the last one, as the study asks"
    metric = select.removeprefix("val_")
    return f"{'highest' if is_higher_better(metric) else 'lowest'} mean validation {metric_text(metric)} over seeds"


def _of_splits(summary: Summary) -> str:
    return "" if summary.splits == 1 else f" of each split; the median of {summary.splits}"


def _provenance(results: Results) -> list[tuple[str, str]]:
    """Where the numbers come from."""
    manifest = results.manifest
    rows = [("begun", manifest["created"]), ("time spent", duration_text(manifest["elapsed_seconds"]))]
    if not results.was_watched:
        rows += [("seeds", _value_text(manifest["seeds"])), ("study fingerprint", manifest["fingerprint"])]
    rows += [(f"data fingerprint, {name}", fingerprint) for name, fingerprint in manifest["data"].items()]
    rows += [("versions", ", ".join(f"{name} {version}" for name, version in manifest["versions"].items()))]
    rows += [("platform", f"{manifest['platform']}, {manifest['processors']} processors")]
    rows += [(key, _value_text(manifest[key])) for key in ("devices", "programs") if key in manifest]
    return rows


def duration_text(seconds: float) -> str:
    """``8.4 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _settings(written: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The study as dotted keys with their values; many named conditions are counted, for the study file has them."""
    named = len(written.get("conditions", ()))
    if named <= SHOWN_CONDITIONS:
        return [(key, _value_text(value)) for key, value in _flat(written).items()]
    rest = {key: value for key, value in written.items() if key != "conditions"}
    return [*_settings(rest), ("conditions", f"{named:,} named ones, in the study file below")]


def _flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as dotted keys; a choice (a table with a name) stays one value."""
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping) and "name" not in value and value:
            flat |= _flat(value, f"{prefix}{key}.")
        elif prefix or key not in ("name", "question"):
            flat[prefix + key] = value
    return flat


def _value_text(value: object) -> str:
    if isinstance(value, Mapping):
        rest = ", ".join(f"{key} = {_value_text(item)}" for key, item in value.items() if key != "name")
        return f"{value['name']} ({rest})" if "name" in value and rest else str(value.get("name", rest))
    if isinstance(value, list | tuple) and len(value) > SHOWN_CONDITIONS:
        return f"{_value_text(value[:3])}, …, {_value_text(value[-1])} ({len(value):,} values)"
    if isinstance(value, list | tuple):
        return ", ".join(map(_value_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shell_word(text: str) -> str:
    import shlex

    return shlex.quote(text)
