"""What watching a PyTorch loop costs: four networks, eager and compiled, looked at at every step, at every tenth, and
by default.

    python benchmarks/watch.py [--only mlp resnet18] [--quick]

A row is one network trained twice in one process from the same start on the same batches, once alone and once under
`assay.watch(model, optimizer, loss)`. The two take turns in blocks of steps, so that what else the machine does falls
on both; the ratio is that of the sums over all blocks, with a bootstrap 95 % interval over blocks. `own` is what the
watcher says of itself at the end. A row is `invalid` unless both end with the same weights to the bit.

Writes benchmarks/watch.md, unless --only or --quick is given.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measuring import machine
from torch import nn

import assay

HERE = Path(__file__).parent
GOAL = 0.01
BLOCKS = 20
BATCHES = 16  # that are trained on again and again
FEW = 100  # steps of a row that looks at every tenth step or oftener

PAGE = """\
# What watching a loop costs

Written by `python benchmarks/watch.py`, whose first lines say how it is measured.

| network | numbers | mode | looks | steps | a step, ms | more time | own | goal | weights |
|---|---|---|---|---|---|---|---|---|---|
{rows}

The goal is for the default: looks at steps 1, 2, 4, … 128, then at every hundredth, later where that would cost more.

Load {load:.2f} before, {after:.2f} after; {threads} threads; {machine}.
"""


class Block(nn.Module):
    """Two convolutions of 3 × 3 with a connection around them."""

    def __init__(self, given: int, width: int, stride: int) -> None:
        super().__init__()
        self.first, self.second = (
            nn.Conv2d(given, width, 3, stride, 1, bias=False),
            nn.Conv2d(width, width, 3, 1, 1, bias=False),
        )
        self.norms = nn.ModuleList([nn.BatchNorm2d(width), nn.BatchNorm2d(width)])
        is_same = stride == 1 and given == width
        self.around = nn.Identity() if is_same else nn.Conv2d(given, width, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) to (B, width, H / stride, W / stride)."""
        z = torch.relu(self.norms[0](self.first(x)))
        return torch.relu(self.norms[1](self.second(z)) + self.around(x))


def resnet18() -> nn.Module:
    """He et al. (2016), for pictures of 32 × 32."""
    widths = [64, 64, 128, 256, 512]
    blocks = [
        Block(given if first else width, width, 2 if first and width > 64 else 1)
        for given, width in pairwise(widths)
        for first in (True, False)
    ]
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, 1, 1, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(512, 10),
    )


class GPT(nn.Module):
    """Six blocks of width 128 over 64 tokens out of 256."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(256, 128), nn.Embedding(64, 128)
        layer = nn.TransformerEncoderLayer(128, 4, 512, 0.0, "gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, 6, enable_nested_tensor=False)
        self.head = nn.Linear(128, 256, bias=False)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(64))

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """(B, T) to (B, classes, T)."""
        z = self.blocks(self.words(words) + self.places.weight, mask=self.mask, is_causal=True)
        return self.head(z).transpose(1, 2)


def mlp() -> nn.Module:
    """Three hidden layers of 256 units on 784 inputs."""
    sizes = [784, 256, 256, 256]
    hidden = [part for pair in pairwise(sizes) for part in (nn.Linear(*pair), nn.ReLU())]
    return nn.Sequential(*hidden, nn.Linear(256, 10))


def lenet() -> nn.Module:
    """LeCun et al. (1998), with rectifiers, on 28 × 28."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


