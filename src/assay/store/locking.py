"""One writer at a time for a results folder."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from assay.errors import StoreError
from assay.store.schema import LOCK_FILE, WRITER_FILE


class FolderLock:
    """A lock on ``DIR/.lock``; ``DIR/.writer`` holds the process number of who has it.

    The operating system lets go of it when the process ends in whatever way, so a killed study can always be continued.

    Raises
    ------
    StoreError
        If another process holds it, or if the file system knows no locks.
    """

    def __init__(self, directory: Path) -> None:
        writer = directory / WRITER_FILE
        self._lock = FileLock(directory / LOCK_FILE, timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout:
            raise StoreError(
                f"{directory}: another process (number {_number_in(writer)}) is writing this results folder. "
                "Wait until it has ended, or give another folder with --out."
            ) from None
        except (OSError, NotImplementedError) as error:
            raise StoreError(
                f"{directory}: this results folder cannot be locked ({error}), so two processes could write it at "
                "once. Give a folder on another disk with --out."
            ) from error
        with suppress(OSError):  # the number is a courtesy
            writer.write_text(f"{os.getpid()}\n", encoding="utf-8")

    def release(self) -> None:
        """Let the next writer in."""
        self._lock.release()


def _number_in(path: Path) -> str:
    """What another process wrote there; it may be writing it just now."""
    with suppress(OSError, ValueError):
        return path.read_text(encoding="utf-8").strip() or "unknown"
    return "unknown"
