"""What a command line may name besides a study: a function that returns a model, and a saved Keras model.

::

    assay probe my_package.models:build         # from the current folder
    assay probe experiments/net.py:build --data mnist
    assay probe model.keras

The function takes no arguments and returns a Keras model or a PyTorch module; or a tuple of it with x, y, the loss and
the optimizer, in this order, as many of them as it has. Keras computes with JAX unless the user has chosen another
backend that is installed.
"""

from __future__ import annotations

import importlib
import math
import re
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from assay.errors import ModelError, StudyError
from assay.keras_backend import choose_backend
from assay.own_code import function_in, run_file

if TYPE_CHECKING:
    import numpy as np

    from assay.data import Dataset
    from assay.models.observation import Observation

SAVED = ".keras"
_OF_FUNCTION = re.compile(r"(?P<home>.+\.py|[A-Za-z_][\w.]*):(?P<function>[A-Za-z_]\w*)")
_PARTS = ("model", "x", "y", "loss", "optimizer")


def is_model_target(text: str) -> bool:
    """Whether this names a model and not a study; decided by its form alone."""
    return text.endswith(SAVED) or _OF_FUNCTION.fullmatch(text) is not None


def observe_target(target: str, *, data: str | None = None, rows: int = 256) -> Observation:
    """Look at the model that a command line names.

    Parameters
    ----------
    target : str
        ``module:function``, ``path/to/file.py:function``, or a ``.keras`` file.
    data : str, optional
        What to show it where the target brings no examples: a data set, or a ``.npz`` or ``.csv`` file, as the
        ``data`` of a study. Without either, examples are drawn.
    rows : int
        How many examples are looked at.

    Raises
    ------
    AssayError
        If the target or the data cannot be used.
    """
    from assay.models import observe

    choose_backend()
    parts = _saved_model(target) if target.endswith(SAVED) else _returned(target)
    model = parts.pop("model")
    remark = None
    if data is not None and parts.get("x") is not None:
        raise ModelError(
            f"{target}: it brings its own examples, so data = '{data}' has no place. Leave one of them out."
        )
    if data is not None:
        parts["x"], parts["y"], remark = _examples(data, model)
    observation = observe(model, **parts, rows=rows)
    return observation if remark is None else replace(observation, remarks=(remark, *observation.remarks))


# --- Models ----------------------------------------------------------------------------------------------------------


def _saved_model(path: str) -> dict[str, Any]:
    from assay.models.naming import one_line

    if not Path(path).is_file():
        raise ModelError(f"{path}: there is no such file. Give the file that `model.save(...)` wrote.")
    import keras

    try:
        with warnings.catch_warnings():  # Keras', that an optimizer saved untrained has no state
            warnings.simplefilter("ignore")
            return {"model": keras.models.load_model(path)}
    except Exception as error:  # a damaged file, or layers of the user's own
        raise ModelError(
            f"{path}: Keras cannot load a model from it. {one_line(error)} If it has layers of your own, write a "
            "function that builds or loads it, and give FILE.py:FUNCTION."
        ) from error


def _returned(target: str) -> dict[str, Any]:
    """What the function returns, by name."""
    from assay.models.naming import one_line

    matched = _OF_FUNCTION.fullmatch(target)
    if matched is None:
        raise ModelError(f"{target}: expected MODULE:FUNCTION, FILE.py:FUNCTION or a {SAVED} file.")
    try:
        function = function_in(_module(matched["home"]), matched["function"], matched["home"])
    except StudyError as error:
        raise ModelError(str(error)) from error
    try:
        result = function()
    except Exception as error:  # the user's own code
        raise ModelError(f"{target}: the function failed. {one_line(error)}") from error
    parts = result if isinstance(result, tuple) else (result,)
    if not 1 <= len(parts) <= len(_PARTS) or not _is_model(parts[0]):
        kinds = ", ".join(type(part).__name__ for part in parts)
        raise ModelError(
            f"{target}: expected the function to return a Keras model or a PyTorch module, or a tuple of it with x, y, "
            f"the loss and the optimizer; got {f'a tuple of {kinds}' if isinstance(result, tuple) else kinds}."
        )
    return dict(zip(_PARTS, parts, strict=False))


def _module(home: str) -> ModuleType:
    """Import a module as from the current folder, or run a file."""
    from assay.models.naming import one_line

    if home.endswith(".py"):
        if not Path(home).is_file():
            raise ModelError(f"{home}: there is no such file.")
        return run_file(Path(home).resolve(), home)[1]
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(home)
    except ModuleNotFoundError as error:
        if error.name != home.split(".")[0] and error.name != home:
            raise ModelError(f"{home}: it cannot be imported. {one_line(error)}") from error
        raise ModelError(
            f"{home}: there is no such module, seen from {Path.cwd()}. Give a module that can be imported here, or "
            "FILE.py:FUNCTION."
        ) from None
    except Exception as error:  # the user's own code
        raise ModelError(f"{home}: it cannot be imported. {one_line(error)}") from error


def _is_model(thing: Any) -> bool:
    keras, torch = sys.modules.get("keras"), sys.modules.get("torch")
    is_keras = keras is not None and isinstance(thing, keras.Model)
    return is_keras or (torch is not None and isinstance(thing, torch.nn.Module))


# --- Examples --------------------------------------------------------------------------------------------------------


def _examples(data: str, model: Any) -> tuple[np.ndarray, np.ndarray, str]:
    """The training rows of a data set in the shape that the model takes, and what was done to them."""
    from assay.data import SCALINGS, load
    from assay.study import Study

    dataset = load(Study(name="probe", data=data).data.request())
    keras = sys.modules.get("keras")
    is_keras = keras is not None and isinstance(model, keras.Model)
    x = dataset.x_train.astype("float32")
    x = x.reshape(len(x), *(_keras_shape(model, dataset) if is_keras else (-1,)))
    if not is_keras:
        x = for_torch(x, model)
    y = dataset.y_train
    has_labels = not is_keras or "sparse" in str(getattr(model.loss, "name", model.loss)).lower()
    if dataset.shape.task == "multiclass" and has_labels:
        y = y.argmax(axis=1)
    scaled = SCALINGS[dataset.scaling.name]
    return x, y, f"Examples: the training rows of {dataset.name}; features {scaled}."


def _keras_shape(model: Any, dataset: Dataset) -> tuple[int, ...]:
    """The model's own input shape where the sizes agree."""
    inputs: list[Any] = getattr(model, "inputs", None) or []
    shape = tuple(inputs[0].shape[1:]) if len(inputs) == 1 else ()
    is_same_size = None not in shape and math.prod(shape) == dataset.shape.features
    return shape if shape and is_same_size else (dataset.shape.features,)


def for_torch(x: np.ndarray, module: Any) -> np.ndarray:
    """Square pictures, channels first, for a module that begins with a convolution over a plane."""
    import torch

    for part in module.modules():
        if isinstance(part, torch.nn.Linear):
            break
        if isinstance(part, torch.nn.Conv2d):
            side = math.isqrt(x.shape[1] // part.in_channels)
            if side * side * part.in_channels == x.shape[1]:
                return x.reshape(len(x), side, side, part.in_channels).transpose(0, 3, 1, 2)
    return x
