"""One look at a loop: hooks for one step of the optimizer, and the numbers that they bring."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch

from assay.models.layer_look import LayerLook
from assay.models.loop_hooks import Owner, Scalars
from assay.models.parameter_look import ParameterLook


class Look:
    """Layers and parameters of one step; what is measured waits on its device until it is fetched.

    Parameters
    ----------
    owner, model, optimizer
    hooks : iterable of handle
        Others that are to go with it.

    Attributes
    ----------
    layers : LayerLook
    parameters : ParameterLook
    numbers : dict
        What has been fetched so far.
    has_seen_gradients : bool
        The step has its gradients.
    """

    def __init__(
        self, owner: Owner, model: torch.nn.Module, optimizer: torch.optim.Optimizer, hooks: Iterable[Any] = ()
    ) -> None:
        self._scalars = Scalars()
        self.layers = LayerLook(owner, model, self._scalars)
        self.parameters = ParameterLook(owner, model, optimizer, self._scalars)
        self.numbers: dict[Any, float] = {}
        self.has_seen_gradients = False
        self._hooks = list(hooks)

    @property
    def gradients_are_finite(self) -> bool:
        """Of all parameters."""
        return all(math.isfinite(number) for (what, *_), number in self.numbers.items() if what == "gradient")

    def before_update(self) -> None:
        """Measure what the step is about to use, once, and fetch what is known so far."""
        if not self.has_seen_gradients:
            self.has_seen_gradients = True
            self.parameters.before_update()
            self._fetch()

    def after_update(self) -> None:
        """Measure what the step has done, fetch it, and take the hooks away."""
        self.parameters.after_update()
        self._fetch()
        self.close()

    def close(self) -> None:
        """Take the hooks away."""
        self.layers.close()
        self.parameters.close()
        for hook in self._hooks:
            hook.remove()

    def _fetch(self) -> None:
        numbers = self._scalars.fetched()
        self.numbers |= numbers | self.parameters.refined(numbers)
        self._scalars.clear()
