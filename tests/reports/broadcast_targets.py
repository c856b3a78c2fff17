"""A linear regression that never finds its line: outputs (n, 1), targets (n,), MSELoss.

Every output is compared with every target, and the mean of the targets is learnt.
"""

import torch
from torch import nn


def build(as_column=False):
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(100, 2, generator=generator)
    y = 10 + 9 * x[:, 0] - 2 * x[:, 1] + torch.randn(100, generator=generator)
    model = nn.Linear(2, 1)
    return model, x, y[:, None] if as_column else y, nn.MSELoss(), torch.optim.SGD(model.parameters(), lr=0.1)


def cured():
    return build(as_column=True)
