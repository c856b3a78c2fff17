"""The study that a command line names: a file or built-in study, with its `--set`, `--vary` and `--seeds`."""

from __future__ import annotations

from collections.abc import Sequence

from assay.study import Study, load_study, with_changes
from assay.study.parsing import split_assignment


def chosen_study(
    target: str | Study, vary: Sequence[str] | None, settings: Sequence[str] | None, seeds: int | None
) -> Study:
    """Load `target` and apply the options, all at once.

    Raises
    ------
    StudyError
        If the study or an option cannot be used.
    """
    study = load_study(target)
    changes = dict(split_assignment(option, "--set") for option in settings or [])
    if seeds is not None:
        changes["design.seeds"] = str(seeds)
    factors = dict(split_assignment(option, "--vary") for option in vary or [])
    return with_changes(study, changes, factors) if changes or factors else study
