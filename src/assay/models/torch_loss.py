"""What a user's own loss does with a module's output, seen while it is computed.

A loss may be a class of ``torch.nn``, weighted or summed, or a function of the user's own around one of
``torch.nn.functional``. Whichever it is, in the end it calls one of the functions below, and that call says which
tensor is read as the output, which as the target, and as what: raw scores, probabilities or numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from assay.choices import Choice
from assay.learning.losses import LOSSES
from assay.models.chance import best_constant_loss
from assay.models.naming import chosen

# By PyTorch's name: the loss of ours that reads an output and a target in the same way, with its arguments.
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "cross_entropy": ("categorical_crossentropy", {"from_logits": True}),
    "nll_loss": ("categorical_crossentropy", {}),
    "binary_cross_entropy": ("binary_crossentropy", {}),
    "binary_cross_entropy_with_logits": ("binary_crossentropy", {"from_logits": True}),
    "mse_loss": ("mean_squared_error", {}),
    "l1_loss": ("mean_absolute_error", {}),
    "smooth_l1_loss": ("huber", {}),
    "huber_loss": ("huber", {}),
    "kl_div": ("kl_divergence", {}),
    "poisson_nll_loss": ("poisson", {}),
}
# They compare every entry of the output with one of the target.
ELEMENTWISE = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "sub", "rsub")
# They take a score, or a logarithm, of each class.
_OF_CLASSES = ("cross_entropy", "nll_loss")
# They take logarithms of probabilities.
OF_LOGARITHMS = ("nll_loss", "kl_div")
_TINY = 1e-12

Beyond = tuple[float, float, int]


@dataclass(eq=False)
class LossCall:
    """The one call that turns an output and a target into a loss.

    Attributes
    ----------
    name : str
        Of PyTorch's function: ``cross_entropy``.
    function : callable
    output, target : tensor
    arguments : dict
        The others, such as ``weight``.
    value : tensor
    """

    name: str
    function: Callable[..., Any]
    output: Any
    target: Any
    arguments: dict[str, Any]
    value: Any

    @classmethod
    def of(cls, name: str, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], value: Any) -> LossCall:
        """From a call as it was written, positional or by name."""
        names = ("input", "target", "weight")
        given = dict(zip(names, args, strict=False)) | dict(kwargs)
        output, target = given.pop("input"), given.pop("target")
        return cls(name, function, output, target, given, value)

    @property
    def choice(self) -> Choice | None:
        """The loss of ours that reads its output in the same way."""
        name, arguments = KINDS[self.name]
        told: dict[str, Any] = {
            key: self.arguments[key] for key in ("label_smoothing", "delta") if key in self.arguments
        }
        return chosen(name, {**arguments, **told}, LOSSES)

    @property
    def takes_logarithms(self) -> bool:
        """Whether it expects logarithms of probabilities, which a log_softmax gives."""
        return self.name in OF_LOGARITHMS

    @property
    def class_axis(self) -> int:
        """The axis of the output along which the K outputs of an example lie."""
        return 1 if self.name in _OF_CLASSES and self.output.ndim > 1 else -1

    @property
    def outputs(self) -> int:
        """K; an output without an axis behind the rows has one for each row."""
        is_row = self.output.ndim == 1 and self.name not in _OF_CLASSES
        return 1 if is_row or not self.output.ndim else int(self.output.shape[self.class_axis])

    @property
    def broadcast(self) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """The shapes of output and target, where comparing them makes more numbers than either has."""
        return broadcast_shapes(self.output, self.target) if self.name in ELEMENTWISE else None

    def of_constant(self, constant: Any) -> Any:
        """The loss if every example had the same K outputs, (K,); its gradient can be taken.

        Where it expects logarithms of shares, those that the K numbers are the raw scores of: without that, −log p has
        no smallest value.
        """
        constant = constant.log_softmax(0) if self.takes_logarithms else constant
        shape = [1] * self.output.ndim
        if shape:
            shape[self.class_axis] = -1
        output = constant.to(self.output.dtype).reshape(shape).expand(self.output.shape)
        return self.function(output, self.target, **self.arguments)

    def chance(self) -> float | None:
        """The loss of the best constant output; None where none is finite."""
        of_labels = self._chance_of_labels()
        if of_labels is not None:
            return of_labels
        outputs = self.outputs
        is_probability = self.name == "binary_cross_entropy"

        def value_and_slope(constant: np.ndarray) -> tuple[float, np.ndarray]:
            held = torch.tensor(constant, dtype=torch.float64, device=self.output.device, requires_grad=True)
            with torch.enable_grad():
                value = self.of_constant(held).mean()
                (slope,) = torch.autograd.grad(value, held)
            return float(value.detach()), slope.cpu().numpy()

        target = self.target.detach().double().cpu()
        mean = float(target.mean()) if target.numel() else 0.0
        start = np.full(outputs, np.clip(mean, 0.01, 0.99) if is_probability else 0.0)
        starts = [start]
        if self.name in ELEMENTWISE:
            starts = [start, np.full(outputs, mean), np.full(outputs, float(target.median()))]
        elif not self.name:  # written by hand: it may take the logarithm of an output
            starts = [start, np.full(outputs, np.clip(mean, 0.01, 0.99))]
        bounds = (1e-6, 1 - 1e-6) if is_probability else None
        return best_constant_loss(value_and_slope, starts, bounds=bounds)

    def _chance_of_labels(self) -> float | None:
        """Of a cross-entropy of plain labels in closed form; None of others.

        With n_k labels of class k, each of weight w_k, the best constant is q_k = w_k n_k / Σ w n, and its loss
        −Σ w n log q, summed, or divided by Σ w n.
        """
        reduction = self.arguments.get("reduction", "mean")
        is_plain = not self.arguments.get("label_smoothing") and reduction in ("mean", "sum")
        if self.name != "cross_entropy" or self.target.is_floating_point() or not is_plain:
            return None
        labels = self.target.detach().reshape(-1)
        labels = labels[labels != self.arguments.get("ignore_index", -100)]
        counts = torch.bincount(labels, minlength=self.output.shape[self.class_axis]).double()
        weight = self.arguments.get("weight")
        weighted = counts if weight is None else counts * weight.detach().double()
        total = float(weighted.sum())
        if not total > 0:
            return None
        summed = total * float(torch.special.entr(weighted / total).sum())
        return summed / total if reduction == "mean" else summed

    def floor(self) -> float:
        """The smallest value that any outputs reach: that of the best output for each target; 0 of most losses.

        Of soft targets it is an entropy: of shares t of classes Σ −t log t, of a label t between 0 and 1
        −t log t − (1 − t) log(1 − t). Of counts t under a Poisson loss it is t − t log t.
        """
        best = self._best_output()
        if best is None:
            return 0.0
        return float(self.function(best.to(self.output.dtype), self.target, **self.arguments).detach().mean())

    def _best_output(self) -> Any:
        """Where the loss of soft targets, or of counts, is smallest; None where that is 0 anyway."""
        if not self.target.is_floating_point():
            return None
        t = self.target.detach().double()
        weight = self.arguments.get("weight")
        if self.name == "cross_entropy":  # Σ −w t log p is smallest for p in proportion to w t
            shape = [1] * t.ndim
            shape[self.class_axis] = -1
            smoothing = self.arguments.get("label_smoothing", 0.0)
            t = t * (1 - smoothing) + smoothing / t.shape[self.class_axis]
            return (t if weight is None else t * weight.double().reshape(shape)).clamp(min=_TINY).log()
        if self.name == "binary_cross_entropy":
            return t.clamp(0, 1)
        if self.name == "binary_cross_entropy_with_logits":
            positive = self.arguments.get("pos_weight")
            odds = t.clamp(0, 1) * (1.0 if positive is None else positive.double())
            return odds.clamp(min=_TINY).log() - (1 - t).clamp(_TINY, 1).log()
        if self.name == "poisson_nll_loss":
            return t.clamp(min=_TINY).log() if self.arguments.get("log_input", True) else t.clamp(min=_TINY)
        return None


def broadcast_shapes(output: Any, target: Any) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Both shapes, where an elementwise loss of the two would compare each output with several targets."""
    ours, theirs = tuple(output.shape), tuple(target.shape)
    try:
        size = int(np.prod(np.broadcast_shapes(ours, theirs)))
    except ValueError:
        return None
    is_larger = size > max(output.numel(), target.numel())
    return (ours, theirs) if is_larger and output.numel() > 1 and target.numel() > 1 else None


