"""The trainability map: a whole plane of two numbers, a network at each of its points, and which of them learn.

::

    found = trainability_map("fractal", "first.learning_rate=0.1:100:64:log", "output.learning_rate=0.1:100:64:log")
    found.cells
    found.figure()
"""

from assay.mapping.axes import Axis
from assay.mapping.results import TrainabilityMap, open_map
from assay.mapping.run import trainability_map

__all__ = ["Axis", "TrainabilityMap", "open_map", "trainability_map"]
