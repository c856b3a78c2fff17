"""A kept network as a file for other programs."""

from __future__ import annotations

from pathlib import Path

from assay.export.keras_model import write_keras
from assay.export.onnx_model import write_onnx
from assay.export.torch_model import write_torch
from assay.kept import Kept

SUFFIXES = {"keras": ".keras", "torch": ".pt", "onnx": ".onnx", "npz": ".npz"}
"""What a network can be written as, and how the file ends."""


def write_network(network: Kept, to: str, path: str | Path) -> list[Path]:
    """Write a network for another program; raw rows go in, and predictions come out.

    Parameters
    ----------
    network : Kept
    to : {"keras", "torch", "onnx", "npz"}
    path : path
        The file, which ends as `SUFFIXES` says; one that is there is replaced.

    Returns
    -------
    list of Path
        The file; of Keras also a ``.json`` that tells its inputs and outputs, of PyTorch the ``.py`` of its class.

    Raises
    ------
    MissingExtra
        If the package that writes it is not installed.
    StoreError
        If an activation has no counterpart there, or the file cannot be written.
    """
    path = Path(path)
    if to == "npz":
        network.save(path)
    elif to == "onnx":
        write_onnx(network, path)
    else:
        return [path, (write_keras if to == "keras" else write_torch)(network, path)]
    return [path]
