"""A softmax, then CrossEntropyLoss, which applies its own; and power spectrograms that are not scaled.

Stand-in data: ten kinds of noise as spectrograms (rows, 1, 32, 22) of a large dynamic range. The first softmax is
one-hot at once, so its gradient is 0.
"""

import torch
from torch import nn


def build(ends_in_softmax=True, is_scaled=False):
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(320) % 10
    templates = 1.5 * torch.randn(10, 32, 1, generator=generator)
    loudness, noise = torch.randn(320, 1, 1, generator=generator), torch.randn(320, 32, 22, generator=generator)
    decibels = templates[y] + loudness + noise + 1
    x = (decibels - decibels.mean()) / decibels.std() if is_scaled else decibels.exp()
    blocks, channels = [], 1
    for width in (8, 16, 32):
        blocks += [nn.Conv2d(channels, width, 3, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
        channels = width
    model = nn.Sequential(*blocks, nn.Flatten(), nn.LazyLinear(10), nn.Softmax(1) if ends_in_softmax else nn.Identity())
    model(x[:1, None])
    return model, x[:, None], y, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=1e-3)


def cured():
    return build(ends_in_softmax=False, is_scaled=True)
