"""Attention over a sentence whose weights are all 1: the softmax runs over an axis of size 1.

The scores have the shape (rows · words, 1). The gradient of the attention's kernels is exactly 0. Stand-in data: twelve
words a sentence, one of which tells the class.
"""

import torch
from torch import nn


class Tagger(nn.Module):
    def __init__(self, is_over_words, width=16):
        super().__init__()
        self.is_over_words = is_over_words
        self.embed = nn.Embedding(60, width)
        self.lstm = nn.LSTM(width, width, bidirectional=True, batch_first=True)
        self.attention = nn.Sequential(nn.Linear(3 * width, width), nn.Tanh(), nn.Linear(width, 1))
        self.out = nn.Linear(2 * width, 8)

    def forward(self, words):
        rows, length = words.shape
        embedded = self.embed(words)
        outputs, _ = self.lstm(embedded)
        scores = self.attention(torch.cat((embedded, outputs), dim=2).reshape(rows * length, -1))
        if self.is_over_words:
            weights = torch.softmax(scores.reshape(rows, length), dim=1)
        else:
            weights = torch.softmax(scores, dim=1).reshape(rows, length)
        return self.out((weights[:, :, None] * outputs).sum(1))


def build(is_over_words=False):
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 8, (512,), generator=generator)
    x = torch.randint(8, 60, (512, 12), generator=generator)
    x[torch.arange(512), torch.randint(0, 12, (512,), generator=generator)] = y
    model = Tagger(is_over_words)
    return model, x, y, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=3e-3)


def cured():
    return build(is_over_words=True)
