"""What will be tried: study files, the conditions they stand for, and the built-in studies."""

from assay.study.builtin import BUILTIN, BuiltinStudy
from assay.study.conditions import Condition
from assay.study.parsing import load_study, with_changes
from assay.study.parts import DataSpec, DesignSpec, LayerSpec, NetworkSpec, ProbeSpec, TrainingSpec
from assay.study.resolving import layers_of, resolve
from assay.study.schema import study_schema
from assay.study.spec import Study

__all__ = [
    "BUILTIN",
    "BuiltinStudy",
    "Condition",
    "DataSpec",
    "DesignSpec",
    "LayerSpec",
    "NetworkSpec",
    "ProbeSpec",
    "Study",
    "TrainingSpec",
    "layers_of",
    "load_study",
    "resolve",
    "study_schema",
    "with_changes",
]
