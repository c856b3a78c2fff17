"""Updates on copies: those of the user's own optimizer to the bit, and nothing of the user's is touched."""

from __future__ import annotations

import copy
import inspect

import pytest
import torch
from torch import nn

from assay.models.torch_steps import CopiedSteps

# L-BFGS calls the loss several times in an update; SparseAdam takes sparse gradients; Muon takes matrices alone.
OPTIMIZERS = sorted(
    name
    for name, kind in vars(torch.optim).items()
    if inspect.isclass(kind) and issubclass(kind, torch.optim.Optimizer) and kind is not torch.optim.Optimizer
    if name not in ("LBFGS", "SparseAdam", "Muon")
)


def module_of() -> nn.Module:
    """Two matrices and their biases."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2))


def gradients_of(module: nn.Module, seed: int) -> dict[str, torch.Tensor]:
    """Drawn, one for each parameter."""
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(own.shape, generator=generator) for name, own in module.named_parameters()}


def updated(optimizer: torch.optim.Optimizer, module: nn.Module, gradients: dict[str, torch.Tensor]) -> None:
    """One update of the user's own."""
    for name, own in module.named_parameters():
        own.grad = gradients[name].clone()
    optimizer.step()
    optimizer.zero_grad()


def state_of(optimizer: torch.optim.Optimizer) -> dict:
    """All that it keeps, as it is now."""
    return copy.deepcopy(optimizer.state_dict())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_copied_updates_are_the_optimizers_own_to_the_bit(name, is_same):
    """Three of them, behind two that it has made before; its own state and the module stay as they were."""
    module = module_of()
    optimizer = getattr(torch.optim, name)(module.parameters(), lr=0.01)
    for seed in (1, 2):
        updated(optimizer, module, gradients_of(module, seed))
    before, parameters = state_of(optimizer), copy.deepcopy(module.state_dict())
    copied = CopiedSteps(optimizer, dict(module.named_parameters()))
    for seed in (3, 4, 5):
        copied.step(gradients_of(module, seed))
    assert is_same(state_of(optimizer), before)
    assert is_same(dict(module.state_dict()), dict(parameters))
    assert all(own.grad is None for own in module.parameters())
    for seed in (3, 4, 5):
        updated(optimizer, module, gradients_of(module, seed))
    assert all(torch.equal(copied.held[name], own) for name, own in module.named_parameters())


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
def test_a_scheduler_stays_where_it_is_and_its_rate_counts():
    """It counts the calls of its optimizer's step; those of a copy are none of them."""
    module = module_of()
    optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5**step)
    updated(optimizer, module, gradients_of(module, 1))
    schedule.step()
    counts = (optimizer._opt_called, schedule.last_epoch, schedule._step_count)
    weight = module[0].weight.detach().clone()
    copied = CopiedSteps(optimizer, dict(module.named_parameters()))
    gradients = gradients_of(module, 2)
    copied.step(gradients)
    torch.testing.assert_close(copied.held["0.weight"], weight - 0.5 * gradients["0.weight"], rtol=0, atol=1e-7)
    assert counts == (optimizer._opt_called, schedule.last_epoch, schedule._step_count)
    assert optimizer.param_groups[0]["lr"] == 0.5


def test_hooks_are_not_called():
    """They may count, log or write."""
    module = module_of()
    optimizer = torch.optim.Adam(module.parameters())
    called = []
    optimizer.register_step_pre_hook(lambda *given: called.append("before"))
    optimizer.register_step_post_hook(lambda *given: called.append("after"))
    CopiedSteps(optimizer, dict(module.named_parameters())).step(gradients_of(module, 1))
    assert called == []


def test_groups_keep_their_own_rates_and_what_is_frozen_or_left_out_stays():
    """Each group moves by its own rate; of the biases one is frozen, and one is in no group."""
    module = module_of()
    module[0].bias.requires_grad_(False)
    groups = [
        {"params": [module[0].weight, module[0].bias], "lr": 0.1},
        {"params": [module[2].weight], "lr": 0.01},
    ]
    optimizer = torch.optim.SGD(groups, lr=1.0, weight_decay=0.5)
    copied = CopiedSteps(optimizer, dict(module.named_parameters()))
    gradients = gradients_of(module, 1)
    copied.step(gradients)
    for name, rate in (("0.weight", 0.1), ("0.bias", 0.0), ("2.weight", 0.01), ("2.bias", 0.0)):
        own = dict(module.named_parameters())[name].detach()
        torch.testing.assert_close(copied.held[name], own - rate * (gradients[name] + 0.5 * own))


def test_parameters_without_a_gradient_are_skipped():
    """As an optimizer skips those whose gradient is None, without a decay of their weights."""
    module = module_of()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, weight_decay=0.5)
    copied = CopiedSteps(optimizer, dict(module.named_parameters()))
    copied.step({"0.weight": torch.ones(5, 4)})
    assert torch.equal(copied.held["2.weight"], module[2].weight)
    assert not torch.equal(copied.held["0.weight"], module[0].weight)
