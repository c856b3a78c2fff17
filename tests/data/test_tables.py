"""Own files: what is read, and the words of what is refused."""

import pickle

import numpy as np
import pytest

from assay.data.tables import outline_table, read_table
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


@pytest.fixture
def csv(tmp_path):
    """Write text to a .csv and return its path."""

    def write(text):
        (tmp_path / "own.csv").write_text(text)
        return tmp_path / "own.csv"

    return write


def read(path, target=None, task=None):
    """Read a file with nothing said about it."""
    return read_table(path, target=target, task=task)


def test_an_npz_with_x_and_y_is_one_part(npz):
    """Arrays x and y are rows yet to be split."""
    raw = read(npz(x=X, y=Y))
    np.testing.assert_array_equal(raw.x["train"], X)
    np.testing.assert_array_equal(raw.y["train"], Y)
    assert raw.target.task == "multiclass"


@pytest.mark.parametrize("spelling", ["validation", "val"])
def test_an_npz_may_bring_its_own_parts(npz, spelling):
    """Validation and test rows of the file stay what they are; images are laid out as rows."""
    images = np.zeros((6, 3, 4))
    arrays = {"x_test": images[:2], "y_test": Y[:2], f"x_{spelling}": images[:1], f"y_{spelling}": Y[:1]}
    path = npz(x_train=images, y_train=Y, **arrays)
    raw = read(path)
    shapes = {part: array.shape for part, array in raw.x.items()}
    assert shapes == {"train": (6, 12), "validation": (1, 12), "test": (2, 12)}
    outline = outline_table(path, target=None, task=None)
    assert (outline.features, outline.rows) == (12, {"train": 6, "validation": 1, "test": 2})
    assert outline.target == raw.target


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_an_outline_reads_every_version_of_the_header(tmp_path, version):
    """The shape is told from headers of format 1.0, 2.0 and 3.0."""
    import zipfile

    with zipfile.ZipFile(tmp_path / "own.npz", "w") as archive:
        for name, array in {"x": X, "y": Y}.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, array, version=version)
    assert outline_table(tmp_path / "own.npz", target=None, task=None).features == 2


class Trap:
    """An object whose unpickling writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("look", [read, lambda path: outline_table(path, target=None, task=None)])
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


@pytest.mark.parametrize("look", [read, lambda path: outline_table(path, target=None, task=None)])
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
        ({"x": X, "y": Y + 1}, r"own\.npz: y: expected labels that are whole numbers from 0"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(npz, arrays, words):
    """The message names the array, what was expected and what came."""
    with pytest.raises(DataError, match=words):
        read(npz(**arrays))


def test_a_csv_learns_its_last_column(csv):
    """Without a target the last column is learnt; words are classes, true and false are 1 and 0."""
    raw = read(csv("length,old,kind\n1.5,true,cat\n2,false,dog\n3,true,cat\n"))
    np.testing.assert_array_equal(raw.x["train"], [[1.5, 1], [2, 0], [3, 1]])
    np.testing.assert_array_equal(raw.y["train"], [0, 1, 0])
    assert (raw.class_names, raw.feature_names) == (("cat", "dog"), ("length", "old"))


def test_a_csv_learns_the_column_that_is_named(csv):
    """A target in the middle leaves the other columns as features."""
    path = csv("a,price,b\n1,2.5,3\n4,5.5,6\n")
    raw = read(path, target="price")
    assert (raw.target.task, raw.feature_names) == ("regression", ("a", "b"))
    np.testing.assert_array_equal(raw.y["train"], [[2.5], [5.5]])
    outline = outline_table(path, target="price", task=None)
    assert (outline.features, outline.rows, outline.target) == (2, {"train": 2}, raw.target)


@pytest.mark.parametrize(
    ("text", "target", "words"),
    [
        ("a,price\n1,2\n", "prize", r"no column 'prize' to learn\. Did you mean 'price'\? Columns: a, price"),
        ("a,y\n1,0\n,1\n,0\n", None, r"column 'a' has 2 cells that are empty, the first in row 2 below the header"),
        ("a,y\n1.0,0\n2.0,1\nNaN,1\n", None, r"column 'a' has 1 cell that is NaN or infinite, the first in row 3"),
        ("a,y\n1,0\n2,\n", None, r"column 'y' has 1 cell that is empty, the first in row 2"),
        ("a,city,y\n1,Rome,0\n2,Oslo,1\n", None, r"column 'city' holds text, such as 'Rome'; a network needs numbers"),
        ("a,y\n1,3\n2,4\n", None, r"column 'y': expected labels that are whole numbers from 0 without a gap, got 3, 4"),
        ("a,y\n", None, r"expected a header line, rows, and two columns or more, .* got 0 rows and 2 columns"),
        ("a\n1\n", None, r"separated by commas, got 1 rows and 1 columns"),
        ("", None, r"not a readable \.csv"),
    ],
)
def test_a_csv_that_does_not_fit_is_refused(csv, text, target, words):
    """The message names the column and the row."""
    with pytest.raises(DataError, match=words):
        read(csv(text), target=target)


@pytest.mark.parametrize(
    ("name", "target", "words"),
    [
        ("nowhere.npz", None, r"nowhere\.npz: no such file\. A path in a study file is taken from the folder"),
        ("own.xlsx", None, r"own\.xlsx: expected a file that ends in \.npz or \.csv"),
    ],
)
def test_a_file_that_is_not_there_is_told(tmp_path, name, target, words):
    """A missing file and a strange suffix each have their message."""
    with pytest.raises(DataError, match=words):
        read(tmp_path / name, target=target)


def test_a_target_column_is_for_csv_only(npz):
    """An .npz has no columns to name."""
    with pytest.raises(DataError, match=r"data\.target names a column of a \.csv"):
        read(npz(x=X, y=Y), target="y")


def test_a_lowercase_nan_in_a_csv_is_named_as_missing(csv):
    """What numpy.savetxt writes for a missing number is told as NaN with its row, not as text."""
    with pytest.raises(DataError, match=r"column 'b' has 1 cell that is NaN or infinite, the first in row 2"):
        read(csv("a,b,target\n1.5,2,0\n-1.0,nan,1\n3.0,4,0\n"))


@pytest.mark.parametrize(("separator", "noun"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_a_table_with_other_separators_is_told(tmp_path, separator, noun):
    """As spreadsheets of some countries write it, decimal commas included."""
    path = tmp_path / "own.csv"
    lines = ["length", "width", "kind"], ["1,5", "2,5", "a"], ["2,5", "3,5", "b"]
    path.write_text("\n".join(separator.join(line) for line in lines))
    for reads in (outline_table, read_table):
        with pytest.raises(DataError, match=f"own.csv: expected columns separated by commas, got {noun}."):
            reads(path, target=None, task=None)
