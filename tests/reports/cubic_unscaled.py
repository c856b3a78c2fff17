"""A network that cannot learn y = x³: x runs to 3,999 and y to 6 · 10¹⁰, and neither is scaled."""

import torch
from torch import nn


def build(is_scaled=False):
    torch.manual_seed(0)
    x = torch.arange(1, 4000).float()[:, None]
    y = x**3
    if is_scaled:
        x, y = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    model = nn.Sequential(nn.Linear(1, 50), nn.ReLU(), nn.Linear(50, 1))
    return model, x, y, nn.MSELoss(), torch.optim.Adam(model.parameters(), lr=1e-3)


def cured():
    return build(is_scaled=True)
