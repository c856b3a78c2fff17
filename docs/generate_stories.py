"""Write docs/your-own-network.md: networks that did not learn, what assay says of them, and what mended them.

::

    python docs/generate_stories.py     # a minute: each program is probed and trained, as it is and mended

The programs lie in docs/stories. What the page quotes is what the command printed, and its accuracies are of trainings
made while it is written. A story whose symptom is not named, or whose mended program is, ends with an error.
"""

from __future__ import annotations

import importlib.util
import math
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE, PROGRAMS = HERE / "your-own-network.md", HERE / "stories"
EPOCHS, BATCH_SIZE = 20, 32
COLUMNS = "100"


@dataclass(frozen=True)
class Story:
    """One program: what its author saw, and what assay's answer means.

    Attributes
    ----------
    file : str
        Its name in docs/stories, without ``.py``.
    title, seen : str
    symptom : str
        That assay names.
    meaning, mending : str
    """

    file: str
    title: str
    seen: str
    symptom: str
    meaning: str
    mending: str


STORIES = (
    Story(
        "spirals",
        "The hidden layers do not learn",
        "Two spirals of points are to be told apart. The loss falls a little and then stands still, with every width, "
        "depth and learning rate that was tried.",
        "no_update",
        "The hidden layers lie in a Python list. PyTorch does not look into lists, so `model.parameters()` holds the "
        "classifier alone, and so does the optimizer. Nobody is told: the forward pass uses the layers, and the loss "
        "falls a little.",
        "`nn.ModuleList(...)` in the place of the list. Nothing else changes.",
    ),
    Story(
        "prices",
        "The regression learns the mean",
        "A small table is to be learnt. After some epochs the network gives nearly the same number for every row.",
        "broadcast_targets",
        "The model returns shape (500, 1), and the targets have shape (500,). Their difference is a table of 500 times "
        "500 numbers: every output is compared with every target. The best answer is then the mean.",
        "`y[:, None]` gives the targets the shape of the outputs.",
    ),
    Story(
        "digits_twice",
        "The accuracy creeps",
        "Handwritten digits of 8 × 8 pixels, a small convolutional network, plain SGD. After 20 epochs it is still far "
        "from what others report.",
        "output_loss_mismatch",
        "`nn.CrossEntropyLoss` applies its own softmax. The model applies one too, so the loss sees numbers between 0 "
        "and 1 where it expects scores of any size. Even a perfect answer, 1 for the right class and 0 for the nine "
        "others, is a loss of 1.46 to it, and the gradient is small everywhere.",
        "The softmax at the end of the model is left out. Take it where probabilities are wanted, after training.",
    ),
    Story(
        "twins",
        "The loss is NaN after the first step",
        "A network learns whether two rows belong together, by the distance between what it makes of them. The first "
        "loss is a number, the second is not. A smaller learning rate does not help.",
        "nonfinite_gradient",
        "Twenty pairs hold the same row twice, so their distance is exactly 0. There the square root has an infinite "
        "slope. The loss does not show it: the square root of 0 is 0.",
        "`clamp(min=1e-6)` keeps the square away from 0.",
    ),
    Story(
        "slowly",
        "The loss does not move",
        "A small table with two classes, plain SGD. The loss hardly falls in 20 epochs, and nothing looks wrong.",
        "learning_rate_too_low",
        "Nothing is wrong with the network. In the look ahead it learns at a learning rate a thousand times larger. At "
        "its own, each of the 200 updates moves the weights by next to nothing.",
        "The learning rate that the finding names, or one near it.",
    ),
)

