"""Single files: whole or not at all, and what is said where one cannot be written."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from assay.errors import WriteError
from assay.export.events import Run
from assay.figures.style import new_figure, write_figure
from assay.store.files import make_folders, replace_file, write_json, write_parquet, write_text

FULL = Path("/dev/full")
TABLE = pl.DataFrame({"value": [1.0, 2.0]})
WRITERS = {
    "text": (lambda path: write_text(path, "words"), "page.html"),
    "json": (lambda path: write_json(path, {"a": 1}), "manifest.json"),
    "parquet": (lambda path: write_parquet(path, TABLE), "part.parquet"),
    "csv": (lambda path: replace_file(path, TABLE.write_csv), "table.csv"),
    "arrays": (lambda path: replace_file(path, lambda place: _save(place)), "checkpoint.npz"),
    "png": (lambda path: write_figure(new_figure(2, 2), path), "figure.png"),
    "svg": (lambda path: write_figure(new_figure(2, 2), path), "figure.svg"),
}


def _save(place):
    with place.open("wb") as file:
        np.savez(file, a=np.zeros(9))


@pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk_is_told_in_one_sentence(tmp_path, kind):
    """Whatever is written, and whoever writes it, Parquet's writer in Rust too: where, what is kept, what to do."""
    write, name = WRITERS[kind]
    path = tmp_path / name
    path.write_bytes(b"old")
    (tmp_path / f"{name}.tmp").symlink_to(FULL)  # so the kernel itself refuses every byte
    with pytest.raises(WriteError) as refused:
        write(path)
    assert str(refused.value) == (
        f"{path}: no space is left on the device that holds {tmp_path}; what was written before is kept, "
        "so free some space there and give the same command again."
    )
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [name]


@pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")
def test_a_full_disk_is_told_by_an_event_file(tmp_path):
    """TensorBoard's records are written here and not in a thread of its own, so the refusal is heard."""
    (tmp_path / "events.out.tfevents.0000000007.assay.tmp").symlink_to(FULL)
    run = Run(tmp_path)
    run.add_scalars([(1, "loss", 0.5)])
    with pytest.raises(WriteError, match="no space is left on the device"):
        run.write(7.0)


def test_what_cannot_be_written_for_another_reason_says_which(tmp_path):
    """A folder that is not there is no full disk."""
    with pytest.raises(WriteError, match=r"file\.json: cannot be written \(No such file or directory\).*--out"):
        write_json(tmp_path / "missing" / "file.json", {})
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match=r"file: cannot be made \(.*\)\. Give another folder with --out"):
        make_folders(tmp_path / "file", ("inside",))


def test_a_mistake_of_ours_is_no_full_disk(tmp_path):
    """An error of the writer that the system did not cause is left as it is, and so is the old file."""
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError):
        replace_file(path, lambda place: place.write_text("new") / 0)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_reader_that_holds_the_old_file_is_waited_for(tmp_path, monkeypatch):
    """Windows refuses to replace a file that is open; a moment later it does not."""
    replace, refused = os.replace, []

    def busy(source, target):
        if len(refused) < 2:
            refused.append(target)
            raise PermissionError(13, "The process cannot access the file because it is being used by another process")
        replace(source, target)

    monkeypatch.setattr(os, "replace", busy)
    write_text(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"
    assert len(refused) == 2
