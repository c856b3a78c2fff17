"""assay a second time: its program comes from the compilation cache, which the referee has it fill before."""

from __future__ import annotations

from contenders import assay_engine
from workloads import Workload

from assay.engine import use_compilation_cache


class Contender(assay_engine.Contender):
    """The same networks."""

    def __init__(self, workload: Workload) -> None:
        use_compilation_cache()
        super().__init__(workload)
