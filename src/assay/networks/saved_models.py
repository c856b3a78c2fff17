"""Dense layers of a model that Keras has saved, read from the file itself: nothing in it is run.

A ``.keras`` file is a zip archive: ``config.json`` tells the layers in order, ``model.weights.h5`` holds their arrays,
each below the name of its class, counted where there are several (``layers/dense``, ``layers/dense_1``).
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from assay.errors import StudyError

SUFFIX = ".keras"


@dataclass(frozen=True, eq=False)
class SavedDense:
    """A dense layer of a file.

    Attributes
    ----------
    name : str
        As the model calls it.
    kernel : array of float32, shape (fan_in, units)
    bias : array of float32, shape (units,)
        Zeros where the layer has none.
    """

    name: str
    kernel: np.ndarray
    bias: np.ndarray


def dense_layers(path: str | Path) -> tuple[SavedDense, ...]:
    """The dense layers of a saved Sequential or functional model in order, those of models within it included.

    Parameters
    ----------
    path : str or Path
        What ``model.save("model.keras")`` wrote.

    Raises
    ------
    StudyError
        If there is no such file, it is not Keras', its layers have no order, or none of them is dense.
    """
    path = Path(path)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise StudyError(f"{path}: there is no such file. A relative path starts at the study file's folder.") from None
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror or error}.") from None


def fingerprint(path: str | Path) -> str:
    """SHA-256 of the parameters of the dense layers."""
    digest = hashlib.sha256()
    for layer in dense_layers(path):
        for array in (layer.kernel, layer.bias):
            digest.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@lru_cache(maxsize=8)  # every seed and every layer asks; a file that has changed is read again
def _read(path: Path, changed: int) -> tuple[SavedDense, ...]:
    import h5py

    try:
        with zipfile.ZipFile(path) as archive:
            model = json.loads(archive.read("config.json"))
            arrays = io.BytesIO(archive.read("model.weights.h5"))
        layers, kind = model["config"].get("layers"), model["class_name"]
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError):
        raise StudyError(
            f"{path}: this is not a model that Keras has saved. model.save('model.keras') saves one."
        ) from None
    if not isinstance(layers, list):
        raise StudyError(
            f"{path}: a model of the class '{kind}' does not tell the order of its layers. Save a Sequential or a "
            "functional model."
        )
    try:
        with h5py.File(arrays, "r") as file:
            found = tuple(_dense_in(layers, file))
    except (KeyError, OSError):
        raise StudyError(f"{path}: the arrays of its dense layers are not there. Save the model again.") from None
    if not found:
        kinds = ", ".join(dict.fromkeys(layer["class_name"] for layer in layers if layer["class_name"] != "InputLayer"))
        raise StudyError(f"{path}: expected a model with dense layers, got one with none (its layers: {kinds}).")
    for layer in found:
        if layer.kernel.dtype != np.float32:
            raise StudyError(f"{path}: layer '{layer.name}' holds {layer.kernel.dtype}. Save the model in float32.")
    return found


def _dense_in(layers: list[dict[str, Any]], group: Mapping[str, Any]) -> Iterator[SavedDense]:
    """The dense layers of a model's configuration, with their arrays from its group of the file."""
    seen: Counter[str] = Counter()
    for layer in layers:
        kind, config = layer["class_name"], layer["config"]
        place = kind.lower() + (f"_{seen[kind]}" if seen[kind] else "")
        seen[kind] += 1
        if kind == "Dense":
            held = group["layers"][place]["vars"]
            kernel = _single(held["0"][()])
            bias = _single(held["1"][()]) if config["use_bias"] else np.zeros(kernel.shape[-1], np.float32)
            yield SavedDense(config["name"], kernel, bias)
        elif isinstance(config.get("layers"), list):
            yield from _dense_in(config["layers"], group["layers"][place])


def _single(array: np.ndarray) -> np.ndarray:
    """Half and double precision as single; what is not floating point (a quantized kernel) as it is."""
    return array.astype(np.float32) if array.dtype.kind == "f" else array
