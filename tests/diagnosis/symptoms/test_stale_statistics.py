from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from assay.models.torch_layers import statistics_kept
from assay.models.torch_reading import observe_torch


@pytest.mark.parametrize(("evaluated", "is_found"), [(0.41, True), (0.39, False), (9.0, True), (None, False)])
def test_evaluation_must_show_what_training_closed(facts, signals, ahead, found, evaluated, is_found):
    """The look ahead closes 90 %, evaluation may show 30 % less."""
    seen = replace(ahead(1.0, 0.1), evaluated=evaluated)
    told = found("stale_statistics", facts(ahead=seen, statistics_kept=0.9, steps=100), signals())
    assert [one.level for one in told] == ["fault"] * is_found


def test_the_share_that_is_left_falls_with_each_update():
    """(1 − momentum)^K; a mean over all updates keeps nothing, nor does a layer without statistics."""
    assert statistics_kept(nn.Sequential(nn.BatchNorm1d(3, momentum=1e-4)), 300) == pytest.approx(0.9704, abs=1e-4)
    assert statistics_kept(nn.BatchNorm2d(3), 100) == pytest.approx(0.9**100)
    assert statistics_kept(nn.BatchNorm1d(3, momentum=None), 10) == 0.0
    assert statistics_kept(nn.BatchNorm1d(3, track_running_stats=False), 10) == 0.0


@pytest.mark.parametrize(("momentum", "is_far"), [(1e-4, True), (0.1, False)])
def test_a_module_is_evaluated_with_the_statistics_of_now(momentum, is_far):
    """Inputs far from mean 0 are normalized in training; modes and buffers stay as they were."""
    torch.manual_seed(0)
    x = 5 * torch.randn(300, 6) + 20
    module = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16, momentum=momentum), nn.ReLU(), nn.Linear(16, 1))
    module[2].eval()
    before = {name: one.clone() for name, one in module.state_dict().items()}
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    seen = observe_torch(module, x, (x[:, :1] - 20) / 5, loss=nn.MSELoss(), optimizer=optimizer, steps=300)
    assert (seen.facts.ahead.evaluated is not None) == is_far
    if is_far:
        assert seen.facts.ahead.skill > 0.5
        assert seen.facts.ahead.skill_in_evaluation < 0.1
    assert [part.training for part in module] == [True, True, False, True]
    assert all(torch.equal(before[name], one) for name, one in module.state_dict().items())
