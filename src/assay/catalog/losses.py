"""What is known of each loss beyond its function: gradient, output unit, labels, strengths and weaknesses.

A gradient is written so that it can be read and evaluated. In it t is the target, y the output, K the number of
outputs; Σ and ‖ ‖ are over the outputs, the rest is elementwise.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LossNotes:
    """The sentences and formulas of one loss that its function does not hold.

    Attributes
    ----------
    gradient : str
        By the outputs y, where nothing is clipped.
    output_units : tuple of str
        Activations of the output layer that it wants; the first is the usual one.
    gradient_below : str
        By the pre-activations z of the first of these.
    labels : str
        What the targets are.
    advantages, drawbacks : str
    formula : str
        Where the function's docstring says it by another loss.
    sources : tuple of str
        Beyond those in the docstring.
    """

    gradient: str
    output_units: tuple[str, ...]
    gradient_below: str
    labels: str
    advantages: str
    drawbacks: str
    formula: str = ""
    sources: tuple[str, ...] = ()


_QUANTITIES = "real numbers"
_COUNTS = "numbers of at least 0"
_ONE_HOT = "one-hot, of at least 2 classes"

LOSS_NOTES: dict[str, LossNotes] = {
    "binary_crossentropy": LossNotes(
        gradient="(y - t) / (y · (1 - y)) / K",
        output_units=("sigmoid",),
        gradient_below="(y - t) / K",
        labels="0 or 1; several outputs are several questions",
        advantages="The likelihood of a probability. Under sigmoid the gradient is the error itself, however wrong the "
        "output is.",
        drawbacks="Wants outputs between 0 and 1: under relu or linear it is clipped, and the gradient lost.",
    ),
    "categorical_crossentropy": LossNotes(
        gradient="Σ(t) / Σ(y) - t / y",
        output_units=("softmax",),
        gradient_below="y - t",
        labels=_ONE_HOT,
        advantages="The likelihood of probabilities. Under softmax the gradient is the error itself, however wrong the "
        "output is.",
        drawbacks="Wants positive outputs: under relu it is 0 / 0 where all are 0. One confident mistake weighs much.",
    ),
    "sparse_categorical_crossentropy": LossNotes(
        formula="-log(y) of the true class, with y as in categorical_crossentropy",
        gradient="Σ(t) / Σ(y) - t / y",
        output_units=("softmax",),
        gradient_below="y - t",
        labels="the number of the class; assay makes it one-hot, the numbers are the same",
        advantages="categorical_crossentropy without one-hot labels.",
        drawbacks="No label smoothing.",
    ),
    "categorical_hinge": LossNotes(
        gradient="best - t if loss > 0, else 0",
        output_units=("linear",),
        gradient_below="best - t if loss > 0, else 0",
        labels=_ONE_HOT,
        advantages="Stops at a lead of 1: only examples near the border count. `best` is 1 at the best other class.",
        drawbacks="Outputs are no probabilities; only two classes of an example learn at a time.",
        sources=("Crammer and Singer, JMLR 2001",),
    ),
    "hinge": LossNotes(
        gradient="-t / K if t · y < 1, else 0",
        output_units=("linear", "tanh"),
        gradient_below="-t / K if t · y < 1, else 0",
        labels="-1 or 1; 0 counts as -1",
        advantages="Stops at a margin of 1, as a support vector machine does.",
        drawbacks="Outputs are no probabilities. Under sigmoid no output is negative, and half of the classes can "
        "never reach the margin.",
        sources=("Cortes and Vapnik, Machine Learning 1995",),
    ),
    "squared_hinge": LossNotes(
        gradient="-2 · t · (1 - t · y) / K if t · y < 1, else 0",
        output_units=("linear", "tanh"),
        gradient_below="-2 · t · (1 - t · y) / K if t · y < 1, else 0",
        labels="-1 or 1; 0 counts as -1",
        advantages="Hinge without its corner; far mistakes count more.",
        drawbacks="More moved by labels that are wrong. Under sigmoid as hinge.",
    ),
    "cosine_similarity": LossNotes(
        gradient="-(t / ‖t‖ + loss · y / ‖y‖) / ‖y‖",
        output_units=("linear",),
        gradient_below="-(t / ‖t‖ + loss · y / ‖y‖) / ‖y‖",
        labels="a direction: at least 2 real numbers, not all 0",
        advantages="Looks at the direction and not at the length: for embeddings.",
        drawbacks="A single output has no direction, only a sign; the gradient falls with the length of y.",
    ),
    "huber": LossNotes(
        gradient="(y - t) / K if |y - t| ≤ delta, else delta · sign(y - t) / K",
        output_units=("linear",),
        gradient_below="(y - t) / K if |y - t| ≤ delta, else delta · sign(y - t) / K",
        labels=_QUANTITIES,
        advantages="Squared near the target, absolute far from it: smooth, and calm before outliers.",
        drawbacks="delta has the units of the target and must be chosen with them.",
    ),
    "kl_divergence": LossNotes(
        gradient="-t / y",
        output_units=("softmax",),
        gradient_below="Σ(t) · y - t",
        labels="probabilities that sum to 1",
        advantages="Cross-entropy for targets that are themselves probabilities; 0 when they are met.",
        drawbacks="With one-hot labels it is cross-entropy.",
        sources=("Kullback and Leibler, 1951",),
    ),
    "log_cosh": LossNotes(
        gradient="tanh(y - t) / K",
        output_units=("linear",),
        gradient_below="tanh(y - t) / K",
        labels=_QUANTITIES,
        advantages="Like huber with delta = 1, and smooth throughout.",
        drawbacks="Where it turns from squared to absolute is fixed at about 1: scale the targets.",
    ),
    "mean_absolute_error": LossNotes(
        gradient="sign(y - t) / K",
        output_units=("linear",),
        gradient_below="sign(y - t) / K",
        labels=_QUANTITIES,
        advantages="Learns the median: calm before outliers.",
        drawbacks="The gradient has the same size near the target as far from it, so the last steps do not settle.",
    ),
    "mean_absolute_percentage_error": LossNotes(
        gradient="100 · sign(y - t) / (K · |t|)",
        output_units=("linear", "softplus"),
        gradient_below="100 · sign(y - t) / (K · |t|)",
        labels="real numbers, none near 0",
        advantages="A relative error in percent, whatever the units.",
        drawbacks="Huge for targets near 0; prefers outputs that are too small to those that are too large.",
    ),
    "mean_squared_error": LossNotes(
        gradient="2 · (y - t) / K",
        output_units=("linear",),
        gradient_below="2 · (y - t) / K",
        labels=_QUANTITIES,
        advantages="Learns the mean; smooth, with a gradient that calms down near the target.",
        drawbacks="Outliers rule. Behind sigmoid or softmax its gradient carries their slope as a factor, which is "
        "nearly 0 where they are confidently wrong.",
    ),
    "mean_squared_logarithmic_error": LossNotes(
        gradient="2 · (log(1 + y) - log(1 + t)) / (K · (1 + y))",
        output_units=("softplus", "exponential"),
        gradient_below="2 · (log(1 + y) - log(1 + t)) / (K · (1 + y)) · (1 - exp(-y))",
        labels=_COUNTS,
        advantages="Squared error of orders of magnitude: 10 for 20 is as wrong as 1,000 for 2,000.",
        drawbacks="Negative outputs count as 0, without a gradient.",
    ),
    "poisson": LossNotes(
        gradient="(1 - t / y) / K",
        output_units=("exponential", "softplus"),
        gradient_below="(y - t) / K",
        labels="counts: 0, 1, 2, …",
        advantages="The likelihood of counts, whose spread grows with their mean.",
        drawbacks="Wants positive outputs: a negative one has no logarithm.",
    ),
}
"""By the first spelling of each name, in the order of `LOSSES`."""
