"""Own arrays: what is read, and the words of what is refused."""

import pickle

import numpy as np
import pytest

from assay.data.npz_files import outline_npz, read_npz
from assay.errors import DataError

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 0, 1, 2, 2])


@pytest.fixture
def npz(tmp_path):
    """Write arrays to an .npz and return its path."""

    def write(**arrays):
        np.savez(tmp_path / "own.npz", **arrays)
        return tmp_path / "own.npz"

    return write


def read(path):
    """Read a file with nothing said about it."""
    return read_npz(path, task=None)


def outline(path):
    """Look at a file with nothing said about it."""
    return outline_npz(path, task=None)


def test_an_npz_with_x_and_y_is_one_part(npz):
    """Arrays x and y are rows yet to be split."""
    raw = read(npz(x=X, y=Y))
    np.testing.assert_array_equal(raw.x["train"], X)
    np.testing.assert_array_equal(raw.y["train"], Y)
    assert raw.target.task == "multiclass"


@pytest.mark.parametrize("spelling", ["validation", "val"])
def test_an_npz_may_bring_its_own_parts(npz, spelling):
    """Validation and test rows of the file stay what they are; images keep their shape."""
    images = np.zeros((6, 3, 4))
    arrays = {"x_test": images[:2], "y_test": Y[:2], f"x_{spelling}": images[:1], f"y_{spelling}": Y[:1]}
    path = npz(x_train=images, y_train=Y, **arrays)
    raw = read(path)
    shapes = {part: array.shape for part, array in raw.x.items()}
    assert shapes == {"train": (6, 3, 4), "validation": (1, 3, 4), "test": (2, 3, 4)}
    seen = outline(path)
    assert (seen.features, seen.rows) == (12, {"train": 6, "validation": 1, "test": 2})
    assert seen.target == raw.target


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_an_outline_reads_every_version_of_the_header(tmp_path, version):
    """The shape is told from headers of format 1.0, 2.0 and 3.0."""
    import zipfile

    with zipfile.ZipFile(tmp_path / "own.npz", "w") as archive:
        for name, array in {"x": X, "y": Y}.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, array, version=version)
    assert outline(tmp_path / "own.npz").features == 2


class Trap:
    """An object whose unpickling writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("look", [read, outline])
def test_an_own_npz_runs_no_code(npz, tmp_path, look):
    """An array of objects stays closed, and the message says why and what to do."""
    trap = np.array([Trap(tmp_path / "sprung")] * 2, dtype=object)
    with pytest.raises(
        DataError, match=r"array y holds Python objects, which could run code .*name = .reuters., path = .own.npz."
    ):
        look(npz(x=X[:2], y=trap))
    assert not (tmp_path / "sprung").exists()


def test_a_pickle_that_is_called_npz_runs_no_code(tmp_path):
    """A bare pickle is refused as well."""
    (tmp_path / "own.npz").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    with pytest.raises(DataError, match=r"not a readable \.npz"):
        read(tmp_path / "own.npz")
    assert not (tmp_path / "sprung").exists()


def test_a_truncated_npz_is_told(npz):
    """Half a file is refused as damaged."""
    path = npz(x=X, y=Y)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"own\.npz: not a readable \.npz .* truncated, damaged or another format"):
        read(path)


@pytest.mark.parametrize("look", [read, outline])
def test_a_damaged_array_is_told(npz, look):
    """Bytes overwritten in the middle are found by the checksum that zip keeps."""
    path = npz(x=X, y=Y)
    content = bytearray(path.read_bytes())
    start = content.index(Y.astype("<i8").tobytes())
    content[start : start + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match=r"array y cannot be read \(Bad CRC-32"):
        look(path)


def test_a_single_array_is_no_data_set(tmp_path):
    """A .npy under the name .npz has no targets."""
    with (tmp_path / "own.npz").open("wb") as file:
        np.save(file, X)
    with pytest.raises(DataError, match=r"holds a single array; expected an \.npz made by numpy\.savez"):
        read(tmp_path / "own.npz")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": X}, r"expected arrays x_train and y_train .* or x and y, got a"),
        ({"x_train": X}, r"holds x_train but not y_train"),
        ({"x_train": X, "y_train": Y, "y_test": Y}, r"holds y_test but not x_test"),
        ({"x": X[:, 0], "y": Y}, r"x: expected shape \(rows, features\), got \(6,\)"),
        ({"x": X[:0], "y": Y[:0]}, r"x has no rows"),
        ({"x": X, "y": Y[:4]}, r"x has 6 rows but y has shape \(4,\); expected one target for each row"),
        ({"x": X.astype(str), "y": Y}, r"x: expected numbers, got <U"),
        (
            {"x_train": X, "y_train": Y, "x_test": X[:, :1], "y_test": Y},
            r"x_train has shape \(6, 2\) but x_test \(6, 1\); expected the same features in every part",
        ),
        (
            {"x": np.where(np.isin(X, [5, 8]), np.nan, X), "y": Y},
            r"x: 2 values are NaN or infinite, the first in row 3, column 2\. Remove or fill these rows",
        ),
        ({"x": X, "y": Y * 0}, r"own\.npz: y: every row has the same label, 0"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(npz, arrays, words):
    """The message names the array, what was expected and what came."""
    with pytest.raises(DataError, match=words):
        read(npz(**arrays))


def test_images_with_a_channel_and_labels_in_a_column_are_read(npz):
    """As Keras lays them out: images (N, 28, 28, 1), labels (N, 1)."""
    raw = read(npz(x=np.zeros((6, 28, 28, 1)), y=Y[:, None]))
    assert (raw.x["train"].shape, raw.y["train"].shape) == ((6, 28, 28, 1), (6,))
    assert raw.target.task == "multiclass"
