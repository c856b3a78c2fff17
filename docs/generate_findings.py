"""Write docs/findings.md: how to read the four panels, how a verdict comes about, and every symptom of the rule book.

::

    python docs/generate_findings.py                                   # the page, in a second
    python docs/generate_findings.py --sentences                       # and what assay says of the examples: minutes
    python docs/generate_findings.py --pictures                        # and all pictures
    python docs/generate_findings.py --pictures symmetry saturation    # those of some symptoms

An example that does not show its symptom, or whose cure still does, ends with an error.
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

from assay.diagnosis import Symptom, rule_book
from assay.diagnosis.ahead import LEARNS, MOST_UPDATES
from assay.diagnosis.danger import EXTREME_GRADIENT, EXTREME_SIGNAL
from assay.diagnosis.examples import (
    DEFAULTS,
    LOOP,
    STEP,
    LoopExample,
    ModelExample,
    StudyExample,
)
from assay.diagnosis.wording import percent_text

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

*Written by `python docs/generate_findings.py` from the files of `assay.diagnosis.symptoms`, and from what assay said of
their examples.*

A finding is one thing that is wrong with a network, or worth knowing. It has a symptom, the number that shows it, its
cause and a remedy. This page explains every symptom. Words are explained in the [glossary](glossary.md), those of
judging under [the judgement](glossary.md#the-judgement).

| symptom | found | in a sentence |
|---|---|---|
"""

PANELS = """\
## How to read the four panels

`assay probe STUDY --out DIR` draws them. Layer 1 is on the left, the output on the right. A violin shows where the
values of a layer lie: it is wide where there are many. Its whisker is the mean ± one standard deviation (std), dashes
are what theory predicts, and the bar at 0 is the share of values that are exactly 0.

![The four panels of a sound network](images/healthy.png)

| panel | what it holds | sound | look for |
|---|---|---|---|
| **pre-activations (z)** | the weighted sum of each unit, over units and examples | violins of about the same width \
in every layer | wider to the right: [the signal explodes](#exploding_signal); narrower: \
[it vanishes](#vanishing_signal); one very wide violin at layer 1: [unscaled inputs](#unscaled_inputs) |
| **kernel (weights)** | the weights | bells around 0, narrower in layers with more inputs | \
a line instead of a bell: [all units are copies](#symmetry); a cross: \
[weights that are not numbers](#nonfinite_weights) |
| **activations** | the output of each unit, φ(z) | ReLU: half of the values at 0; tanh: a bell within ±1 | \
two bulges at the ends of the range: [saturation](#saturation); hardly anything but the bar at 0: \
[dead units](#dead_units) |
| **kernel gradient** | the gradient of the loss with respect to the weights | about the same width in every layer | \
read it from right to left, as it travels: narrower towards layer 1: [it vanishes](#vanishing_gradient); wider: \
[it explodes](#exploding_gradient); only bars at 0: no weight will ever change |

Read z and the gradient together: a kernel's gradient is the error that comes back, times the activation that goes up.
In a stack of ReLU layers with Glorot's kernels all gradients are equally small. Their panel looks level, and only z
shows that the signal has vanished. Mind the scale as well: an axis with powers of ten hides factors that a plain axis
would show.
"""

VERDICT = """\
## How a verdict comes about

1. **Some faults are certain.** assay reads them off the network and its data before it measures anything: an output
   that cannot fit the loss, targets out of reach, data that are not numbers. Such a finding has the level `certain`.
2. **assay measures the untrained network** on some of the training rows (`assay probe`): the signal, the gradient, the
   units, the loss, and what one update does to it. A number beyond its threshold is a `fault`. The thresholds stand
   below, and each of them in the file of its symptom.
3. **A level is earned.** Each rule is tried on programs that it was not made for. It is `certain` if at least 99.5 % of
   the networks that show it do not learn as they could, and a `fault` if at least 90 % do not. Everything else is a
   `note`: worth knowing, and nothing wrong.
4. **Is the signal kept?** This is a fact about the network, and it stands beside the verdict. The signal is *kept* if
   signal and gradient have about the same size in all hidden layers, and units are neither saturated nor dead. Many
   networks learn although their signal is not kept: five ReLU layers with Glorot's kernels do.
5. **Is learning in danger?** This is the verdict. What is found about the signal, or about the first steps, counts only
   if learning is in danger; else it is a note. Of a PyTorch module of your own danger is measured, by a **look-ahead**:
   assay makes up to {updates} updates with your own optimizer and loss, on a copy of the module and on the examples
   that it looks at. If that closes {learns} of the gap between a constant guess and a perfect answer, the network
   learns. If it does not, larger and smaller learning rates are tried, so that a rate that is too low or too high gets
   its name. Of a study's condition the forecast below answers instead. Where there is neither, a signal counts only if
   it becomes {signal:,.0f} times smaller or larger, or a gradient {gradient:,.0f} times.
6. **A training is judged by what it did** (`assay show`). A run that has learnt is healthy however it began. It gets
   at most notes. A run that has not learnt gets its reason, and what the untrained network already showed.
7. **Seeds vote.** Each seed is judged by itself. The **status** of a condition is `unhealthy` if at least half of its
   seeds show the same certain finding or fault. Notes leave it `healthy`. It is `unknown` if nothing was found and
   assay could not look: no gradient was computed, or no layer could be read.
8. **Will it train?** Beside the status stands a forecast: the probability that the network learns, within its budget of
   updates, at least half of what the best networks learn from the same data. The forecast reads the measurements of
   the untrained network, and has been fitted to thousands of trainings of other networks (`make calibrate`). Status and
   forecast may differ: a short, shallow network can learn in spite of a fault, and a sound network does not learn if
   the budget is too small.

A look-ahead is short. It shows that a network can learn its examples, by heart if need be. With at least 128 examples
some are kept apart, and what was learnt must fit them better than chance does: see `unrelated_targets`. That says
nothing about how well it will do in the end, or whether thousands of updates at this learning rate will go well.

**Chance** is the best that a constant guess reaches, without looking at the inputs. Its accuracy is the share of the
commonest class. Its cross-entropy for ten equally common classes is ln 10 = 2.3. Losses are compared with it.
"""

