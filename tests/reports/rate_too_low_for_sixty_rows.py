"""Sixty rows of seven features, and a loss that does not fall: SGD at 0.0001.

Stand-in data: features scaled to 0 … 1, and two classes.
"""

from itertools import pairwise

import torch
from torch import nn

SIZES = (7, 60, 100, 30, 2)


def build(rate=1e-4):
    torch.manual_seed(3)
    x = torch.rand(60, 7, generator=torch.Generator().manual_seed(0))
    y = (x[:, 0] + x[:, 1] - x[:, 2] > 0.5).long()
    modules = []
    for fan_in, units in pairwise(SIZES):
        layer = nn.Linear(fan_in, units)
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
        modules += [layer, nn.ReLU()]
    model = nn.Sequential(*modules[:-1])
    return model, x, y, nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=rate)


def cured():
    return build(0.05)
