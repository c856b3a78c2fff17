"""May this study be written into this folder? Asked before anything is."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.choices import is_choice
from assay.errors import StoreError
from assay.own_code import is_reference, running_nothing
from assay.store.files import read_json
from assay.store.records import read_records
from assay.store.schema import FOLDERS, MANIFEST_FILE, STUDY_FILE, TEMPORARY_SUFFIX

if TYPE_CHECKING:
    from assay.study.spec import Study


def check_is_ours_or_empty(
    directory: Path,
    manifest: str = MANIFEST_FILE,
    folders: tuple[str, ...] = FOLDERS,
    noun: str = "results folder",
    remedy: str = "Give another folder with --out.",
) -> None:
    """Refuse a folder of the user's own before anything is written into it."""
    if directory.exists() and not directory.is_dir():
        raise StoreError(f"{directory}: expected a folder for results, found a file. {remedy}")
    if not directory.exists() or (directory / manifest).exists():
        return
    strangers = sorted(
        path.name
        for path in directory.iterdir()
        if not path.name.startswith(".")
        and not path.name.endswith(TEMPORARY_SUFFIX)
        and not (path.name in folders and path.is_dir() and not any(path.iterdir()))
    )
    if strangers:
        raise StoreError(
            f"{directory}: expected an empty folder or a {noun} (with {manifest}), found {_few(strangers)}. {remedy}"
        )


def check_same_study(directory: Path, manifest: Mapping[str, Any], study: Study) -> None:
    """Refuse a folder of another study, with another name and no condition in common, and say what differs."""
    if manifest["study"] == study.name or manifest["fingerprint"] == study.fingerprint():
        return
    from assay.study.identity import identities
    from assay.study.spec import FREE, Study

    there = read_json(directory / STUDY_FILE) if (directory / STUDY_FILE).exists() else {}
    begun = {identity for record in read_records(directory).values() for identity in record.identities}
    if there:
        with running_nothing(manifest.get("own_code")):
            begun |= set(identities(Study(**there)))
    if begun & set(identities(study)):
        return
    raise StoreError(
        f"{directory}: this folder holds the results of the study '{manifest['study']}', not of this '{study.name}', "
        "and no condition is in both. "
        f"What differs: {differences(there, study.written(), leave_out=FREE) or 'how the study is read'}. "
        "Give another folder (--out on the command line, directory= in Python), or remove this one."
    )


def differences(there: Mapping[str, Any], here: Mapping[str, Any], leave_out: Collection[str] = ()) -> str:
    """``training.epochs: there 12, here 3; …``, the first few; empty where two tables are equal."""
    there, here = _flat(there), _flat(here)
    different = [
        f"{key}: there {there.get(key, 'not given')}, here {here.get(key, 'not given')}"
        for key in dict.fromkeys([*there, *here])
        if there.get(key) != here.get(key) and key not in leave_out
    ]
    return _few(different, "; ")


def check_same_data(directory: Path, there: Mapping[str, str], here: Mapping[str, str]) -> None:
    """Refuse to continue on data or code that have changed; what is new to the folder is welcome."""
    for name, fingerprint in here.items():
        if there.get(name, fingerprint) == fingerprint:
            continue
        if is_reference(name):
            raise StoreError(
                f"{directory}: the code of '{name}' is not what it was when this study began (SHA-256 there "
                f"{there[name][:12]}, here {fingerprint[:12]}). Bring the former code back to go on, or give another "
                "folder with --out to train all trials with the new code."
            )
        raise StoreError(
            f"{directory}: the data set '{name}' is not the one that this study began with "
            f"(fingerprint there {there[name][:12]}, here {fingerprint[:12]}). "
            "Bring the former data back, or give another folder with --out."
        )


def _flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested tables as dotted keys with JSON values; a choice (a table with a name) and a list stay one value."""
    flat: dict[str, str] = {}
    for key, item in content.items():
        if isinstance(item, Mapping) and not is_choice(item):
            flat |= _flat(item, f"{prefix}{key}.")
        else:
            flat[prefix + key] = json.dumps(item)
    return flat


def _few(items: list[str], separator: str = ", ") -> str:
    shown = separator.join(items[:3])
    return f"{shown}{separator}and {len(items) - 3} more" if len(items) > 3 else shown
