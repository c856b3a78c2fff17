"""Histograms and scalars in TensorBoard's own form."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("tensorboard", reason="needs the extra: pip install 'assay[tensorboard]'")

from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.util.tensor_util import make_ndarray

from assay.export.events import SUFFIX, Run, histogram_buckets


@pytest.mark.parametrize(
    "values",
    [np.random.default_rng(0).normal(size=1000), np.full(7, 2.5), np.array([-1e38, 0.0, 3e38]), np.zeros(3)],
    ids=["normal", "constant", "huge", "zeros"],
)
def test_stored_bins_become_what_tensorboard_makes_of_the_values(values):
    """From ends and counts alone, the buckets are those of TensorBoard's own summary of the values."""
    low, high = values.min(), values.max()
    counts = np.histogram(values, 32)[0] if high > low else np.array([len(values)] + [0] * 31)
    [expected] = histogram_pb("tag", values, buckets=32).value
    found = histogram_buckets(np.array([low]), np.array([high]), counts[None])
    np.testing.assert_allclose(found[0], make_ndarray(expected.tensor), rtol=1e-12)


def test_a_distribution_without_finite_values_is_all_zeros():
    """As TensorBoard has it for no data: [k, 3] zeros."""
    assert not histogram_buckets(np.zeros(1), np.zeros(1), np.zeros((1, 32), int)).any()


def test_writing_again_replaces_our_file_and_no_other(tmp_path, read_back):
    """A second export of a run leaves one file of ours, and those of another program as they are."""
    other = tmp_path / "run" / "events.out.tfevents.1.other"
    for value in (1.0, 2.0):
        run = Run(tmp_path / "run")
        run.add_scalars([(0, "loss", math.inf), (1, "loss", value), (2, "loss", 1e300)])
        run.write(time_seconds=5.0)
        other.touch()
    assert len(list((tmp_path / "run").glob(f"*{SUFFIX}"))) == 1
    assert other.exists()
    other.unlink()
    found = read_back(tmp_path).scalars()["run"]["loss"]
    assert [(datum.step, datum.value, datum.wall_time) for datum in found] == [
        (0, math.inf, 5.0),
        (1, 2.0, 5.0),
        (2, math.inf, 5.0),  # TensorBoard's scalars are single precision
    ]
