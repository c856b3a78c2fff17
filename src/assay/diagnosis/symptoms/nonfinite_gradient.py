"""A loss that is a number, with a gradient that is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from assay.diagnosis.examples import SOUND_MODULE, ModelExample
from assay.diagnosis.facts import NetworkFacts, ParameterFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.loop import LoopFacts
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.nonfinite_step import loss_text, nonfinite_step
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.wording import number_text


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Where the numbers of the network and its loss are finite, and the gradient is not."""
    if measured.has_overflowed_forward or not np.isfinite(measured.loss):
        return
    broken = broken_gradients(facts.parameters)
    count = float(np.nansum(measured("kernel_gradient", "nonfinite_count")))
    if not broken and not count:
        return
    where = f"of '{broken[0].name}' and {len(broken) - 1} more" if len(broken) > 1 else "of a kernel"
    where = f"of '{broken[0].name}'" if len(broken) == 1 else where
    yield SYMPTOM.finding(
        (),
        Evidence(
            "entries of the gradient that are not finite",
            max(count, float(len(broken))),
            0.0,
            f"The loss is {number_text(measured.loss)}, and the gradient {where} is infinite or not a number.",
        ),
    )


def in_loop(facts: LoopFacts) -> Iterator[Finding]:
    """The gradients of a step that a watcher saw before it was made, where its loss is a number or not known."""
    seen = facts.nonfinite
    if seen is None or (seen.loss is not None and not np.isfinite(seen.loss)):
        return
    count = len(seen.parameters)
    arrays = "gradient of one parameter" if count == 1 else f"gradients of {count} parameters"
    first = f" ('{seen.parameters[0]}' is the first)" if seen.parameters else ""
    loss = "" if seen.loss is None else f"{loss_text(seen.loss)}, and "
    yield nonfinite_step(SYMPTOM, seen, f"{loss}the {arrays} hold what is not finite{first}")


def broken_gradients(parameters: Sequence[ParameterFacts]) -> list[ParameterFacts]:
    """The parameters whose gradients hold what is not finite."""
    return [one for one in parameters if one.gradient is not None and not np.isfinite(one.gradient)]


SYMPTOM = Symptom(
    name="nonfinite_gradient",
    order=165,
    level="certain",
    title="A gradient that is not a number",
    meaning="The loss is a number, and its gradient is infinite or not a number.",
    sight="A cross in the panel of the kernel's gradient, although all other panels look sound.",
    rule="The loss and all pre-activations are finite, and an entry of a gradient is not.",
    cause=(
        "A function is used at a point where it has no slope: the square root or a norm at 0, the logarithm of 0, a "
        "division by 0. The next update makes every weight that such a gradient reaches NaN (not a number)."
    ),
    why="The slope of √s is 1 / (2√s), which is infinite at s = 0; and 0 · ∞ is not a number.",
    source="IEEE 754, the standard of floating-point arithmetic",
    remedy=(
        "Keep the argument away from that point: sqrt(max(s, 1e-7)), log(p + 1e-7), x / (s + 1e-7), or a norm with an "
        "epsilon."
    ),
    advice="PyTorch's torch.autograd.set_detect_anomaly(True) names the function.",
    example=ModelExample(
        "loss = lambda z, y: ((z - y) ** 2).mean() + (z - z).square().sum().sqrt()\n" + SOUND_MODULE,
        "loss = lambda z, y: ((z - y) ** 2).mean() + ((z - z).square().sum() + 1e-7).sqrt()\n" + SOUND_MODULE,
        is_torch=True,
    ),
    factors=("loss",),
    at_start=at_start,
    in_loop=in_loop,
)
