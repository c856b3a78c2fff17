"""The layers of a dense network as plain values: sizes, names, parameter counts, and the output that data call for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from assay.choices import Choice
from assay.networks.activations import output_units


@dataclass(frozen=True)
class Layer:
    """One dense layer: activations = dropout(activation(kernelᵀ x + bias)).

    Attributes
    ----------
    fan_in, units : int
        Inputs, and rows of pre-activations.
    activation, kernel_initializer, bias_initializer : Choice
        From `ACTIVATIONS` and `INITIALIZERS`.
    dropout : float
        Fraction of the activations set to 0 while training, in [0, 1); 0 for the output layer.
    l2 : float
        Strength of the penalty l2 · Σ kernel² added to the loss.
    learning_rate : float, optional
        Of this layer's kernel and bias; the optimizer's if None.
    """

    fan_in: int
    units: int
    activation: Choice
    kernel_initializer: Choice
    bias_initializer: Choice
    dropout: float = 0.0
    l2: float = 0.0
    learning_rate: float | None = None

    @property
    def outputs(self) -> int:
        """Units after the activation; glu halves them."""
        return output_units(self.activation, self.units)

    @property
    def parameters(self) -> int:
        """Entries of the kernel and the bias."""
        return self.fan_in * self.units + self.units


def count_parameters(layers: Sequence[Layer]) -> int:
    """Entries of all kernels and biases."""
    return sum(layer.parameters for layer in layers)


def shape_key(layers: Sequence[Layer]) -> tuple[tuple[int, int, int], ...]:
    """(fan_in, units, outputs) of each layer: equal keys mean arrays of equal shapes."""
    return tuple((layer.fan_in, layer.units, layer.outputs) for layer in layers)


def model_summary(layers: Sequence[Layer]) -> str:
    """A table with one line a layer and the total number of parameters."""
    header = ("layer", "shape", "activation", "kernel initializer", "parameters")
    rows = [
        (
            str(number),
            f"{layer.fan_in} → {layer.units}",
            str(layer.activation),
            str(layer.kernel_initializer),
            f"{layer.parameters:,}",
        )
        for number, layer in enumerate(layers, start=1)
    ]
    total = ("total", "", "", "", f"{count_parameters(layers):,}")
    table = [header, *rows, total]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    rule = "  ".join("-" * width for width in widths)

    def line(row: tuple[str, ...]) -> str:
        *words, number = row
        cells = [word.ljust(width) for word, width in zip(words, widths, strict=False)]
        return "  ".join([*cells, number.rjust(widths[-1])])

    return "\n".join([line(header), rule, *map(line, rows), rule, line(total)])


@cache
def output_defaults(task: str, outputs: int) -> tuple[Choice, Choice]:
    """The output activation and the loss that go with the data.

    Parameters
    ----------
    task : {"binary", "multiclass", "multilabel", "regression"}
        What the data ask for.
    outputs : int
        Rows of the targets.

    Returns
    -------
    tuple of Choice
        (output activation, loss).
    """
    if task in ("binary", "multilabel") or (task == "multiclass" and outputs == 1):
        return Choice("sigmoid"), Choice("binary_crossentropy")
    if task == "multiclass":
        return Choice("softmax"), Choice("categorical_crossentropy")
    return Choice("linear"), Choice("mean_squared_error")
