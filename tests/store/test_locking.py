"""One writer at a time."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from assay.errors import StoreError
from assay.store import Store

FINGERPRINTS = {"digits": "a" * 64}


def test_a_folder_has_one_writer(tmp_path, synthetic):
    """A second writer is told the first one's process; once that has closed, it may write."""
    study = synthetic.factorial_study()
    store = Store.open(tmp_path, study, FINGERPRINTS)
    with pytest.raises(StoreError, match=rf"another process \(number {os.getpid()}\) is writing"):
        Store.open(tmp_path, study, FINGERPRINTS)
    store.close()
    Store.open(tmp_path, study, FINGERPRINTS).close()


def test_the_lock_dies_with_a_killed_writer(tmp_path, synthetic):
    """After kill -9 the folder can be written at once."""
    study = synthetic.factorial_study()
    Store.open(tmp_path, study, FINGERPRINTS).close()
    code = (
        "import sys, time; from pathlib import Path; from assay.store.locking import FolderLock\n"
        "lock = FolderLock(Path(sys.argv[1])); print('locked', flush=True); time.sleep(60)"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    with writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(StoreError, match=f"number {writer.pid}"):
            Store.open(tmp_path, study, FINGERPRINTS)
        writer.kill()
        writer.wait()
    Store.open(tmp_path, study, FINGERPRINTS).close()
