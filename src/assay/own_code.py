"""A user's own function: named in a study file as ``my_functions.py:swish2``, or given in Python as it is.

Naming a function in a file runs that file, as importing it would; a formula (`assay.expressions`) runs nothing. A
folder of results keeps the digest of the code that it was made with, and reading the folder runs no code.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from assay.errors import StudyError, did_you_mean

IN_A_FILE = re.compile(r"(?P<file>.+\.py):(?P<name>[A-Za-z_]\w*)")
IN_PYTHON = "python:"  # how the reference of a function begins that was given as it is

_folder: ContextVar[Path] = ContextVar("_folder", default=Path())
Kept = Mapping[str, Mapping[str, Any]]
"""What a folder keeps of code, by reference: its ``digest``, and its ``arguments`` with their defaults."""

_kept: ContextVar[Kept | None] = ContextVar("_kept", default=None)
_given: dict[str, OwnCode] = {}
_known: dict[tuple[str, str], OwnCode] = {}  # by reference and digest, all that this process has run
_loaded: dict[Path, tuple[str, ModuleType]] = {}


@dataclass(frozen=True)
class OwnCode:
    """A user's function or class.

    Attributes
    ----------
    reference : str
        As a study file writes it: ``my_functions.py:swish2``; ``python:swish2`` for one that was given in Python.
    digest : str
        SHA-256 of its source: of the whole file, or of the function and the values that it refers to. Empty where the
        code was not read.
    function : callable, optional
        None where the code was not run: a results folder is read without running anything.
    arguments : mapping
        Of code that was not run, what the folder keeps of its arguments and their defaults.
    """

    reference: str
    digest: str
    function: Callable[..., Any] | None = field(default=None, compare=False, repr=False)
    arguments: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


def not_loaded(code: OwnCode) -> Callable[..., Any]:
    """What stands for a user's function whose code was not run: calling it is told in a sentence."""

    def function(*values: Any, **arguments: Any) -> Any:
        raise StudyError(f"'{code.reference}' is code of your own, which reading a results folder does not run.")

    return function


def function_in(module: ModuleType, name: str, where: str) -> Callable[..., Any]:
    """A function or class of a user's module.

    Raises
    ------
    StudyError
        If it has none of this name.
    """
    found = getattr(module, name, None)
    if not callable(found):
        own = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise StudyError(f"{where}: it has no function '{name}'.{did_you_mean(name, own)}")
    return found


def is_reference(text: str) -> bool:
    """Whether a word names a user's own function."""
    return IN_A_FILE.fullmatch(text) is not None or text.startswith(IN_PYTHON)


@contextmanager
def starting_at(folder: str | Path | None) -> Iterator[None]:
    """Relative paths of files with code start at this folder; at the current one if None."""
    token = _folder.set(Path(folder or "."))
    try:
        yield
    finally:
        _folder.reset(token)


@contextmanager
def running_nothing(kept: Kept | None = None) -> Iterator[None]:
    """References are taken as they stand and no file is run; code that this process has run already can be called.

    Parameters
    ----------
    kept : mapping, optional
        What the folder that is read keeps of the code.
    """
    token = _kept.set(kept or {})
    try:
        yield
    finally:
        _kept.reset(token)


def _as_kept(reference: str, kept: Kept) -> OwnCode:
    """The code of a folder that is read: called only if this process has run the very same."""
    about = kept.get(reference, {})
    digest = str(about.get("digest", ""))
    return _known.get((reference, digest)) or OwnCode(reference, digest, None, about.get("arguments", {}))


def find_code(reference: str, where: str) -> OwnCode:
    """The function that a reference names; runs its file if that has not been done.

    Parameters
    ----------
    reference : str
    where : str
        The dotted key, for the message.

    Raises
    ------
    StudyError
        If there is no such file or function, or the file fails.
    """
    kept = _kept.get()
    if kept is not None:
        return _as_kept(reference, kept)
    if reference in _given:
        return _given[reference]
    matched = IN_A_FILE.fullmatch(reference)
    if matched is None:
        raise StudyError(
            f"{where}: '{reference}' was a function of another Python process. Give the function itself, or write it "
            "into a file and give FILE.py:FUNCTION."
        )
    path = Path(_folder.get(), Path(matched["file"]).expanduser()).resolve()
    digest, module = run_file(path, where)
    code = OwnCode(reference, digest, function_in(module, matched["name"], f"{where}: {matched['file']}"))
    _known[reference, digest] = code
    return code


