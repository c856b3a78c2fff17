"""What breaks a program: each mutation changes a few choices, and says which programs it applies to.

Whether it does harm is not decided here: `labels.py` compares what the mutated program learns with its twin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from corpus.program import Program

Change = Callable[[Program], Mapping[str, Any]]


@dataclass(frozen=True)
class Mutation:
    """One way to break a program.

    Attributes
    ----------
    name, group : str
        Group and architecture make a family, which is on one side of the split.
    meaning : str
        What its author did, in words.
    change : callable
        The choices that it changes, by field.
    applies : callable
        Whether a program can be broken so.
    """

    name: str
    group: str
    meaning: str
    change: Change
    applies: Callable[[Program], bool]

    def applied(self, program: Program, number: int) -> Program:
        """The program, broken, under a number of its own."""
        return replace(program, number=number, mutation=self.name, **self.change(program))


def _to(**fields: Any) -> Change:
    return lambda program: fields


def _always(program: Program) -> bool:
    return True


def _in_torch(program: Program) -> bool:
    return program.framework == "torch"


def _is_binary(program: Program) -> bool:
    return program.task == "binary" and program.outputs == 1


def _takes_numbers(program: Program) -> bool:
    return program.data != "tokens"


def _is_rectified(program: Program) -> bool:
    return program.activation == "relu" and program.architecture != "recurrent"


def _has_hidden(program: Program) -> bool:
    return program.architecture in ("dense", "convolution", "pooled", "autoencoder", "convolution_1d", "residual")


def _is_plain_stack(program: Program) -> bool:
    return program.architecture in ("dense", "convolution") and program.normalization == "none"


def _has_batch_norm(program: Program) -> bool:
    return program.normalization == "batch"


def _is_squared(program: Program) -> bool:
    return program.loss in ("mse", "l1", "huber")


def _is_classified(program: Program) -> bool:
    return program.task == "multiclass"


def _runs_in_half(program: Program) -> bool:
    """Half precision on a CPU knows dense layers and attention."""
    return _in_torch(program) and program.architecture in ("dense", "residual", "attention")


def _plain_descent(program: Program) -> bool:
    return program.optimizer in ("sgd", "momentum", "nesterov")


MUTATIONS = (
    # --- The start ---
    Mutation(
        "kernels too small",
        "initializer",
        "all kernels are drawn with a standard deviation of 0.001",
        _to(kernel_initializer="tiny"),
        lambda p: p.depth >= 2,
    ),
    Mutation(
        "kernels too large",
        "initializer",
        "all kernels are drawn with a standard deviation of 2",
        _to(kernel_initializer="huge"),
        _always,
    ),
    Mutation("kernels zero", "initializer", "all kernels and biases are 0", _to(kernel_initializer="zeros"), _always),
    Mutation(
        "kernels constant",
        "initializer",
        "all kernels are 0.05, all biases 0",
        _to(kernel_initializer="constant"),
        _always,
    ),
    Mutation(
        "output kernel too large",
        "initializer",
        "the last kernel is multiplied by 100",
        _to(output_gain=100.0),
        _always,
    ),
    Mutation(
        "embedding too large",
        "initializer",
        "the embedding is multiplied by 100",
        _to(embedding_gain=100.0),
        lambda p: p.data == "tokens",
    ),
    Mutation("dead start", "initializer", "hidden biases start at -10 under ReLU", _to(bias=-10.0), _is_rectified),
    # --- Output and loss ---
    Mutation(
        "double softmax",
        "output",
        "softmax, then a loss that applies its own",
        _to(output="softmax", loss="cross_entropy", label_smoothing=0.0),
        _is_classified,
    ),
    Mutation(
        "double sigmoid",
        "output",
        "sigmoid, then a loss that applies its own",
        _to(output="sigmoid", loss="bce_logits"),
        lambda p: p.loss in ("bce", "bce_logits") and p.task != "reconstruction",
    ),
    Mutation(
        "softmax over the batch",
        "output",
        "softmax over the examples instead of the classes",
        _to(output="batch_softmax", loss="nll", label_smoothing=0.0),
        lambda p: _is_classified(p) and _in_torch(p),
    ),
    Mutation(
        "softmax over one unit",
        "output",
        "softmax on the only output, which is then always 1",
        _to(output="softmax", loss="bce", squeezed=False),
        _is_binary,
    ),
    Mutation(
        "scores as probabilities",
        "output",
        "raw scores given to a loss of probabilities",
        lambda p: {
            "output": "scores",
            "loss": "categorical" if p.framework == "keras" else "nll",
            "label_smoothing": 0.0,
        },
        _is_classified,
    ),
    Mutation(
        "logarithm of scores",
        "output",
        "a loss by hand: the logarithm of raw scores",
        _to(output="scores", loss="log_of_scores", label_smoothing=0.0),
        _is_classified,
    ),
    Mutation(
        "ReLU on the output",
        "output",
        "the last layer has the hidden activation, ReLU",
        _to(output="relu"),
        lambda p: p.output == "scores" and p.loss in ("mse", "l1", "huber", "bce_logits", "cross_entropy"),
    ),
    Mutation(
        "sigmoid on quantities",
        "output",
        "a sigmoid output for targets outside 0 to 1",
        _to(output="sigmoid"),
        lambda p: p.output == "scores" and _is_squared(p) and abs(p.centre) + p.spread > 0.9,
    ),
    Mutation(
        "tanh on quantities",
        "output",
        "a tanh output for targets outside -1 to 1",
        _to(output="tanh"),
        lambda p: p.output == "scores" and _is_squared(p) and abs(p.centre) + p.spread > 0.9,
    ),
    Mutation(
        "absolute error for classes",
        "output",
        "sigmoid and the mean absolute error for two classes",
        _to(output="sigmoid", loss="l1"),
        _is_binary,
    ),
    Mutation(
        "squared error for classes",
        "output",
        "linear outputs and the squared error for two classes",
        _to(output="scores", loss="mse"),
        _is_binary,
    ),
    Mutation("loss negated", "output", "the sign of the loss is wrong", _to(sign=-1), _in_torch),
    # --- Labels ---
    Mutation(
        "labels from one",
        "labels",
        "classes numbered from 1",
        _to(labels="from_one"),
        lambda p: (_is_classified(p) and not _in_torch(p)) or (_is_binary(p) and p.loss == "bce_logits"),
    ),
    Mutation(
        "labels of both signs",
        "labels",
        "classes are -1 and 1 for a loss that takes 0 and 1",
        _to(labels="signed"),
        lambda p: _is_binary(p) and p.loss == "bce_logits",
    ),
    Mutation(
        "labels shuffled", "labels", "targets were shuffled without their examples", _to(labels="shuffled"), _always
    ),
    Mutation("labels off by a row", "labels", "targets belong to the example before", _to(labels="rolled"), _always),
    Mutation(
        "targets broadcast",
        "labels",
        "predictions (n, 1) against targets (n,)",
        _to(labels="flat", squeezed=False),
        lambda p: _in_torch(p) and p.task == "regression",
    ),
    # --- Numbers that are fed ---
    Mutation(
        "inputs unscaled",
        "scaling",
        "features of very different sizes, as they were measured",
        _to(inputs="raw"),
        _takes_numbers,
    ),
    Mutation(
        "inputs scaled twice",
        "scaling",
        "inputs divided by 255 twice more",
        _to(inputs="scaled_twice"),
        _takes_numbers,
    ),
    Mutation(
        "targets unscaled",
        "scaling",
        "targets around 20,000",
        _to(targets="raw"),
        lambda p: p.task == "regression",
    ),
    Mutation("NaN in the inputs", "scaling", "a few inputs are missing", _to(inputs="nan"), _takes_numbers),
    Mutation(
        "NaN in the targets",
        "scaling",
        "a few targets are missing",
        _to(targets="nan"),
        lambda p: p.task == "regression",
    ),
    # --- The rate ---
    Mutation(
        "rate × 100", "rate", "the learning rate times 100", lambda p: {"learning_rate": 100 * p.learning_rate}, _always
    ),
    Mutation(
        "rate ÷ 1000",
        "rate",
        "the learning rate over 1,000",
        lambda p: {"learning_rate": p.learning_rate / 1000},
        _always,
    ),
    Mutation("rate 0", "rate", "the learning rate is 0", _to(learning_rate=0.0), _always),
    Mutation(
        "warm-up by the epoch",
        "rate",
        "a warm-up of steps that is called once an epoch",
        _to(schedule="warm_up_of_500", schedule_every="epoch"),
        _in_torch,
    ),
    Mutation(
        "decay by the step",
        "rate",
        "a decay of epochs, × 0.9, that is called every step",
        _to(schedule="tenth_off", schedule_every="step"),
        _always,
    ),
    Mutation("weight decay too large", "rate", "a weight decay of 3", _to(weight_decay=3.0), _always),
    Mutation("gradients clipped away", "rate", "a largest gradient norm of 0.0001", _to(clip=1e-4), _plain_descent),
    Mutation("too few updates", "rate", "8 updates", _to(updates=8, schedule="constant"), _always),
    # --- Wiring ---
    Mutation("layers in a list", "wiring", "hidden layers in a plain list", _to(wiring="list"), _in_torch),
    Mutation("layers frozen", "wiring", "all layers but the last are frozen", _to(wiring="frozen"), _always),
    Mutation(
        "everything frozen", "wiring", "all layers are frozen", _to(wiring="all_frozen"), lambda p: not _in_torch(p)
    ),
    Mutation(
        "body not in the optimizer",
        "wiring",
        "the optimizer has the last layer's parameters only",
        _to(wiring="head_optimized"),
        _in_torch,
    ),
    Mutation(
        "optimizer of another model",
        "wiring",
        "the model was made anew after the optimizer",
        _to(wiring="other_optimized"),
        _in_torch,
    ),
    Mutation("body detached", "wiring", "the last layer is given h.detach()", _to(wiring="detached"), _in_torch),
    # --- The loop ---
    Mutation("no zero_grad", "loop", "gradients are never set back", _to(loop="no_zero_grad"), _in_torch),
    Mutation(
        "zero_grad before the step",
        "loop",
        "backward, zero_grad, step",
        _to(loop="zero_grad_late"),
        _in_torch,
    ),
    Mutation("one batch only", "loop", "every update sees the first batch", _to(batches="first"), _always),
    Mutation(
        "sorted by label",
        "loop",
        "rows sorted by label and never shuffled",
        _to(batches="sorted"),
        lambda p: p.task in ("binary", "multiclass", "regression"),
    ),
    Mutation(
        "sum instead of mean",
        "loop",
        "the loss is the sum over the batch",
        _to(reduction="sum"),
        lambda p: _in_torch(p) and p.loss != "huber",
    ),
    # --- Layers ---
    Mutation("no non-linearity", "layers", "no activation between the layers", _to(activation="linear"), _has_hidden),
    Mutation("dropout 0.95", "layers", "nearly all units are dropped", _to(dropout=0.95), _always),
    Mutation(
        "deep sigmoid",
        "layers",
        "nine hidden layers of sigmoid",
        _to(activation="sigmoid", depth=9),
        lambda p: p.architecture == "dense" and p.normalization == "none",
    ),
    Mutation(
        "deep exponential",
        "layers",
        "six hidden layers of exp",
        _to(activation="exponential", depth=6),
        lambda p: p.architecture == "dense" and p.normalization == "none",
    ),
    Mutation(
        "width 1", "layers", "hidden layers of one unit", _to(width=1), lambda p: p.architecture in ("dense", "pooled")
    ),
    Mutation(
        "attention of ones",
        "layers",
        "softmax over an axis of size 1",
        _to(attention_axis="one", pooling="attention"),
        lambda p: p.architecture == "pooled" and p.pooling == "attention" and _in_torch(p),
    ),
    Mutation(
        "attention over the rows",
        "layers",
        "softmax over the batch instead of the positions",
        _to(attention_axis="batch", attention="own"),
        lambda p: p.architecture == "attention" and p.attention == "own" and _in_torch(p),
    ),
    # --- Normalization ---
    Mutation(
        "evaluation mode",
        "normalization",
        "model.eval() before the training",
        _to(mode="eval"),
        lambda p: _in_torch(p) and _has_batch_norm(p),
    ),
    Mutation(
        "statistics that never follow",
        "normalization",
        "running statistics keep 0.9999 of themselves",
        _to(norm_memory=0.9999),
        _has_batch_norm,
    ),
    Mutation(
        "normalization of one feature",
        "normalization",
        "layer normalization of an axis of size 1",
        _to(norm_over_one=True),
        lambda p: p.data == "sequence" and p.features == 1 and _in_torch(p),
    ),
    # --- Number formats ---
    Mutation(
        "half precision",
        "numerics",
        "model.half(), where Adam's epsilon and small updates are 0",
        _to(precision="half"),
        _runs_in_half,
    ),
    Mutation(
        "half precision overflow",
        "numerics",
        "unscaled inputs in float16",
        _to(precision="autocast", inputs="overflowing"),
        lambda p: _runs_in_half(p) and _takes_numbers(p),
    ),
    Mutation(
        "square root at 0",
        "numerics",
        "the square root of numbers rectified by hand, between the layers",
        _to(activation="root"),
        lambda p: _has_hidden(p) and p.architecture != "residual",
    ),
)
