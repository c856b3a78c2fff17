"""What a probe of a large PyTorch module costs, beside one forward and backward pass over the same rows.

    python benchmarks/large_models.py [--repeats 3] [--only resnet-18]

Three models in plain PyTorch: ResNet-18 on images of 32 × 32 (11 million parameters, 256 rows), a GPT of 6 blocks of
width 128 and one of 12 blocks of width 768 (93 million parameters, 32 rows of 64 tokens). Each measurement is a process
of its own, on two threads: the seconds of the call alone, without imports, and the largest resident memory of the
process. The pass takes as many rows as the probe has looked at.

Writes benchmarks/large_models.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import nn
from torch.nn import functional

HERE = Path(__file__).parent
THREADS = 2
SIZES = {
    "resnet-18": {"rows": 256},
    "gpt-6x128": {"rows": 256, "blocks": 6, "width": 128, "heads": 4, "words": 520},
    "gpt-12x768": {"rows": 32, "blocks": 12, "width": 768, "heads": 12, "words": 10_000},
}
CONTEXT = 64
PAGE = """\
# What a probe of a large module costs

Written by `python benchmarks/large_models.py`, whose first lines say how it is measured.

| model | parameters | rows | probe, s | one pass, s | probe, GiB | one pass, GiB | ratio of memory | verdict |
|---|---|---|---|---|---|---|---|---|
"""


class Residual(nn.Module):
    """Two convolutions with batch normalization, and a way around them (He et al., 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm, self.norm2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)
        around = [nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)]
        self.around = nn.Sequential(*(around if stride > 1 or inputs != outputs else []))

    def forward(self, x: Any) -> Any:
        h = functional.relu(self.norm(self.first(x)))
        return functional.relu(self.norm2(self.second(h)) + self.around(x))


class ResNet18(nn.Module):
    """The network of 18 layers, for images of 32 × 32."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.norm = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64)
        widths = ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2))
        parts = [part for a, b, stride in widths for part in (Residual(a, b, stride), Residual(b, b, 1))]
        self.blocks, self.head = nn.Sequential(*parts), nn.Linear(512, 10)

    def forward(self, x: Any) -> Any:
        return self.head(self.blocks(functional.relu(self.norm(self.enter(x)))).mean((2, 3)))


class Block(nn.Module):
    """Causal attention and a pair of dense layers, each behind a layer normalization."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.norm, self.norm2 = heads, nn.LayerNorm(width), nn.LayerNorm(width)
        self.enter, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Any) -> Any:
        parts = self.enter(self.norm(x)).chunk(3, dim=-1)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        x = x + self.out(functional.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))
        return x + self.down(functional.gelu(self.up(self.norm2(x))))


class GPT(nn.Module):
    """A GPT with GPT-2's initialization."""

    def __init__(self, *, blocks: int, width: int, heads: int, words: int) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(words, width), nn.Embedding(CONTEXT, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(blocks))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, words, bias=False)
        for name, own in self.named_parameters():
            if own.ndim == 2:
                is_last = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(own, std=0.02 / (2 * blocks) ** 0.5 if is_last else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(own)

    def forward(self, words: Any) -> Any:
        x = self.words(words) + self.places(torch.arange(words.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)).transpose(1, 2)


def built(name: str) -> tuple[nn.Module, Any, Any, torch.optim.Optimizer]:
    """A model, its examples and its optimizer: images with a pattern for each class, or steps along the vocabulary."""
    torch.manual_seed(0)
    size = dict(SIZES[name])
    rows = size.pop("rows")
    if name == "resnet-18":
        model: nn.Module = ResNet18()
        y = torch.randint(0, 10, (rows,))
        x = torch.randn(rows, 3, 32, 32) + 0.5 * torch.randn(10, 3, 32, 32)[y]
        return model, x, y, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model = GPT(**size)
    text = torch.randint(0, 7, (rows, CONTEXT + 1)).cumsum(dim=1) % size["words"]
    return model, text[:, :-1], text[:, 1:], torch.optim.AdamW(model.parameters(), lr=3e-4)


def measure(name: str, rows: int) -> dict[str, Any]:
    """In this process: a probe, or, of so many rows, one forward and backward pass."""
    torch.set_num_threads(THREADS)
    model, x, y, optimizer = built(name)
    loss = nn.CrossEntropyLoss()
    told: dict[str, Any] = {"parameters": sum(own.numel() for own in model.parameters()), "rows": rows or len(x)}
    if rows:
        start = time.perf_counter()
        loss(model(x[:rows]), y[:rows]).backward()
    else:
        import assay
        import assay.models.torch_reading

        start = time.perf_counter()
        report = assay.probe(model, x, y, loss=loss, optimizer=optimizer)
        [judgement] = report.judgements.values()
        told["verdict"] = judgement.verdict.status
        fewer = re.search(r"(\d+) examples were looked at instead", "\n".join(report.remarks))
        told["rows"] = int(fewer[1]) if fewer else len(x)
    told["seconds"] = time.perf_counter() - start
    told["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # KiB on Linux
    return told


def in_a_process(name: str, rows: int = 0) -> dict[str, Any]:
    """The same, in a process of its own."""
    command = [sys.executable, __file__, "--measure", name, "--rows", str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", choices=SIZES, nargs="*", default=list(SIZES))
    parser.add_argument("--measure", choices=SIZES, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.rows)))
        return
    loads, page = [os.getloadavg()[0]], PAGE
    for name in options.only:
        pairs = []
        for _ in range(options.repeats):
            probed = in_a_process(name)
            pairs.append((probed, in_a_process(name, probed["rows"])))
        probes, passes = zip(*pairs, strict=True)
        seconds = [median(told["seconds"] for told in side) for side in (probes, passes)]
        memory = [median(told["memory"] for told in side) for side in (probes, passes)]
        row = (
            f"| {name} | {probes[0]['parameters']:,} | {probes[0]['rows']} | {seconds[0]:.1f} | {seconds[1]:.2f} | "
            f"{memory[0]:.2f} | {memory[1]:.2f} | {memory[0] / memory[1]:.2f} | {probes[0]['verdict']} |"
        )
        print(row, flush=True)
        page += row + "\n"
        loads.append(os.getloadavg()[0])
    page += f"\nMedians of {options.repeats} processes on each side, alternating, {THREADS} threads each. "
    page += f"Load {min(loads):.2f} to {max(loads):.2f}; PyTorch {torch.__version__}.\n"
    (HERE / "large_models.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
