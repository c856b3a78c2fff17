"""Rows that a study was given in Python, in its folder."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assay.data import digests
from assay.store import Store, Tables
from assay.study import Study

FRAME = pl.DataFrame({"a": [1.0, None, 3.0], "b": ["u", None, "v"], "y": [0, 1, 0]})
X, Y = np.arange(6.0).reshape(3, 2), np.array(["no", "yes", "no"])


@pytest.mark.parametrize(
    ("data", "name"),
    [({"frame": FRAME, "target": "y"}, "{}.parquet"), ((X, Y), "{}.npz")],
    ids=["frame", "arrays"],
)
def test_the_folder_keeps_the_rows(tmp_path, monkeypatch, data, name):
    """Once, by their digest; whoever opens the folder has them."""
    study = Study(data=data)
    for _ in range(2):
        with Store.open(tmp_path / "out", study, {}):
            pass
        [path] = (tmp_path / "out" / "data").iterdir()
        assert path.name == name.format(study.data.kept.removeprefix("sha256:"))
    monkeypatch.setattr(digests, "_known", {})
    monkeypatch.setattr(digests, "_folders", {})
    again = Tables(tmp_path / "out").study
    assert again == study
    rows = digests.kept(again.data.kept)
    if isinstance(rows, dict):
        assert {key: array.tolist() for key, array in rows.items()} == {"x": X.tolist(), "y": Y.tolist()}
    else:
        assert rows.equals(FRAME)


def test_another_folder_keeps_them_too(tmp_path, monkeypatch):
    """A study that was read from one folder and is run into another."""
    with Store.open(tmp_path / "one", Study(data=(X, Y)), {}):
        pass
    monkeypatch.setattr(digests, "_known", {})
    with Store.open(tmp_path / "two", Tables(tmp_path / "one").study, {}):
        pass
    [path] = (tmp_path / "two" / "data").iterdir()
    with np.load(path, allow_pickle=False) as file:
        assert file["y"].tolist() == Y.tolist()


def test_other_studies_have_no_such_folder(tmp_path):
    """Nothing is kept of a named data set."""
    with Store.open(tmp_path / "out", Study(data="iris"), {}):
        pass
    assert not (tmp_path / "out" / "data").exists()
