"""What is static in the programs of a population."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from assay.choices import Choice
from assay.engine.layout import Layout, Member, Segment
from assay.learning.optimizers import Static


@dataclass(frozen=True)
class Recipe:
    """What is static in a population's programs. Equal recipes share their compiled code.

    Attributes
    ----------
    task : str
        Decides the metric: accuracy, or the mean absolute error of a regression.
    metric : Choice, optional
        Another one, by the name of a loss or a user's own.
    activations : tuple (layers) of tuple of Segment
    losses, optimizers : tuple of Segment
    sparse : bool
        Whether the first kernels lie as (M, in, out), for `sparse_product`.
    at_once : bool
        Whether all groups of a device run at the same time (a GPU), or one after another (a core).
    weighted : bool
        Whether the targets have one more column: how much a row counts in the loss.
    """

    task: str
    activations: tuple[tuple[Segment[Choice], ...], ...]
    losses: tuple[Segment[Choice], ...]
    optimizers: tuple[Segment[Static], ...]
    sparse: bool
    at_once: bool
    metric: Choice | None = None
    weighted: bool = False

    @classmethod
    def of(
        cls,
        layout: Layout,
        task: str,
        *,
        metric: Choice | None = None,
        sparse: bool = False,
        at_once: bool = False,
        weighted: bool = False,
    ) -> Recipe:
        """Read the segments off a layout."""

        def activation_of(member: Member, at: int) -> Choice:
            return member.layers[at].activation

        depth = len(layout.members[0].layers)
        return cls(
            task,
            tuple(layout.segments(partial(activation_of, at=at)) for at in range(depth)),
            layout.segments(lambda member: member.loss),
            layout.segments(lambda member: member.static_optimizer),
            sparse,
            at_once,
            metric,
            weighted,
        )

    def inputs_first(self, layer: int) -> bool:
        """Whether the kernels of `layer`, from 0, lie as (M, in, out)."""
        return self.sparse and layer == 0

    def turned(self, kernel: np.ndarray, layer: int) -> np.ndarray:
        """One kernel from (in, out) to how it lies in the state, and back."""
        return kernel if self.inputs_first(layer) else kernel.T
