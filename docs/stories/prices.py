import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(500, 4)
y = x[:, 0] - 2 * x[:, 1] + x[:, 2] * x[:, 3]


def parts(targets):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
    return model, x, targets, nn.MSELoss(), torch.optim.Adam(model.parameters(), lr=1e-2)


def build():
    return parts(y)


def mended():
    return parts(y[:, None])
