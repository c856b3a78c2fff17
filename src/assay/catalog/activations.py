"""What is known of each activation beyond its function: derivative, range, strengths and weaknesses.

A derivative is written so that it can be read and evaluated: ``1 if z > 0, else 0``; arguments have their defaults.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ActivationNotes:
    """The sentences and formulas of one activation that its function does not hold.

    Attributes
    ----------
    derivative : str
        φ'(z); of a function of a whole layer, the entries of its Jacobian.
    range : str
        An interval, with round brackets at ends that are never reached. Arguments have their defaults.
    advantages, drawbacks : str
    formula : str
        Where the function's docstring says it in words only.
    sources : tuple of str
        Beyond those in the docstring.
    """

    derivative: str
    range: str
    advantages: str
    drawbacks: str
    formula: str = ""
    sources: tuple[str, ...] = ()


ACTIVATION_NOTES: dict[str, ActivationNotes] = {
    # --- The ReLU family
    "relu": ActivationNotes(
        derivative="1 if z > 0, else 0",
        range="[0, ∞)",
        advantages="Cheap; the gradient passes active units whole, so it does not saturate above 0.",
        drawbacks="Never negative, so not zero-centred. A unit that is negative for every example has no gradient: it "
        "is dead and cannot come back.",
        sources=("Nair and Hinton, ICML 2010", "Glorot, Bordes and Bengio, AISTATS 2011"),
    ),
    "leaky_relu": ActivationNotes(
        derivative="1 if z > 0, else negative_slope",
        range="(-∞, ∞)",
        advantages="As cheap as ReLU, and no unit can die: there is a gradient below 0 too.",
        drawbacks="One more number to choose; not zero-centred.",
    ),
    "relu6": ActivationNotes(
        derivative="1 if 0 < z < 6, else 0",
        range="[0, 6]",
        advantages="ReLU with an upper bound, which suits arithmetic with few bits.",
        drawbacks="No gradient below 0 nor above 6.",
        sources=("Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010",),
    ),
    "elu": ActivationNotes(
        derivative="1 if z > 0, else alpha · exp(z)",
        range="(-1, ∞)",
        advantages="Negative values bring the mean nearer to 0; smooth at 0 with alpha = 1; a negative unit keeps some "
        "gradient.",
        drawbacks="Takes an exponential; saturates below.",
    ),
    "celu": ActivationNotes(
        derivative="1 if z > 0, else exp(z / alpha)",
        range="(-1, ∞)",
        advantages="ELU whose slope at 0 is 1 for every alpha.",
        drawbacks="Takes an exponential; saturates below. With alpha = 1 it is ELU.",
    ),
    "selu": ActivationNotes(
        derivative="1.0507 if z > 0, else 1.7581 · exp(z)",
        range="(-1.7581, ∞)",
        advantages="Pulls each layer towards mean 0 and variance 1 without normalization, if kernels have variance "
        "1 / fan_in.",
        drawbacks="The promise is for dense layers with that start and scaled inputs; ordinary dropout breaks it. "
        "Takes an exponential.",
    ),
    "threshold": ActivationNotes(
        derivative="1 if z > threshold, else 0",
        range="[0, ∞)",
        advantages="ReLU with a bar to clear; with threshold = 0 it is ReLU.",
        drawbacks="Jumps at the threshold if that is not 0; units can die.",
    ),
    # --- Smooth relatives of ReLU
    "softplus": ActivationNotes(
        derivative="sigmoid(z)",
        range="(0, ∞)",
        advantages="Smooth and positive: an output unit for rates and variances.",
        drawbacks="Mean far above 0, which piles up through layers; exponential and logarithm.",
        sources=("Dugas et al., NIPS 2000",),
    ),
    "squareplus": ActivationNotes(
        derivative="(1 + z / √(z² + b)) / 2",
        range="(0, ∞)",
        advantages="Like softplus, with a square root in place of exponential and logarithm.",
        drawbacks="Mean far above 0; comes near 0 only slowly on the left.",
    ),
    "sparse_plus": ActivationNotes(
        derivative="0 if z < -1, (z + 1) / 2 if z < 1, else 1",
        range="[0, ∞)",
        advantages="ReLU with its corner rounded by a parabola; exactly 0 on the left.",
        drawbacks="Units can die; not zero-centred.",
    ),
    "silu": ActivationNotes(
        derivative="sigmoid(z) · (1 + z · (1 - sigmoid(z)))",
        range="[-0.2785, ∞)",
        advantages="Smooth; keeps some gradient on the left, so units seldom die; common in very deep networks.",
        drawbacks="Slope 1/2 at 0, so small signals are halved in each layer; takes an exponential.",
        sources=("Elfwing, Uchibe and Doya, 2017",),
    ),
    "gelu": ActivationNotes(
        derivative="Φ(z) + z · exp(-z² / 2) / √(2 · π)",
        range="[-0.17, ∞)",
        advantages="Smooth; the usual choice in transformers.",
        drawbacks="Slope 1/2 at 0, so small signals are halved in each layer; takes the error function.",
    ),
    "mish": ActivationNotes(
        derivative="tanh(softplus(z)) + z · sigmoid(z) · (1 - tanh(softplus(z))²)",
        range="[-0.3088, ∞)",
        advantages="Smooth; a little steeper at 0 than SiLU.",
        drawbacks="Among the dearest to compute.",
    ),
    "hard_silu": ActivationNotes(
        derivative="0 if z < -3, (2 · z + 3) / 6 if z < 3, else 1",
        range="[-0.375, ∞)",
        advantages="SiLU without an exponential, for small devices.",
        drawbacks="Its slope jumps at -3 and 3; no gradient below -3.",
    ),
    # --- Squashing functions
    "sigmoid": ActivationNotes(
        derivative="sigmoid(z) · (1 - sigmoid(z))",
        range="(0, 1)",
        advantages="A probability: the output unit for two classes, and for gates.",
        drawbacks="Its slope is at most 1/4, so gradients shrink at least fourfold in each layer unless kernels are "
        "large; saturates on both sides; not zero-centred; takes an exponential.",
    ),
    "hard_sigmoid": ActivationNotes(
        derivative="1/6 if -3 < z < 3, else 0",
        range="[0, 1]",
        advantages="A sigmoid without an exponential.",
        drawbacks="Slope 1/6 at most, and no gradient at all beyond 3; not zero-centred.",
        sources=("Courbariaux, Bengio and David, NIPS 2015",),
    ),
    "sparse_sigmoid": ActivationNotes(
        derivative="1/2 if -1 < z < 1, else 0",
        range="[0, 1]",
        advantages="Can say exactly 0 and exactly 1.",
        drawbacks="No gradient beyond 1; not zero-centred.",
    ),
    "log_sigmoid": ActivationNotes(
        derivative="1 - sigmoid(z)",
        range="(-∞, 0)",
        advantages="The logarithm of a probability without loss of digits.",
        drawbacks="Never positive: not for hidden layers.",
    ),
    "tanh": ActivationNotes(
        derivative="1 - tanh(z)²",
        range="(-1, 1)",
        advantages="Zero-centred, with slope 1 at 0: small signals pass as they are.",
        drawbacks="Saturates on both sides, where the gradient vanishes; takes an exponential.",
        formula="(exp(z) - exp(-z)) / (exp(z) + exp(-z))",
        sources=("LeCun et al., Efficient BackProp, 1998",),
    ),
    "hard_tanh": ActivationNotes(
        derivative="1 if -1 < z < 1, else 0",
        range="[-1, 1]",
        advantages="Zero-centred like tanh, as cheap as ReLU.",
        drawbacks="No gradient at all beyond 1.",
        sources=("Collobert, 2004",),
    ),
    "softsign": ActivationNotes(
        derivative="1 / (1 + |z|)²",
        range="(-1, 1)",
        advantages="Zero-centred; saturates more slowly than tanh, without an exponential.",
        drawbacks="Its slope falls quickly beside 0.",
        sources=("Glorot and Bengio, AISTATS 2010",),
    ),
    # --- Shrinking functions, and those with nothing to squash
    "tanh_shrink": ActivationNotes(
        derivative="tanh(z)²",
        range="(-∞, ∞)",
        advantages="Silences small values and keeps large ones: for sparse codes.",
        drawbacks="Slope 0 at 0: small signals die out, forward and backward.",
    ),
    "soft_shrink": ActivationNotes(
        derivative="1 if |z| > threshold, else 0",
        range="(-∞, ∞)",
        advantages="Exactly 0 for small values: the step of sparse coding.",
        drawbacks="No gradient between the thresholds: small signals die out.",
        sources=("Donoho, IEEE Trans. Inform. Theory 1995",),
    ),
    "hard_shrink": ActivationNotes(
        derivative="1 if |z| > threshold, else 0",
        range="(-∞, ∞)",
        advantages="Drops small values and leaves the others as they are.",
        drawbacks="Jumps at both thresholds; no gradient between them.",
        sources=("Donoho and Johnstone, Biometrika 1994",),
    ),
    "exponential": ActivationNotes(
        derivative="exp(z)",
        range="(0, ∞)",
        advantages="An output unit for rates, beside the Poisson loss.",
        drawbacks="Explodes: not for hidden layers.",
    ),
    "linear": ActivationNotes(
        derivative="1",
        range="(-∞, ∞)",
        advantages="The output unit for a quantity; keeps signal and gradient.",
        drawbacks="Layers of it in a row can do no more than one.",
    ),
    # --- Functions of a whole layer
    "softmax": ActivationNotes(
        derivative="∂y_j/∂z_k = y_j · (δ_jk - y_k)",
        range="(0, 1)",
        advantages="Probabilities of classes that exclude each other: they sum to 1.",
        drawbacks="On a single unit it is always 1. As a hidden layer it lets units compete for one unit of signal.",
        sources=("Bridle, NATO ASI 1990",),
    ),
    "log_softmax": ActivationNotes(
        derivative="∂y_j/∂z_k = δ_jk - exp(y_k)",
        range="(-∞, 0)",
        advantages="Logarithms of probabilities without loss of digits.",
        drawbacks="The cross-entropies here want probabilities, and take the logarithm themselves.",
    ),
    "sparsemax": ActivationNotes(
        derivative="∂y_j/∂z_k = δ_jk - (n - r_k + 1) / n among the n units above τ, r_k the rank of z_k; else 0",
        range="[0, ∞)",
        advantages="Like softmax, and exactly 0 for units that are far behind.",
        drawbacks="No gradient for those units. As Keras computes it, outputs need not sum to 1 and can exceed it.",
    ),
    "glu": ActivationNotes(
        derivative="∂y/∂a = sigmoid(b), ∂y/∂b = a · sigmoid(b) · (1 - sigmoid(b)), with y = a · sigmoid(b)",
        range="(-∞, ∞)",
        advantages="A gate for each unit; the gradient has a linear way through.",
        drawbacks="Twice the units for the same number of outputs.",
    ),
}
"""By the first spelling of each name, in the order of `ACTIVATIONS`."""
