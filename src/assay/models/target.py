"""What a command line may name besides a study: a function that returns a model, and a saved Keras model.

::

    assay probe my_package.models:build         # from the current folder
    assay probe experiments/net.py:build --data mnist --epochs 20 --batch-size 64
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
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from assay.errors import ModelError, StudyError
from assay.keras_backend import choose_backend
from assay.models.saved_files import is_saved_network, load_network
from assay.models.their_code import blamed, told_as_theirs
from assay.own_code import function_in, run_file

if TYPE_CHECKING:
    import numpy as np

    from assay.data import Dataset
    from assay.diagnosis.facts import BatchMix
    from assay.models.observation import Budget, Observation

_OF_FUNCTION = re.compile(r"(?P<home>.+\.py|[A-Za-z_][\w.]*):(?P<function>[A-Za-z_]\w*)")
_PARTS = ("model", "x", "y", "loss", "optimizer")


def is_model_target(text: str) -> bool:
    """Whether this names a model and not a study: by its form, or a file by what it begins with."""
    return _OF_FUNCTION.fullmatch(text) is not None or is_saved_network(text)


def observe_target(
    target: str,
    *,
    data: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    loss: str | None = None,
    optimizer: str | None = None,
    output: str | None = None,
    rows: int = 256,
) -> Observation:
    """Look at the model that a command line names.

    Parameters
    ----------
    target : str
        ``module:function``, ``path/to/file.py:function``, or a file that holds a Keras model.
    data : str, optional
        What to show it where the target brings no examples: a data set, or a file of arrays or of a table, as the
        ``data`` of a study. Without either, examples are drawn.
    epochs, batch_size : int, optional
        Its budget: epochs times batches. What of it is not given is assumed, and a remark says so.
    loss, optimizer : str, optional
        Those that it will be trained with, as `assay.models.options` reads them; they take the place of its own.
    output : str, optional
        Of a Keras model with several outputs the name or the place of one.
    rows : int
        How many examples are looked at.

    Raises
    ------
    AssayError
        If the target, the data or an option cannot be used.
    """
    from assay.models import observe

    choose_backend()
    parts = _returned(target) if _OF_FUNCTION.fullmatch(target) else {"model": load_network(target)}
    model = parts.pop("model")
    remarks = []
    if data is not None and parts.get("x") is not None:
        raise ModelError(
            f"{target}: it brings its own examples, so data = '{data}' has no place. Leave one of them out."
        )
    if data is not None:
        parts["x"], parts["y"], remark = _examples(data, model)
        remarks.append(remark)
    steps, mix, told = _budget(parts, rows, epochs, batch_size)
    remarks += told
    remarks += _chosen(parts, model, loss, optimizer)
    if output is not None:
        parts["output"] = int(output) if output.isdigit() else output
    observation = observe(model, **parts, steps=steps, rows=rows)
    facts = replace(observation.facts, batch_mix=mix)
    return replace(observation, facts=facts, remarks=(*remarks, *observation.remarks))


def _chosen(parts: dict[str, Any], model: Any, loss: str | None, optimizer: str | None) -> list[str]:
    """Put the loss and the optimizer of the command line among the parts; what was assumed of them."""
    if loss is None and optimizer is None:
        return []
    from assay.models.options import named_loss, named_optimizer

    if loss is not None:
        parts["loss"] = named_loss(loss, model)
    if optimizer is None:
        return []
    parts["optimizer"], remark = named_optimizer(optimizer, model)
    return [] if remark is None else [remark]


def _budget(
    parts: dict[str, Any], rows: int, epochs: int | None, batch_size: int | None
) -> tuple[Budget | None, BatchMix | None, list[str]]:
    """The updates that a model will have, None where its reader is to assume them; how its batches are; remarks."""
    from assay.engine.batching import num_batches
    from assay.models.observation import BATCH_SIZE, EPOCHS, Budget

    count, batches, mix, remarks = _sizes(parts, rows)
    if epochs is None and batch_size is None and batches is None:
        return None, mix, remarks
    assumed = [f"{EPOCHS} epochs"] if epochs is None else []
    of = f"the {batches or 0:,} batches that it has"
    if batches is None or batch_size is not None:
        if count is None:
            raise ModelError(
                f"{'--epochs' if epochs else '--batch-size'}: how many updates that is depends on the number of "
                "examples, which is not known. Let the function return (model, x, y), or give --data."
            )
        assumed += [f"batches of {BATCH_SIZE}"] if batch_size is None else []
        batches, of = num_batches(count, batch_size or BATCH_SIZE), f"batches of {batch_size or BATCH_SIZE}"
    is_assumed = epochs is None
    epochs = epochs or EPOCHS
    budget = f"Its budget: {epochs} epochs of {of}, {epochs * batches:,} updates."
    remarks.append(f"Assumed: {' and '.join(assumed)}. {budget}" if assumed else budget)
    return Budget(epochs * batches, is_assumed), mix, remarks


def _sizes(parts: dict[str, Any], rows: int) -> tuple[int | None, int | None, BatchMix | None, list[str]]:
    """How many examples and batches there are, as far as they tell; examples are drawn out of a stream."""
    from assay.models.streams import drawn_examples, is_stream

    x = parts.get("x")
    if is_stream(x) and parts.get("y") is None:
        drawn = drawn_examples(x, rows)
        parts["x"], parts["y"] = drawn.x, drawn.y
        return drawn.rows, drawn.batches, drawn.mix, [drawn.remark]
    return _count(x), None, None, []


def _count(x: Any) -> int | None:
    """Examples in x, whatever holds them; None where nobody tells."""
    if isinstance(x, dict):
        return _count(next(iter(x.values()), None))
    if isinstance(x, list | tuple) and x and hasattr(x[0], "shape"):
        return _count(x[0])
    try:
        return len(x)
    except TypeError:
        return None


# --- Models ----------------------------------------------------------------------------------------------------------


def _returned(target: str) -> dict[str, Any]:
    """What the function returns, by name."""
    matched = _OF_FUNCTION.fullmatch(target)
    assert matched is not None
    try:
        function = function_in(_module(matched["home"]), matched["function"], matched["home"])
    except StudyError as error:
        raise ModelError(str(error)) from error
    with told_as_theirs(f"{target}: the function failed"):
        result = function()
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
    if home.endswith(".py"):
        if not Path(home).is_file():
            raise ModelError(f"{home}: there is no such file.")
        with told_as_theirs(f"{home}: it ends the program when it is run"):
            return run_file(Path(home).resolve(), home)[1]
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(home)
    except ModuleNotFoundError as error:
        if error.name != home.split(".")[0] and error.name != home:
            raise ModelError(f"{home}: it cannot be imported. {blamed(error)}") from error
        raise ModelError(
            f"{home}: there is no such module, seen from {Path.cwd()}. Give a module that can be imported here, or "
            "FILE.py:FUNCTION."
        ) from None
    except (Exception, SystemExit) as error:  # the user's own code
        raise ModelError(f"{home}: it cannot be imported. {blamed(error)}") from error


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
    scaled = SCALINGS[dataset.preparation.scaling.name]
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