def pictures(*shape: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches of noise, with classes."""
    for _ in range(BATCHES):
        yield torch.randn(shape), torch.randint(10, shape[:1])


def sentences() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches of 8 sentences, each word the one before plus 1 or 2."""
    for _ in range(BATCHES):
        words = (torch.randint(256, (8, 1)) + torch.randint(1, 3, (8, 65)).cumsum(1)) % 256
        yield words[:, :-1], words[:, 1:]


NETWORKS: dict[str, tuple[Callable[[], nn.Module], Callable[[], Iterator[Any]]]] = {
    "mlp": (mlp, lambda: pictures(128, 784)),
    "lenet": (lenet, lambda: pictures(64, 1, 28, 28)),
    "resnet18": (resnet18, lambda: pictures(8, 3, 32, 32)),
    "gpt": (GPT, sentences),
}
STEPS = {"mlp": 4000, "lenet": 4000, "resnet18": 300, "gpt": 1000}
"""Of a row with the default looks: one to four minutes each."""


class Training:
    """One of the two: it makes some steps at a time, and notes how long they took."""

    def __init__(self, name: str, *, is_compiled: bool, every: int | str | None) -> None:
        make, batches = NETWORKS[name]
        torch.manual_seed(0)
        self.model = make()
        self.batches = list(batches())
        self.loss = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)
        self.run = torch.compile(self.model) if is_compiled else self.model
        self._step()  # compiles, and makes the optimizer's state
        self.watch = None
        if every != "never":
            self.watch = assay.watch(self.run, self.optimizer, self.loss, every=every, verbose=False)
        self.made = 0

    def _step(self, number: int = 0) -> None:
        x, y = self.batches[number % BATCHES]
        self.optimizer.zero_grad()
        self.loss(self.run(x), y).backward()
        self.optimizer.step()

    def go_on(self, steps: int) -> float:
        """Seconds of so many steps."""
        began = time.perf_counter()
        for number in range(self.made, self.made + steps):
            self._step(number)
        self.made += steps
        return time.perf_counter() - began


def row(name: str, *, is_compiled: bool, every: int | None, steps: int) -> str:
    """Train both, block by block, and compare."""
    torch._dynamo.reset()
    alone = Training(name, is_compiled=is_compiled, every="never")
    watched = Training(name, is_compiled=is_compiled, every=every)
    block = max(1, steps // BLOCKS)
    walls = []
    for number in range(steps // block):
        order = (alone, watched) if number % 2 == 0 else (watched, alone)
        seconds = {training is watched: training.go_on(block) for training in order}
        walls.append((seconds[False], seconds[True]))
        assert watched.watch is not None
        watched.watch._began += seconds[False]  # its looks wait by the time of its own training
    assert watched.watch is not None
    watched.watch.close()
    own = watched.watch.seconds / sum(after for _, after in walls)
    pairs = zip(alone.model.state_dict().values(), watched.model.state_dict().values(), strict=True)
    is_equal = all(torch.equal(one, other) for one, other in pairs)
    more, low, high = ratio_of_sums(np.array(walls))
    count = sum(parameter.numel() for parameter in alone.model.parameters())
    told = "default" if every is None else f"every {every}" if every > 1 else "every step"
    text = (
        f"| {name} | {count:,} | {'compiled' if is_compiled else 'eager'} | {told} ({len(watched.watch.facts.looks)}) "
        f"| {alone.made:,} | {1000 * sum(before for before, _ in walls) / alone.made:.2f} "
        f"| **{100 * more:.1f} %** [{100 * low:.1f}, {100 * high:.1f}] | {100 * own:.1f} % "
        f"| {f'{100 * GOAL:g} %' if every is None else '–'} | {'equal to the bit' if is_equal else 'invalid'} |"
    )
    print(text, file=sys.stderr, flush=True)
    return text


def ratio_of_sums(walls: np.ndarray) -> tuple[float, float, float]:
    """How much longer the second takes, of (blocks, 2) seconds, with a bootstrap 95 % interval over blocks."""
    drawn = walls[np.random.default_rng(0).integers(len(walls), size=(10_000, len(walls)))].sum(axis=1)
    low, high = np.percentile(drawn[:, 1] / drawn[:, 0], [2.5, 97.5])
    before, after = walls.sum(axis=0)
    return float(after / before - 1), float(low - 1), float(high - 1)


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(NETWORKS), help="some of the networks")
    parser.add_argument("--quick", action="store_true", help="a few steps of each, to see that it runs")
    arguments = parser.parse_args()
    torch.use_deterministic_algorithms(True)  # a compiled embedding adds in an order of its own, watched or not
    load = os.getloadavg()[0]
    few, many = (20, dict.fromkeys(STEPS, 40)) if arguments.quick else (FEW, STEPS)
    rows = [
        row(name, is_compiled=is_compiled, every=every, steps=many[name] if every is None else few)
        for name in arguments.only or NETWORKS
        for is_compiled in (False, True)
        for every in (1, 10, None)
    ]
    page = PAGE.format(
        rows="\n".join(rows),
        load=load,
        after=os.getloadavg()[0],
        threads=torch.get_num_threads(),
        machine=machine("torch"),
    )
    if not arguments.quick and not arguments.only:
        (HERE / "watch.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
