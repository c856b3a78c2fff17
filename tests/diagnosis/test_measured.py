"""What rules read."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assay.diagnosis import LayerSignals, layer_signals


def test_a_number_is_found_by_layer():
    """Of each trial and epoch; a layer without one has NaN."""
    rows = [(0, 1, 2, "update", "ratio", 0.5), (0, 1, 3, "update", "ratio", 0.25), (0, 1, 3, "errors", "maximum", 9.0)]
    table = pl.DataFrame(rows, schema=["trial", "epoch", "layer", "quantity", "statistic", "value"], orient="row")
    measured = layer_signals(table)[0, 1]
    np.testing.assert_array_equal(measured("update", "ratio"), [np.nan, 0.5, 0.25])


def test_what_was_not_measured_is_not_a_number_and_a_misspelt_name_is_an_error():
    """A rule that asks for what does not exist would else keep silent for ever."""
    measured = LayerSignals(2, {})
    assert np.isnan(measured("saturation", "fraction")).all()
    for key in (("saturatoin", "fraction"), ("saturation", "mean"), ("errors", "maximum")):
        with pytest.raises(KeyError, match=f"statistic '{key[1]}' of a quantity '{key[0]}'"):
            measured(*key)
