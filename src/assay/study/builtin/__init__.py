"""The built-in studies: a TOML file each, in this folder, to run by name, to read, and to copy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class BuiltinStudy:
    """A study that comes with assay.

    Attributes
    ----------
    name : str
        What to type: ``assay run NAME``.
    origin : str
        The experiment that it repeats: O1 to O5 of the published ones, or empty.
    description : str
        One line.
    """

    name: str
    origin: str
    description: str

    @property
    def path(self) -> Path:
        """The study file."""
        return Path(__file__).parent / f"{self.name}.toml"


BUILTIN: tuple[BuiltinStudy, ...] = (
    BuiltinStudy("digits", "", "3 activations × 4 initializers on small digits; needs no download, under a minute"),
    BuiltinStudy("mnist-activations", "O1", "ReLU against sigmoid in a deep stack on MNIST"),
    BuiltinStudy("mnist-optimizers", "O1", "SGD with momentum against Adam in a deep stack on MNIST"),
    BuiltinStudy("mnist-initializers", "O1", "RandomNormal against GlorotUniform in a deep stack on MNIST"),
    BuiltinStudy("mnist-worse-better", "O1", "sigmoid + RandomNormal against ReLU + He normal, epoch by epoch"),
    BuiltinStudy("mnist-depth", "O1", "the worse of the two with 3 to 10 hidden layers"),
    BuiltinStudy("block", "O2", "initializers before training, in four panels: for `assay probe block`"),
    BuiltinStudy("block-showdown", "O2", "Glorot + tanh against He + ReLU, normal against uniform, over 30 seeds"),
    BuiltinStudy("reuters-units", "O3", "64, 32 or 128 units in each hidden layer on Reuters newswires"),
    BuiltinStudy("reuters-layers", "O3", "two, one or three hidden layers on Reuters newswires"),
    BuiltinStudy("imdb-layers", "O3", "two, one or three hidden layers on IMDB reviews"),
    BuiltinStudy("imdb-units", "O3", "16, 32 or 64 units in each hidden layer on IMDB reviews"),
    BuiltinStudy("imdb-loss", "O3", "binary cross-entropy against mean squared error on IMDB reviews"),
    BuiltinStudy("imdb-activation", "O3", "ReLU against tanh on IMDB reviews"),
    BuiltinStudy("imdb-relu-output", "O3", "a mistake on purpose: a ReLU output under binary cross-entropy"),
    BuiltinStudy("mnist-xavier", "O4", "zeros, random, Xavier and He in a softmax regression on MNIST"),
    BuiltinStudy("mnist-zeros", "O4", "why zeros fail as soon as there is a hidden layer, on MNIST"),
    BuiltinStudy(
        "mnist-pretraining", "O4", "layers pre-trained as autoencoders against random, Xavier and He, on MNIST"
    ),
    BuiltinStudy("digits-pretraining", "O4", "the same on small digits, with sigmoid, tanh and ReLU; under a minute"),
    BuiltinStudy("digits-initializers", "O5", "every family of initializers, normal and uniform, on small digits"),
    BuiltinStudy("mnist-initializers-all", "O5", "the same in a 784-300-100-10 network on MNIST"),
    BuiltinStudy("fractal", "", "the boundary between learning and diverging: for `assay map fractal`"),
    BuiltinStudy("deep-information", "", "how deep a signal reaches: for `assay map deep-information`"),
    BuiltinStudy("goes-with-relu", "", "He against other initializers in a deep ReLU network, on small digits"),
    BuiltinStudy("goes-with-tanh", "", "Glorot against other initializers in a deep tanh network, on small digits"),
    BuiltinStudy("goes-with-sigmoid", "", "Glorot against smaller and larger kernels in a sigmoid network"),
    BuiltinStudy("goes-with-selu", "", "LeCun against other initializers in a deep SELU network, on small digits"),
    BuiltinStudy("goes-with-orthogonal", "", "orthogonal against Gaussian kernels through 32 linear or tanh layers"),
    BuiltinStudy("goes-with-softmax", "", "output units and losses for several classes, on small digits"),
    BuiltinStudy("goes-with-two-classes", "", "output units and losses for two classes, on a ball"),
    BuiltinStudy("goes-with-regression", "", "output units for a quantity, on diabetes"),
    BuiltinStudy("goes-with-optimizers", "", "momentum, Adam and others, as they are and over two decades of rates"),
)
"""Every built-in study, in the order of `assay studies`."""

DEFAULT = "digits"


def find_builtin(name: str) -> BuiltinStudy | None:
    """The built-in study of this name, if there is one."""
    return next((study for study in BUILTIN if study.name == name), None)
