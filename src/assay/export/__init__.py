"""What other tools read: tables for any of them, event files for TensorBoard, trained networks for other programs.

All of it is written from the store alone.
"""

from assay.export.networks import SUFFIXES, write_network
from assay.export.tables import write_tables
from assay.export.tensorboard import write_tensorboard

__all__ = ["SUFFIXES", "write_network", "write_tables", "write_tensorboard"]
