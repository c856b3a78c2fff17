"""Write docs/findings.md: how to read the four panels, how a verdict comes about, and every symptom of the rule book.

::

    python docs/generate_findings.py                                   # the page, in a second
    python docs/generate_findings.py --pictures                        # all pictures, and what assay says: minutes
    python docs/generate_findings.py --pictures symmetry saturation    # those of some symptoms

An example that does not show its symptom, or whose cure still does, ends with an error instead of a picture.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import tempfile
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.diagnosis.rulebook import DEFAULTS, MODEL, RULE_BOOK, Entry, ModelExample, StudyExample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from assay.diagnosis import Finding
    from assay.study import Study

PAGE = Path(__file__).with_name("findings.md")
PICTURES = Path(__file__).with_name("images") / "findings"
SAID = PICTURES / "findings.json"
BASE = "digits"
LARGEST = 60 * 1024  # bytes of a picture
COLOURS = (160, 96, 64, 40, 24)  # few colours make it a third as large

INTRODUCTION = """\
# Findings: the rule book

*Written by `python docs/generate_findings.py` from `assay.diagnosis.rulebook`, the thresholds of
`assay.diagnosis.thresholds`, and what assay said of the examples.*

A finding is one thing that is wrong with a network, or worth knowing: a symptom, the number that gave it away, its
cause and what to change. This page is the cheat sheet. Its words are in the [glossary](glossary.md), those of judging
under [the judgement](glossary.md#the-judgement).

| symptom | told | in a sentence |
|---|---|---|
"""

PANELS = """\
## How to read the four panels

`assay probe STUDY --out DIR` draws them; layer 1 is on the left, the output on the right. A violin shows where the
values of a layer lie: wide where there are many. The whisker in it is the mean ± one standard deviation (std), dashes
are what theory predicts, and the bar at 0 is the share of values that are exactly 0.

![The four panels of a sound network](images/healthy.png)

| panel | what it holds | sound | look for |
|---|---|---|---|
| **pre-activations (z)** | what each unit sums up, over units and examples | violins of about the same width in every \
layer | wider to the right: [the signal explodes](#exploding_signal); narrower: [it dies](#vanishing_signal); one very \
wide violin at layer 1: [unscaled inputs](#unscaled_inputs) |
| **kernel (weights)** | the weights | bells around 0, narrower in layers with more inputs | \
a line instead of a bell: [all units are copies](#symmetry); a cross: \
[weights that are no numbers](#nonfinite_weights) |
| **activations** | what each unit passes on, φ(z) | ReLU: half of the values at 0; tanh: a bell within ±1 | \
two bulges at the ends of the range: [saturation](#saturation); hardly anything but the bar at 0: \
[dead units](#dead_units) |
| **kernel gradient** | the gradient of the loss with respect to the weights | about the same width in every layer | \
read it from right to left, as it travels: narrower towards layer 1: [it dies](#vanishing_gradient); wider: \
[it explodes](#exploding_gradient); bars at 0 alone: nothing will ever move |

Read z and the gradient together, for a kernel's gradient is the error that comes down times the activation that goes
up. A stack of ReLU layers with Glorot's kernels has equally small gradients everywhere: their panel looks level, and
only z shows that the signal has died. And mind the scale: an axis with powers of ten hides factors of ten that an axis
without them would show.
"""

VERDICT = """\
## How a verdict comes about

1. **What is certain** is read off the network and its data before anything is measured: an output that cannot fit the
   loss, targets out of reach, numbers that are none. Such a finding has the level `certain`.
2. **The untrained network is measured** on some of the training rows (`assay probe`): signal, gradient, units, the
   loss, and what one update does to it. A number beyond its threshold is a `fault`. Every threshold stands below, and
   all of them in `assay.diagnosis.thresholds`.
3. **A training is judged by what it did** (`assay show`). A run that has learnt is healthy however it began, and gets
   a `note` at most: worth knowing, nothing wrong. One that has not gets its reason, and what the start already
   showed.
4. **Seeds vote.** Every seed is judged by itself; what at least half of the seeds of a condition show makes its
   **status** `unhealthy`. Notes leave it `healthy`.
5. **Will it train?** A forecast stands beside the status: the probability that the network learns at least half of
   what a constant output leaves to be learnt, within its budget of updates. It knows what was measured at the start,
   and has been fitted to thousands of trainings of other networks (`make calibrate`). The two may differ: a fault
   need not stop a short, shallow network from learning, and a sound start is no promise if the budget is too small.

**Chance** is the best that can be had without looking at the inputs: one constant output. Its accuracy is the share
of the commonest class, its cross-entropy for ten equally common classes ln 10 = 2.3. Losses are told in units of it.
"""

GROUPS = {
    "certain": """\
## Certain: read off the network as it is written

Most of these cannot happen in a study, which refuses them with a message; they are found in a model of one's own, by
`assay.probe(model, x, y)`. The examples about such a model begin with

```python
{model}```
""",
    "start": """\
## At the start: what the untrained network shows

Each command probes both networks of the picture: the last `--vary` names the illness first and the cure second.
""",
    "training": """\
## In training: what the curves and the recorded signals show

Each command trains both networks, the illness first, and ends with the findings; `assay show FOLDER --json` tells them
with evidence, cause and remedy. In the pictures a line is a seed, and the dotted line is chance. Findings about units
need recorded signals (`[probe]` in the study file).
""",
    "note": """\
## Notes on a run that has learnt
""",
}

# Words that are explained in the glossary, the longest first; each entry links the first place of each.
TERMS = {
    "the-judgement": (
        "edge of chaos",
        "ordered phase",
        "chaotic phase",
        "root mean square",
        "standard deviation",
        "depth scales",
        "mean cosine",
        "curvature",
        "saturated",
        "slope",
        "chance",
        "χ₁",
    ),
    "the-network": ("fan_in", "fan_out", "bias", "units"),
    "training-and-scores": ("validation loss", "learning rate", "pre-activations", "errors"),
}


# --- The page --------------------------------------------------------------------------------------------------------


def findings_page() -> str:
    """The whole page as Markdown."""
    said = json.loads(SAID.read_text(encoding="utf-8"))
    rows = [f"| [`{e.symptom}`](#{e.symptom}) | {_when(e)} | {e.meaning} |" for e in RULE_BOOK]
    parts = [INTRODUCTION + "\n".join(rows) + "\n", PANELS, VERDICT]
    for group, heading in GROUPS.items():
        parts.append(heading.format(model=MODEL))
        parts += [_section(entry, said[entry.symptom]) for entry in RULE_BOOK if _group(entry) == group]
    return "\n".join(parts)


def _group(entry: Entry) -> str:
    if entry.level != "fault":
        return entry.level
    return "training" if isinstance(entry.example, StudyExample) and entry.example.is_trained else "start"


def _when(entry: Entry) -> str:
    if entry.symptom == "learning_rate_too_high":  # there is a rule for both
        return "at the start, in training"
    return {"certain": "certain", "start": "at the start", "training": "in training", "note": "note"}[_group(entry)]


def _section(entry: Entry, said: Mapping[str, Any]) -> str:
    finding = said["finding"]
    text = "\n\n".join(
        [
            f"**{entry.title}.** {entry.meaning}",
            f"*What one sees.* {entry.sight}",
            f"*When it is told.* {entry.told_when}",
            f"*Why.* {entry.why} ({entry.source}.)",
            f"*What to change.* {entry.cure}",
        ]
    )
    beside = f"\n\nIt also tells {_listed(said['beside'])}." if said["beside"] else ""
    return "\n".join(
        [
            f"### {entry.symptom}\n",
            _wrapped(_linked(text, entry.symptom)) + "\n",
            f"![{entry.title}: left the illness, right the cure](images/findings/{entry.symptom}.png)\n",
            "What assay says of the left one:\n",
            f"> {finding['evidence']['text']}  ",
            f"> Cause: {finding['cause']}  ",
            f"> Remedy: {finding['remedy']['text']}{beside}\n",
            _recipe(entry),
        ]
    )


def _listed(symptoms: Iterable[str]) -> str:
    return ", ".join(f"[`{name}`](#{name})" for name in symptoms)


def _linked(text: str, own: str) -> str:
    """Names of symptoms, and the first place of each term, as links."""
    text = re.sub(r"`(\w+)`", lambda m: f"[`{m[1]}`](#{m[1]})" if _is_symptom(m[1]) and m[1] != own else m[0], text)
    for section, terms in TERMS.items():
        for term in terms:
            # Not inside a link that is there already.
            text = re.sub(
                rf"(?<![\w\[]){term}(?![\w\]])(?![^\[]*\])", f"[{term}](glossary.md#{section})", text, count=1
            )
    return text


def _wrapped(text: str) -> str:
    """Paragraphs in lines of a page's usual length."""
    lines = (
        textwrap.wrap(paragraph, 120, break_long_words=False, break_on_hyphens=False)
        for paragraph in text.split("\n\n")
    )
    return "\n\n".join("\n".join(paragraph) for paragraph in lines)


def _is_symptom(name: str) -> bool:
    return any(entry.symptom == name for entry in RULE_BOOK)


def _recipe(entry: Entry) -> str:
    """What a reader types to see both."""
    example = entry.example
    if isinstance(example, ModelExample):
        ill, cured = example.illness.splitlines(), example.cure.splitlines()
        lines = []
        for line, other in zip(ill, cured, strict=True):
            lines += [line] if line == other else [f"{line}  # the illness; the cure:", f"# {other}"]
        return "\n".join(["```python", *lines, "print(assay.probe(model, x, y).findings)", "```", ""])
    return f"```console\n$ {command(entry, example)}\n```\n"


def command(entry: Entry, example: StudyExample) -> str:
    """The command line that shows an example."""
    settings, factors = options(example)
    given = [part for option in settings for part in ("--set", option)]
    given += [part for option in factors for part in ("--vary", option)]
    line = shlex.join(["assay", "run" if example.is_trained else "probe", BASE, *given])
    return f"{line} --out {entry.symptom}" if example.is_trained else line


def options(example: StudyExample) -> tuple[list[str], list[str]]:
    """What ``--set`` and ``--vary`` get. What the study varies is given one level; the example's factor comes last."""
    from assay.study import load_study

    varied = load_study(BASE).vary
    settings, factors = [], {}
    for key, value in {**DEFAULTS, **example.settings}.items():
        if key in varied and key != example.factor:
            factors[key] = [value]
        elif key != example.factor:
            settings.append(f"{_short(key)}={_written(value)}")
    factors[example.factor] = [example.illness, example.cure]
    return settings, [
        f"{_short(key)}={','.join(_written(level) for level in levels)}" for key, levels in factors.items()
    ]


def _short(key: str) -> str:
    """The end of a key, where that is enough."""
    from assay.errors import StudyError
    from assay.study.keys import full_key

    end = key.rpartition(".")[2]
    try:
        return end if full_key(end, "") == key else key
    except StudyError:
        return key


def _written(value: Any) -> str:
    """As an option takes it: a bare word, else TOML."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {json.dumps(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


# --- The pictures ----------------------------------------------------------------------------------------------------


def make_pictures(names: Iterable[str]) -> None:
    """Probe or train the examples, check what is found, and write pictures and sentences."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    PICTURES.mkdir(parents=True, exist_ok=True)
    for entry in RULE_BOOK:
        if entry.symptom not in names:
            continue
        example = entry.example
        if isinstance(example, ModelExample):
            ill, cured, figure = shown_model(example)
        elif example.is_trained:
            ill, cured, figure = shown_training(example)
        else:
            ill, cured, figure = shown_start(example)
        found = {finding.symptom: finding for finding in ill}
        assert entry.symptom in found, f"{entry.symptom}: its illness shows {list(found) or 'nothing'}"
        left = [finding.symptom for finding in cured if finding.level != "note"]
        assert not left, f"{entry.symptom}: its cure shows {left}"
        said = json.loads(SAID.read_text(encoding="utf-8")) if SAID.exists() else {}
        beside = [name for name in found if name != entry.symptom]
        said[entry.symptom] = {"finding": found[entry.symptom].written(), "beside": beside}
        ordered = {other.symptom: said[other.symptom] for other in RULE_BOOK if other.symptom in said}
        SAID.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        _write_picture(figure, PICTURES / f"{entry.symptom}.png")
        print(f"{entry.symptom}: beside it {beside}", flush=True)


Shown = tuple[list["Finding"], list["Finding"], "Figure"]


def example_study(example: StudyExample) -> Study:
    """The study that the command line of an example names."""
    from assay.cli.target import chosen_study

    settings, factors = options(example)
    return chosen_study(BASE, factors, settings, None)


def shown_start(example: StudyExample) -> Shown:
    """What at least half of the seeds of illness and cure show, and the four panels of both."""
    from assay.figures import illness_and_cure
    from assay.probing import probe

    report = probe(example_study(example))
    illness, cure = (condition.name for condition in report.conditions)
    return (
        _voted(report.judgements[illness]),
        _voted(report.judgements[cure]),
        illness_and_cure(report.tables, illness, cure, with_correlation=example.is_about_correlation),
    )


def shown_training(example: StudyExample) -> Shown:
    """The same of two trainings, with their curves."""
    from assay.figures import courses_of_illness_and_cure
    from assay.judging import training_judgements
    from assay.lab import run
    from assay.study import with_changes

    study = with_changes(example_study(example), {"design.final": False})
    with tempfile.TemporaryDirectory() as folder:
        results = run(study, folder)
        judged = training_judgements(results)
        illness, cure = (condition.name for condition in results.conditions)
        chance = next(iter(results.manifest["judged_by"][0]["chance"].values()))
        figure = courses_of_illness_and_cure(results, illness, cure, share=example.share, chance=chance)
    return _voted(judged[illness]), _voted(judged[cure]), figure


def shown_model(example: ModelExample) -> Shown:
    """The same of a Keras model, ill and cured."""
    import polars as pl

    from assay.figures import SignalTables, illness_and_cure
    from assay.probing import probe

    reports = {}
    for name, lines in (("illness", example.illness), ("cure", example.cure)):
        space: dict[str, Any] = {}
        exec(MODEL + lines, space)
        reports[name] = probe(space["model"], space["x"], space["y"])
    both = [
        pl.concat(
            getattr(report.tables, table).with_columns(condition=pl.lit(name)) for name, report in reports.items()
        )
        for table in ("signals", "histograms")
    ]
    tables = SignalTables(*both, list(reports))
    ill, cured = (_voted(next(iter(report.judgements.values()))) for report in reports.values())
    return ill, cured, illness_and_cure(tables, "illness", "cure")


def _voted(judgement: Any) -> list[Finding]:
    """What counts for the verdict, and notes of as many seeds."""
    return [
        finding
        for finding in judgement.findings
        if finding.symptom in judgement.verdict.findings or finding.level == "note"
    ]


def _write_picture(figure: Figure, path: Path) -> None:
    """With as many colours as its size allows."""
    from PIL import Image

    from assay.figures.style import write_figure

    write_figure(figure, path)
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    for colours in COLOURS:
        image.quantize(colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= LARGEST:
            return
    raise ValueError(f"{path.name} is larger than {LARGEST} bytes.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", nargs="*", metavar="SYMPTOM", help="make these pictures; all if none is named")
    chosen = parser.parse_args().pictures
    if chosen is not None:
        make_pictures(chosen or [entry.symptom for entry in RULE_BOOK])
    PAGE.write_text(findings_page(), encoding="utf-8")
    print(f"Wrote {PAGE}")
