"""What goes with what: the textbooks' sentences, each with the built-in study that puts it to the test.

A sentence says which conditions of its study should be better or worse than which; what was measured stands in
`numbers.json`. `holds` and `found` are written by hand after measuring, and a test compares them with the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Holds = Literal["yes", "in part", "no"]


@dataclass(frozen=True)
class Expected:
    """What a sentence says of one condition of its study: it should be better, or worse, than another."""

    condition: str
    against: str
    conclusion: Literal["better", "worse"]

    def agrees(self, measured: str) -> bool:
        """Whether a measured conclusion is the expected one; a network that always diverged is worse."""
        return measured == self.conclusion or (measured, self.conclusion) == ("diverged", "worse")


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """One "goes with" sentence.

    Attributes
    ----------
    sentence : str
        As the textbooks have it.
    reason : str
    study : str
        The built-in study.
    expected : tuple of Expected
        What the sentence means in that study.
    holds : {"yes", "in part", "no"}
        Whether all, some or none of what was expected was measured.
    found : str
        What was measured, in words.
    names : mapping of str to tuple of str
        By kind, the entries that it stands beside.
    """

    sentence: str
    reason: str
    study: str
    expected: tuple[Expected, ...]
    holds: Holds
    found: str
    names: Mapping[str, tuple[str, ...]]


def _worse(against: str, *conditions: str) -> tuple[Expected, ...]:
    return tuple(Expected(condition, against, "worse") for condition in conditions)


PAIRINGS: tuple[Pairing, ...] = (
    Pairing(
        sentence="He goes with ReLU.",
        reason="ReLU sets half of a signal's mean square to 0. Variance 2 / fan_in makes good for it; with 1 / fan_in "
        "half is lost in each layer.",
        study="goes-with-relu",
        expected=_worse(
            "kernel_initializer=he_normal",
            "kernel_initializer=glorot_normal",
            "kernel_initializer=lecun_normal",
            "kernel_initializer=random_normal",
        ),
        holds="yes",
        found="Through 14 hidden layers ReLU learns with He, normal or uniform alike. With Glorot and LeCun it hardly "
        "begins within the same epochs, and with a standard deviation of 0.05 not at all.",
        names={"initializers": ("he_normal", "he_uniform"), "activations": ("relu", "leaky_relu", "relu6")},
    ),
    Pairing(
        sentence="Glorot goes with tanh.",
        reason="tanh has slope 1 at 0, so a kernel of variance 1 / fan_in keeps small signals, and one of 1 / fan_out "
        "their gradients.",
        study="goes-with-tanh",
        expected=_worse(
            "kernel_initializer=glorot_normal",
            "kernel_initializer=random_normal",
            "kernel_initializer=random_normal(stddev=0.5)",
            "kernel_initializer=he_normal",
        ),
        holds="in part",
        found="Fixed standard deviations, too small or too large, do not learn at all through 16 hidden layers; Glorot "
        "does. But He, with twice the variance, does better still: tanh is flatter away from 0, which a gain somewhat "
        "above 1 makes good for.",
        names={"initializers": ("glorot_normal", "glorot_uniform"), "activations": ("tanh", "hard_tanh", "softsign")},
    ),
    Pairing(
        sentence="Glorot goes with sigmoid.",
        reason="Glorot and Bengio derived it for activations of slope 1 at 0. The slope of sigmoid is at most 1/4, and "
        "asks for sixteen times the variance.",
        study="goes-with-sigmoid",
        expected=_worse(
            "kernel_initializer=glorot_normal",
            "kernel_initializer=random_normal",
            "kernel_initializer=he_normal",
            "kernel_initializer=variance_scaling(scale=16.0)",
        ),
        holds="in part",
        found="With three hidden layers Glorot is much better than a standard deviation of 0.05, which does not learn. "
        "But more variance is better: He beats Glorot, and 16 / fan_in, what the slope of 1/4 asks for, beats both.",
        names={"initializers": ("glorot_normal", "glorot_uniform", "variance_scaling"), "activations": ("sigmoid",)},
    ),
    Pairing(
        sentence="LeCun goes with SELU.",
        reason="The two numbers in SELU are chosen so that kernels of variance 1 / fan_in keep mean 0 and variance 1.",
        study="goes-with-selu",
        expected=_worse(
            "kernel_initializer=lecun_normal",
            "kernel_initializer=he_normal",
            "kernel_initializer=random_normal",
        ),
        holds="yes",
        found="Through 24 hidden layers SELU learns with LeCun. With twice the variance (He), and with a standard "
        "deviation of 0.05, it does not. Glorot does as well as LeCun, for in square layers the two are the same.",
        names={"initializers": ("lecun_normal", "lecun_uniform"), "activations": ("selu",)},
    ),
    Pairing(
        sentence="Orthogonal kernels go with very deep linear and tanh networks.",
        reason="A product of orthogonal kernels keeps every direction of the signal. A product of Gaussian ones of the "
        "same variance keeps few and loses the others.",
        study="goes-with-orthogonal",
        expected=(
            Expected(
                "activation=linear, kernel_initializer=orthogonal",
                "activation=linear, kernel_initializer=glorot_normal",
                "better",
            ),
            Expected(
                "activation=tanh, kernel_initializer=orthogonal",
                "activation=tanh, kernel_initializer=glorot_normal",
                "better",
            ),
        ),
        holds="yes",
        found="Through 32 hidden layers orthogonal kernels beat Gaussian ones of the same variance, under both.",
        names={"initializers": ("orthogonal",), "activations": ("linear", "tanh")},
    ),
    Pairing(
        sentence="Softmax goes with categorical cross-entropy.",
        reason="Together their gradient is y - t, however wrong the output is. Squared loss multiplies it by softmax's "
        "slope; other output units give no probabilities.",
        study="goes-with-softmax",
        expected=(
            *_worse(
                "softmax, cross-entropy",
                "softmax, squared loss",
                "linear, cross-entropy",
                "ReLU, cross-entropy",
            ),
            *_worse(
                "softmax, cross-entropy, Adam",
                "softmax, squared loss, Adam",
                "linear, cross-entropy, Adam",
            ),
        ),
        holds="in part",
        found="Output units that are no probabilities fail under cross-entropy with either optimizer: linear stays "
        "near chance, ReLU ends in 0 / 0. Squared loss under softmax learns far more slowly by plain descent; Adam "
        "scales its small gradients up, and then it is no worse.",
        names={
            "losses": ("categorical_crossentropy", "sparse_categorical_crossentropy"),
            "activations": ("softmax",),
        },
    ),
    Pairing(
        sentence="Sigmoid goes with binary cross-entropy.",
        reason="Together their gradient is y - t, however wrong the output is. Squared loss multiplies it by sigmoid's "
        "slope, at most 1/4; an output outside 0 to 1 is clipped and has no gradient.",
        study="goes-with-two-classes",
        expected=(
            *_worse("sigmoid, cross-entropy", "sigmoid, squared loss", "ReLU, cross-entropy"),
            *_worse("sigmoid, cross-entropy, Adam", "sigmoid, squared loss, Adam", "ReLU, cross-entropy, Adam"),
        ),
        holds="in part",
        found="A ReLU output under binary cross-entropy is much worse with either optimizer. Squared loss is worse by "
        "two points by plain descent; with Adam it is the same within one point.",
        names={"losses": ("binary_crossentropy",), "activations": ("sigmoid",)},
    ),
    Pairing(
        sentence="Hinge goes with an output that can be negative: linear or tanh.",
        reason="Labels are -1 and 1, and every example is to be 1 beyond the border. A sigmoid is never negative.",
        study="goes-with-two-classes",
        expected=(
            *_worse("linear, hinge", "sigmoid, hinge"),
            *_worse("tanh, hinge", "sigmoid, hinge"),
            *_worse("tanh, hinge, Adam", "sigmoid, hinge, Adam"),
        ),
        holds="in part",
        found="By plain descent a sigmoid output under hinge stays where it begins, tanh learns, and linear learns "
        "best. With Adam sigmoid is no worse than tanh: outputs near 0 and 1 separate the classes too.",
        names={"losses": ("hinge", "squared_hinge"), "activations": ("tanh", "linear")},
    ),
    Pairing(
        sentence="A linear output goes with squared loss.",
        reason="A quantity may be any number, so the output must be able to be any number.",
        study="goes-with-regression",
        expected=_worse("output_activation=linear", "output_activation=sigmoid", "output_activation=tanh"),
        holds="yes",
        found="Targets between 25 and 346: sigmoid and tanh cannot go beyond 1 and never reach them. Softplus, which "
        "has no upper bound, does as well as linear, for these targets are positive.",
        names={
            "losses": ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh"),
            "activations": ("linear",),
        },
    ),
    Pairing(
        sentence="SGD goes with momentum.",
        reason="Steps in the same direction add up, to ten times the step at momentum 0.9; steps to and fro cancel.",
        study="goes-with-optimizers",
        expected=(
            Expected("SGD 0.01, momentum 0.9", "SGD 0.01", "better"),
            Expected("SGD 0.01, momentum 0.9", "SGD 0.1", "better"),
        ),
        holds="yes",
        found="At Keras' learning rate of 0.01 momentum is much better after ten epochs. It is a little better, too, "
        "than plain descent with ten times the rate.",
        names={"optimizers": ("sgd",)},
    ),
    Pairing(
        sentence="Adam needs little tuning.",
        reason="Its steps have about the size of the learning rate, whatever the size of the gradient.",
        study="goes-with-optimizers",
        expected=(
            Expected("Adam 0.001", "SGD 0.01", "better"),
            Expected("Adam 0.001", "SGD 0.1", "better"),
            Expected("Adam 0.01", "SGD 0.1", "better"),
            Expected("Adam 0.0001", "SGD 0.01", "better"),
        ),
        holds="in part",
        found="At its default rate of 0.001 Adam beats plain descent, at that one's default of 0.01 and at 0.1. Ten "
        "times its default does Adam no harm, while a rate of 1 ruins plain descent. But a tenth of the default is too "
        "slow for ten epochs: the rate still matters.",
        names={"optimizers": ("adam", "adamw", "nadam", "rmsprop")},
    ),
)


def pairings_of(kind: str, name: str) -> tuple[Pairing, ...]:
    """The sentences that stand beside an entry."""
    return tuple(pairing for pairing in PAIRINGS if name in pairing.names.get(kind, ()))
