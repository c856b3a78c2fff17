"""Rows given in Python: their digest, and where they are found again."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from assay.data import digests
from assay.data.memory import read_memory
from assay.errors import DataError

CELLS = {"age": [1.5, None, 3.0], "town": ["Cork", None, "Ulm"], "sold": [True, None, False], "gone": [None] * 3}


@pytest.fixture
def forgotten(monkeypatch):
    """A process that knows no rows."""
    monkeypatch.setattr(digests, "_known", {})
    monkeypatch.setattr(digests, "_folders", {})


def test_the_digest_is_of_what_the_rows_hold():
    """Equal rows have one digest; another cell, gap, name, order or kind has another."""
    one = pl.DataFrame(CELLS)
    assert digests.keep(one) == digests.keep(pl.DataFrame(CELLS))
    assert digests.DIGEST.fullmatch(digests.keep(one))
    others = [
        one.with_columns(age=pl.Series([1.5, 0.0, 3.0])),
        one.with_columns(age=pl.Series([1.5, None, 4.0])),
        one.with_columns(town=pl.Series(["Cor", None, "kUlm"])),
        one.with_columns(town=pl.Series(["Cork", "", "Ulm"])),
        one.with_columns(sold=pl.Series([True, False, False])),
        one.rename({"age": "years"}),
        one.select(reversed(one.columns)),
        one.with_columns(pl.col("age").cast(pl.Float32)),
        one.reverse(),
        one.head(2),
    ]
    assert len({digests.keep(frame) for frame in [one, *others]}) == 1 + len(others)


def test_the_digest_of_arrays_is_of_names_types_shapes_and_numbers():
    """An array of words is one too."""
    x, y = np.arange(6.0).reshape(3, 2), np.array(["a", "b", "b"])
    one = digests.keep({"x": x, "y": y})
    assert one == digests.keep({"y": y.copy(), "x": np.asfortranarray(x)})
    others = [
        {"x": x.reshape(2, 3), "y": y},
        {"x": x.astype(np.float32), "y": y},
        {"x": x, "y": y[::-1]},
        {"x_train": x, "y": y},
    ]
    assert len({one, *map(digests.keep, others)}) == 1 + len(others)


def test_the_digest_is_the_same_in_another_process_and_library(forgotten):
    """No seed of hashing, no library's own layout goes into it."""
    cells = {"age": [1.5, None, 3.0], "town": ["Cork", None, "Ulm"]}
    program = f"import polars as pl; from assay.data.digests import keep; print(keep(pl.DataFrame({cells!r})))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    assert {digests.keep(read_memory(make(cells))) for make in (pl.DataFrame, pd.DataFrame, pa.table)} == {told}


def test_rows_are_found_in_a_folder_that_was_named(tmp_path, forgotten):
    """A table as Parquet, arrays as .npz, called by their digest."""
    frame, arrays = pl.DataFrame(CELLS), {"x": np.eye(2), "y": np.array([0, 1])}
    of_frame, of_arrays = digests.keep(frame), digests.keep(arrays)
    assert digests.label(of_frame) == f"frame-{of_frame[7:15]}"
    assert digests.label(of_arrays) == f"arrays-{of_arrays[7:15]}"
    frame.write_parquet(tmp_path / digests.file_name(of_frame))
    np.savez(tmp_path / digests.file_name(of_arrays), **arrays)
    digests._known.clear()
    digests.look_in(tmp_path)
    found = digests.kept(of_frame)
    assert isinstance(found, pl.DataFrame)
    assert found.equals(frame)
    assert digests.kept(of_arrays)["x"].tolist() == arrays["x"].tolist()


def test_rows_that_are_nowhere_are_told(forgotten):
    """What to do stands in the message."""
    with pytest.raises(
        DataError, match=r"data.kept: the rows 00000000 were given in Python and are not here\. .*assay run DIR"
    ):
        digests.kept("sha256:" + 64 * "0")


def test_a_file_of_other_rows_is_told(tmp_path, forgotten):
    """Its name says what it should hold."""
    digest = digests.keep(pl.DataFrame(CELLS))
    digests._known.clear()
    digests.look_in(tmp_path)
    path = tmp_path / f"{digest[7:]}.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(path)
    with pytest.raises(DataError, match="holds other rows than those that the study was made with"):
        digests.kept(digest)
    path.write_bytes(b"no table")
    with pytest.raises(DataError, match="the rows of this study cannot be read"):
        digests.kept(digest)


def test_a_pickle_stays_closed(tmp_path, forgotten):
    """An .npz of objects is refused, whatever it is called."""
    digest = "sha256:" + 64 * "1"
    np.savez(tmp_path / f"{digest[7:]}.npz", x=np.array([object()], dtype=object))
    digests.look_in(tmp_path)
    with pytest.raises(DataError, match="the rows of this study cannot be read"):
        digests.kept(digest)