GROUPS = {
    "certain": """\
## Certain: read off the network as it is written

A study refuses most of these with a message. They are found in a model of one's own, by `assay.probe(model, x, y)`.
Each example below is a whole program, of a Keras model or a PyTorch module.
""",
    "start": """\
## At the start: what the untrained network shows

Each command probes both networks of the picture: the last `--vary` names the illness first and the cure second. Lines
of Python follow those above.
""",
    "training": """\
## In training: what the curves and the recorded signals show

Each command trains both networks, the illness first, and ends with the findings. `assay show FOLDER --json` prints them
with evidence, cause and remedy. In the pictures each line is a seed, and the dotted line is chance. Findings about
units need recorded signals (`[probe]` in the study file).
""",
    "loop": """\
## In a loop: what a watcher sees of it

`assay.watch(model, optimizer, loss)` sees what a user's own PyTorch loop does with a network; see
[Watching a training](watching.md). The examples begin with

```python
{loop}```
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
    rows = [f"| [`{s.name}`](#{s.name}) | {_when(s)} | {s.meaning} |" for s in rule_book()]
    numbers = {"updates": MOST_UPDATES, "learns": percent_text(LEARNS)}
    extremes = {"signal": 1 / EXTREME_SIGNAL, "gradient": 1 / EXTREME_GRADIENT}
    parts = [INTRODUCTION + "\n".join(rows) + "\n", PANELS, VERDICT.format(**numbers, **extremes)]
    for group, heading in GROUPS.items():
        parts.append(heading.format(loop=LOOP))
        parts += [section(symptom, said[symptom.name]) for symptom in rule_book() if _group(symptom) == group]
    return "\n".join(parts)


def _group(symptom: Symptom) -> str:
    if symptom.in_loop is not None and symptom.in_training is None and symptom.at_start is None:
        return "loop"
    if symptom.level != "fault":
        return symptom.level
    return "training" if symptom.in_training is not None else "start"


def _when(symptom: Symptom) -> str:
    if isinstance(symptom.example, LoopExample):
        return "in a loop"
    if symptom.level != "fault":
        return symptom.level
    rules = {
        "as written": symptom.as_written,
        "at the start": symptom.at_start or symptom.unless_certain,
        "in training": symptom.in_training,
        "in a loop": symptom.in_loop,
    }
    return ", ".join(when for when, rule in rules.items() if rule is not None)


def section(symptom: Symptom, said: Mapping[str, Any]) -> str:
    """What the page tells of one symptom, with what assay said of its example."""
    finding = said["finding"]
    text = "\n\n".join(
        [
            f"**{symptom.title}.** {symptom.meaning}",
            f"*What one sees.* {symptom.sight}",
            f"*When it is found.* {symptom.rule}",
            f"*Why.* {symptom.cause} {symptom.why} (Source: {symptom.source}.)",
            f"*What to change.* {symptom.remedy} {symptom.advice}".rstrip(),
        ]
    )
    beside = f"\n\nIt also finds {_listed(said['beside'])}." if said["beside"] else ""
    return "\n".join(
        [
            f"### {symptom.name}\n",
            _wrapped(_linked(text, symptom.name)) + "\n",
            f"![{symptom.title}: left the illness, right the cure](images/findings/{symptom.name}.png)\n",
            "What assay says of the left one:\n",
            f"> {finding['evidence']['text']}  ",
            f"> Cause: {finding['cause']}  ",
            f"> Remedy: {finding['remedy']['text']}{beside}\n",
            _recipe(symptom),
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
    return any(symptom.name == name for symptom in rule_book())


def _recipe(symptom: Symptom) -> str:
    """What a reader types to see both."""
    example = symptom.example
    if isinstance(example, LoopExample):
        ill, cured = (f"{LOOP}{STEP}{lines}" for lines in (example.illness, example.cure))
        return f"```python\n{ill}```\n\nThe cure:\n\n```python\n{cured}```\n"
    if isinstance(example, ModelExample):
        ill, cured = example.illness.splitlines(), example.cure.splitlines()
        lines = []
        for line, other in zip(ill, cured, strict=True):
            lines += [line] if line == other else [f"{line}  # the illness; the cure:", f"# {other}"]
        whole = [*example.beginning.splitlines(), *lines, f"print({example.probed}.findings)"]
        return "\n".join(["```python", *whole, "```", ""])
    return f"```console\n$ {command(symptom, example)}\n```\n"


def command(symptom: Symptom, example: StudyExample) -> str:
    """The command line that shows an example."""
    settings, factors = options(example)
    given = [part for option in settings for part in ("--set", option)]
    given += [part for option in factors for part in ("--vary", option)]
    line = shlex.join(["assay", "run" if example.is_trained else "probe", BASE, *given])
    return f"{line} --out {symptom.name}" if example.is_trained else line


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


# --- What assay says of the examples, and the pictures ---------------------------------------------------------------


def show_examples(names: Iterable[str], *, with_pictures: bool) -> None:
    """Probe or train the examples, check what is found, and write sentences and pictures."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    PICTURES.mkdir(parents=True, exist_ok=True)
    for symptom in rule_book():
        if symptom.name not in names:
            continue
        ill, cured, figure = shown(symptom)
        found = {finding.symptom: finding for finding in ill}
        assert symptom.name in found, f"{symptom.name}: its illness shows {list(found) or 'nothing'}"
        left = [finding.symptom for finding in cured if finding.level != "note"]
        assert not left, f"{symptom.name}: its cure shows {left}"
        said = json.loads(SAID.read_text(encoding="utf-8")) if SAID.exists() else {}
        beside = [name for name in found if name != symptom.name]
        said[symptom.name] = {"finding": found[symptom.name].written(), "beside": beside}
        ordered = {other.name: said[other.name] for other in rule_book() if other.name in said}
        SAID.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        if with_pictures:
            _write_picture(figure, PICTURES / f"{symptom.name}.png")
        print(f"{symptom.name}: beside it {beside}", flush=True)


def shown(symptom: Symptom) -> Shown:
    """What assay finds in the illness and in the cure, and the figure of both."""
    example = symptom.example
    if isinstance(example, ModelExample):
        return shown_model(example)
    if isinstance(example, LoopExample):
        return shown_loop(example)
    return shown_training(example) if example.is_trained else shown_start(example)


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
    """The same of a model of one's own, ill and cured."""
    import polars as pl

    from assay.figures import SignalTables, illness_and_cure

    reports = {}
    for name, lines in (("illness", example.illness), ("cure", example.cure)):
        space: dict[str, Any] = {}
        exec(f"{example.beginning}{lines}\nreport = {example.probed}", space)
        reports[name] = space["report"]
    both = [
        pl.concat(
            getattr(report.tables, table).with_columns(condition=pl.lit(name)) for name, report in reports.items()
        )
        for table in ("signals", "histograms")
    ]
    tables = SignalTables(*both, list(reports))
    ill, cured = (_voted(next(iter(report.judgements.values()))) for report in reports.values())
    return ill, cured, illness_and_cure(tables, "illness", "cure")


def shown_loop(example: LoopExample) -> Shown:
    """The same of a PyTorch loop that is watched, ill and cured, with its losses by step."""
    import numpy as np

    from assay.figures.illness_and_cure import Courses, draw_courses

    found, losses = {}, {}
    for name, lines in (("illness", example.illness), ("cure", example.cure)):
        space: dict[str, Any] = {}
        exec(LOOP + STEP + lines, space)
        watch = space["watch"]
        watch.close()
        found[name] = list(watch.findings)
        steps, values = (np.array(column) for column in zip(*watch.facts.losses, strict=True))
        losses[name, "train"] = [(steps, values)]
    courses = Courses("illness", "cure", losses, {}, np.zeros(0), None, None, clock="step")
    return found["illness"], found["cure"], draw_courses(courses)


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
    chosen = parser.add_mutually_exclusive_group()
    for option, what in (("--sentences", "write these sentences anew"), ("--pictures", "and make these pictures")):
        chosen.add_argument(option, nargs="*", metavar="SYMPTOM", help=f"{what}; all if none is named")
    given = parser.parse_args()
    asked = given.sentences if given.pictures is None else given.pictures
    if asked is not None:
        everything = [symptom.name for symptom in rule_book()]
        show_examples(asked or everything, with_pictures=given.pictures is not None)
    PAGE.write_text(findings_page(), encoding="utf-8")
    print(f"Wrote {PAGE}")
