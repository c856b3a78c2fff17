"""What is known of each initializer beyond its function: variance, what it is for, strengths and weaknesses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class InitializerNotes:
    """The sentences and formulas of one initializer that its function does not hold.

    Attributes
    ----------
    variance : str
        Of a kernel's entries, by `fan_in`, `fan_out` and the initializer's arguments; empty where there is none to
        tell beforehand.
    activations : tuple of str
        For which it is meant.
    advantages, drawbacks : str
    sources : tuple of str
        Beyond those in the docstring.
    """

    variance: str
    advantages: str
    drawbacks: str
    activations: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


SQUASHING = ("tanh", "hard_tanh", "softsign", "sigmoid", "linear", "softmax")
RECTIFYING = ("relu", "leaky_relu", "relu6", "threshold")
NORMALIZING = ("selu", "elu", "celu", "tanh", "linear")

_GLOROT = (
    "A compromise between signal (1 / fan_in) and gradient (1 / fan_out), exact for both in square layers of slope 1.",
    "Half of what ReLU needs, and a sixteenth of what sigmoid needs for its gradient.",
)
_HE = (
    "Makes good for the half of the signal that ReLU cuts off, at any depth.",
    "Too large for SELU in deep networks, whose signal it lets grow.",
)
_LECUN = (
    "Keeps the variance of the signal wherever the activation has slope 1 at 0, or is made for it, as SELU is.",
    "Half of what ReLU needs. The gradient keeps its size only in square layers.",
)
_FIXED = (
    "Simple; good for trying what too small and too large kernels do.",
    "The same for 10 inputs as for 10,000: right for one width only, and at depth the signal vanishes or explodes.",
)

INITIALIZER_NOTES: dict[str, InitializerNotes] = {
    "glorot_normal": InitializerNotes(
        variance="2 / (fan_in + fan_out)", activations=SQUASHING, advantages=_GLOROT[0], drawbacks=_GLOROT[1]
    ),
    "glorot_uniform": InitializerNotes(
        variance="2 / (fan_in + fan_out)",
        activations=SQUASHING,
        advantages=f"{_GLOROT[0]} Keras' default.",
        drawbacks=_GLOROT[1],
    ),
    "he_normal": InitializerNotes(variance="2 / fan_in", activations=RECTIFYING, advantages=_HE[0], drawbacks=_HE[1]),
    "he_uniform": InitializerNotes(variance="2 / fan_in", activations=RECTIFYING, advantages=_HE[0], drawbacks=_HE[1]),
    "lecun_normal": InitializerNotes(
        variance="1 / fan_in",
        activations=NORMALIZING,
        advantages=_LECUN[0],
        drawbacks=_LECUN[1],
        sources=("Klambauer et al., NeurIPS 2017, for SELU",),
    ),
    "lecun_uniform": InitializerNotes(
        variance="1 / fan_in",
        activations=NORMALIZING,
        advantages=_LECUN[0],
        drawbacks=_LECUN[1],
    ),
    "random_normal": InitializerNotes(variance="stddev²", advantages=_FIXED[0], drawbacks=_FIXED[1]),
    "random_uniform": InitializerNotes(variance="(maxval - minval)² / 12", advantages=_FIXED[0], drawbacks=_FIXED[1]),
    "truncated_normal": InitializerNotes(
        variance="0.7737 · stddev²",
        advantages="As random_normal, without the rare very large entries.",
        drawbacks=f"{_FIXED[1]} Its standard deviation is not `stddev`.",
    ),
    "variance_scaling": InitializerNotes(
        variance="scale / fan_in",
        advantages="The family of Glorot, He and LeCun, with the scale free: the gain is √scale, so any activation can "
        "have its critical gain.",
        drawbacks="The right scale has to be known: see the critical gain of the activation.",
        sources=("He et al., ICCV 2015",),
    ),
    "orthogonal": InitializerNotes(
        variance="gain² / max(fan_in, fan_out)",
        activations=("linear", "tanh"),
        advantages="Keeps the length of every signal and not only the mean, so that a very deep linear or tanh network "
        "learns like a shallow one. Gain √2 for ReLU.",
        drawbacks="Takes a QR decomposition. Kernels only.",
    ),
    "identity": InitializerNotes(
        variance="gain² · (s - s²) with s = 1 / max(fan_in, fan_out)",
        activations=("linear",),
        advantages="Each layer begins as a copy: for recurrent and residual layers.",
        drawbacks="No luck in it: units differ only by what their inputs are, and inputs beyond the units are cut off.",
        sources=("Le, Jaitly and Hinton, 2015",),
    ),
    "zeros": InitializerNotes(
        variance="0",
        advantages="Right for biases, and for the kernel of a network without hidden layers.",
        drawbacks="Hidden units of a layer stay alike for ever: symmetry is never broken. See `assay run mnist-zeros`.",
    ),
    "ones": InitializerNotes(
        variance="0",
        advantages="For scales that multiply, as in normalization.",
        drawbacks="As a kernel it keeps all units of a layer alike, and multiplies the signal by fan_in.",
    ),
    "constant": InitializerNotes(
        variance="0",
        advantages="For biases, such as 0.1 before ReLU.",
        drawbacks="As a kernel it keeps all units of a layer alike.",
    ),
    "pretrained": InitializerNotes(
        variance="",
        advantages="Begins where another training ended: few rows may then do.",
        drawbacks="The shapes must fit, and so must the task that was learnt.",
    ),
    "autoencoder": InitializerNotes(
        variance="",
        advantages="Uses rows without labels; how deep networks were first trained.",
        drawbacks="Takes a training of its own for each layer; whether it beats a well-scaled draw, ask "
        "`assay run digits-pretraining`.",
        sources=("Hinton, Osindero and Teh, Neural Computation 2006",),
    ),
}
"""In the order of `INITIALIZERS`."""
