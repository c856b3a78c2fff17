"""assay on as many networks of the same shape, all of one kind (ReLU, Adam): what mixing kinds costs."""

from __future__ import annotations

from dataclasses import replace

from contenders import assay_engine
from workloads import Workload

KIND = ("relu", "glorot_uniform", "adam")


class Contender(assay_engine.Contender):
    """As many conditions as the workload has, at its rates; other networks than the workload's, with other losses."""

    def __init__(self, workload: Workload) -> None:
        conditions = tuple((*KIND, rate) for *_, rate in workload.conditions)
        super().__init__(replace(workload, conditions=conditions))
