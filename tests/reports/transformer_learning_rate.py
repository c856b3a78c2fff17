"""A deep encoder that learns nothing at Adam's usual rate of 0.001, and learns at 0.0001.

That shows in a training over many batches. A few examples it learns by heart at either rate, so before training nothing
is to be said. Stand-in data: sentences of 16 words, one of which tells the class.
"""

import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self, width=64, layers=6, length=16):
        super().__init__()
        self.words, self.places = nn.Embedding(100, width), nn.Embedding(length, width)
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.1, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.pooler, self.head = nn.Linear(width, width), nn.Linear(width, 8)

    def forward(self, words):
        embedded = self.words(words) + self.places.weight
        return self.head(torch.tanh(self.pooler(self.encoder(embedded)[:, 0])))


def build(rate=1e-3):
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 8, (256,), generator=generator)
    x = torch.randint(9, 100, (256, 16), generator=generator)
    x[torch.arange(256), torch.randint(1, 16, (256,), generator=generator)] = y
    x[:, 0] = 8  # the place that is read at the end
    model = Encoder()
    return model, x, y, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=rate)


def cured():
    return build(1e-4)
