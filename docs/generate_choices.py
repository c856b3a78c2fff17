"""Write docs/choices.md: every name that a study file may choose, with its arguments and what it is.

::

    python docs/generate_choices.py
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.data.splitting import Split

PAGE = Path(__file__).with_name("choices.md")

INTRODUCTION = """\
# Choices

*Written by `python docs/generate_choices.py` from the functions themselves.*

A choice is a name, `"relu"`, or a table with a name and arguments, `{name = "leaky_relu", negative_slope = 0.1}`.
Arguments that are left out have the defaults below; one that is shown without a value is off by default.
Names, arguments and defaults are Keras', unless the line says otherwise.
"""

ACTIVATIONS_NOTE = """\
For `activation` and `output_activation`. z is the pre-activation, φ(z) the activation. The derivative is taken by
automatic differentiation. `softmax`, `log_softmax`, `sparsemax` and `glu` work across the units of a layer."""

INITIALIZERS_NOTE = """\
For `kernel_initializer` and `bias_initializer`; `orthogonal` and `identity` fill kernels only. For a kernel, `fan_in`
is the number of inputs of a layer and `fan_out` that of its units. `mode` is `fan_in`, `fan_out` or `fan_avg`;
`distribution` is `truncated_normal`, `untruncated_normal` or `uniform`."""

OPTIMIZERS_NOTE = """\
For `optimizer`. Beside what is listed, each takes one of `clipnorm`, `clipvalue` and `global_clipnorm`."""

CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")

LOSSES_NOTE = """\
For `loss`. t is the target, y the output of the network, both of one example; the loss of a batch is the mean over its
examples. Where nothing is said, a study takes `binary_crossentropy` for two classes, `categorical_crossentropy` for
more, and `mean_squared_error` for a regression."""

SYNTHETIC_NOTE = """\
For `data`; the arguments stand beside the name: `{name = "moons", noise = 0.2}`. `data.seed` decides the points."""

DATA_NOTE = """\
For `data`, as `assay data` lists them. Those of `keras.datasets` are read from the folder that the environment variable
`ASSAY_DATA` names (or from `datasets` in it), else from Keras' own folder, and downloaded only if they are in neither.
Rows are those that can be trained on, before anything is held out of them; test and validation are what is held out
unless a study says otherwise, written as in a study file."""


def choices_page() -> str:
    """The whole page as Markdown."""
    from assay.data.synthetic import SYNTHETIC
    from assay.learning.losses import LOSSES
    from assay.learning.optimizers import OPTIMIZERS
    from assay.networks.activations import ACTIVATIONS
    from assay.networks.initializers import INITIALIZERS

    return "\n".join(
        [
            INTRODUCTION,
            _section("Activations", ACTIVATIONS_NOTE, ACTIVATIONS),
            _section("Initializers", INITIALIZERS_NOTE, INITIALIZERS),
            _section("Optimizers", OPTIMIZERS_NOTE, OPTIMIZERS),
            _section("Losses", LOSSES_NOTE, LOSSES),
            _data_section(),
            _section("Synthetic data", SYNTHETIC_NOTE, SYNTHETIC),
        ]
    )


def _section(title: str, note: str, table: Mapping[str, Callable[..., Any]]) -> str:
    """Each name of a table with its arguments and the first sentence of its docstring; other spellings share a line."""
    from assay.choices import defaults_of

    spellings: dict[Callable[..., Any], list[str]] = {}
    for name, entry in table.items():
        spellings.setdefault(entry, []).append(name)
    rows = []
    for entry, names in spellings.items():
        arguments = [_argument(*item) for item in defaults_of(entry).items() if item[0] not in CLIPPING]
        words = " ".join((inspect.getdoc(entry) or "").split("\n\n")[0].split())
        rows.append(f"| {', '.join(f'`{name}`' for name in names)} | {', '.join(arguments)} | {_cell(words)} |")
    return "\n".join([f"## {title}", "", note, "", "| name | arguments | what it is |", "|---|---|---|", *rows, ""])


def _argument(name: str, default: object) -> str:
    return f"`{name}`" if default is None else f"`{name} = {json.dumps(default)}`"


def _data_section() -> str:
    from assay.data import DATASETS

    rows = []
    for info in DATASETS.values():
        test = f"{info.test_rows:,} of its own" if info.test_rows else f"`{_split(info.test)}`"
        rows.append(
            f"| `{info.name}` | {info.task} | {info.train_rows:,} | {info.features:,} | {test} "
            f"| `{_split(info.validation)}` | `{info.scaling}` | {_cell(info.description)} ({info.origin}) |"
        )
    head = "| name | task | rows | features | test | validation | scaling | what it is |"
    return "\n".join(["## Data", "", DATA_NOTE, "", head, "|---|---|---|---|---|---|---|---|", *rows, ""])


def _split(split: Split) -> str:
    """As a study file writes it."""
    return f"{{first = {split.first}}}" if split.first is not None else str(split.fraction or split.count)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(choices_page(), encoding="utf-8")
    print(f"Wrote {PAGE}")
