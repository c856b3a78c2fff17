"""Every error that is the user's to mend, as one tree.

::

    AssayError
    ├── StudyError      a study file or object that cannot be run as written
    ├── DataError       a data set that is missing, damaged or does not fit
    ├── ModelError      a user's own network that cannot be read
    ├── StoreError      a results folder that cannot be read or continued
    │   └── WriteError  a file that cannot be written: a full disk, a folder that is not one's own
    ├── CapacityError   a study that does not fit this machine
    ├── NonfiniteError  a watched training was stopped before a step that is not finite
    ├── DeviceError     a GPU that was asked for and is not there
    └── MissingExtra    an optional package that is not installed

A message says where, what was expected, what came, and what to do. The command line prints it and exits with code 2;
anything else that escapes is a bug of ours.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AssayError(Exception):
    """Base of every error that assay raises for the user to mend."""


class StudyError(AssayError):
    """A study cannot be run as written."""


class DataError(AssayError):
    """A data set is missing, damaged, or does not fit the study."""


class ModelError(AssayError):
    """A user's own network cannot be read, or does not fit the examples."""


class StoreError(AssayError):
    """A results folder cannot be read, or belongs to something else."""


class WriteError(StoreError):
    """A file cannot be written; what was written before is kept."""


class CapacityError(AssayError):
    """A study does not fit this machine; said before anything is trained."""


class NonfiniteError(AssayError):
    """A loss or a gradient of a watched training is not finite, and the watcher was asked to stop before the step."""


class DeviceError(AssayError):
    """The device that was asked for is not there."""


class MissingExtra(AssayError):
    """An optional package is not installed; the message holds the line that installs it."""


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """``" Did you mean 'relu'?"`` when a known word is near, else the empty string."""
    near = difflib.get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else ""
