from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from assay.models.torch_reading import observe_torch
from assay.models.torch_steps import decay_cosine


@pytest.mark.parametrize(("cosine", "is_found"), [(0.69, False), (0.71, True), (None, False), (float("nan"), False)])
def test_an_update_that_points_where_decay_points_is_told(facts, signals, found, cosine, is_found):
    """Without weight decay, or without an update, nothing is known."""
    told = found("weight_decay_too_large", facts(decay_cosine=cosine), signals())
    assert [(one.level, one.evidence.value) for one in told] == [("fault", cosine)] * is_found


def test_of_plain_descent_the_cosine_is_that_of_the_gradient_and_the_weights():
    """(g + λ w) · w / (|g + λ w| |w|), by hand."""
    module = nn.Linear(3, 2)
    gradients = {name: torch.randn_like(one) for name, one in module.named_parameters()}
    parameters = dict(module.named_parameters())
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, weight_decay=0.5)
    moved = (gradients["weight"] + 0.5 * module.weight.detach()).double()
    kernel = module.weight.detach().double()
    expected = float((moved * kernel).sum() / moved.norm() / kernel.norm())
    assert decay_cosine(optimizer, parameters, gradients) == pytest.approx(expected, abs=1e-5)
    assert decay_cosine(torch.optim.SGD(module.parameters(), lr=0.1), parameters, gradients) is None


def test_in_half_precision_it_is_the_same_to_its_rounding():
    """Updates of about 0.0001, whose squares float16 cannot hold."""
    torch.manual_seed(0)
    module = nn.Linear(30, 20)
    with torch.no_grad():
        module.weight.mul_(0.01)
    gradients = {name: 0.001 * torch.randn_like(one) for name, one in module.named_parameters()}
    whole, half = (
        decay_cosine(
            torch.optim.SGD(copied.parameters(), lr=0.05, weight_decay=2.0), dict(copied.named_parameters()), gradients
        )
        for copied in (module, copy.deepcopy(module).half())
    )
    assert half == pytest.approx(whole, abs=0.05)


@pytest.mark.parametrize("rule", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.NAdam])
@pytest.mark.parametrize(("decay", "is_large"), [(1e-4, False), (1e-2, False), (30.0, True)])
def test_usual_decay_is_small_in_every_optimizer(rule, decay, is_large):
    """Coupled with the gradient or not, at the start of a warm-up from 0, and the module is left alone."""
    torch.manual_seed(0)
    x = torch.randn(256, 8)
    module = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
    before = [one.detach().clone() for one in module.parameters()]
    optimizer = rule(module.parameters(), lr=0.01, weight_decay=decay)
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / 10)
    seen = observe_torch(module, x, x[:, :1].abs(), loss=nn.MSELoss(), optimizer=optimizer)
    assert (seen.facts.decay_cosine >= 0.7) == is_large
    assert all(torch.equal(one, other) for one, other in zip(before, module.parameters(), strict=True))
