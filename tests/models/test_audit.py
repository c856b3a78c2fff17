"""The audit of an initialization, against modules that were initialized by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

import assay
from assay.diagnosis.facts import AuditEntry
from assay.models.audit import audit_lines, collapsed
from assay.models.torch_reading import observe_torch

LOSS = nn.CrossEntropyLoss()
WORDS = torch.randint(0, 40, (6, 5), generator=torch.Generator().manual_seed(0))


class Block(nn.Module):
    """Two branches of a residual stream."""

    def __init__(self):
        super().__init__()
        self.norm, self.norm2 = nn.LayerNorm(32), nn.LayerNorm(32)
        self.mix, self.proj = nn.Linear(32, 32), nn.Linear(32, 32)
        self.up, self.down = nn.Linear(32, 64), nn.Linear(64, 32)

    def forward(self, x):
        x = x + self.proj(self.mix(self.norm(x)).cumsum(dim=1))
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))


class Stream(nn.Module):
    """Words, blocks, and a head that may share the table of the words."""

    def __init__(self, *, blocks=3, is_scaled=True, is_tied=False):
        super().__init__()
        torch.manual_seed(0)
        self.words, self.head = nn.Embedding(40, 32), nn.Linear(32, 40, bias=False)
        self.blocks = nn.ModuleList(Block() for _ in range(blocks))
        self.norm = nn.LayerNorm(32)
        for name, own in self.named_parameters():
            if own.ndim == 2:
                is_last = is_scaled and name.endswith(("proj.weight", "down.weight"))
                nn.init.normal_(own, std=0.02 / math.sqrt(2 * blocks) if is_last else 0.02)
        if is_tied:
            self.head.weight = self.words.weight

    def forward(self, words):
        x = self.words(words)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)).transpose(1, 2)


def audit_of(model, x=WORDS, y=WORDS):
    """By name."""
    return {entry.name: entry for entry in observe_torch(model, x, y, loss=LOSS).facts.audit}


def test_the_residual_rule_is_asked_of_the_last_projection_of_each_branch():
    """0.02/√6 for three blocks of two branches; without it those projections are odd, and no others."""
    with_rule, without = audit_of(Stream()), audit_of(Stream(is_scaled=False))
    for audit in (with_rule, without):
        assert {name for name, entry in audit.items() if entry.theory and "residual" in entry.theory[0]} == {
            "blocks.*.proj.weight",
            "blocks.*.down.weight",
        }
        words, size = audit["blocks.*.down.weight"].theory
        assert words.startswith("the residual rule asks 0.02/√6 =")
        assert math.isclose(size, 0.02 / math.sqrt(6), rel_tol=0.05)
    assert not with_rule["blocks.*.down.weight"].is_odd
    assert without["blocks.*.down.weight"].is_odd
    assert without["blocks.*.down.weight"].count == 3


def test_pytorchs_defaults_are_known_by_class():
    """New layers have the sizes that the audit names, each measured on a new layer."""
    torch.manual_seed(0)
    parts = {
        "linear": (nn.Linear(60, 50), (9, 60)),
        "convolution": (nn.Conv1d(20, 30, 3), (9, 20, 8)),
        "transposed": (nn.ConvTranspose1d(20, 30, 3), (9, 20, 8)),
    }
    for part, shape in parts.values():
        [weight, _] = observe_torch(part, torch.randn(shape), loss=nn.MSELoss()).facts.audit
        words, size = weight.default
        assert words == "PyTorch's default is"
        assert math.isclose(size, float(part.weight.detach().std()), rel_tol=0.1)
    audit = audit_of(
        nn.Sequential(nn.Embedding(40, 50), nn.Flatten(), nn.LayerNorm(250), nn.Linear(250, 3)), WORDS, WORDS[:, 0] % 3
    )
    assert audit["0.weight"].default == ("PyTorch's default is", 1.0)
    assert (audit["2.weight"].mean, audit["2.weight"].std) == (1, 0)


def test_theory_goes_by_the_activation_behind():
    """He for a ReLU, Glorot for tanh, LeCun for none; a kernel ten times too large is odd."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(50, 40), nn.ReLU(), nn.Linear(40, 30), nn.Tanh(), nn.Linear(30, 3))
    nn.init.normal_(model[0].weight, std=2.0)
    audit = audit_of(model, torch.randn(8, 50), torch.arange(8) % 3)
    assert audit["0.weight"].theory == ("He's rule for relu asks √(2/50) =", math.sqrt(2 / 50))
    assert audit["2.weight"].theory == ("Glorot's rule for tanh asks √(2/70) =", math.sqrt(2 / 70))
    assert audit["4.weight"].theory == ("LeCun's rule asks √(1/30) =", math.sqrt(1 / 30))
    assert [name for name, entry in audit.items() if entry.is_odd] == ["0.weight"]


def test_tied_unused_and_unlisted_parameters_are_told():
    """A shared table once, a layer that is never called, and one in a plain list."""

    class Odd(Stream):
        def __init__(self):
            super().__init__(is_tied=True)
            self.spare = nn.Linear(3, 3)
            self.more = [nn.Linear(32, 32)]

        def forward(self, words):
            return self.head(self.more[0](self.words(words))).transpose(1, 2)

    audit = audit_of(Odd())
    assert audit["head.weight"].remarks in (("tied to words.weight",), ())
    assert audit["words.weight"].remarks == ("tied to head.weight",) or audit["head.weight"].remarks
    assert audit["spare.weight"].remarks == ("no gradient reaches it",)
    assert audit["more[0].weight"].remarks == ("used, and not among the module's parameters",)


def test_names_that_differ_in_numbers_are_one_where_sizes_agree():
    """Two of three blocks agree; the third keeps its number."""
    entries = [AuditEntry(f"blocks.{number}.out", 1, 0.0, std) for number, std in enumerate((0.02, 0.021, 0.5))]
    assert [(entry.name, entry.count) for entry in collapsed(entries)] == [("blocks.*.out", 2), ("blocks.2.out", 1)]


def test_a_report_tells_it_in_lines():
    """One line an entry; the JSON has them all, with None for what is not finite."""
    report = assay.probe(Stream(is_scaled=False), WORDS, WORDS, loss=LOSS)
    [line] = [line for line in audit_lines(report) if "down.weight" in line]
    assert line.startswith(
        "! blocks.*.down.weight: std 0.02; PyTorch's default is 0.072; the residual rule asks 0.02/√6 = 0.008"
    )
    [entry] = [entry for entry in report.summary()["conditions"][0]["audit"] if "down.weight" in entry["name"]]
    assert entry["is_odd"]
    assert entry["theory"] == {
        "words": "the residual rule asks 0.02/√6 =",
        "std": pytest.approx(0.02 / math.sqrt(6), rel=0.02),
    }
    assert AuditEntry("a", 1, math.nan, math.nan).written()["std"] is None