def computable(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any], Beyond | None]:
    """The arguments of a loss, held within what PyTorch computes without an error, and the labels that have no meaning.

    What lies outside is a finding; the rest of the network is to be looked at all the same.
    """
    of_two = ("binary_cross_entropy", "binary_cross_entropy_with_logits")
    if name not in (*_OF_CLASSES, *of_two) or len(args) < 2:
        return args, kwargs, None
    output, target, *others = args
    if not isinstance(output, torch.Tensor) or not isinstance(target, torch.Tensor) or not target.numel():
        return args, kwargs, None
    if name in of_two:
        beyond = _beyond(target, 0, 1, outputs=1)
        if name == "binary_cross_entropy_with_logits":  # PyTorch computes it of any targets, and it has no minimum then
            return args, kwargs, beyond
        held = output.nan_to_num(0.5).clamp(0, 1)
        return (held, target.clamp(0, 1), *others), kwargs, beyond
    if target.is_floating_point():
        return args, kwargs, None
    outputs = output.shape[1] if output.ndim > 1 else output.shape[0]
    ignored = kwargs.get("ignore_index", -100)
    counted = target[target != ignored]
    beyond = _beyond(counted, 0, outputs - 1, outputs=outputs) if counted.numel() else None
    if beyond is None:
        return args, kwargs, None
    return (output, torch.where(target == ignored, target, target.clamp(0, outputs - 1)), *others), kwargs, beyond


def _beyond(labels: Any, low: float, high: float, *, outputs: int) -> Beyond | None:
    found = float(labels.min()), float(labels.max())
    return (*found, outputs) if found[0] < low or found[1] > high else None


def is_loss(name: str) -> bool:
    """Whether a function of this name turns outputs and targets into a loss."""
    return name in KINDS


def takes_classes_first(function: Any) -> bool:
    """Whether a loss expects its K scores along the axis behind the rows, as ``CrossEntropyLoss`` does."""
    return isinstance(function, torch.nn.CrossEntropyLoss | torch.nn.NLLLoss) or function in (
        functional.cross_entropy,
        functional.nll_loss,
    )
