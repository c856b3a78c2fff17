"""What is kept: a results folder, its one writer, and its readers."""

from assay.store.reading import Tables
from assay.store.writing import Store

__all__ = ["Store", "Tables"]
