"""Examples that come in batches: a `DataLoader`, a `Dataset`, a generator, a ``tf.data`` pipeline.

A network is looked at on a few rows, so the first batches are enough. PyTorch's random numbers are left where they
were; a generator is not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from assay.errors import ModelError
from assay.models.their_code import told_as_theirs

MOST_BATCHES = 1000  # of a stream that has still not given enough rows


@dataclass(frozen=True, eq=False)
class Examples:
    """The first rows of a stream.

    Attributes
    ----------
    x : array, or tuple or dict of arrays for several inputs
    y : array, optional
        None where the stream gives inputs alone.
    rows : int, optional
        How many the stream has in all; None where it does not tell.
    batches : int, optional
        In how many batches of its own; None for single examples, or where it does not tell.
    remark : str
        What was drawn, as a sentence.
    """

    x: Any
    y: np.ndarray | None
    rows: int | None
    batches: int | None
    remark: str


def is_stream(x: Any) -> bool:
    """Whether examples have to be drawn from it: it can be iterated or indexed, and is no array, list or dict."""
    if x is None or isinstance(x, str | bytes | dict | list | tuple) or hasattr(x, "shape") or hasattr(x, "__array__"):
        return False
    return hasattr(x, "__iter__") or (hasattr(x, "__getitem__") and hasattr(x, "__len__"))


def first_examples(stream: Any, rows: int) -> Examples:
    """Draw batches, or single examples of a `Dataset`, until there are enough rows.

    Parameters
    ----------
    stream : iterable, or what can be indexed from 0
        It gives ``(x, y)``, ``(x, y, weights)`` or ``x``, in batches; a PyTorch `Dataset` gives single examples.
    rows : int

    Raises
    ------
    ModelError
        If it fails, is empty, or gives something else.
    """
    name = type(stream).__name__
    is_single = _gives_single_examples(stream)
    drawn: list[tuple[Any, ...]] = []
    count = 0
    with told_as_theirs(f"x: {name} failed"), _random_numbers_kept():
        for item in islice(_items(stream), rows if is_single else MOST_BATCHES):
            parts = tuple(item) if isinstance(item, tuple | list) else (item,)
            drawn.append(_checked(parts, name))
            count += 1 if is_single else len(_leaves(drawn[-1][0])[0])
            if count >= rows:
                break
    if not drawn:
        raise ModelError(f"x: {name} gives no examples. Give one that is not empty or used up.")
    join = np.stack if is_single else np.concatenate
    x = _joined([parts[0] for parts in drawn], join)
    y = _joined([parts[1] for parts in drawn], join) if len(drawn[0]) > 1 else None
    in_all, batches = _sizes(stream, is_single, drawn)
    of = "" if in_all is None else f" of its {in_all:,}"
    weights = " Sample weights are left out." if len(drawn[0]) > 2 else ""
    remark = f"Examples: the first {count}{of} that {name} gives.{weights}"
    return Examples(x, y, in_all, batches, remark)


def _gives_single_examples(stream: Any) -> bool:
    """A PyTorch `Dataset` does; loaders and everything of Keras give batches."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(stream, torch.utils.data.Dataset)


def _items(stream: Any) -> Iterator[Any]:
    if hasattr(stream, "__iter__"):
        return iter(stream)
    return (stream[place] for place in range(len(stream)))


def _checked(parts: tuple[Any, ...], name: str) -> tuple[Any, ...]:
    arrays = tuple(_arrays(part) for part in parts)
    if not 1 <= len(parts) <= 3 or any(part is None for part in arrays):
        kinds = ", ".join(type(part).__name__ for part in parts)
        raise ModelError(
            f"x: expected {name} to give (x, y) with arrays in it, got ({kinds}). Give x and y as arrays, or a "
            "generator of (x, y)."
        )
    return arrays


def _arrays(part: Any) -> Any:
    """Arrays, nested as they were; None for what is neither a number nor made of numbers."""
    if isinstance(part, dict):
        inside = {key: _arrays(value) for key, value in part.items()}
        return None if any(value is None for value in inside.values()) else inside
    if isinstance(part, tuple | list) and any(hasattr(value, "shape") for value in part):
        several = tuple(_arrays(value) for value in part)
        return None if any(value is None for value in several) else several
    if hasattr(part, "detach"):  # a tensor of PyTorch; NumPy has no bfloat16
        part = part.detach().cpu()
        part = part.float() if str(part.dtype) == "torch.bfloat16" else part
    array = np.asarray(part)
    return array if array.dtype.kind in "biuf" else None


def _leaves(x: Any) -> list[np.ndarray]:
    inside = x.values() if isinstance(x, dict) else x
    return [x] if isinstance(x, np.ndarray) else [leaf for part in inside for leaf in _leaves(part)]


def _joined(parts: list[Any], join: Any) -> Any:
    if isinstance(parts[0], dict):
        return {key: _joined([part[key] for part in parts], join) for key in parts[0]}
    if isinstance(parts[0], tuple):
        return tuple(_joined([part[place] for part in parts], join) for place in range(len(parts[0])))
    return join(parts)


def _sizes(stream: Any, is_single: bool, drawn: list[tuple[Any, ...]]) -> tuple[int | None, int | None]:
    """How many rows and batches a stream has in all."""
    length = _length(stream)
    if is_single:
        return length, None
    inner = _length(getattr(stream, "dataset", None))  # of a DataLoader
    if inner is None and length is not None:
        inner = length * len(_leaves(drawn[0][0])[0])
    return inner, length


def _length(stream: Any) -> int | None:
    try:
        return len(stream)
    except (TypeError, NotImplementedError):
        return None


@contextmanager
def _random_numbers_kept() -> Iterator[None]:
    """A loader that shuffles draws its seed from PyTorch's stream of random numbers."""
    torch = sys.modules.get("torch")
    with nullcontext() if torch is None else torch.random.fork_rng(devices=[]):
        yield
