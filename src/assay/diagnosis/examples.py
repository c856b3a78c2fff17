"""The examples of the rule book: pairs of networks, one with the symptom and one cured.

`docs/generate_findings.py` probes or trains them and draws both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class StudyExample:
    """The built-in study `digits` with other settings and a single factor: one level is ill, the other is not.

    Attributes
    ----------
    settings : mapping of str to value
        Dotted keys; what `digits` varies is `DEFAULTS` where nothing is said.
    factor : str
        The one key that differs.
    illness, cure : value
        Its two levels.
    is_trained : bool
        Whether the symptom shows in the training, and not in the untrained network.
    is_about_correlation : bool
        Whether the mean cosine between examples is to be drawn below the four panels.
    share : str, optional
        Of a training: the recorded share to be drawn below the loss (``dead_units``, ``saturation``).
    """

    settings: Settings
    factor: str
    illness: Any
    cure: Any
    is_trained: bool = False
    is_about_correlation: bool = False
    share: str | None = None


@dataclass(frozen=True)
class ModelExample:
    """Lines of Python that follow `MODEL` or `TORCH_MODEL`, for what the checks of a study do not let through.

    Attributes
    ----------
    illness, cure : str
        They end with a ``model`` of Keras; or with a ``module`` of PyTorch and its ``optimizer``.
    is_torch : bool
    steps : int, optional
        How many updates it will have, where that matters.
    """

    illness: str
    cure: str
    is_torch: bool = False
    steps: int | None = None

    @property
    def beginning(self) -> str:
        """The lines that come first."""
        return TORCH_MODEL if self.is_torch else MODEL

    @property
    def probed(self) -> str:
        """What is typed at the end."""
        more = "" if self.steps is None else f", steps={self.steps}"
        given = "module, x, y, loss=loss, optimizer=optimizer" if self.is_torch else "model, x, y"
        return f"assay.probe({given}{more})"


@dataclass(frozen=True)
class LoopExample:
    """What follows `LOOP` and `STEP`: the end of the body of a PyTorch loop, for what only a watcher can see.

    Attributes
    ----------
    illness, cure : str
        Indented lines.
    """

    illness: str
    cure: str


DEFAULTS: Settings = {"network.activation": "relu", "network.kernel_initializer": "he_normal"}
"""What every example of a study starts from, beside the study `digits` itself."""

MODEL = """\
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import assay
import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.default_rng(0).standard_normal((500, 10)).astype("float32")
y = (np.abs(x.sum(axis=1)) > 2).astype("float32")
hidden = [keras.layers.Dense(32, "relu", kernel_initializer="he_normal") for _ in range(3)]
"""
"""What the examples about a model of one's own begin with."""

TORCH_MODEL = """\
import assay
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(500, 10)
y = (x.sum(1, keepdim=True).abs() > 2).float()
loss = nn.BCEWithLogitsLoss()
layers = [nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1)]
"""
"""What the examples about a PyTorch module begin with."""

SOUND_MODULE = """\
module = nn.Sequential(*layers)
optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
"""
"""The module that has no symptom."""

SOUND_MODEL = 'model = keras.Sequential([keras.Input((10,)), *hidden, keras.layers.Dense(1, "sigmoid")])\n'
"""The model that has no symptom."""

LOOP = """\
import assay
import torch

torch.manual_seed(0)
x = torch.randn(512, 10)
y = (x.sum(dim=1).abs() > 2).long()
model = torch.nn.Sequential(torch.nn.Linear(10, 32), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(32, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = torch.nn.CrossEntropyLoss()
watch = assay.watch(model, optimizer, criterion, every=4)
"""
"""What the examples about a training loop begin with."""

STEP = """\
for rows in torch.randint(512, (400, 32)):
    loss = criterion(model(x[rows]), y[rows])
"""
"""What the body of each loop begins with."""

DIABETES: Settings = {"name": "diabetes", "target_scaling": "standard"}
"""The data of examples about a regression."""
