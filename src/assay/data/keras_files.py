"""The files of `keras.datasets`, read without running anything that they contain.

A file is looked for in the folder that the environment variable ``ASSAY_DATA`` names (or its ``datasets``), then in
Keras' own cache, and downloaded through Keras only if it is in neither. Object arrays and pickles are programs in
disguise: they are opened only when the SHA-256 of the very bytes in hand is the published one.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import math
import os
import pickle
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from assay.data.raw import WordRanks
from assay.errors import DataError
from assay.keras_backend import choose_backend

Parts = dict[str, np.ndarray | WordRanks]
"""x by part: ``train`` and ``test``."""
Labels = dict[str, np.ndarray]
"""Labels by part, int64 of shape (rows,)."""

_FOLDER_OF_KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

# name of the set: file, its SHA-256 (those that Keras 3 checks), where Keras downloads it from
FILES: dict[str, tuple[str, str, str]] = {
    "mnist": (
        "mnist.npz",
        "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        f"{_FOLDER_OF_KERAS}mnist.npz",
    ),
    "imdb": (
        "imdb.npz",
        "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
        f"{_FOLDER_OF_KERAS}imdb.npz",
    ),
    "reuters": (
        "reuters.npz",
        "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
        f"{_FOLDER_OF_KERAS}reuters.npz",
    ),
    "cifar10": (
        "cifar-10-python.tar.gz",
        "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    ),
}
"""Sets kept in one file whose sum is known."""

# Keras keeps the archive under this name once it has loaded the set itself.
_OTHER_NAMES = {"cifar10": "cifar-10-batches-py-target_archive"}

_FASHION_FILES = {
    ("train", "x"): "train-images-idx3-ubyte.gz",
    ("train", "y"): "train-labels-idx1-ubyte.gz",
    ("test", "x"): "t10k-images-idx3-ubyte.gz",
    ("test", "y"): "t10k-labels-idx1-ubyte.gz",
}
_FASHION_OF_DEBIAN = Path("/usr/share/datasets/fashion-mnist")

# Keras' own: ranks are shifted by 3 because 0 pads, 1 starts a text and 2 stands for a word beyond the limit.
_SHUFFLE_SEED, _START, _OUT_OF_VOCABULARY, _INDEX_FROM = 113, 1, 2, 3


def folders() -> list[Path]:
    """Where files are looked for, in this order."""
    found = []
    if chosen := os.environ.get("ASSAY_DATA"):
        found += [Path(chosen) / "datasets", Path(chosen)]
    keras_home = os.environ.get("KERAS_HOME")
    found.append((Path(keras_home) if keras_home else Path.home() / ".keras") / "datasets")
    return found


def find(name: str) -> Path | None:
    """The file of a set (the folder, for ``fashion_mnist``), if it is on this machine."""
    if name == "fashion_mnist":
        candidates = [*(folder / "fashion-mnist" for folder in folders()), _FASHION_OF_DEBIAN]
        return next((folder for folder in candidates if _has_fashion(folder)), None)
    names = [FILES[name][0], *([_OTHER_NAMES[name]] if name in _OTHER_NAMES else [])]
    return next((folder / file for folder in folders() for file in names if (folder / file).is_file()), None)


def _has_fashion(folder: Path) -> bool:
    return all((folder / file).is_file() for file in _FASHION_FILES.values())


def read_keras(name: str, *, words: int, path: Path | None) -> tuple[Parts, Labels, str]:
    """Rows and labels of a set of `keras.datasets`, in the order of its ``load_data()``.

    Parameters
    ----------
    name : str
        mnist, fashion_mnist, cifar10, imdb or reuters.
    words : int
        For texts: the ``num_words`` of Keras; rarer words all become rank 2.
    path : Path, optional
        A local copy; otherwise the file is looked for, and downloaded if it is nowhere.

    Returns
    -------
    x, y : dict by part
        Images as uint8 (rows, height, width, …), texts as `WordRanks`; labels as int64.
    source : str
        The path that was read.

    Raises
    ------
    DataError
        If the file is missing, cannot be downloaded, or is not the published one.
    """
    location = path or find(name) or _download(name)
    if name == "fashion_mnist":
        x, y = _read_fashion(location)
        return x, y, str(location)
    content = _checked_content(name, location)
    if name == "cifar10":
        x, y = _read_cifar10(content)
    else:
        with np.load(io.BytesIO(content), allow_pickle=name != "mnist") as archive:
            arrays = dict(archive)
        if name == "mnist":
            x = {"train": arrays["x_train"], "test": arrays["x_test"]}
            y = {"train": arrays["y_train"], "test": arrays["y_test"]}
        else:
            x, y = (_arrange_imdb if name == "imdb" else _arrange_reuters)(arrays, words)
    return x, {part: labels.astype(np.int64) for part, labels in y.items()}, str(location)


def _checked_content(name: str, path: Path) -> bytes:
    """The bytes of a file, when they are the published ones."""
    file, expected, _ = FILES[name]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); expected the file {file} of Keras.") from error
    if (found := hashlib.sha256(content).hexdigest()) != expected:
        raise DataError(
            f"{path}: not the published {file}: expected SHA-256 {expected}, got {found} ({len(content)} bytes). "
            "It is truncated, damaged or another file, and nothing in it was opened. Delete it and fetch it again."
        )
    return content


def _download(name: str) -> Path:
    """Fetch a set into Keras' cache, through Keras."""
    choose_backend()
    import keras

    try:
        if name == "fashion_mnist":
            for file in _FASHION_FILES.values():
                path = keras.utils.get_file(file, origin=_FOLDER_OF_KERAS + file, cache_subdir="datasets/fashion-mnist")
            return Path(path).parent
        file, expected, origin = FILES[name]
        return Path(keras.utils.get_file(file, origin=origin, file_hash=expected))
    except Exception as error:  # Keras raises a bare Exception when a download fails
        wanted = "the folder fashion-mnist" if name == "fashion_mnist" else FILES[name][0]
        raise DataError(
            f"{name}: {wanted} is in none of {', '.join(map(str, folders()))}, and downloading it failed ({error}). "
            f"Put it into one of these folders, or set ASSAY_DATA to the folder that holds it."
        ) from error


