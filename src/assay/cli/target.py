"""The study that a command line names: a file or built-in study, with its `--set`, `--vary` and `--seeds`."""

from __future__ import annotations

from collections.abc import Sequence

from assay.errors import StudyError
from assay.study import Study, load_study, with_factors, with_settings


def chosen_study(target: str, vary: Sequence[str] | None, settings: Sequence[str] | None, seeds: int | None) -> Study:
    """Load `target` and apply the options, settings first.

    Raises
    ------
    StudyError
        If the study or an option cannot be used.
    """
    study = load_study(target)
    changes = dict(_split(option, "--set") for option in settings or [])
    if seeds is not None:
        changes["design.seeds"] = str(seeds)
    if changes:
        study = with_settings(study, changes)
    if vary:
        study = with_factors(study, dict(_split(option, "--vary") for option in vary))
    return study


def _split(option: str, flag: str) -> tuple[str, str]:
    key, equals, value = option.partition("=")
    if not (key.strip() and equals and value.strip()):
        raise StudyError(f"{flag}: expected KEY=VALUE, such as network.activation=relu, got '{option}'.")
    return key.strip(), value.strip()
