"""A loss of NaN in mixed precision: attention scores that overflow float16.

A product of queries and keys that is not divided by √width, of features that are not scaled, passes 65,504, and ∞ − ∞
in the softmax is NaN. In float32 nothing happens. Stand-in data: series of 16 steps and 8 sensors, about 150 in size.
"""

import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, is_half, width=64):
        super().__init__()
        self.is_half = is_half
        self.up, self.queries, self.keys = nn.Linear(8, width), nn.Linear(width, width), nn.Linear(width, width)
        self.head = nn.Linear(width, 2)

    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.float16, enabled=self.is_half):
            h = torch.relu(self.up(x))
            queries, keys = 3 * self.queries(h), 3 * self.keys(h)
            weights = torch.softmax(queries @ keys.transpose(1, 2), dim=-1)
            return self.head((weights @ h.to(weights.dtype)).mean(1)).float()


def build(is_half=True):
    torch.manual_seed(0)
    x = 150 * torch.randn(128, 16, 8, generator=torch.Generator().manual_seed(0))
    y = (x[:, :, 0].amax(1) > 275).long()
    model = Attention(is_half)
    return model, x, y, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=1e-3)


def cured():
    return build(is_half=False)
