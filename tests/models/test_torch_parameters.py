"""What is known of each parameter, and what one update does to it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import assay
from assay.models.torch_parameters import parameter_facts, unregistered

X = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
Y = X[:, :1] * X[:, 1:2]


class Parts(nn.Module):
    """A frozen layer, one in a list, one that nothing behind it uses, and a sound head."""

    def __init__(self):
        super().__init__()
        self.frozen, self.unused, self.head = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 1)
        self.frozen.requires_grad_(False)
        self.hidden = [nn.Linear(4, 4)]

    def forward(self, x):
        h = torch.tanh(self.hidden[0](torch.tanh(self.frozen(x))))
        return self.head(h + 0 * self.unused(h))


def probed(module, parameters=None, rate=0.1):
    """Its parameters by name, after a look with SGD."""
    optimizer = torch.optim.SGD(list(module.parameters()) if parameters is None else parameters, lr=rate)
    report = assay.probe(module, X, Y, loss=nn.MSELoss(), optimizer=optimizer)
    return {one.name: one for one in report.conditions[0].facts.parameters}


def test_each_kind_of_parameter_is_told():
    """Frozen, listed nowhere, used without an effect, and sound."""
    torch.manual_seed(0)
    found = probed(Parts())
    frozen, stray, unused, head = (found[f"{name}.weight"] for name in ("frozen", "hidden[0]", "unused", "head"))
    assert (frozen.is_trained, frozen.is_registered, frozen.update) == (False, True, 0)
    assert (stray.is_registered, stray.is_in_optimizer, stray.learning_rate, stray.update) == (False, False, None, 0)
    assert (unused.is_trained, unused.gradient, unused.update) == (True, 0, 0)
    assert head.is_in_optimizer
    assert head.update == pytest.approx(0.1 * head.gradient, rel=1e-4)
    assert (head.size, head.learning_rate) == (4, 0.1)


def test_what_the_optimizer_was_not_given_is_told():
    """It has a gradient, and no rate."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    found = probed(module, module[2].parameters())
    assert [found[name].is_in_optimizer for name in ("0.weight", "2.weight")] == [False, True]
    assert found["0.weight"].learning_rate is None
    assert found["0.weight"].gradient > 0
    assert found["0.weight"].update == 0


def test_a_learning_rate_of_0_moves_nothing():
    """And says so."""
    torch.manual_seed(0)
    found = probed(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1)), rate=0.0)
    assert {(one.learning_rate, one.update) for one in found.values()} == {(0.0, 0.0)}
    assert all(one.gradient > 0 for one in found.values())


def test_the_numbers_are_root_mean_squares():
    """Of the parameter, of its gradient and of its change, against NumPy's."""
    torch.manual_seed(0)
    module = nn.Linear(3, 2)
    gradient = np.arange(6, dtype=np.float32).reshape(2, 3)
    after = {"weight": module.weight.detach() + 2, "bias": module.bias.detach()}
    weight, bias = parameter_facts(module, None, {"weight": gradient}, after)
    assert weight.rms == pytest.approx(float(np.sqrt((module.weight.detach().numpy() ** 2).mean())))
    assert weight.gradient == pytest.approx(np.sqrt((0 + 1 + 4 + 9 + 16 + 25) / 6))
    assert weight.update == pytest.approx(2)
    assert (bias.gradient, bias.update) == (None, 0)
    assert (weight.is_in_optimizer, weight.learning_rate) == (None, None)


def test_without_an_update_none_is_told():
    """Not even of 0."""
    assert [one.update for one in parameter_facts(nn.Linear(3, 2), None)] == [None, None]


def test_lists_tuples_and_dicts_are_looked_through():
    """As far as PyTorch does not find what lies in them; a ModuleList is no plain list."""

    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Module()
            self.inner.held = {"a": nn.Linear(2, 2, bias=False)}
            self.pair = (nn.Parameter(torch.zeros(3)), "word")
            self.listed = nn.ModuleList([nn.Linear(2, 2)])

    assert [name for name, _ in unregistered(Hidden())] == ["pair[0]", "inner.held[a].weight"]


def test_what_lies_in_a_list_and_is_registered_too_is_registered():
    """A list beside the attribute is a habit."""

    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 2)
            self.order = [self.layer]

    assert [(one.name, one.is_registered) for one in parameter_facts(Both(), None)] == [
        ("layer.weight", True),
        ("layer.bias", True),
    ]