BEGINNING = """\
# Your own network

*Written by `python docs/generate_stories.py`; what it quotes is what the commands printed.*

You have a PyTorch module or a Keras model that does not learn. Write a function without arguments that returns it
together with what it is trained on and with:

```text
(model, x, y, loss, optimizer)
```

Then ask, before you train:

```text
assay probe FILE.py:FUNCTION --epochs 20 --batch-size 32
```

The answer has four parts.

1. **A table of layers**: how large the signal is on its way up, and the gradient on its way back.
2. **A verdict.** `healthy`: nothing was found that hinders learning. `unhealthy`: something was, and it is told with
   its number, its cause and what to do. `unknown`: too little could be looked at. The exit codes are 0, 1 and 3; 2 is a
   mistake in the command or in your code.
3. **Whether the signal is kept.** This is a fact, not a verdict. The default initializers of PyTorch let a signal
   shrink from layer to layer, and networks of moderate depth learn all the same.
4. **A look ahead.** assay makes some updates on a copy of the model, with your loss and your optimizer, on the same
   examples. Your model stays as it was. A network that does not even learn a few examples by heart will not learn many.

`assay.probe(model, x, y, loss=loss, optimizer=optimizer)` gives the same in Python. [Findings](findings.md) explains
every symptom. To look inside a training loop, see [Watching](watching.md).

Below are networks that did not learn. Each program is short, and each fault is one that people have asked about in
public.
"""


def main() -> None:
    """Write the page."""
    text = BEGINNING + "".join(f"\n{_section(story)}" for story in STORIES)
    PAGE.write_text(text, encoding="utf-8")


def _section(story: Story) -> str:
    before, after = (_skill_after_training(story, function) for function in ("build", "mended"))
    ill, sound = (_probed(story, function) for function in ("build", "mended"))
    if story.symptom.replace("_", " ") not in ill or "\nhealthy" not in sound:
        raise ValueError(f"{story.file}: '{story.symptom}' is not named, or its cure is unhealthy:\n{ill}\n{sound}")
    program = (PROGRAMS / f"{story.file}.py").read_text(encoding="utf-8")
    return f"""\
## {story.title}

{_wrapped(story.seen)}

```python
# {story.file}.py
{program}```

```console
$ assay probe {story.file}.py:build --epochs {EPOCHS} --batch-size {BATCH_SIZE}
{_from_verdict(ill)}```

{_wrapped(story.meaning)}

{_wrapped(story.mending)}

```console
$ assay probe {story.file}.py:mended --epochs {EPOCHS} --batch-size {BATCH_SIZE}
{_from_verdict(sound)}```

Trained for {EPOCHS} epochs, the first network closes {before} of the gap between a constant guess and a perfect answer
on its training rows, the mended one {after}.
"""


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def _probed(story: Story, function: str) -> str:
    """What the command prints."""
    command = [str(Path(sys.executable).with_name("assay")), "probe", f"{story.file}.py:{function}"]
    done = subprocess.run(
        [*command, "--epochs", str(EPOCHS), "--batch-size", str(BATCH_SIZE)],
        cwd=PROGRAMS,
        env={**os.environ, "COLUMNS": COLUMNS},
        capture_output=True,
        text=True,
    )
    if done.returncode not in (0, 1):
        raise ValueError(f"{story.file}:{function}: {done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()) + "\n"


def _from_verdict(printed: str) -> str:
    """Without the table of layers, and without notes."""
    lines = printed.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(("healthy", "unhealthy", "unknown")))
    kept = ["…"]
    is_note = False
    for line in lines[start:]:
        is_headline = line.startswith("  ") and not line.startswith("   ")
        is_note = (is_headline and line.endswith("(note)")) or (is_note and not is_headline)
        kept += [] if is_note else [line]
    return "\n".join(kept) + "\n"


def _skill_after_training(story: Story, function: str) -> str:
    """The share of the gap that an ordinary training closes, of accuracies or of squared errors."""
    import torch

    model, x, y, loss, optimizer = getattr(_imported(story), function)()
    torch.manual_seed(2)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH_SIZE):
            optimizer.zero_grad()
            loss(model(x[rows]), y[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        output = model(x)
    if y.is_floating_point():
        skill = 1 - float(((output.reshape(-1) - y.reshape(-1)) ** 2).mean() / y.var(correction=0))
    else:
        majority = float(torch.bincount(y).max()) / len(y)
        skill = (float((output.argmax(1) == y).float().mean()) - majority) / (1 - majority)
    return f"{100 * max(skill, 0.0):.0f} %" if math.isfinite(skill) else "nothing (its weights are no numbers any more)"


def _imported(story: Story) -> Any:
    spec = importlib.util.spec_from_file_location(story.file, PROGRAMS / f"{story.file}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
