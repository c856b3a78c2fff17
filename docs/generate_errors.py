"""Write docs/errors.md, what a network gets wrong, and the pictures in it.

::

    python docs/generate_errors.py      # half a minute: three small studies are trained

What the page quotes is what the commands printed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path(__file__).with_name("errors.md")
IMAGES = PAGE.parent / "images" / "errors"
DOTS_PER_INCH = 110
COLUMNS = "100"

NUMERALS = """\
# numerals.toml
name = "numerals"
data = "digits"

[network]
hidden = [16]

[training]
epochs = 8

[vary]
"network.activation" = ["relu", "sigmoid"]

[design]
seeds = 2
"""

MOONS = """\
# moons.toml
name = "moons"
data = {name = "moons", noise = 0.2}

[network]
hidden = [16, 16]

[training]
optimizer = {name = "adam", learning_rate = 1e-2}
epochs = 30

[vary]
"network.activation" = ["tanh", "relu", "sigmoid", "linear"]

[design]
seeds = 2
"""

DIABETES = """\
# diabetes.toml
name = "diabetes"
data = {name = "diabetes", target_scaling = "standard"}

[network]
hidden = [32]

[training]
epochs = 40

[design]
seeds = 2
"""

TEXT = """\
# What a network gets wrong

*Written by `python docs/generate_errors.py`; what it quotes is what the commands printed.*

An accuracy says how often a network is wrong. The next question is where: which classes it confuses, which rows it
errs on most, whether it is as often right as it is sure. A study keeps what its best networks said of each validation
row, and of each test row once the test set was opened, so the answer needs no further training.

```toml
{numerals}```

```console
$ assay run numerals.toml
$ assay show assay-runs/numerals --errors
{shown}```

- It is the network of the best condition; `--condition NAME` and `--seed N` choose another one that is kept
  (`design.keep`).
- The rows are those of the **validation** part, and the network is the one that was trained without them. `--split
  test` shows the test rows. What is changed after looking at test rows is fitted to them, and the test set is then no
  longer a test.
- A sentence on how errors are spread is there only where luck alone would bring it about with a probability of at
  most 1 %, among all classes or pairs of classes. A list that only counts is always there.
- `--json` prints the same with every number; in Python it is `results.errors()`:

```python
import assay

results = assay.open_results("assay-runs/numerals")
errors = results.errors("activation=relu")
print(errors)
errors.confusion.by_class()[8].recall  # how many of the rows of class 8 are found, with the 95 % interval
errors.worst[0].source_row  # the number of the row with the largest loss, from 0
```

The report (`assay report DIR`) has a section with the same sentences and the pictures below.

## Which class is taken for which

```python
from assay import figures

figures.confusion(results, "activation=relu").savefig("confusion.png")
figures.errors_by_class(results, "activation=relu").savefig("classes.png")
figures.worst_examples(results, "activation=relu").savefig("worst.png")
figures.calibration(results, "activation=relu").savefig("calibration.png")
```

![A confusion matrix: a row for each digit, a column for what it was taken for](images/errors/confusion.png)

A row is a true class, a column what was predicted. The stronger the colour of an error, the larger its part of the row.

![Recall and precision of each digit with intervals](images/errors/errors_by_class.png)

Recall is the part of the rows of a class that is found, precision the part of the answers with this class that is
right. The class that is found least is at the top. Where a row has several labels, each label has a line.

## The worst examples

![The twelve digits with the largest loss](images/errors/worst_examples.png)

Rows with the largest loss, the worst first, with what they are, what was predicted, and how sure the network was. The
number is that of the row in the source. Such rows are often labelled wrongly, or like nothing that the network was
trained on. Rows of a table are shown as lines, with the columns on which the network's answers for them depend most:
each column is replaced by its mean over the training rows, and the change of the output is measured. The rows are
read again from the data; where these are gone or have changed, a sentence says so.

## Is it as right as it is sure?

![A calibration curve](images/errors/calibration.png)

On the dashed line a network is right as often as it says. Below the line it is too sure, above it not sure enough.
The bars count answers. Of two classes the curve is of the probability of the second one. The calibration error is the
metric of that name.

## Where a regression is off

```toml
{diabetes}```

```console
$ assay run diabetes.toml
$ assay show assay-runs/diabetes --errors
{regression}```

![Residuals over predictions](images/errors/residuals.png)

A point is a row, in the unit of the target. The line joins the means of rows with about equal predictions. It should
lie near 0 everywhere.

## Where the classes are parted

Of data with two features the whole plane can be shown: what each network says of each point, before training and at its
end. All conditions share their axes and colours.

```toml
{moons}```

```console
$ assay run moons.toml
```

```python
figures.decision_boundary(assay.open_results("assay-runs/moons")).savefig("boundary.png")
```

![The decision boundaries of four activations, before training and at its end](images/errors/decision_boundary.png)

The fuller the colour, the surer the network; the line is where both classes are equally probable. The untrained network
follows from the seed, so nothing of it is kept.
"""


def main() -> None:
    """Write the page and its pictures."""
    import assay
    from assay import figures

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for text in (NUMERALS, MOONS, DIABETES):
            (folder / text.splitlines()[0].removeprefix("# ")).write_text(text, encoding="utf-8")
        for name in ("numerals", "moons", "diabetes"):
            _printed(folder, "run", f"{name}.toml")
        page = TEXT.format(
            numerals=NUMERALS,
            moons=MOONS,
            diabetes=DIABETES,
            shown=_printed(folder, "show", "assay-runs/numerals", "--errors"),
            regression=_first_lines(_printed(folder, "show", "assay-runs/diabetes", "--errors")),
        )
        numerals, moons, diabetes = (
            assay.open_results(folder / "assay-runs" / name) for name in ("numerals", "moons", "diabetes")
        )
        pictures = {
            "confusion": figures.confusion(numerals, "activation=relu"),
            "errors_by_class": figures.errors_by_class(numerals, "activation=relu"),
            "worst_examples": figures.worst_examples(numerals, "activation=relu"),
            "calibration": figures.calibration(numerals, "activation=relu"),
            "residuals": figures.residuals(diabetes),
            "decision_boundary": figures.decision_boundary(moons),
        }
        IMAGES.mkdir(parents=True, exist_ok=True)
        for name, figure in pictures.items():
            figure.savefig(IMAGES / f"{name}.png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    PAGE.write_text(page, encoding="utf-8")


def _printed(folder: Path, *words: str) -> str:
    """What a command prints to standard output."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("assay")), *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": COLUMNS},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ValueError(f"assay {' '.join(words)}: {done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()) + "\n"


def _first_lines(printed: str) -> str:
    """The sentences, and the beginning of the table below."""
    return "\n".join([*printed.splitlines()[:9], "…"]) + "\n"


if __name__ == "__main__":
    main()
