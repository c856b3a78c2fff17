from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from assay.diagnosis import OutputFacts
from assay.models.torch_reading import observe_torch


def test_the_loss_is_named(facts, found):
    """A fault; in adversarial training it may be meant."""
    (told,) = found("negated_loss", facts(as_read=OutputFacts(negated="mse_loss")))
    assert (told.level, told.evidence.text) == ("fault", "What is minimized is minus mse_loss.")
    assert found("negated_loss", facts()) == []


@pytest.mark.parametrize(
    ("loss", "negated"),
    [
        (functional.mse_loss, ""),
        (lambda output, target: -functional.mse_loss(output, target), "mse_loss"),
        (lambda output, target: -functional.l1_loss(output, target, reduction="sum"), "l1_loss"),
        (lambda output, target: 1 - functional.mse_loss(output, target), ""),
        (lambda output, target: -functional.mse_loss(output, target) + output.square().mean(), ""),
    ],
)
def test_only_the_exact_negative_counts(loss, negated):
    """What else is added may be meant."""
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    module = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    assert observe_torch(module, x, x[:, :1], loss=loss, optimizer=optimizer).facts.as_read.negated == negated
