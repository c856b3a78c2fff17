"""What a watcher keeps of a loop: the facts that rules ask for, and the tables that a results folder has."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from assay.diagnosis.facts import ParameterFacts
from assay.diagnosis.loop import ClippingFacts, LoopFacts, ModeFacts
from assay.models.layer_look import STATISTICS
from assay.models.loop_hooks import inner_module
from assay.store.schema import HISTORY_COLUMNS, SIGNAL_COLUMNS, empty_frame

if TYPE_CHECKING:
    import polars as pl


class LoopRecord:
    """Everything seen so far, as plain numbers; it holds no model.

    Parameters
    ----------
    name : str
        Of the model: the condition in the tables.

    Attributes
    ----------
    facts : LoopFacts
    layers : dict of str to str
        Layers in the order of execution, each with its class; they are numbered from 1 in the tables.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.facts = LoopFacts(0)
        self.layers: dict[str, str] = {}
        self._signals: list[tuple[int, int, str, str, float]] = []

    def history(self, first: int = 0) -> pl.DataFrame:
        """The loss at each look from step `first` on, as in the store; ``epoch`` is the step."""
        import polars as pl

        losses = [one for one in self.facts.losses if one[0] >= first]
        rows = [(0, self.name, 0, "select", at, "train", "loss", value) for at, value in losses]
        return pl.DataFrame(rows, schema=empty_frame(HISTORY_COLUMNS).schema, orient="row")

    def signals(self, first: int = 0) -> pl.DataFrame:
        """What was measured of each layer from step `first` on, as in the store; ``epoch`` is the step."""
        import polars as pl

        rows = [(0, self.name, 0, *row) for row in self._signals if row[0] >= first]
        return pl.DataFrame(rows, schema=empty_frame(SIGNAL_COLUMNS).schema, orient="row")

    def take(
        self,
        step: int,
        *,
        numbers: Mapping[Any, float],
        layers: Mapping[str, str],
        loss: float | None,
        parameters: tuple[ParameterFacts, ...],
        carried_over: bool | None,
        clipping: tuple[float, float] | None,
        modes: Sequence[ModeFacts],
        is_training: bool,
        rates: tuple[float, float] | None,
        loss_scale: float | None,
    ) -> None:
        """Take in what was seen at a look."""
        for name, kind in layers.items():
            self.layers.setdefault(name, kind)
        facts = self.facts
        self.facts = replace(
            facts,
            steps=step,
            looks=(*facts.looks, step),
            losses=facts.losses if loss is None else (*facts.losses, (step, loss)),
            parameters=parameters,
            carried_over=facts.carried_over
            if carried_over is None or step == 1
            else (*facts.carried_over, carried_over),
            is_training=(*facts.is_training, is_training),
            rates=facts.rates if rates is None else (*facts.rates, rates),
            modes=_joined(facts.modes, modes, len(facts.looks)),
            clipping=facts.clipping if clipping is None else (*facts.clipping, ClippingFacts(*clipping)),
            loss_scale=loss_scale,
        )
        self._signals += self._rows(step, numbers, loss_scale or 1.0)

    def take_last_loss(self, step: int, loss: float) -> None:
        """The loss of the last step, which was not looked at."""
        losses = self.facts.losses
        if not losses or losses[-1][0] < step:
            self.facts = replace(self.facts, losses=(*losses, (step, loss)))

    def _rows(
        self, step: int, numbers: Mapping[Any, float], loss_scale: float
    ) -> list[tuple[int, int, str, str, float]]:
        """Rows of the signals: what leaves each layer, its gradient, its kernel, the kernel's gradient and update."""
        rows = []
        for place, name in enumerate(self.layers, start=1):
            for statistic in STATISTICS:
                value = numbers.get(("preactivations", name, statistic))
                if value is not None:
                    rows.append((step, place, "preactivations", statistic, value))
            error = numbers.get(("errors", name, "rms"))
            if error is not None:
                rows.append((step, place, "errors", "rms", error / loss_scale))
            kernel = f"{name}.weight" if name else "weight"
            size, gradient, update = (numbers.get((what, kernel)) for what in ("size", "gradient", "update"))
            root = math.sqrt(self._count(kernel))
            if size is not None:
                rows.append((step, place, "kernel", "rms", size / root))
            if gradient is not None:
                rows.append((step, place, "kernel_gradient", "rms", gradient / root))
            if update is not None and size:
                rows.append((step, place, "update", "ratio", update / size))
        return rows

    def _count(self, parameter: str) -> int:
        return next((one.size for one in self.facts.parameters if one.name == parameter), 1) or 1

    def last_sound(self, layer: str) -> str:
        """What was measured of a layer at the last look, as a sentence; empty where nothing was."""
        place = list(self.layers).index(layer) + 1 if layer in self.layers else None
        last = {
            (step, statistic): value
            for step, number, quantity, statistic, value in self._signals
            if number == place and quantity == "preactivations"
        }
        steps = [step for step, statistic in last if statistic == "std" and math.isfinite(last[step, statistic])]
        if not steps:
            return ""
        return f"At step {max(steps)} the std of its outputs was {last[max(steps), 'std']:.3g}."


def modes_of(model: torch.nn.Module) -> list[ModeFacts]:
    """The layers that compute something else in evaluation, with their mode of this moment."""
    found = []
    for name, module in inner_module(model).named_modules():
        if isinstance(module, torch.nn.modules.batchnorm._NormBase) and module.track_running_stats:
            counted = module.num_batches_tracked
            batches = None if counted is None or module.training else int(counted)
            found.append(ModeFacts(name, "batch normalization", (module.training,), batches))
        elif isinstance(module, torch.nn.modules.dropout._DropoutNd) and module.p > 0:
            found.append(ModeFacts(name, "dropout", (module.training,)))
    return found


def _joined(before: Sequence[ModeFacts], now: Sequence[ModeFacts], looks: int) -> tuple[ModeFacts, ...]:
    """The modes of a look behind those of the looks before it."""
    known = {layer.name: layer.in_training for layer in before}
    return tuple(
        replace(layer, in_training=(*known.get(layer.name, layer.in_training * looks), *layer.in_training))
        for layer in now
    )
