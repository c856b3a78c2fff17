"""Examples that come in batches: a `DataLoader`, a `Dataset`, a generator, a ``tf.data`` pipeline.

A network is looked at on a few rows. What can be indexed is looked at from its beginning to its end, for it may be
sorted; of others the first batches are taken. PyTorch's random numbers are left where they were; a generator is not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from assay.diagnosis.facts import BatchMix
from assay.errors import ModelError
from assay.models.batch_mix import MixSums
from assay.models.their_code import told_as_theirs

MOST_BATCHES = 1000  # of a stream that has still not given enough rows
PARTS = 8  # at least so many places of a loader are looked at
MOST_CLASSES = 1000  # more whole numbers than that are amounts


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows of a stream.

    Attributes
    ----------
    x : array, or tuple or dict of arrays for several inputs
    y : array, optional
        None where the stream gives inputs alone.
    rows : int, optional
        How many the stream has in all; None where it does not tell.
    batches : int, optional
        In how many batches of its own; None for single examples, or where it does not tell.
    mix : BatchMix, optional
        How well the rows are mixed over batches; None of single examples.
    remark : str
        What was drawn, as a sentence.
    """

    x: Any
    y: np.ndarray | None
    rows: int | None
    batches: int | None
    mix: BatchMix | None
    remark: str


def is_stream(x: Any) -> bool:
    """Whether examples have to be drawn from it: it can be iterated or indexed, and is no array, list or dict."""
    if x is None or isinstance(x, str | bytes | dict | list | tuple) or hasattr(x, "shape") or hasattr(x, "__array__"):
        return False
    return hasattr(x, "__iter__") or (hasattr(x, "__getitem__") and hasattr(x, "__len__"))


def drawn_examples(stream: Any, rows: int) -> Examples:
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
        items, where = _items(stream, rows, is_single)
        for item in islice(items, rows if is_single else MOST_BATCHES):
            parts = tuple(item) if isinstance(item, tuple | list) else (item,)
            drawn.append(_checked(parts, name))
            count += 1 if is_single else len(_leaves(drawn[-1][0])[0])
            if where == FIRST and count >= rows:
                break
    if not drawn:
        raise ModelError(f"x: {name} gives no examples. Give one that is not empty or used up.")
    join = np.stack if is_single else np.concatenate
    x = _joined([parts[0] for parts in drawn], join)
    y = _joined([parts[1] for parts in drawn], join) if len(drawn[0]) > 1 else None
    in_all, batches = _sizes(stream, is_single, drawn)
    of = "" if in_all is None else f" of its {in_all:,}"
    weights = " Sample weights are left out." if len(drawn[0]) > 2 else ""
    remark = f"Examples: {where.format(count=count, of=of, name=name)}.{weights}"
    return Examples(x, y, in_all, batches, None if is_single else _mix(drawn), remark)


FIRST = "the first {count}{of} that {name} gives"
THROUGHOUT = "{count}{of} that {name} gives, from its beginning to its end"


def _items(stream: Any, rows: int, is_single: bool) -> tuple[Iterator[Any], str]:
    """What is drawn, one item after another, and how that is told."""
    loader = None if is_single else _loader_in_order(stream)
    if loader is not None and len(loader.dataset) > rows:
        return _throughout_loader(loader, rows), THROUGHOUT
    if hasattr(stream, "__getitem__") and hasattr(stream, "__len__") and not hasattr(stream, "__iter__"):
        wanted = min(len(stream), rows if is_single else max(PARTS, -(-rows // _batch_size(stream))))
        places = np.linspace(0, len(stream) - 1, wanted).round().astype(int)
        return (stream[int(place)] for place in places), FIRST if wanted == len(stream) else THROUGHOUT
    return iter(stream), FIRST


def _batch_size(stream: Any) -> int:
    """Rows of the first batch of what can be indexed by batches; 1 of an empty one."""
    first = stream[0] if len(stream) else ()
    inputs = _arrays(first[0] if isinstance(first, tuple | list) and len(first) else first)
    leaves = [] if inputs is None else _leaves(inputs)
    return max(1, len(leaves[0])) if leaves and leaves[0].ndim else 1


def _loader_in_order(stream: Any) -> Any:
    """The stream itself where it is a `DataLoader` of PyTorch that takes the rows of an indexed data set in order."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(stream, torch.utils.data.DataLoader):
        return None
    is_indexed = hasattr(stream.dataset, "__getitem__") and _length(stream.dataset) is not None
    is_in_order = type(getattr(stream, "sampler", None)) is torch.utils.data.SequentialSampler
    return stream if is_indexed and is_in_order and stream.batch_size is not None else None


def _throughout_loader(loader: Any, rows: int) -> Iterator[Any]:
    """Parts of batches at even distances; each part lies within one batch of the loader."""
    size, in_all = loader.batch_size, len(loader.dataset)
    parts = max(PARTS, -(-rows // size))
    length = -(-rows // parts)
    for place in np.linspace(0, -(-in_all // size) - 1, parts).round().astype(int):
        begin = int(place) * size
        chosen = range(begin, min(begin + length, begin + size, in_all))
        yield loader.collate_fn([loader.dataset[row] for row in chosen])


def _mix(drawn: list[tuple[Any, ...]]) -> BatchMix | None:
    """Of the targets of each batch, where they are one array: of whole numbers as of classes."""
    targets = [parts[1] for parts in drawn if len(parts) > 1 and isinstance(parts[1], np.ndarray)]
    if len(targets) < len(drawn) or not all(part.size for part in targets):
        return None
    sums = MixSums()
    known = [part.reshape(len(part), -1) for part in targets]
    is_of_classes = all(part.dtype.kind in "biu" and part.shape[1] == 1 for part in known)
    classes = np.unique(np.concatenate(known)) if is_of_classes else np.zeros(0)
    for part in known:
        if 0 < len(classes) <= MOST_CLASSES:
            sums.add_labels(np.searchsorted(classes, part[:, 0]), len(classes))
        else:
            sums.add(part)
    return sums.mix()


def _gives_single_examples(stream: Any) -> bool:
    """A PyTorch `Dataset` does; loaders and everything of Keras give batches."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(stream, torch.utils.data.Dataset)


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
