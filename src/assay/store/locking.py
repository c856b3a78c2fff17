"""One writer at a time for a results folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from assay.errors import StoreError
from assay.store.schema import LOCK_FILE


class FolderLock:
    """An advisory lock on ``DIR/.lock``, which holds the writer's process number.

    The operating system lets go of it when the process ends in whatever way, so a killed study can always be continued.

    Raises
    ------
    StoreError
        If another process holds it.
    """

    def __init__(self, directory: Path) -> None:
        self._descriptor = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            writer = os.read(self._descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(self._descriptor)
            raise StoreError(
                f"{directory}: another process (number {writer}) is writing this results folder. "
                "Wait until it has ended, or give another folder with --out."
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let the next writer in; the file stays, as removing it would let two writers hold two different files."""
        os.close(self._descriptor)
