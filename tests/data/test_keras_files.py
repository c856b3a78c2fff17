"""The files of keras.datasets: equality with Keras' own loading, and what is refused."""

import gzip
import hashlib
import io
import itertools
import os
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest

from assay.data import keras_files
from assay.data.keras_files import find, read_keras
from assay.data.raw import WordRanks
from assay.errors import DataError

SHARED = os.environ.get("ASSAY_DATA")
real_data = pytest.mark.skipif(not SHARED, reason="ASSAY_DATA names no folder with the files of keras.datasets")


@pytest.fixture(scope="module")
def keras_loads():
    """`load_data` of Keras, reading its files through a home whose `datasets` is a link to the shared ones."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras

    def load(name, home, **arguments):
        (home / "datasets").symlink_to(Path(SHARED or "") / "datasets")
        with pytest.MonkeyPatch.context() as patch:
            # KERAS_HOME is read once, when Keras is imported; this is the value that it sets.
            patch.setattr("keras.src.backend.config._KERAS_DIR", str(home))
            return getattr(keras.datasets, name).load_data(**arguments)

    return load


@real_data
@pytest.mark.parametrize(("name", "words"), [("reuters", 10000), ("reuters", 500), ("imdb", 10000)])
def test_texts_are_those_of_keras(keras_loads, tmp_path, name, words):
    """Every rank of every text, and every label, is the one that Keras' `load_data(num_words=…)` gives."""
    (x_train, y_train), (x_test, y_test) = keras_loads(name, tmp_path, num_words=words)
    x, y, _ = read_keras(name, words=words, path=None)
    for part, texts, labels in (("train", x_train, y_train), ("test", x_test, y_test)):
        np.testing.assert_array_equal(y[part], labels)
        assert x[part].shape == (len(texts), words)
        lengths = np.array([len(text) for text in texts])
        np.testing.assert_array_equal(np.diff(x[part].offsets), lengths)
        ranks = np.fromiter(itertools.chain.from_iterable(texts), np.int64, lengths.sum())
        np.testing.assert_array_equal(x[part].ranks, ranks)


@real_data
def test_digits_are_those_of_keras(keras_loads, tmp_path):
    """Every pixel and label of MNIST is the one that Keras' `load_data()` gives."""
    (x_train, y_train), (x_test, y_test) = keras_loads("mnist", tmp_path)
    x, y, _ = read_keras("mnist", words=0, path=None)
    for part, images, labels in (("train", x_train, y_train), ("test", x_test, y_test)):
        np.testing.assert_array_equal(x[part], images)
        np.testing.assert_array_equal(y[part], labels)


@real_data
def test_a_local_copy_may_lie_anywhere(tmp_path):
    """With a path, the published file is read under any name."""
    copy = tmp_path / "my-download.npz"
    copy.symlink_to(Path(SHARED or "") / "datasets" / "reuters.npz")
    _, y, source = read_keras("reuters", words=100, path=copy)
    assert (len(y["train"]), len(y["test"]), source) == (8982, 2246, str(copy))


def test_multi_hot_marks_the_words_that_occur():
    """Row i has a 1 at each rank of text i, however often it occurs: as the plain loop does it."""
    texts = [[1, 4, 4, 2], [1], [1, 7, 3]]
    ranks = WordRanks(np.concatenate(texts).astype(np.int32), np.array([0, 4, 5, 8]), 8)
    expected = np.zeros((2, 8))
    for line, text in zip(expected, [texts[2], texts[0]], strict=True):
        for rank in text:
            line[rank] = 1
    matrix = ranks.multi_hot(np.array([2, 0]))
    assert matrix.dtype == np.uint8
    np.testing.assert_array_equal(matrix, expected)


class Trap:
    """An object whose unpickling writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_file_with_another_sum_is_never_opened(tmp_path):
    """A file that is not the published one is refused before any of it is unpickled."""
    trap = np.array([Trap(tmp_path / "sprung")], dtype=object)
    np.savez(tmp_path / "reuters.npz", x=trap, y=np.array([0]))
    words = r"not the published reuters\.npz: expected SHA-256 d6586e694e.*, got .* nothing in it was opened"
    with pytest.raises(DataError, match=words):
        read_keras("reuters", words=100, path=tmp_path / "reuters.npz")
    assert not (tmp_path / "sprung").exists()


@real_data
def test_a_truncated_file_is_told(tmp_path):
    """A download that broke off is refused with its size."""
    content = (Path(SHARED or "") / "datasets" / "reuters.npz").read_bytes()[:100_000]
    (tmp_path / "reuters.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"\(100000 bytes\)\. It is truncated, damaged or another file"):
        read_keras("reuters", words=100, path=tmp_path / "reuters.npz")


def test_a_missing_local_copy_is_told(tmp_path):
    """A path that leads nowhere is named."""
    with pytest.raises(DataError, match=r"gone\.npz: cannot be read \(No such file or directory\)"):
        read_keras("imdb", words=100, path=tmp_path / "gone.npz")


@pytest.fixture
def empty_machine(tmp_path, monkeypatch):
    """A machine on which no data set lies anywhere."""
    monkeypatch.delenv("ASSAY_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(keras_files, "_FASHION_OF_DEBIAN", tmp_path / "debian")
    return tmp_path


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_a_failed_download_says_where_to_put_the_file(empty_machine, monkeypatch, name):
    """Without a network the message lists the folders that were looked into."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras

    def refuse(*_, **__):
        raise Exception("URL fetch failure")  # as Keras raises it

    monkeypatch.setattr(keras.utils, "get_file", refuse)
    words = (
        r"is in none of .*keras.datasets, and downloading it failed \(URL fetch failure\)\. Put it into one of these"
    )
    with pytest.raises(DataError, match=words):
        read_keras(name, words=0, path=None)


