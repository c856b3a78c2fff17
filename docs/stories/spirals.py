import math

import torch
from torch import nn

torch.manual_seed(0)
y = torch.arange(600) % 2
turn = torch.rand(600) * 3 * math.pi + 0.5
angle = turn + y * math.pi
x = torch.stack([turn * angle.cos(), turn * angle.sin()], 1) / 6


class Net(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.hidden = hidden
        self.classifier = nn.Linear(32, 2)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.classifier(x)


def parts(kind):
    torch.manual_seed(1)
    model = Net(kind([nn.Linear(2, 32), nn.Linear(32, 32), nn.Linear(32, 32)]))
    return model, x, y, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=1e-2)


def build():
    return parts(list)


def mended():
    return parts(nn.ModuleList)
