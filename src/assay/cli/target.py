"""What a command line names: a study with its `--set`, `--vary` and `--seeds`, or a results folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import StoreError, did_you_mean
from assay.study import Study, load_study, with_changes
from assay.study.defaults import filled, names_data
from assay.study.parsing import split_assignment

if TYPE_CHECKING:
    from assay import Results

# With so many conditions it takes some 0.1 s to check them against the data; of more the run finds the mistakes.
QUICKLY_CHECKED = 1000


def chosen_study(
    target: str | Study, vary: Sequence[str] | None, settings: Sequence[str] | None, seeds: int | None
) -> Study:
    """As `written_study`; where `target` names data, what is left open follows from them.

    Raises
    ------
    StudyError, DataError
        If the study, an option or the data cannot be used.
    """
    study = written_study(target, vary, settings, seeds)
    return filled(study) if isinstance(target, str) and names_data(target) else study


def written_study(
    target: str | Study, vary: Sequence[str] | None, settings: Sequence[str] | None, seeds: int | None
) -> Study:
    """Load `target` and apply the options, all at once. The study of a results folder is one too.

    Raises
    ------
    StudyError
        If the study or an option cannot be used.
    """
    if isinstance(target, str) and names_data(target):
        study = Study(data=target)
    elif isinstance(target, Study) or not is_results(target):
        study = load_study(target)
    else:
        study = study_of_results(target)
    changes = dict(split_assignment(option, "--set") for option in settings or [])
    if seeds is not None:
        changes["design.seeds"] = str(seeds)
    factors = dict(split_assignment(option, "--vary") for option in vary or [])
    return with_changes(study, changes, factors) if changes or factors else study


def checked_study(target: str, vary: Sequence[str] | None, settings: Sequence[str] | None, seeds: int | None) -> Study:
    """As `chosen_study`; and its conditions fit its data, so that a mistake is told before JAX is loaded.

    Raises
    ------
    AssayError
        If the study, an option or the data cannot be used.
    """
    from assay.planning import plan_study

    study = chosen_study(target, vary, settings, seeds)
    if len(study.expand()) <= QUICKLY_CHECKED:
        plan_study(study)
    return study


def is_results(target: str) -> bool:
    """Whether this names a results folder; a built-in study of the same name goes before it."""
    from assay.store.schema import MANIFEST_FILE
    from assay.study.builtin import find_builtin

    return (Path(target) / MANIFEST_FILE).is_file() and find_builtin(target) is None


def study_of_results(target: str) -> Study:
    """The study of a results folder; relative paths in it start here, where it was run.

    Raises
    ------
    StoreError
        If a training of the user's own was watched there.
    """
    from assay.store import Tables

    study = Tables(target).study
    if not isinstance(study, Study):
        raise StoreError(f"{target}: holds a training of your own that was watched, not a study that assay can train.")
    return Study(**study.written())  # a user's own code, which reading leaves alone, is loaded


def results_of(target: str, out: Path | None) -> Path | None:
    """The folder to write into: the one that ``--out`` names, or the one that was named as the study."""
    return Path(target) if out is None and is_results(target) else out


def opened_results(directory: Path) -> Results:
    """The results folder; where there is none, the message names the one in ``assay-runs`` that was meant.

    Raises
    ------
    StoreError
        If it is no results folder.
    """
    import assay

    try:
        return assay.open_results(directory)
    except StoreError as error:
        near = "" if directory.exists() else _near_folder(directory)
        if not near:
            raise
        raise StoreError(f"{directory}: no such results folder.{near}") from error


def _near_folder(directory: Path) -> str:
    from assay.store.schema import RUNS_FOLDER

    known = [path.name for path in sorted(RUNS_FOLDER.glob("*/")) if (path / "manifest.json").is_file()]
    return did_you_mean(directory.name, known).replace("'", f"'{RUNS_FOLDER.as_posix()}/", 1)
