import torch
from sklearn.datasets import load_digits
from torch import nn

pictures, labels = load_digits(return_X_y=True)
x = torch.tensor(pictures / 16).float().reshape(-1, 1, 8, 8)
y = torch.tensor(labels)


def parts(*last):
    torch.manual_seed(1)
    model = nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(128, 10), *last),
    )
    return model, x, y, nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=0.05)


def build():
    return parts(nn.Softmax(dim=1))


def mended():
    return parts()
