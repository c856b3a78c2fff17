"""Before each step of an optimizer: is it finite, and what is done if it is not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch

from assay.models.loop_look import Look
from assay.models.parameter_look import gradients_are_finite

OnNonfinite = Literal["raise", "skip", "tell"]


class StepGuard:
    """Finds steps that are not finite, and leaves them out if that is asked for.

    Parameters
    ----------
    on_nonfinite : {"raise", "skip", "tell"}
        With ``tell``, gradients are looked at in looks alone, and losses where that waits for no device.
    is_one_of_many : bool
        Other processes train the same model.

    Attributes
    ----------
    skipped : int
        Steps that were left out.
    """

    def __init__(self, on_nonfinite: OnNonfinite, *, is_one_of_many: bool) -> None:
        self.on_nonfinite, self.skipped = on_nonfinite, 0
        self._is_one_of_many = is_one_of_many
        self._kept: list[tuple[torch.Tensor, torch.Tensor]] = []

    @property
    def is_careful(self) -> bool:
        """Whether it looks at all gradients before each step."""
        return self.on_nonfinite != "tell"

    def is_sound(self, optimizer: torch.optim.Optimizer, look: Look | None, losses: Sequence[torch.Tensor]) -> bool:
        """Whether the step may be made, as far as it is looked at."""
        if getattr(optimizer, "found_inf", None) is not None:
            return True  # a fused optimizer leaves such steps out by itself
        if self.is_careful:
            gradients_are_sound = gradients_are_finite(optimizer)
        else:
            gradients_are_sound = look is None or look.gradients_are_finite
        if self._is_one_of_many and self.on_nonfinite == "skip":
            return gradients_are_sound  # on which all processes agree; they need not agree on the loss
        loss = self.loss(losses, look)
        if loss is None or math.isfinite(loss):
            return gradients_are_sound
        # Between looks a loss is noted before its backward pass: it may be one that has none.
        return look is None and not self.is_careful and gradients_are_finite(optimizer)

    def loss(self, losses: Sequence[torch.Tensor], look: Look | None) -> float | None:
        """The first that is not finite, or the last; None where none is known or looking would wait for a device."""
        is_looked_at = look is not None or self.is_careful
        known = (number_of(loss) for loss in losses if is_looked_at or loss.device.type == "cpu")
        found = None
        for found in known:
            if not math.isfinite(found):
                break
        return found

    def leave_out(self, optimizer: torch.optim.Optimizer) -> None:
        """Let the step do nothing: an optimizer leaves a parameter without a gradient alone."""
        self.skipped += 1
        given = [one for group in optimizer.param_groups for one in group["params"] if one.grad is not None]
        self._kept = [(parameter, parameter.grad) for parameter in given]
        for parameter in given:
            parameter.grad = None

    def restore(self) -> bool:
        """Give back the gradients of a step that was left out; whether it was."""
        for parameter, gradient in self._kept:
            parameter.grad = gradient
        was_left_out, self._kept = bool(self._kept), []
        return was_left_out


def number_of(loss: torch.Tensor) -> float:
    """The loss, or the mean of losses of examples; waits for the device."""
    return float(loss.item() if loss.numel() == 1 else loss.float().mean())
