"""A variational autoencoder that draws grey noise: a sigmoid behind the decoder, and images between −1 and 1.

The targets reach to −1 and the decoder to 0. Data: MNIST at 16 × 16.
"""

import os
from pathlib import Path

import numpy as np
import torch
from torch import nn


class Autoencoder(nn.Module):
    def __init__(self, output, latent=16):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU()
        )
        self.mean, self.log_variance = nn.Linear(256, latent), nn.Linear(256, latent)
        self.start = nn.Linear(latent, 256)
        self.decoder = nn.Sequential(
            nn.ReLU(),
            nn.ConvTranspose2d(16, 8, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1),
            output,
        )

    def forward(self, x):
        hidden = self.encoder(x).flatten(1)
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        code = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        return self.decoder(self.start(code).reshape(-1, 16, 4, 4)), mean, log_variance


def evidence_bound(outputs, target):
    picture, mean, log_variance = outputs
    divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1).mean()
    return nn.functional.mse_loss(picture, target) + 0.001 * divergence


def build(output=None):
    torch.manual_seed(0)
    with np.load(Path(os.environ["ASSAY_DATA"]) / "datasets" / "mnist.npz") as held:
        images = torch.tensor(held["x_train"][:300]).float() / 255
    x = 2 * nn.functional.interpolate(images[:, None], 16) - 1
    model = Autoencoder(nn.Sigmoid() if output is None else output)
    return model, x, x, evidence_bound, torch.optim.Adam(model.parameters(), lr=1e-3)


def cured():
    return build(nn.Tanh())