# ---- texts


def _word_ranks(texts: np.ndarray, words: int) -> WordRanks:
    """Texts as Keras codes them: start mark first, ranks shifted by 3, rarer words as 2."""
    lengths = np.fromiter((len(text) for text in texts), np.int64, len(texts))
    offsets = np.concatenate([[0], np.cumsum(lengths + 1)])
    ranks = np.full(offsets[-1], _START, dtype=np.int32)
    is_word = np.ones(len(ranks), dtype=bool)
    is_word[offsets[:-1]] = False
    ranks[is_word] = np.fromiter(itertools.chain.from_iterable(texts), np.int32, lengths.sum()) + _INDEX_FROM
    ranks[ranks >= words] = _OUT_OF_VOCABULARY
    return WordRanks(ranks, offsets, words)


def _arrange_imdb(arrays: dict[str, np.ndarray], words: int) -> tuple[Parts, Labels]:
    """Keras' order: one generator shuffles the training rows, then the test rows."""
    generator = np.random.RandomState(_SHUFFLE_SEED)
    x: Parts = {}
    y: Labels = {}
    for part in ("train", "test"):
        order = np.arange(len(arrays[f"x_{part}"]))
        generator.shuffle(order)
        x[part] = _word_ranks(arrays[f"x_{part}"][order], words)
        y[part] = arrays[f"y_{part}"][order]
    return x, y


def _arrange_reuters(arrays: dict[str, np.ndarray], words: int) -> tuple[Parts, Labels]:
    """Keras' order: all rows shuffled, then the last fifth is the test set."""
    order = np.arange(len(arrays["x"]))
    np.random.RandomState(_SHUFFLE_SEED).shuffle(order)
    texts, labels = arrays["x"][order], arrays["y"][order]
    cut = int(len(texts) * (1 - 0.2))  # written as Keras writes it, to round as Keras rounds
    return (
        {"train": _word_ranks(texts[:cut], words), "test": _word_ranks(texts[cut:], words)},
        {"train": labels[:cut], "test": labels[cut:]},
    )


# ---- images


def _read_cifar10(content: bytes) -> tuple[Parts, Labels]:
    """Five training batches and a test batch of the published archive, pictures as (rows, 32, 32, 3)."""
    images: dict[str, list[np.ndarray]] = {"train": [], "test": []}
    labels: dict[str, list[int]] = {"train": [], "test": []}
    for part, batch in _cifar10_batches(content):
        images[part].append(batch[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        labels[part] += batch[b"labels"]
    return (
        {part: np.concatenate(batches) for part, batches in images.items()},
        {part: np.array(values) for part, values in labels.items()},
    )


def _cifar10_batches(content: bytes) -> Iterator[tuple[str, dict]]:
    """The batches of an archive whose sum was checked, read in place: nothing is unpacked to disk."""
    members = [("train", f"data_batch_{number}") for number in range(1, 6)] + [("test", "test_batch")]
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        files = {Path(member.name).name: member for member in archive if member.isfile()}
        for part, member in members:
            batch = archive.extractfile(files[member])
            assert batch is not None  # it is a file
            yield part, pickle.load(batch, encoding="bytes")


def _read_fashion(folder: Path) -> tuple[Parts, Labels]:
    """The four files of Fashion-MNIST; Keras checks no sum of theirs, and they hold plain bytes."""
    if not folder.is_dir():
        raise DataError(f"{folder}: expected a folder that holds {', '.join(_FASHION_FILES.values())}.")
    arrays = {key: _read_idx(folder / file) for key, file in _FASHION_FILES.items()}
    for part in ("train", "test"):
        images, labels = arrays[part, "x"], arrays[part, "y"]
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise DataError(f"{folder}: {part} images {images.shape} and labels {labels.shape} do not fit together.")
    return (
        {part: arrays[part, "x"] for part in ("train", "test")},
        {part: arrays[part, "y"].astype(np.int64) for part in ("train", "test")},
    )


def _read_idx(path: Path) -> np.ndarray:
    """One gzipped IDX file of bytes: 0 0 8 D, then D sizes as big-endian 32-bit integers, then the values."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: cannot be read as gzip ({error}). It is missing, truncated or damaged.") from error
    if content[:3] != b"\x00\x00\x08" or len(content) < 4 + 4 * content[3]:
        raise DataError(f"{path}: expected an IDX file of bytes, starting 0 0 8, got {list(content[:3])}.")
    dimensions = content[3]
    shape = tuple(np.frombuffer(content, ">u4", dimensions, offset=4).tolist())
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions)
    if len(values) != math.prod(shape):
        raise DataError(f"{path}: expected {math.prod(shape)} bytes of shape {shape}, got {len(values)}: truncated.")
    return values.reshape(shape)
