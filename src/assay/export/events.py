"""A run of TensorBoard: summaries by step, in one event file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from assay.store.files import make_folders, replace_file

SUFFIX = ".assay"
"""Ends the name of every event file that is ours, so that a new export replaces the old one and nothing else."""


class Run:
    """What one run is going to hold; `write` makes the file.

    Parameters
    ----------
    folder : Path
        Its path below the folder given to ``tensorboard --logdir`` is the run's name.
    """

    def __init__(self, folder: Path) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        self.folder = folder
        self.steps: defaultdict[int, Any] = defaultdict(Summary)

    def add_scalars(self, rows: Iterable[tuple[int, str, float]]) -> None:
        """Add (step, tag, value) rows; values need not be finite."""
        for step, tag, value in rows:
            self.steps[step].value.add(tag=tag, simple_value=value)

    def add_histograms(self, rows: Iterable[tuple[int, str]], buckets: np.ndarray) -> None:
        """Add (step, tag) rows with their `histogram_buckets`, shape (N, K, 3)."""
        from tensorboard.compat.proto.tensor_pb2 import TensorProto
        from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
        from tensorboard.compat.proto.types_pb2 import DT_DOUBLE
        from tensorboard.plugins.histogram.metadata import create_summary_metadata

        metadata = create_summary_metadata(display_name=None, description=None)
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in buckets.shape[1:]])
        for (step, tag), content in zip(rows, buckets.astype("<f8"), strict=True):
            tensor = TensorProto(dtype=DT_DOUBLE, tensor_shape=shape, tensor_content=content.tobytes())
            self.steps[step].value.add(tag=tag, metadata=metadata, tensor=tensor)

    def add(self, summary: Any) -> None:
        """Add a summary that belongs to no epoch."""
        self.steps[0].MergeFrom(summary)

    def write(self, time_seconds: float) -> None:
        """Replace the event file of an earlier export; all events bear the same time, in seconds since 1970."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        events = [Event(wall_time=time_seconds, file_version="brain.Event:2")]
        events += [
            Event(wall_time=time_seconds, step=step, summary=found) for step, found in sorted(self.steps.items())
        ]

        def write(place: Path) -> None:
            with place.open("wb") as file:
                records = RecordWriter(file)
                for event in events:
                    records.write(event.SerializeToString())

        make_folders(self.folder)
        path = self.folder / f"events.out.tfevents.{int(time_seconds):010d}{SUFFIX}"
        replace_file(path, write)
        for other in set(self.folder.glob(f"events.out.tfevents.*{SUFFIX}")) - {path}:
            other.unlink()


def histogram_buckets(low: np.ndarray, high: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Stored distributions as TensorBoard keeps them: the left and the right edge of each bucket, and its count.

    Parameters
    ----------
    low, high : array, shape (N,)
        The ends of each distribution.
    counts : array, shape (N, K)
        In equal bins between them.

    Returns
    -------
    array, shape (N, K, 3)
        Where both ends are the same, all values are counted in the last bucket, as TensorBoard has it.
    """
    edges = np.linspace(low, high, counts.shape[1] + 1, axis=1)
    counts = counts.astype(np.float64)
    single = low == high
    total = counts[single].sum(axis=1)
    counts[single] = 0.0
    counts[single, -1] = total
    return np.stack([edges[:, :-1], edges[:, 1:], counts], axis=2)
