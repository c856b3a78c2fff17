"""From a file, a built-in name or the command line to a `Study`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.errors import StudyError, did_you_mean
from assay.own_code import starting_at
from assay.study.defaults import default_study, names_data
from assay.study.fields import CHOICE_TABLES, plain
from assay.study.keys import flatten, full_key, put, setting_of
from assay.study.spec import Study


def load_study(target: str | Path | Study) -> Study:
    """The study that `target` stands for: itself, a file, a built-in study, or the default study of data.

    Data are a file that holds them, or the name of a data set; see `assay.study.defaults.default_study`.

    Raises
    ------
    StudyError
        If there is no such file or built-in study, or it is not valid.
    """
    if isinstance(target, Study):
        return target
    from assay.study.builtin import find_builtin

    path = Path(target)
    builtin = find_builtin(str(target))
    if builtin is not None and not path.is_file():
        study = read_study(builtin.path)
        study._folder = None  # a path that is set later is the user's
        return study
    if names_data(str(target)):
        return default_study(str(target))
    return read_study(path)


def read_study(path: str | Path) -> Study:
    """Read a study file; relative paths in it start at its folder.

    Raises
    ------
    StudyError
        If the file cannot be read, is not TOML, or is not a valid study; the message begins with the path.
    """
    path = Path(path)
    values = _read_toml(path)
    try:
        with starting_at(path.parent):
            study = Study(**{"name": path.stem, **values})
    except StudyError as error:
        raise StudyError(f"{path}: {error}") from None
    study._folder = path.parent
    return study


def _read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file."""
    try:
        text = path.read_text(encoding="utf-8")
    except IsADirectoryError:
        raise StudyError(f"{path}: expected a study file, got a folder. Give the .toml file in it.") from None
    except FileNotFoundError:
        raise StudyError(_not_found(path)) from None
    except UnicodeDecodeError as error:
        raise StudyError(f"{path}: expected text in UTF-8, got {error.reason}. Save it as UTF-8.") from None
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}.") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(_syntax_message(path, text, str(error))) from None


def _not_found(path: Path) -> str:
    """Neither a file nor a built-in study."""
    from assay.study.builtin import BUILTIN

    names = [study.name for study in BUILTIN]
    if path.suffix == ".toml" or len(path.parts) > 1:
        return f"{path}: there is no such file. Give a study file, or a built-in study (`assay studies` lists them)."
    near = did_you_mean(path, names)
    return f"{path}: there is no such file, and no built-in study of this name.{near} Built-in: {', '.join(names)}."


def _syntax_message(path: Path, text: str, reason: str) -> str:
    """Where TOML could not be read, the line itself, and the usual cause."""
    found = re.search(r"^(.*) \(at line (\d+), column (\d+)\)$", reason)
    if found is None:  # at the end of the document
        return f"{path}: this is not TOML: {reason}. A bracket, brace or quote may not be closed."
    what, line, column = found[1], int(found[2]), int(found[3])
    lines = text.splitlines()
    shown = lines[line - 1] if line <= len(lines) else ""
    if "Invalid value" in what:
        advice = 'Words need quotes ("relu"); true and false are written small.'
    elif "overwrite" in what or "twice" in what:
        advice = "This key or table is there twice; merge the two."
    else:
        advice = "A line is a table such as [network], or key = value; a key with dots in [vary] may be quoted."
    return f"{path}: line {line}, column {column}: this is not TOML: {what}.\n    {shown}\n{advice}"


def parse_value(text: str) -> Any:
    """A value as TOML writes it, a bare word being a word: ``1e-3``, ``[64, 64]``, ``{name = "sgd"}``, ``relu``.

    Raises
    ------
    StudyError
        If it begins as a table or a list and is none.
    """
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        word = text.strip()
    if word.startswith(("{", "[")):
        raise StudyError(
            f"{word}: this is not TOML. Inside braces and brackets words need double quotes, and single quotes around "
            'the whole keep them from the shell: \'{name = "sgd", momentum = 0.9}\' or \'["relu", "tanh"]\'.'
        )
    return word


def parse_levels(text: str) -> list[Any]:
    """Levels with commas between them; commas within brackets, braces or quotes divide nothing."""
    pieces = re.findall(r"""(?:"[^"]*"|'[^']*'|\[(?:[^\[\]]|\[[^\[\]]*\])*\]|\{[^{}]*\}|[^,])+""", text)
    return [parse_value(piece) for piece in pieces if piece.strip()]


