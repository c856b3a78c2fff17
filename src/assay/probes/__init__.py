"""What is measured in every layer of every member at once, before training and through it."""

from assay.engine.tracing import Probe
from assay.probes.arrays import ArrayProbe
from assay.probes.correlation import CorrelationProbe
from assay.probes.response import LossProbe, ResponseProbe
from assay.probes.tables import probe_rows, signal_frames
from assay.probes.units import DeadUnits, IdenticalUnits, SaturatedUnits
from assay.probes.updates import UpdateProbe

PROBES: tuple[Probe, ...] = (
    ArrayProbe(),
    UpdateProbe(),
    DeadUnits(),
    SaturatedUnits(),
    IdenticalUnits(),
    CorrelationProbe(),
    ResponseProbe(),
    LossProbe(),
)
"""All of them."""

__all__ = ["PROBES", "Probe", "probe_rows", "signal_frames"]