def test_assay_data_comes_before_the_cache_of_keras(empty_machine, monkeypatch):
    """ASSAY_DATA, with or without a folder `datasets`, is used first; then Keras' own cache."""
    cached = empty_machine / "keras" / "datasets" / "mnist.npz"
    assert find("mnist") is None
    cached.parent.mkdir(parents=True)
    cached.touch()
    assert find("mnist") == cached
    for chosen in (empty_machine / "mine", empty_machine / "mine" / "datasets"):
        chosen.mkdir()
        (chosen / "mnist.npz").touch()
        monkeypatch.setenv("ASSAY_DATA", str(empty_machine / "mine"))
        assert find("mnist") == chosen / "mnist.npz"


def write_idx(path, array):
    """Write an array of bytes as gzipped IDX."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))


@pytest.fixture
def fashion(tmp_path):
    """A folder with the four files of a tiny Fashion-MNIST, and its arrays."""
    generator = np.random.default_rng(0)
    arrays = {
        "train-images-idx3-ubyte.gz": generator.integers(0, 256, (5, 28, 28), dtype=np.uint8),
        "train-labels-idx1-ubyte.gz": generator.integers(0, 10, 5, dtype=np.uint8),
        "t10k-images-idx3-ubyte.gz": generator.integers(0, 256, (3, 28, 28), dtype=np.uint8),
        "t10k-labels-idx1-ubyte.gz": generator.integers(0, 10, 3, dtype=np.uint8),
    }
    for file, array in arrays.items():
        write_idx(tmp_path / file, array)
    return tmp_path, list(arrays.values())


def test_fashion_files_are_read(fashion):
    """The four IDX files give back the images and labels that were written."""
    folder, arrays = fashion
    x, y, source = read_keras("fashion_mnist", words=0, path=folder)
    for found, expected in zip([x["train"], y["train"], x["test"], y["test"]], arrays, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert source == str(folder)


def test_damaged_fashion_files_are_refused(fashion):
    """A cut file, a short array, foreign bytes and a missing folder each have their message."""
    folder, arrays = fashion
    file = folder / "train-images-idx3-ubyte.gz"
    whole = file.read_bytes()
    file.write_bytes(whole[:-200])
    with pytest.raises(DataError, match=r"cannot be read as gzip .* missing, truncated or damaged"):
        read_keras("fashion_mnist", words=0, path=folder)
    file.write_bytes(gzip.compress(gzip.decompress(whole)[:-1]))
    with pytest.raises(DataError, match=r"expected 3920 bytes of shape \(5, 28, 28\), got 3919: truncated"):
        read_keras("fashion_mnist", words=0, path=folder)
    file.write_bytes(gzip.compress(b"\x89PNG and more"))
    with pytest.raises(DataError, match=r"expected an IDX file of bytes, starting 0 0 8, got \[137, 80, 78\]"):
        read_keras("fashion_mnist", words=0, path=folder)
    write_idx(file, arrays[0][:4])
    with pytest.raises(DataError, match=r"train images \(4, 28, 28\) and labels \(5,\) do not fit together"):
        read_keras("fashion_mnist", words=0, path=folder)
    with pytest.raises(DataError, match=r"expected a folder that holds train-images"):
        read_keras("fashion_mnist", words=0, path=folder / "nowhere")


def test_cifar10_is_read_from_its_archive(tmp_path, monkeypatch):
    """Batches follow one another and colours come last, as in Keras; another sum is refused first."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (6, 2, 3072), dtype=np.uint8)
    path = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for batch, name in zip(pixels, [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"], strict=True):
            content = pickle.dumps({b"data": batch, b"labels": [int(batch[0, 0]) % 10, 3]})
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    with pytest.raises(DataError, match=r"not the published cifar-10-python\.tar\.gz"):
        read_keras("cifar10", words=0, path=path)
    known = (path.name, hashlib.sha256(path.read_bytes()).hexdigest(), "")
    monkeypatch.setitem(keras_files.FILES, "cifar10", known)
    x, y, _ = read_keras("cifar10", words=0, path=path)
    assert x["train"].shape == (10, 32, 32, 3)
    assert x["test"].shape == (2, 32, 32, 3)
    # In the file: 1024 red values, then green, then blue, each picture row by row.
    assert x["train"][3, 5, 7, 2] == pixels[1, 1, 2 * 1024 + 5 * 32 + 7]
    np.testing.assert_array_equal(y["test"], [pixels[5, 0, 0] % 10, 3])
