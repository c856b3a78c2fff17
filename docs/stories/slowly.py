import torch
from torch import nn

torch.manual_seed(0)
x = torch.rand(300, 7)
y = (x[:, 0] + x[:, 1] - x[:, 2] > 0.5).long()


def parts(rate):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(7, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 2))
    return model, x, y, nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=rate)


def build():
    return parts(1e-4)


def mended():
    return parts(0.3)
