import torch
from torch import nn

torch.manual_seed(0)
centres = 2 * torch.randn(5, 8)
labels = torch.randint(0, 5, (2, 600))
left, right = centres[labels] + 0.5 * torch.randn(2, 600, 8)
right[:20] = left[:20]  # some pairs hold the same row twice
x = torch.cat([left, right], 1)
y = (labels[0] != labels[1]).float()
y[:20] = 0


class Net(nn.Module):
    def __init__(self, smallest):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 16))
        self.smallest = smallest

    def forward(self, x):
        squares = (self.body(x[:, :8]) - self.body(x[:, 8:])).square().sum(1)
        return squares.clamp(min=self.smallest).sqrt()  # 0 for alike, 1 for different


def parts(smallest):
    torch.manual_seed(1)
    model = Net(smallest)
    return model, x, y, nn.MSELoss(), torch.optim.Adam(model.parameters(), lr=1e-3)


def build():
    return parts(smallest=0.0)


def mended():
    return parts(smallest=1e-6)
