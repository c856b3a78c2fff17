"""The grammar: what a sound program may be, and the draw of one.

The ranges are those of tutorials and of small projects. A drawn program may still learn too little by itself (a rate at
the low end, a short budget); it then counts neither as sound nor as broken, and so does what was made of it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from corpus.mutations import MUTATIONS, Mutation
from corpus.program import FORMS, Program

MASTER_SEED = 20_261_130
KERAS_SHARE = 0.2

DATA = ("table", "table", "image", "image", "image", "tokens", "tokens", "sequence")

# By kind of data, the architectures that take it.
ARCHITECTURES = {
    "table": ("dense", "dense", "residual", "autoencoder"),
    "image": ("convolution", "convolution", "residual_convolution", "dense", "autoencoder"),
    "tokens": ("pooled", "recurrent", "attention", "attention"),
    "sequence": ("recurrent", "convolution_1d", "attention"),
}
IN_KERAS = ("dense", "residual", "convolution", "convolution_1d", "recurrent", "pooled", "attention", "autoencoder")
TASKS = {
    "table": ("binary", "binary", "multiclass", "multiclass", "multilabel", "regression", "regression"),
    "image": ("binary", "multiclass", "multiclass", "multilabel", "regression"),
    "tokens": ("binary", "multiclass", "multilabel", "next_token"),
    "sequence": ("binary", "multiclass", "regression"),
}
ACTIVATIONS = ("relu", "relu", "relu", "tanh", "gelu", "silu", "elu", "selu", "leaky_relu")
NORMALIZATIONS = {
    "dense": ("none", "none", "none", "batch", "layer", "rms"),
    "residual": ("none", "batch", "layer", "rms"),
    "autoencoder": ("none", "none", "batch", "layer"),
    "convolution": ("none", "none", "batch", "batch", "group", "instance"),
    "residual_convolution": ("batch", "batch", "group", "none"),
    "convolution_1d": ("none", "batch", "group"),
    "recurrent": ("none", "none", "layer"),
    "pooled": ("none", "none", "layer", "batch"),
    "attention": ("layer", "layer", "layer", "rms"),
}
INITIALIZERS = (
    *("default", "default", "default", "he_normal", "he_uniform", "glorot_uniform", "glorot_normal", "lecun_normal"),
    "orthogonal",
)
# By optimizer, the lowest and the highest learning rate that are drawn.
RATES = {
    "sgd": (0.05, 0.3),
    "momentum": (0.01, 0.06),
    "nesterov": (0.01, 0.06),
    "adam": (1e-3, 8e-3),
    "adamw": (1e-3, 8e-3),
    "nadam": (1e-3, 5e-3),
    "adamax": (2e-3, 1.5e-2),
    "rmsprop": (5e-4, 4e-3),
    "adagrad": (1e-2, 6e-2),
}
OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam", "adam", "adam", "adamw", "adamw", *tuple(RATES)[5:])
ADAPTIVE = tuple(RATES)[3:]
SCHEDULES = ("constant", "constant", "constant", "cosine", "decay", "warm_up", "warm_up_from_zero", "one_cycle")


def program(number: int) -> Program:
    """Program `number`: as it was drawn, or that program with the first or the second of its mutations."""
    whole, mutations = _drawn(number // FORMS)
    return mutations[number % FORMS - 1].applied(whole, number) if number % FORMS else whole


@cache
def _drawn(base: int) -> tuple[Program, tuple[Mutation, Mutation]]:
    """The first program drawn that two mutations of a group apply to: one is the next in turn, the other drawn."""
    first = MUTATIONS[base % len(MUTATIONS)]
    random = np.random.Generator(np.random.Philox(key=[MASTER_SEED, base]))
    while True:
        whole = draw(random, number=FORMS * base, mutation="none", group=first.group)
        others = [each for each in MUTATIONS if each.group == first.group and each != first and each.applies(whole)]
        if first.applies(whole) and others:
            return whole, (first, others[int(random.integers(len(others)))])


def draw(random: np.random.Generator, **named: Any) -> Program:
    """One sound program."""

    def one_of(choices: Any) -> Any:
        return choices[int(random.integers(len(choices)))]

    def between(low: float, high: float) -> float:
        """Uniform in the logarithm, with three digits."""
        return float(f"{np.exp(random.uniform(np.log(low), np.log(high))):.3g}")

    data = one_of(DATA)
    architecture = one_of(ARCHITECTURES[data])
    is_keras = architecture in IN_KERAS and random.random() < KERAS_SHARE
    task = "reconstruction" if architecture == "autoencoder" else one_of(TASKS[data])
    if task == "next_token" and architecture == "pooled":
        task = "multiclass"
    classes = {"multiclass": int(random.integers(3, 7)), "multilabel": int(random.integers(2, 5))}.get(task, 1)
    is_rare = task == "binary" and data in ("table", "sequence") and random.random() < 0.4
    features, length = _sizes(data, random)
    centre, spread = one_of(((0.0, 1.0), (0.0, 1.0), (3.0, 0.5), (-2.0, 1.0), (5.0, 1.0), (0.5, 0.1), (0.0, 0.05)))
    depth, width = _depth_and_width(architecture, random)
    activation = one_of(ACTIVATIONS)
    if depth <= 2 and architecture in ("dense", "autoencoder") and random.random() < 0.1:
        activation = "sigmoid"
    inputs = "standard" if data in ("tokens", "sequence") or random.random() < 0.7 else "unit"
    output, loss, outputs, squeezed = _output(task, is_keras, inputs, classes, features, random)
    optimizer = one_of(OPTIMIZERS)
    low, high = RATES[optimizer]
    if architecture in ("attention", "recurrent") and optimizer in ADAPTIVE:
        high /= 2
    schedule = one_of(SCHEDULES)
    if is_keras and schedule == "one_cycle":
        schedule = "cosine"
    return Program(
        **named,
        framework="keras" if is_keras else "torch",
        architecture=architecture,
        data=data,
        task=task,
        rows=int(one_of((1280, 1792)) if is_rare else one_of((512, 768, 1024))),
        features=features,
        length=length,
        classes=classes,
        outputs=outputs,
        rare_share=one_of((0.02, 0.05, 0.1, 0.2)) if is_rare else 0.5,
        centre=centre,
        spread=spread,
        depth=depth,
        width=width,
        activation=activation,
        normalization=_normalization(architecture, is_keras, task, one_of),
        norm_position=one_of(("pre", "pre", "post")),
        cell=one_of(("gru", "gru", "lstm", "rnn")),
        pooling=_pooling(architecture, is_keras, task, one_of),
        attention=one_of(("own", "library")),
        dropout=float(one_of((0.0, 0.0, 0.0, 0.1, 0.2))),
        kernel_initializer=one_of(INITIALIZERS),
        output=output,
        loss=loss,
        squeezed=squeezed,
        label_smoothing=float(one_of((0.0, 0.0, 0.0, 0.1))) if loss == "cross_entropy" and not is_keras else 0.0,
        inputs=inputs,
        optimizer=optimizer,
        learning_rate=between(low, high),
        momentum=0.9 if optimizer in ("momentum", "nesterov") else 0.0,
        weight_decay=float(one_of((0.0, 0.0, 0.0, 1e-4, 1e-3, 1e-2 if optimizer == "adamw" else 1e-3))),
        schedule=schedule,
        schedule_every="step",
        batch_size=int(one_of((16, 32, 32, 64))),
        updates=int(one_of((150, 200, 300, 400)) * (1.5 if optimizer in ("sgd", "adagrad") else 1)),
        clip=float(one_of((0.0, 0.0, 0.0, 1.0, 5.0))),
        steps_per_execution=int(one_of((1, 1, 1, 4))),
    )


def _sizes(data: str, random: np.random.Generator) -> tuple[int, int]:
    """Features and length."""
    low, high = {"table": (3, 20), "image": (8, 13), "tokens": (16, 60), "sequence": (1, 4)}[data]
    features = int(random.integers(low, high + 1))
    if data == "image":
        features -= features % 2
    length = {"table": (1, 1), "image": (1, 1), "tokens": (8, 14), "sequence": (10, 16)}[data]
    return features, int(random.integers(length[0], length[1] + 1))


def _depth_and_width(architecture: str, random: np.random.Generator) -> tuple[int, int]:
    """Hidden layers or blocks, and their width."""
    depths, widths = {
        "dense": ((1, 6), (16, 32, 48, 64, 96)),
        "residual": ((2, 4), (16, 32, 48)),
        "autoencoder": ((1, 3), (16, 32, 64)),
        "convolution": ((1, 4), (8, 12)),
        "residual_convolution": ((1, 2), (8, 12)),
        "convolution_1d": ((1, 3), (12, 16, 24)),
        "recurrent": ((1, 1), (16, 24, 32)),
        "pooled": ((1, 2), (16, 24, 32)),
        "attention": ((1, 2), (16, 24)),
    }[architecture]
    return int(random.integers(depths[0], depths[1] + 1)), int(widths[int(random.integers(len(widths)))])


def _normalization(architecture: str, is_keras: bool, task: str, one_of: Any) -> str:
    kinds = NORMALIZATIONS[architecture]
    if is_keras:
        kinds = tuple(kind for kind in kinds if kind in ("none", "batch", "layer"))
    if task == "next_token":
        kinds = tuple(kind for kind in kinds if kind != "batch")
    return str(one_of(kinds or ("none",)))


def _pooling(architecture: str, is_keras: bool, task: str, one_of: Any) -> str:
    """How positions become one vector."""
    if task == "next_token":
        return "none"
    if architecture == "pooled" and not is_keras:
        return str(one_of(("mean", "attention")))
    if architecture == "recurrent":
        return str(one_of(("last", "last", "mean")))
    if architecture == "convolution":
        return str(one_of(("flatten", "mean")))
    return "mean"


def _output(
    task: str, is_keras: bool, inputs: str, classes: int, features: int, random: np.random.Generator
) -> tuple[str, str, int, bool]:
    """What the last layer applies, the loss, the units, and whether a single output loses its axis."""
    gives_scores, luck = random.random() < 0.65, random.random()
    if task == "multiclass" and not gives_scores:
        return ("softmax", "categorical", classes, False) if is_keras else ("log_softmax", "nll", classes, False)
    if task in ("multiclass", "next_token"):
        return "scores", "cross_entropy", classes if task == "multiclass" else features, False
    if task == "binary" and not is_keras and luck < 0.2:
        return "scores", "cross_entropy", 2, False
    if task in ("binary", "multilabel"):
        units = classes if task == "multilabel" else 1
        is_squeezed = task == "binary" and not is_keras and luck > 0.7
        return *(("scores", "bce_logits") if gives_scores else ("sigmoid", "bce")), units, is_squeezed
    if task == "reconstruction":  # as many units as there are inputs
        return (
            ("sigmoid", "mse" if luck < 0.5 else "bce", 0, False) if inputs == "unit" else ("scores", "mse", 0, False)
        )
    loss = ("mse", "mse", "mse", "l1", "huber")[int(5 * luck)]
    return "scores", loss, 1, not is_keras and gives_scores and random.random() < 0.5
