"""What other tools read: tables for any of them, event files for TensorBoard; written from the store alone."""

from assay.export.tables import write_tables
from assay.export.tensorboard import write_tensorboard

__all__ = ["write_tables", "write_tensorboard"]
