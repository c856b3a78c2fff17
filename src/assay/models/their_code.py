"""Code of the user's own that fails: whose it is, where, and what Python says, in one sentence."""

from __future__ import annotations

import re
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assay.errors import AssayError, ModelError

_OURS = str(Path(__file__).parents[1])
_LIBRARIES = tuple(str(Path(sysconfig.get_path(name))) for name in ("stdlib", "platstdlib", "purelib", "platlib"))


@contextmanager
def told_as_theirs(what: str) -> Iterator[None]:
    """An error of the user's code as one sentence: what failed, at which line of theirs, and what Python says.

    Parameters
    ----------
    what : str
        The beginning of the sentence: ``net.py:build: the function failed``.

    Raises
    ------
    ModelError
        In the place of any exception but ours, `SystemExit` included: a program that ends itself ends no other.
    """
    try:
        yield
    except AssayError:
        raise
    except (Exception, SystemExit) as error:
        raise ModelError(f"{what}. {blamed(error)}") from error


@contextmanager
def theirs_told() -> Iterator[None]:
    """As `told_as_theirs` around code of ours that calls theirs: an error of ours goes on as it is.

    Whose it is says the last line of the traceback that lies in no library.
    """
    try:
        yield
    except AssayError:
        raise
    except (Exception, SystemExit) as error:
        own = [frame.filename for frame in traceback.extract_tb(error.__traceback__) if _home(frame.filename)]
        if not own or _home(own[-1]) == "ours":
            raise
        raise ModelError(f"your code failed. {blamed(error)}") from error


def blamed(error: BaseException) -> str:
    """What Python says, with the last line of the traceback that is the user's: ``… (net.py, line 12: return x.f)``."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _home(frame.filename) == "theirs"]
    if not frames:
        return one_line(error).rstrip(".") + "."
    line = f": {frames[-1].line}" if frames[-1].line else ""
    return f"{one_line(error).rstrip('.')} ({Path(frames[-1].filename).name}, line {frames[-1].lineno}{line})."


def _home(filename: str) -> str:
    """``ours``, ``theirs``, or nothing for Python's library and installed packages."""
    if filename.startswith(_OURS):
        return "ours"
    return "theirs" if Path(filename).is_file() and not filename.startswith(_LIBRARIES) else ""


def one_line(error: BaseException) -> str:
    """An error of somebody else's code: its kind, and the first line that it says for itself."""
    plain = re.sub(r"\x1b\[\d+m", "", str(error))  # Keras prints the user's own words in bold, below where it was
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    words = [line for line in lines if not line.startswith("Exception encountered when calling")]
    return f"{type(error).__name__}: {words[0]}" if words else type(error).__name__
