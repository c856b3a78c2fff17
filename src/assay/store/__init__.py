"""What is kept: a results folder, its one writer, and its readers."""

from assay.store.reading import Results, open_results
from assay.store.writing import Store

__all__ = ["Results", "Store", "open_results"]
