"""Write docs/catalog.md, every name that a study file may choose, and the pictures in it.

::

    python docs/generate_catalog.py

Nothing is measured here: the numbers stand in src/assay/catalog/numbers.json (see docs/measure_catalog.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.catalog import Entry, Pairing
    from assay.data.splitting import Split

PAGE = Path(__file__).with_name("catalog.md")
IMAGES = PAGE.parent / "images"
STUDIES = "../src/assay/study/builtin"
DOTS_PER_INCH = 110

INTRODUCTION = """\
# Catalogue

*Written by `python docs/generate_catalog.py` from the functions themselves; `assay catalog` tells the same.*

A choice is a name, `"relu"`, or a table with a name and arguments, `{name = "leaky_relu", negative_slope = 0.1}`.
Arguments that are left out have the defaults below; one that is shown without a value is off by default.
Names, arguments and defaults are Keras', unless the line says otherwise.

[Activations](#activations) · [Initializers](#initializers) · [Optimizers](#optimizers) · [Losses](#losses) ·
[Metrics](#metrics) · [What goes with what](#what-goes-with-what) · [Data](#data) · [Synthetic data](#synthetic-data)
"""

ACTIVATIONS_NOTE = """\
For `activation` and `output_activation`. z is the pre-activation, φ(z) the activation.

![Every activation with its derivative](images/activations.png)

- **Range**: a round bracket is an end that is never reached.
- **Zero-centred**: standard normal pre-activations have activations of mean 0. If they have not, all inputs of the next
  layer tend to have one sign, and a mean piles up from layer to layer.
- **Critical gain**: the gain σ_w = √(fan_in · Var[kernel]) on the edge of chaos without biases, where the gradient of a
  deep, wide network neither vanishes nor explodes: √2 for ReLU, 1 for tanh. It holds for signals of the size that such
  a network settles at, which is near 0 for many. The next two columns are the gains for pre-activations of variance 1:
  the one keeps that variance in the next layer, the other the size of the gradient. SELU is made for 1.
  [Theory](theory.md) has been compared with measurements.
- **Cost**: time of φ and its gradient over that of ReLU, measured side by side on one CPU. It is rough, and matters
  less than it seems: most of the time of a dense layer goes into its matrix products.

`softmax`, `log_softmax`, `sparsemax` and `glu` work across the units of a layer; δ_jk is 1 where j = k, else 0. The
picture shows them for two units."""

INITIALIZERS_NOTE = """\
For `kernel_initializer` and `bias_initializer`; `orthogonal`, `identity`, `pretrained` and `autoencoder` fill kernels
only. For a kernel, `fan_in` is the number of inputs of a layer and `fan_out` that of its units. `mode` is `fan_in`,
`fan_out` or `fan_avg`; `distribution` is `truncated_normal`, `untruncated_normal` or `uniform`. [Study
files](study-files.md#network) tells of the last two.

![The entries of a kernel under each initializer](images/initializers.png)"""

OPTIMIZERS_NOTE = """\
For `optimizer`. w is a parameter, g its gradient, η the learning rate, t = 1, 2, … the number of the update; ← assigns,
and all is elementwise. β₁, β₂, ρ, ε and μ are the arguments `beta_1`, `beta_2`, `rho`, `epsilon` and `momentum`. Beside
what is listed, each takes one of `clipnorm`, `clipvalue` and `global_clipnorm`."""

LOSSES_NOTE = """\
For `loss`. t is the target, y the output of the network, both of one example; K is the number of outputs. The loss of a
batch is the mean over its examples. Where nothing is said, a study takes `binary_crossentropy` for two classes,
`categorical_crossentropy` for more, and `mean_squared_error` for a regression.

![Each loss and its gradient](images/losses.png)

The gradient is by the output y; **below the output unit** it is by the pre-activation z of the first output unit named,
which is what the layers below receive. Both are told where nothing is clipped. In hinges t is -1 or 1."""

METRICS_NOTE = """\
For `metrics`, and as `select = "val_f1"`. They are computed of validation rows after each epoch, and of test rows when
these are opened, by scikit-learn's functions. t is the target, y the output. Quantities are measured in the units in
which the data have them. A metric that has no value, such as `roc_auc` of rows of one class or `brier_score` of outputs
that are no probabilities, is left empty. `accuracy` and `mean_absolute_error` are recorded anyway, of training rows
too."""

PAIRINGS_NOTE = """\
What the textbooks say, each sentence with a small study that puts it to the test. `assay run NAME` trains it in a
minute or less; accuracies and losses are means over seeds on the test rows with their 95 % interval, differences are
paired by seed. A sentence *holds* if every line came out as it says."""

SYNTHETIC_NOTE = """\
For `data`; the arguments stand beside the name: `{name = "moons", noise = 0.2}`. `data.seed` decides the points."""

DATA_NOTE = """\
For `data`, as `assay data` lists them. Those of `keras.datasets` are read from the folder that the environment variable
`ASSAY_DATA` names (or from `datasets` in it), else from Keras' own folder, and downloaded only if they are in neither.
Rows are those that can be trained on, before anything is held out of them; test and validation are what is held out
unless a study says otherwise, written as in a study file."""


def catalog_page() -> str:
    """The whole page as Markdown."""
    from assay.data.synthetic import SYNTHETIC

    parts = [
        INTRODUCTION,
        _section("Activations", ACTIVATIONS_NOTE, _activations()),
        _section("Initializers", INITIALIZERS_NOTE, _initializers()),
        _section("Optimizers", OPTIMIZERS_NOTE, _optimizers()),
        _section("Losses", LOSSES_NOTE, _losses()),
        _section("Metrics", METRICS_NOTE, _metrics()),
        _section("What goes with what", PAIRINGS_NOTE, _pairings()),
        _section("Data", DATA_NOTE, _data()),
        _section("Synthetic data", SYNTHETIC_NOTE, _synthetic(SYNTHETIC)),
    ]
    return "\n".join(parts)


def _section(title: str, note: str, body: str) -> str:
    return "\n".join([f"## {title}", "", note, "", body, ""])


def _activations() -> str:
    from assay.catalog import ActivationEntry, catalog

    rows = []
    for entry in catalog("activations"):
        assert isinstance(entry, ActivationEntry)
        centred = {True: "yes", False: f"no ({entry.mean or 0:.2f})", None: "–"}[entry.is_zero_centred]
        none = "–" if entry.mean is None else "none"
        gains = [_number(gain, none) for gain in (entry.critical_gain, entry.forward_gain, entry.backward_gain)]
        cost = "–" if entry.cost is None else f"{entry.cost:.1f}"
        rows.append([_names(entry), f"`{entry.formula}`", f"`{entry.derivative}`", entry.range, centred, *gains, cost])
    heads = ["name", "φ(z)", "φ′(z)", "range", "zero-centred (mean)", "critical gain"]
    heads += ["gain for the signal", "gain for the gradient", "cost"]
    return _table(heads, rows) + "\n\n" + _judged("activations")


def _initializers() -> str:
    from assay.catalog import InitializerEntry, catalog

    rows = []
    for entry in catalog("initializers"):
        assert isinstance(entry, InitializerEntry)
        variance = f"`{entry.variance}`" if entry.variance else "–"
        rows.append(
            [_names(entry), entry.summary, variance, ", ".join(f"`{name}`" for name in entry.activations) or "–"]
        )
    return _table(["name", "what it is", "variance", "for"], rows) + "\n\n" + _judged("initializers")


def _optimizers() -> str:
    from assay.catalog import OptimizerEntry, catalog

    rows = []
    for entry in catalog("optimizers"):
        assert isinstance(entry, OptimizerEntry)
        rule = "<br>".join(f"`{line}`" for line in entry.rule)
        rows.append([_names(entry), entry.summary, rule, ", ".join(f"`{name}`" for name in entry.state) or "nothing"])
    return _table(["name", "what it is", "update rule", "keeps"], rows) + "\n\n" + _judged("optimizers")


def _losses() -> str:
    from assay.catalog import LossEntry, catalog

    rows = []
    for entry in catalog("losses"):
        assert isinstance(entry, LossEntry)
        units = " or ".join(f"`{name}`" for name in entry.output_units)
        rows.append(
            [_names(entry), entry.formula, f"`{entry.gradient}`", units, f"`{entry.gradient_below}`", entry.labels]
        )
    heads = ["name", "loss", "gradient", "output unit", "gradient below the output unit", "labels"]
    return _table(heads, rows) + "\n\n" + _judged("losses")


def _metrics() -> str:
    from assay.catalog import MetricEntry, catalog

    rows = []
    for entry in catalog("metrics"):
        assert isinstance(entry, MetricEntry)
        told = [", ".join(entry.tasks), entry.needs, entry.range, entry.better]
        rows.append([_names(entry), entry.summary, *told, entry.advantages, entry.drawbacks, "; ".join(entry.sources)])
    heads = ["name", "what it is", "for", "from", "range", "better", "advantages", "drawbacks", "sources"]
    return _table(heads, rows)


def _judged(kind: str) -> str:
    """Arguments, strengths, weaknesses, sources and links of all entries of a kind."""
    from assay.catalog import catalog

    rows = []
    for entry in catalog(kind):
        links = " ".join(f"[{pairing.sentence}](#{_anchor(pairing.sentence)})" for pairing in entry.goes_with)
        rows.append(
            [
                f"`{entry.name}`",
                _arguments(entry.arguments),
                entry.advantages,
                entry.drawbacks,
                links,
                "; ".join(entry.sources),
            ]
        )
    return _table(["name", "arguments", "advantages", "drawbacks", "goes with", "sources"], rows)


def _pairings() -> str:
    from assay.catalog import PAIRINGS

    overview = [
        [f"[{pairing.sentence}](#{_anchor(pairing.sentence)})", pairing.holds, f"`{pairing.study}`"]
        for pairing in PAIRINGS
    ]
    parts = [_table(["sentence", "does it hold?", "study"], overview)]
    parts += [_pairing(pairing) for pairing in PAIRINGS]
    return "\n\n".join(parts)


def _pairing(pairing: Pairing) -> str:
    """One sentence: reason, what was measured, what follows."""
    from assay.catalog.numbers import numbers

    study = numbers()["studies"].get(pairing.study)
    link = f"[`{pairing.study}`]({STUDIES}/{pairing.study}.toml)"
    lines = [f"### {pairing.sentence.rstrip('.')}", "", pairing.reason, ""]
    if study is not None:
        measured = {(row["condition"], row["against"]): row for row in study["comparisons"]}
        by_name = {row["condition"]: row for row in study["conditions"]}
        metric = f"test {study['metric']}"
        rows = []
        for expected in pairing.expected:
            row = measured[expected.condition, expected.against]
            rows.append(
                [
                    expected.condition,
                    _interval(by_name[expected.condition]),
                    expected.against,
                    _interval(by_name[expected.against]),
                    _interval(row, "difference"),
                    row["conclusion"],
                    "yes" if expected.agrees(row["conclusion"]) else "no",
                ]
            )
        heads = ["condition", metric, "against", metric, "difference", "conclusion", "as the sentence says"]
        told = {name for expected in pairing.expected for name in (expected.condition, expected.against)}
        lines += [_table(heads, rows), ""]
        others = [f"{name} {_interval(row)}" for name, row in by_name.items() if name not in told]
        lines += [f"Also in the study: {'; '.join(others)}.", ""] if others else []
    holds = {"yes": "It holds.", "in part": "It holds in part.", "no": "It does not hold."}[pairing.holds]
    lines.append(f"**{holds}** {pairing.found} Study: {link}.")
    return "\n".join(lines)


def _data() -> str:
    from assay.data import DATASETS

    rows = []
    for info in DATASETS.values():
        test = f"{info.test_rows:,} of its own" if info.test_rows else f"`{_split(info.test)}`"
        held_out, scaling = f"`{_split(info.validation)}`", f"`{info.scaling}`"
        said = f"{info.description} ({info.origin})"
        rows.append(
            [f"`{info.name}`", info.task, f"{info.train_rows:,}", f"{info.features:,}", test, held_out, scaling, said]
        )
    return _table(["name", "task", "rows", "features", "test", "validation", "scaling", "what it is"], rows)


def _synthetic(table: Mapping[str, Callable[..., Any]]) -> str:
    from assay.catalog.docstrings import summary_of
    from assay.choices import defaults_of

    rows = [[f"`{name}`", _arguments(defaults_of(entry)), f"{summary_of(entry)}."] for name, entry in table.items()]
    return _table(["name", "arguments", "what it is"], rows)


# ---------------------------------------------------------------------- cells


def _table(heads: list[str], rows: Iterable[list[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _names(entry: Entry) -> str:
    return ", ".join(f"`{name}`" for name in (entry.name, *entry.other_names))


def _arguments(defaults: Mapping[str, Any]) -> str:
    from assay.catalog.wording import arguments

    return ", ".join(f"`{arguments({key: value})}`" for key, value in defaults.items())


def _number(value: float | None, none: str) -> str:
    return none if value is None else f"{value:.2f}"


def _interval(row: Mapping[str, Any], key: str = "mean") -> str:
    """``0.926 [0.907, 0.944]``; what never completed has none."""
    value, low, high = row[key], row["low"], row["high"]
    if value is None:
        return "diverged"
    digits = 3 if abs(value) < 10 else 0
    return f"{value:.{digits}f}" + ("" if low is None else f" [{low:.{digits}f}, {high:.{digits}f}]")


def _split(split: Split) -> str:
    """As a study file writes it."""
    return f"{{first = {split.first}}}" if split.first is not None else str(split.fraction or split.count)


def _anchor(sentence: str) -> str:
    """As GitHub makes it of a heading."""
    kept = "".join(letter for letter in sentence.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def write_pictures() -> None:
    """Draw the sheets of initializers and losses; validation/reproduce.py draws that of activations."""
    from assay.catalog import catalog
    from assay.figures.catalog import catalog_figure
    from assay.figures.style import write_figure

    for kind in ("initializers", "losses"):
        figure = catalog_figure(kind, [entry.name for entry in catalog(kind)])
        assert figure is not None
        write_figure(figure, IMAGES / f"{kind}.png", DOTS_PER_INCH)


if __name__ == "__main__":
    PAGE.write_text(catalog_page(), encoding="utf-8")
    write_pictures()
    print(f"Wrote {PAGE}")