def refer_to(function: Callable[..., Any]) -> str:
    """The reference of a function or class that was given in Python; it stands for it in this process.

    A function of a module that is defined anew, as in a notebook's cell, takes the place of the one before. Functions
    made within others may be many of one name: they get numbers.
    """
    name = re.sub(r"\W", "", getattr(function, "__name__", type(function).__name__)) or "function"
    digest = _digest(function)
    lasting = "<" not in getattr(function, "__qualname__", "<")
    reference, number = IN_PYTHON + name, 1
    while reference in _given and _given[reference].function is not function and not lasting:
        number += 1
        reference = f"{IN_PYTHON}{name}#{number}"
    _given[reference] = _known[reference, digest] = OwnCode(reference, digest, function)
    return reference


@contextmanager
def told_as_theirs(code: OwnCode, where: str) -> Iterator[None]:
    """An error of the user's code as one sentence: that it is theirs, the line, and what Python says.

    Raises
    ------
    StudyError
        In the place of any other exception.
    """
    try:
        yield
    except StudyError:
        raise
    except Exception as error:
        raise StudyError(f"{where}: your code failed{_line_of(code, error)}. {what_python_says(error)}") from error


def what_python_says(error: BaseException) -> str:
    """Type and first line of an error."""
    lines = str(error).strip().splitlines()
    said = f"{type(error).__name__}: {lines[0].rstrip('.')}" if lines else type(error).__name__
    if "Tracer" in said or "truth value of an array" in said:
        return f"{said}. Write it with jax.numpy, and with jax.numpy.where instead of if."
    return f"{said}."


def _line_of(code: OwnCode, error: BaseException) -> str:
    """`` at my_functions.py, line 12 (return x.foo)``: the last line of the traceback in the user's own file."""
    source = inspect.getsourcefile(code.function) if code.function is not None else None
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == source]
    if not frames:
        return f" ({code.reference})"
    return f" at {Path(frames[-1].filename).name}, line {frames[-1].lineno} ({frames[-1].line})"


def run_file(path: Path, where: str) -> tuple[str, ModuleType]:
    """A file's digest and its module; the file is run again only if it has changed.

    Raises
    ------
    StudyError
        If there is no such file, or it fails; with the line.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise StudyError(f"{where}: {path}: {reason}. A relative path starts at the study file's folder.") from None
    digest = hashlib.sha256(text).hexdigest()
    if path in _loaded and _loaded[path][0] == digest:
        return _loaded[path]
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))  # what stands beside the file can be imported by it
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(path.stem)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        if before is None:
            del sys.modules[path.stem]
        else:
            sys.modules[path.stem] = before
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        line = frames[-1].lineno if frames else getattr(error, "lineno", None)
        place = f" at line {line}" if line else ""
        raise StudyError(f"{where}: {path.name} failed{place}. {what_python_says(error)}") from error
    _loaded[path] = digest, module
    return digest, module


# --- What a function is made of --------------------------------------------------------------------------------------


def _digest(function: Callable[..., Any]) -> str:
    """SHA-256 of a function's source and of the values that it refers to."""
    digest = hashlib.sha256()
    for part in _parts(function, set()):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def _parts(thing: Any, seen: set[int]) -> Iterator[str]:
    """What decides the numbers of a function: its source, defaults, and the globals and cells that it names."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, type):
        yield _source(thing)
        for value in vars(thing).values():
            if isinstance(value, FunctionType):
                yield from _parts(value, seen)
    elif isinstance(thing, FunctionType):
        yield _source(thing)
        yield repr((thing.__defaults__, thing.__kwdefaults__))
        for cell in thing.__closure__ or ():
            yield from _value_parts(cell.cell_contents, seen)
        for name in _names(thing.__code__):
            if name in thing.__globals__:
                yield name
                yield from _value_parts(thing.__globals__[name], seen)
    else:
        yield from _value_parts(thing, seen)


def _value_parts(value: Any, seen: set[int]) -> Iterator[str]:
    if isinstance(value, FunctionType | type):
        yield from _parts(value, seen) if _is_of_the_user(value) else ()
    elif isinstance(value, bool | int | float | complex | str | bytes | None | tuple | list | dict | set | frozenset):
        yield repr(value)
    elif hasattr(value, "tobytes"):
        yield hashlib.sha256(value.tobytes()).hexdigest()
    else:
        yield type(value).__name__


def _is_of_the_user(thing: FunctionType | type) -> bool:
    """Not of Python's library, nor of an installed package."""
    home = thing.__module__ or ""
    file = str(getattr(sys.modules.get(home), "__file__", ""))
    return home.split(".")[0] not in sys.stdlib_module_names and "site-packages" not in file


def _source(thing: Any) -> str:
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError):  # made by exec, or built in
        return repr(thing.__code__.co_code) if isinstance(thing, FunctionType) else repr(thing)


def _names(code: CodeType) -> Iterator[str]:
    """Global names in a function and in those within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
