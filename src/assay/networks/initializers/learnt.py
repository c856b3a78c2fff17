"""Kernels that were learnt, or are to be learnt before training."""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.errors import StudyError, did_you_mean
from assay.networks.initializers.record import INITIALIZERS, Draw, initializer
from assay.networks.saved_models import SUFFIX, dense_layers


def _check_pretrained(given: dict[str, Any], where: str) -> None:
    if not given["from"].endswith(SUFFIX):
        got = f"got '{given['from']}'" if given["from"] else "got none"
        raise StudyError(
            f"{where}.from: expected the path of a saved Keras model, {got}. "
            f'Write {{name = "pretrained", from = "model{SUFFIX}"}}; model.save("model{SUFFIX}") writes the file.'
        )


def _check_autoencoder(given: dict[str, Any], where: str) -> None:
    known = [name for name, record in INITIALIZERS.items() if not record.is_learnt]
    if given["start"] not in known:
        raise StudyError(
            f"{where}.start: expected an initializer that draws, got '{given['start']}'."
            f"{did_you_mean(given['start'], known)} Known: {', '.join(known)}."
        )
    for key, least in (("epochs", 0), ("batch_size", 1)):
        if given[key] < least or given[key] != int(given[key]):
            raise StudyError(f"{where}.{key}: expected a whole number of at least {least}, got {given[key]}.")
    if given["learning_rate"] <= 0:
        raise StudyError(f"{where}.learning_rate: expected a number above 0, got {given['learning_rate']}.")


@initializer(
    is_learnt=True,
    check=_check_pretrained,
    fills_biases=False,
    variance="",
    advantages="Begins where another training ended: few rows may then do.",
    drawbacks="The shapes must fit, and so must the task that was learnt.",
)
def pretrained(draw: Draw, *, from_: str = "") -> np.ndarray:
    """Kernel and bias of the dense layer of the same number in a saved Keras model; every seed starts from them.

    Written ``{name = "pretrained", from = "model.keras"}``; a relative path starts at the study file.
    """
    layer = dense_layers(from_)[draw.layer - 1]
    return layer.kernel if draw.role == "kernel" else layer.bias


@initializer(
    is_learnt=True,
    check=_check_autoencoder,
    fills_biases=False,
    variance="",
    advantages="Uses rows without labels; how deep networks were first trained.",
    drawbacks="Takes a training of its own for each layer; whether it beats a well-scaled draw, ask "
    "`assay run digits-pretraining`.",
    sources=("Hinton, Osindero and Teh, Neural Computation 2006",),
)
def autoencoder(
    draw: Draw, *, start: str = "glorot_uniform", epochs: int = 10, learning_rate: float = 1e-3, batch_size: int = 128
) -> np.ndarray:
    """Learnt before training and without labels: the layer as the encoder of an autoencoder (Bengio et al., NIPS 2006).

    Layer by layer, a decoder is to rebuild what the layer sees; `assay.pretraining` trains both. Here is the encoder's
    kernel before that, a draw of the initializer `start`. The output layer has no autoencoder and keeps that draw.
    """
    return INITIALIZERS[start].function(draw)
