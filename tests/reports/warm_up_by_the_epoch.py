"""A small language model whose loss stands at ln(vocabulary): its warm-up counts epochs, so the first has the rate 0.

The module is sound. Data: sequences of tokens, each the one before plus 1 or 2.
"""

import torch
from torch import nn

TOKENS, LENGTH = 20, 12


class Language(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.words, self.places = nn.Embedding(TOKENS, width), nn.Embedding(LENGTH, width)
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(width, TOKENS, bias=False)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(LENGTH))

    def forward(self, words):
        embedded = self.words(words) + self.places.weight
        return self.head(self.blocks(embedded, mask=self.mask, is_causal=True))


def token_loss(logits, targets):
    return nn.functional.cross_entropy(logits.reshape(-1, TOKENS), targets.reshape(-1))


def build(is_warmed_up=True):
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    start = torch.randint(0, TOKENS, (256, 1), generator=generator)
    steps = torch.randint(1, 3, (256, LENGTH), generator=generator)
    whole = torch.cat([start, steps], 1).cumsum(1) % TOKENS
    model = Language()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    if is_warmed_up:
        torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: min(1.0, epoch / 100))
    return model, whole[:, :-1], whole[:, 1:], token_loss, optimizer


def cured():
    return build(is_warmed_up=False)
