"""A laboratory for how neural networks start and train.

>>> import assay
>>> results = assay.run("digits")
>>> results.summary()  # a small table; .conditions[0].test["accuracy"].mean is a number in it

The public names are those of `__all__`; each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.errors import (
        AssayError,
        CapacityError,
        DataError,
        DeviceError,
        MissingExtra,
        ModelError,
        NonfiniteError,
        StoreError,
        StudyError,
        WriteError,
    )
    from assay.lab import run
    from assay.mapping import TrainabilityMap, open_map, trainability_map
    from assay.models.torch_watch import watch
    from assay.models.watch import Watch
    from assay.planning import plan_study
    from assay.probing import ProbeReport, probe
    from assay.report import write_report
    from assay.results import Results, open_results
    from assay.study import Study, load_study
    from assay.study.defaults import default_study

_HOMES = {
    "AssayError": "errors",
    "CapacityError": "errors",
    "DataError": "errors",
    "DeviceError": "errors",
    "MissingExtra": "errors",
    "ModelError": "errors",
    "NonfiniteError": "errors",
    "ProbeReport": "probing",
    "Results": "results",
    "StoreError": "errors",
    "Study": "study",
    "StudyError": "errors",
    "TrainabilityMap": "mapping",
    "Watch": "models.watch",
    "WriteError": "errors",
    "default_study": "study.defaults",
    "load_study": "study",
    "open_map": "mapping",
    "open_results": "results",
    "plan_study": "planning",
    "probe": "probing",
    "run": "lab",
    "trainability_map": "mapping",
    "watch": "models.torch_watch",
    "write_report": "report",
}

__all__ = [
    "AssayError",
    "CapacityError",
    "DataError",
    "DeviceError",
    "MissingExtra",
    "ModelError",
    "NonfiniteError",
    "ProbeReport",
    "Results",
    "StoreError",
    "Study",
    "StudyError",
    "TrainabilityMap",
    "Watch",
    "WriteError",
    "default_study",
    "load_study",
    "open_map",
    "open_results",
    "plan_study",
    "probe",
    "run",
    "trainability_map",
    "watch",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'assay' has no attribute '{name}'")
    return getattr(import_module(f"assay.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
