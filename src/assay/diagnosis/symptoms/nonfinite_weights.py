"""Weights that are not numbers any more."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.diagnosis.examples import SOUND_MODEL, ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.profiles import layers_where
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.wording import layers_text


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """A single weight is enough."""
    layers = broken_layers(measured)
    if layers:
        yield SYMPTOM.finding(
            layers,
            Evidence(
                "weights that are not finite",
                float(np.nansum(measured("kernel", "nonfinite_count"))),
                0.0,
                f"The kernels of {layers_text(layers)} hold weights that are NaN (not a number) or infinite.",
            ),
        )


def broken_layers(measured: LayerSignals) -> tuple[int, ...]:
    """The layers whose kernels hold such weights."""
    return layers_where(measured("kernel", "nonfinite_count") > 0)


SYMPTOM = Symptom(
    name="nonfinite_weights",
    order=150,
    level="certain",
    title="Weights that are not numbers",
    meaning="A kernel holds weights that are NaN (not a number) or infinite.",
    sight="A cross in the kernel's panel, and in every panel from that layer on.",
    rule="Any entry of a kernel is NaN or infinite.",
    cause=(
        "A training that diverged leaves such weights, and so does a broken file. No input gives a finite output then."
    ),
    why="NaN plus anything is NaN, so no further update can repair them.",
    source="IEEE 754, the standard of floating-point arithmetic",
    remedy="Initialize these layers anew.",
    advice="Then find out why the training diverged: see `divergence`.",
    example=ModelExample(
        SOUND_MODEL + "hidden[0].kernel.assign(np.full((10, 32), np.nan))\n",
        SOUND_MODEL + "hidden[0].kernel.assign(hidden[0].kernel_initializer((10, 32)))\n",
    ),
    at_start=at_start,
)
