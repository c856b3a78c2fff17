"""A call of a PyTorch function that multiplies by parameters: dense, a convolution, an embedding or another layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from assay.models.torch_layers import KERNELS

KINDS = {
    "embedding": "embedding",
    "embedding_bag": "embedding",
    "multi_head_attention_forward": "attention",
    "lstm": "recurrent",
    "gru": "recurrent",
    "rnn_tanh": "recurrent",
    "rnn_relu": "recurrent",
}
"""By PyTorch's name, what is neither a dense layer nor a convolution."""


class Kernel(NamedTuple):
    """What one call of a layer's function multiplied and added.

    Attributes
    ----------
    function : str
    weights : tuple of tensor
        One; of attention and recurrent layers all matrices.
    bias : tensor, optional
        None of recurrent layers, which have several.
    is_transposed : bool
        Its inputs lie along the first axis, (in, out, …).
    groups : int
        Of a transposed convolution, (in, out / groups, …).
    examples_axis : int
        Of the outputs: 1 where the first axis is time.
    """

    function: str
    weights: tuple[Any, ...]
    bias: Any = None
    is_transposed: bool = False
    groups: int = 1
    examples_axis: int = 0

    @property
    def kind(self) -> str:
        """As in `LayerFacts`."""
        return KINDS.get(self.function, "dense" if self.function == "linear" else "convolution")

    @property
    def is_plain(self) -> bool:
        """It is a dense layer or a convolution, over which a chain may lead."""
        return self.function not in KINDS

    def rows(self, *values: np.ndarray) -> np.ndarray:
        """Arrays like the weights as (units, inputs of a unit); several matrices as one row of all their entries."""
        if len(values) > 1:
            return np.concatenate([array.reshape(1, -1) for array in values], axis=1)
        [array] = values
        if self.is_transposed:
            grouped = array.reshape(self.groups, len(array) // self.groups, array.shape[1], -1)
            return np.swapaxes(grouped, 1, 2).reshape(self.groups * array.shape[1], -1)
        return array.reshape(len(array), -1)

    @property
    def shape(self) -> tuple[int, int]:
        """Units, and inputs of one unit."""
        first = tuple(self.weights[0].shape)
        if self.kind == "recurrent":
            return int(self.weights[1].shape[1]), int(first[1] + self.weights[1].shape[1])
        if self.kind == "attention":
            return int(self.weights[-1].shape[0]), int(self.weights[-1].shape[1])
        units, inputs = self.rows(np.empty(first, np.bool_)).shape
        return int(units), int(inputs)

    def without_numbers(self) -> Kernel:
        """The same with weights that have a shape alone, so that it holds no memory."""
        return self._replace(weights=tuple(weight.detach().to("meta") for weight in self.weights), bias=None)

    def by_units(self, array: np.ndarray, rows: int) -> np.ndarray:
        """Outputs as (B, P, U): examples, positions, units; B is 1 where they are the same for every example."""
        if self.function.startswith("conv") and array.ndim > 2:
            array = np.moveaxis(array, 1, -1)
        if self.examples_axis and array.ndim > 2:
            array = np.swapaxes(array, 0, self.examples_axis)
        is_of_examples = array.ndim > 1 and array.shape[0] % rows == 0
        return array.reshape(rows if is_of_examples else 1, -1, array.shape[-1])


def kernel_of(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], names: Mapping[int, str]) -> Kernel | None:
    """The weights of a layer, where a function of this name multiplies by some; `names` are those of parameters."""

    def given(place: int, word: str, default: Any = None) -> Any:
        return args[place] if len(args) > place else kwargs.get(word, default)

    if name in KERNELS:
        is_transposed = "transpose" in name
        groups = given(6, "groups", 1) if is_transposed else 1
        return Kernel(name, (given(1, "weight"),), given(2, "bias"), is_transposed=is_transposed, groups=groups)
    if name in ("matmul", "mm") and len(args) == 2 and id(args[1]) in names and args[1].ndim == 2:
        return Kernel("linear", (args[1],), None, is_transposed=True)
    if name == "addmm" and len(args) == 3 and id(args[2]) in names:
        return Kernel("linear", (args[2],), args[0], is_transposed=True)
    if KINDS.get(name) == "embedding" and id(given(1, "weight")) in names:
        return Kernel(name, (given(1, "weight"),), is_transposed=True)
    if KINDS.get(name) == "recurrent" and len(args) > 3 and isinstance(args[2], tuple | list):
        weights = tuple(part for part in args[2] if part.ndim == 2)
        return Kernel(name, weights, examples_axis=0 if args[-1] is True else 1) if len(weights) > 1 else None
    if KINDS.get(name) == "attention":
        entering, leaving, bias = given(5, "in_proj_weight"), given(11, "out_proj_weight"), given(12, "out_proj_bias")
        is_read = entering is not None and args[0].ndim == 3
        return Kernel(name, (entering, leaving), bias, examples_axis=1) if is_read else None
    return None
