import torch
from torch import nn

torch.manual_seed(0)
x = torch.randint(8, 100, (800, 16))  # sentences of 16 words
y = torch.randint(0, 8, (800,))
x[torch.arange(800), torch.randint(0, 16, (800,))] = y  # one of eight key words tells the class


class Net(nn.Module):
    def __init__(self, over_words):
        super().__init__()
        self.words = nn.Embedding(100, 16)
        self.score, self.out = nn.Linear(16, 1), nn.Linear(16, 8)
        self.over_words = over_words

    def forward(self, x):
        h = self.words(x)  # (sentences, words, 16)
        weights = torch.softmax(self.score(h), dim=1 if self.over_words else 2)
        return self.out((weights * h).sum(1))


def parts(over_words):
    torch.manual_seed(1)
    model = Net(over_words)
    return model, x, y, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=1e-2)


def build():
    return parts(over_words=False)


def mended():
    return parts(over_words=True)
