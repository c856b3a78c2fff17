"""The study that a command line names: a file or built-in study, with its `--set`, `--vary` and `--seeds`."""

from __future__ import annotations

from collections.abc import Sequence

from assay.study import Study, load_study, with_factors, with_settings
from assay.study.parsing import split_assignment


def chosen_study(target: str, vary: Sequence[str] | None, settings: Sequence[str] | None, seeds: int | None) -> Study:
    """Load `target` and apply the options, settings first.

    Raises
    ------
    StudyError
        If the study or an option cannot be used.
    """
    study = load_study(target)
    changes = dict(split_assignment(option, "--set") for option in settings or [])
    if seeds is not None:
        changes["design.seeds"] = str(seeds)
    if changes:
        study = with_settings(study, changes)
    if vary:
        study = with_factors(study, dict(split_assignment(option, "--vary") for option in vary))
    return study