def split_assignment(text: str, option: str) -> tuple[str, str]:
    """``KEY=VALUE`` as its two sides.

    Raises
    ------
    StudyError
        If there is no ``=`` or a side is empty.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise StudyError(f"{option} {text}: expected KEY=VALUE, such as {option} network.activation=tanh.")
    return key.strip(), value.strip()


def with_changes(
    study: Study, settings: Mapping[str, Any] | None = None, factors: Mapping[str, Any] | None = None
) -> Study:
    """The study with other settings and factors, as ``--set KEY=VALUE`` and ``--vary KEY=a,b`` give them.

    Parameters
    ----------
    study : Study
        Stays as it is.
    settings : mapping, optional
        Key to value. A key is dotted, or its unambiguous end (``epochs``), or a whole part (``data``); text is read as
        a TOML value, a bare word as a word.
    factors : mapping, optional
        Key to levels: a list, or text with commas. A factor that the study has gets new levels, others are added.

    Returns
    -------
    Study
        Checked after all changes, so that a setting may name a baseline that only the factors bring about. The study's
        own baseline is dropped if it is no longer tried.

    Raises
    ------
    StudyError
        If a key, value or level is wrong, a factor or condition of the study overrides a setting, or a study with
        named conditions gets factors.
    """
    written = study.written()
    is_baseline_given = False
    for short, value in (settings or {}).items():
        key = full_key(short, "--set")
        is_baseline_given |= key in ("design", "design.baseline")
        _check_has_effect(study, key, short)
        _make_room(written, key)
        _name_choice(written, study, key)
        put(written, key, parse_value(value) if isinstance(value, str) else plain(value))
    if factors and study.conditions:
        raise StudyError("--vary: this study has named conditions, which cannot be crossed with factors. Use --set.")
    for short, given in (factors or {}).items():
        key = full_key(short, "--vary")
        levels = parse_levels(given) if isinstance(given, str) else plain(given)
        _make_room(written, key)
        written.setdefault("vary", {})[key] = [parse_value(item) if isinstance(item, str) else item for item in levels]
    with starting_at(study.folder):
        changed = Study(**written) if is_baseline_given else _without_lost_baseline(written)
    changed._folder = study.folder
    return changed


def _check_has_effect(study: Study, key: str, short: str) -> None:
    """A setting that factors or conditions override would change nothing."""
    for factor in study.vary:
        if f"{key}.".startswith(f"{factor}."):
            raise StudyError(f"--set {short}: the study varies {factor}. Write --vary {factor}=… for its levels.")
    for name, levels in study.conditions.items():
        if any(f"{key}.".startswith(f"{factor}.") for factor in levels):
            raise StudyError(f"--set {short}: condition '{name}' sets it. Change it in the study file.")


def _make_room(written: dict[str, Any], key: str) -> None:
    """Hidden layers are written in one of two ways; the new one replaces the other, keeping what it can."""
    rivals = {"network.hidden": ("depth", "width"), "network.depth": ("hidden",), "network.width": ("hidden",)}
    network = written.get("network", {})
    for rival in rivals.get(key, ()):
        written.get("vary", {}).pop(f"network.{rival}", None)
        units = network.pop(rival, None)
        if rival == "hidden" and units and len(set(units)) == 1:
            network |= {"depth": len(units) + 1, "width": units[0]}


def _name_choice(written: dict[str, Any], study: Study, key: str) -> None:
    """An argument needs the choice that it belongs to, if it is a default, written out: ``adam`` before its rate."""
    parent = key.rpartition(".")[0]
    if parent.split(".")[-1] in CHOICE_TABLES and parent not in flatten(written):
        parts = {"data": study.data, "network": study.network, "training": study.training}
        put(written, parent, setting_of(parts, parent))


def _without_lost_baseline(written: dict[str, Any]) -> Study:
    """The study; its baseline is dropped where it is no longer tried."""
    design = written.get("design", {})
    baseline = design.pop("baseline", None)
    changed = Study(**written)
    if baseline is None or baseline not in {condition.name for condition in changed.expand()}:
        return changed
    return Study(**{**written, "design": {**design, "baseline": baseline}})
