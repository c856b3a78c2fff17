"""Many networks at once: populations, their layout, their compiled programs.

What is exported here is light; `assay.engine.trainer` starts JAX and is imported by what trains.
"""

from assay.engine.compilation import PROGRAMS_KEPT, Compilation, counted_compilation, use_compilation_cache
from assay.engine.devices import available_cores, memory_limit, on_cpu, use_all_cores, use_devices
from assay.engine.layout import Layout, Member, Segment, plan_layout
from assay.engine.outcome import Outcome

__all__ = [
    "PROGRAMS_KEPT",
    "Compilation",
    "Layout",
    "Member",
    "Outcome",
    "Segment",
    "available_cores",
    "counted_compilation",
    "memory_limit",
    "on_cpu",
    "plan_layout",
    "use_all_cores",
    "use_compilation_cache",
    "use_devices",
]
