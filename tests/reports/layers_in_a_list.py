"""Hidden layers that never learn: they lie in a plain list, so the optimizer gets the classifier's parameters alone.

Data: two interleaved spirals.
"""

import math

import torch
from torch import nn


class Stack(nn.Module):
    def __init__(self, is_registered, depth=3, width=24):
        super().__init__()
        hidden = [nn.Linear(2 if number == 0 else width, width) for number in range(depth)]
        self.hidden = nn.ModuleList(hidden) if is_registered else hidden
        self.classifier = nn.Linear(width, 2)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.classifier(x)


def build(is_registered=False):
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(600) % 2
    turn = torch.rand(600, generator=generator) * 3 * math.pi + 0.5
    angle = turn + y * math.pi
    x = torch.stack([turn * angle.cos(), turn * angle.sin()], 1) / 6 + 0.02 * torch.randn(600, 2, generator=generator)
    model = Stack(is_registered)
    return model, x, y, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=1e-2)


def cured():
    return build(is_registered=True)
