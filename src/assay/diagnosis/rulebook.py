"""The rule book in words: for every symptom what it means, when it is told, why it happens, and what mends it.

The rules themselves are in `certain`, `start` and `training`; here is what a reader is told about them, each with an
example that shows the illness and one change that cures it. `docs/findings.md` is written from these entries, and its
numbers are read from `thresholds`. Only plain values, so that a command line can ask without waiting.

>>> entry_of("vanishing_gradient").meaning
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.diagnosis import thresholds
from assay.errors import AssayError, did_you_mean

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class StudyExample:
    """The built-in study `digits` with other settings and a single factor: one level is ill, the other is not.

    Attributes
    ----------
    settings : mapping of str to value
        Dotted keys; what `digits` varies is `DEFAULTS` where nothing is said.
    factor : str
        The one key that differs.
    illness, cure : value
        Its two levels.
    is_trained : bool
        Whether the symptom shows in the training, and not in the untrained network.
    is_about_correlation : bool
        Whether the mean cosine between examples is to be drawn below the four panels.
    share : str, optional
        Of a training: the recorded share to be drawn below the loss (``dead_units``, ``saturation``).
    """

    settings: Settings
    factor: str
    illness: Any
    cure: Any
    is_trained: bool = False
    is_about_correlation: bool = False
    share: str | None = None


@dataclass(frozen=True)
class ModelExample:
    """Lines of Python that follow `MODEL`, for what the checks of a study do not let through.

    Attributes
    ----------
    illness, cure : str
        They end with a ``model``; `assay.probe(model, x, y)` comes next.
    """

    illness: str
    cure: str


@dataclass(frozen=True)
class Entry:
    """What is written about one symptom.

    Attributes
    ----------
    symptom : str
        The name that findings carry.
    title : str
    level : {"certain", "fault", "note"}
    meaning : str
        One sentence.
    sight : str
        What one sees, and in which panel or curve.
    rule : str
        When it is told; thresholds by name, in braces. See `told_when`.
    why : str
        The formula in plain words.
    source : str
        The paper or book where it is worked out.
    cure : str
        What to change.
    example : StudyExample or ModelExample
    """

    symptom: str
    title: str
    level: str
    meaning: str
    sight: str
    rule: str
    why: str
    source: str
    cure: str
    example: StudyExample | ModelExample

    @property
    def told_when(self) -> str:
        """The rule with its numbers."""
        return self.rule.format_map(vars(thresholds))


def entry_of(symptom: str) -> Entry:
    """What is written about a symptom.

    Raises
    ------
    AssayError
        If there is no such symptom; with the near miss.
    """
    for entry in RULE_BOOK:
        if entry.symptom == symptom:
            return entry
    names = [entry.symptom for entry in RULE_BOOK]
    raise AssayError(f"no symptom '{symptom}'.{did_you_mean(symptom, names)} Known symptoms: {', '.join(names)}.")


DEFAULTS: Settings = {"network.activation": "relu", "network.kernel_initializer": "he_normal"}
"""What every example starts from, beside the study `digits` itself."""

MODEL = """\
import os

os.environ.setdefault("KERAS_BACKEND", "jax")  # Keras' own default is TensorFlow

import assay
import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.default_rng(0).standard_normal((500, 10)).astype("float32")
y = (np.abs(x.sum(axis=1)) > 2).astype("float32")
hidden = [keras.layers.Dense(32, "relu", kernel_initializer="he_normal") for _ in range(3)]
"""
"""What the examples about a model of one's own begin with."""

_SOUND_MODEL = 'model = keras.Sequential([keras.Input((10,)), *hidden, keras.layers.Dense(1, "sigmoid")])\n'
_DIABETES = {"name": "diabetes", "target_scaling": "standard"}

RULE_BOOK: tuple[Entry, ...] = (
    # --- Certain: read off the network as it is written ---
    Entry(
        symptom="constant_output",
        title="The output is the same number for every input",
        level="certain",
        meaning="The output layer has a single unit, and an activation that divides it by the sum of all units.",
        sight="The output's violin of activations is a line at 1, and every gradient is exactly 0.",
        rule="The output layer has one unit with softmax, log_softmax or sparsemax.",
        why=(
            "softmax(z) = eᶻ / Σ eᶻ. With one unit the sum is that unit itself, so the output is 1 whatever z is. A "
            "number that cannot change has the slope 0."
        ),
        source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.2.2",
        cure=(
            "Use sigmoid for a yes-or-no question, or one unit for each class. A study with such an output is "
            "refused before anything is measured."
        ),
        example=ModelExample(_SOUND_MODEL.replace("sigmoid", "softmax"), _SOUND_MODEL),
    ),
    Entry(
        symptom="output_loss_mismatch",
        title="The output does not fit the loss",
        level="certain",
        meaning="A cross-entropy gets numbers that are no probabilities, or probabilities where it expects raw scores.",
        sight="The output's violin of activations reaches outside 0 … 1, or sits at 0 where the loss is cut off.",
        rule=(
            "The loss is a cross-entropy (or kl_divergence) and the output activation is none that gives "
            "probabilities; or it does give them although the loss was told from_logits; or a loss of several "
            "classes gets a sigmoid for each class."
        ),
        why=(
            "Cross-entropy is −log p of the right class. The logarithm of a negative number does not exist, and for "
            "p = 0 or p > 1 the loss is cut off, so that its slope is 0 there and nothing is learnt from that row."
        ),
        source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.2.2",
        cure=(
            "Two classes: one unit, sigmoid, binary_crossentropy. Several: one unit a class, softmax, "
            "categorical_crossentropy. With from_logits: linear."
        ),
        example=StudyExample({"data": "circles"}, "network.output_activation", "relu", "sigmoid"),
    ),
    Entry(
        symptom="target_out_of_range",
        title="Targets that the output can never reach",
        level="certain",
        meaning="The output activation is bounded, and some targets of the regression lie beyond its bounds.",
        sight=(
            "The output's violin of activations stays between the bounds; compare it with the targets' range, which "
            "is told."
        ),
        rule="The task is a regression, and a target lies outside the range of the output activation.",
        why=(
            "A sigmoid says numbers between 0 and 1, tanh between −1 and 1, ReLU none below 0. The nearest they "
            "come to a target beyond is their bound, where their slope is almost 0."
        ),
        source="LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998, section 4.5",
        cure="Use linear as the output activation, and bring the targets to mean 0 and standard deviation 1.",
        example=StudyExample({"data": _DIABETES}, "network.output_activation", "sigmoid", "linear"),
    ),
    Entry(
        symptom="nonfinite_data",
        title="Missing or infinite numbers in the data",
        level="certain",
        meaning="Some inputs or targets are not numbers.",
        sight="Crosses and “not finite” instead of violins, from the first layer on.",
        rule="Any entry of x or y is NaN or infinite.",
        why=(
            "Whatever is added to or multiplied with NaN is NaN. One such entry makes the loss of its batch NaN, "
            "then the gradient, then every weight."
        ),
        source="IEEE 754, the standard of floating-point arithmetic",
        cure="Remove these rows or fill the gaps. A study refuses such data and names the column.",
        example=ModelExample("x[3, 0] = np.nan\n" + _SOUND_MODEL, "x[3, 0] = 0\n" + _SOUND_MODEL),
    ),
    Entry(
        symptom="constant_targets",
        title="There is nothing to learn",
        level="certain",
        meaning="All targets are equal.",
        sight="Nothing: signal and gradient may look healthy. The panels cannot show what the targets mean.",
        rule="Every target is the same.",
        why="One constant output is always right. The network will learn it, and nothing about the inputs.",
        source="by definition of the loss: it is smallest without a look at x",
        cure=(
            "Look at how the targets were read: a wrong column, a comparison that is never true, labels cut to "
            "integers."
        ),
        example=ModelExample(
            'y = (x[:, 0] > 100).astype("float32")\n' + _SOUND_MODEL,
            'y = (x[:, 0] > 0).astype("float32")\n' + _SOUND_MODEL,
        ),
    ),
    Entry(
        symptom="nonfinite_weights",
        title="Weights that are no numbers",
        level="certain",
        meaning="A kernel holds NaN or infinite weights.",
        sight="A cross in the kernel's panel, and in every panel from that layer on.",
        rule="Any entry of a kernel is NaN or infinite.",
        why=(
            "This is what a training leaves that has diverged. No input gives a number any more, and no further "
            "step can mend it, for NaN plus anything is NaN."
        ),
        source="IEEE 754, the standard of floating-point arithmetic",
        cure="Initialize the layer anew, and look for what made the training diverge: see `divergence`.",
        example=ModelExample(
            _SOUND_MODEL + "hidden[0].kernel.assign(np.full((10, 32), np.nan))\n",
            _SOUND_MODEL + "hidden[0].kernel.assign(hidden[0].kernel_initializer((10, 32)))\n",
        ),
    ),
    # --- At the start: what the untrained network is fed ---
    Entry(
        symptom="unscaled_inputs",
        title="Inputs are far from size 1",
        level="fault",
        meaning="The numbers that are fed in are so large that they swamp the first layer.",
        sight=(
            "The first violin of the pre-activations is far wider than the scale of the weights would make it; with "
            "tanh or sigmoid the activations of layer 1 gather at the ends of their range."
        ),
        rule=(
            "The inputs' root mean square is at least {UNSCALED_INPUTS:g}; or at least {LARGE_INPUTS:g}, if more "
            "than {SATURATED_FRACTION:.0%} of the first layer's activations are saturated, or as many of its units "
            "are dead as `dead_units` tells."
        ),
        why=(
            "z = kernelᵀ x + bias, so inputs a hundred times too large make pre-activations a hundred times too "
            "large. The gradient of the first kernel is the error times x, so it is too large by the same factor."
        ),
        source="LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998, section 4.3",
        cure=(
            "Scale each feature to mean 0 and standard deviation 1 over the training rows. Images of 0 … 255: "
            "divide by 255."
        ),
        example=StudyExample({"data": "wine"}, "data.scaling", "none", "standard"),
    ),
    Entry(
        symptom="unscaled_targets",
        title="Targets are far from size 1",
        level="fault",
        meaning="A regression is asked for numbers that an untrained network is far from.",
        sight="The pre-activations look sound, but the gradients of all layers are as large as the targets.",
        rule="The task is a regression with a linear output, and the largest target is at least {UNSCALED_TARGETS:g}.",
        why=(
            "The error of a squared loss is output minus target. Outputs start near 0, so the error, and with it "
            "every gradient, is as large as the targets."
        ),
        source="Bishop, Neural Networks for Pattern Recognition, 1995, chapter 8",
        cure="Bring the targets to mean 0 and standard deviation 1, and undo it on what the network says.",
        example=StudyExample({"data": "diabetes"}, "data.target_scaling", "none", "standard"),
    ),
    # --- At the start: the signal going up ---
    Entry(
        symptom="exploding_signal",
        title="The signal explodes",
        level="fault",
        meaning="Pre-activations grow from layer to layer.",
        sight=(
            "The violins of the pre-activations become wider from left to right, often so much that the axis has "
            "powers of ten."
        ),
        rule=(
            "The standard deviation of the pre-activations in the last hidden layer is at least "
            "{EXPLODING_SIGNAL:g} times that of the first, and each layer takes part (the mean factor is above "
            "1/{PER_LAYER:g}); or one of them is not finite."
        ),
        why=(
            "A layer multiplies the variance of its signal by fan_in · Var[kernel] · (what the activation leaves of "
            "it). Above 1, this factor is raised to the power of the depth: 2 a layer are 1,024 after ten."
        ),
        source="He, Zhang, Ren and Sun, Delving Deep into Rectifiers, 2015, equations 7 to 10; Poole et al., 2016",
        cure=(
            "Take the initializer that makes the factor 1: he_normal under ReLU, glorot_uniform under tanh, "
            "lecun_normal under SELU."
        ),
        example=StudyExample(
            {"network.depth": 10, "network.width": 64},
            "network.kernel_initializer",
            {"name": "random_normal", "stddev": 0.3},
            "he_normal",
        ),
    ),
    Entry(
        symptom="vanishing_signal",
        title="The signal dies on its way up",
        level="fault",
        meaning="Pre-activations shrink from layer to layer.",
        sight=(
            "The violins of the pre-activations become narrower from left to right. The gradients may all be "
            "equally small: then their panel shows nothing, and the signal does."
        ),
        rule=(
            "The standard deviation of the pre-activations in the last hidden layer is at most {VANISHING_SIGNAL:g} "
            "of that of the first, and each layer takes part (the mean factor is below {PER_LAYER:g})."
        ),
        why=(
            "A layer multiplies the variance of its signal by fan_in · Var[kernel] · (what the activation leaves of "
            "it). Below 1, little is left after some layers. Under ReLU half of the mean square is lost in each "
            "layer; Glorot's kernels do not make up for it, He's do."
        ),
        source=(
            "Glorot and Bengio, Understanding the Difficulty of Training Deep Feedforward Neural Networks, 2010; "
            "He, Zhang, Ren and Sun, 2015"
        ),
        cure="Take the initializer that makes the factor 1: he_normal under ReLU, glorot_uniform under tanh.",
        example=StudyExample(
            {"network.depth": 8, "network.width": 64}, "network.kernel_initializer", "glorot_uniform", "he_normal"
        ),
    ),
    # --- At the start: the gradient coming down ---
    Entry(
        symptom="vanishing_gradient",
        title="The gradient dies on its way down",
        level="fault",
        meaning="The first layers hear almost nothing of the loss, so they hardly move.",
        sight="Read the panel of the gradient from right to left: the violins become narrower towards layer 1.",
        rule=(
            "The errors' root mean square in the first hidden layer is at most {VANISHING_GRADIENT:g} of that in "
            "the last, and each layer takes part (the mean factor is below {PER_LAYER:g}); or the gradient of every "
            "kernel is exactly 0."
        ),
        why=(
            "On its way down a layer multiplies the error by its kernel and by the activation's slope. The slope of "
            "a sigmoid is at most ¼, so with Glorot's kernels three quarters of the error are lost in every layer."
        ),
        source=(
            "Glorot and Bengio, 2010; Schoenholz, Gilmer, Ganguli and Sohl-Dickstein, Deep Information Propagation, "
            "2017"
        ),
        cure="Replace sigmoid in hidden layers by ReLU with he_normal, or SELU with lecun_normal. Or use fewer layers.",
        example=StudyExample({"network.depth": 8}, "network.activation", "sigmoid", "relu"),
    ),
    Entry(
        symptom="exploding_gradient",
        title="The gradient explodes on its way down",
        level="fault",
        meaning="The first layers get gradients many times larger than the last, so no learning rate suits them all.",
        sight=(
            "Read the panel of the gradient from right to left: the violins become wider towards layer 1. A "
            "kernel's gradient is the error times the activation below it, so where the signal explodes on its way "
            "up as well (ReLU) the two cancel and the panel looks level: the errors, a column of the table, then "
            "show it."
        ),
        rule=(
            "The errors' root mean square in the first hidden layer is at least {EXPLODING_GRADIENT:g} times that "
            "in the last, and each layer takes part (the mean factor is above 1/{PER_LAYER:g})."
        ),
        why=(
            "The factor of a layer is fan_out · Var[kernel] · (mean square of the slope), for the square of the "
            "error. Where it is above 1 it is raised to the power of the depth."
        ),
        source=(
            "He, Zhang, Ren and Sun, 2015, equations 11 to 14; Pascanu, Mikolov and Bengio, On the Difficulty of "
            "Training Recurrent Neural Networks, 2013"
        ),
        cure=(
            "Smaller kernels: he_normal under ReLU, glorot_uniform under tanh. Clipping the gradient hides it, but "
            "does not mend it."
        ),
        example=StudyExample(
            {"network.depth": 14, "network.width": 64, "network.activation": "tanh"},
            "network.kernel_initializer",
            {"name": "variance_scaling", "scale": 7.5},
            "glorot_uniform",
        ),
    ),
    # --- At the start: units ---
    Entry(
        symptom="saturation",
        title="Units sit where the activation is flat",
        level="fault",
        meaning="Most activations of a layer are at the ends of a bounded activation, where its slope is nearly 0.",
        sight=(
            "The violins of the activations are two bulges at −1 and 1 (sigmoid: 0 and 1) with nothing between, and "
            "the pre-activations reach far beyond ±3."
        ),
        rule=(
            "In a hidden layer more than {SATURATED_FRACTION:.0%} of the (unit, example) pairs have a slope below 5 "
            "% of the activation's steepest."
        ),
        why=(
            "The error is multiplied by the slope. At z = 3 the slope of tanh is 1 %, so such a unit passes 1 % of "
            "the error on and learns as slowly."
        ),
        source="LeCun, Bottou, Orr and Müller, 1998, section 4.4; Glorot and Bengio, 2010, section 3",
        cure="Smaller kernels (glorot_uniform), scaled inputs, or an activation that is not bounded.",
        example=StudyExample(
            {"network.activation": "tanh", "network.width": 64},
            "network.kernel_initializer",
            {"name": "random_normal", "stddev": 1.0},
            "glorot_uniform",
        ),
    ),
    Entry(
        symptom="dead_units",
        title="Units that are always off",
        level="fault",
        meaning="Many units of a layer are 0 for every input, and no gradient reaches them.",
        sight=(
            "A thick bar at 0 in the panel of the activations. Half of the values being 0 is what ReLU does; here "
            "whole units are. A layer with nothing but the bar ends the signal: all gradients below it are 0."
        ),
        rule=(
            "At least {DEAD_FRACTION:.0%} of the ReLU units of a hidden layer are 0 for every example; "
            "{DEAD_FRACTION_OF_FEW:.0%} are enough where fewer than {FEW_UNITS} units are left alive."
        ),
        why=(
            "ReLU(z) = max(z, 0) has the slope 0 below 0. A unit that is below 0 for all examples gets no gradient, "
            "so it stays. In a layer of N units all are off for a given input with probability 2⁻ᴺ, and every "
            "narrow layer is another risk."
        ),
        source="Lu, Shin, Su and Karniadakis, Dying ReLU and Initialization, 2020",
        cure="leaky_relu or elu, which have a slope on both sides; wider layers; inputs of mean 0; no negative biases.",
        example=StudyExample(
            {"data": "circles", "network.depth": 10, "network.width": 3}, "network.activation", "relu", "leaky_relu"
        ),
    ),
    Entry(
        symptom="symmetry",
        title="Units that are copies of each other",
        level="fault",
        meaning="All units of a layer start with the same kernel, and will stay the same for ever.",
        sight="The kernel's violins are lines, not bells: every weight is the same number.",
        rule="More than {IDENTICAL_FRACTION:.0%} of the units of a hidden layer have an exact copy in it.",
        why=(
            "Units with equal weights compute the same, get the same gradient and make the same step. A layer of a "
            "hundred such units is as good as one."
        ),
        source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 8.4",
        cure="A random initializer. Zeros are right for biases, not for kernels.",
        example=StudyExample({}, "network.kernel_initializer", {"name": "constant", "value": 0.03}, "he_normal"),
    ),
    Entry(
        symptom="collapsed_correlation",
        title="All inputs look the same",
        level="fault",
        meaning="In the last hidden layer two different inputs give almost the same pre-activations.",
        sight=(
            "The four panels cannot show it, for they pool examples and units: look at the column “correlation” of "
            "the table, drawn below the panels here, which goes to 1 with the layers."
        ),
        rule=(
            "1 minus the mean cosine between examples is at most {COLLAPSED_DISTANCE:g} in the last hidden layer, "
            "and at most {COLLAPSED_RATIO:g} of what it is in the first."
        ),
        why=(
            "With small kernels or large biases every layer brings two inputs closer together: 1 minus their cosine "
            "shrinks by the factor χ₁ < 1 a layer. This is the ordered phase. After some six depth scales, each of "
            "−1 / ln χ₁ layers, nothing is left that could tell them apart."
        ),
        source=(
            "Poole et al., Exponential Expressivity in Deep Neural Networks through Transient Chaos, 2016; "
            "Schoenholz et al., 2017"
        ),
        cure=(
            "Kernels at the edge of chaos, where χ₁ = 1: glorot_uniform under tanh, he_normal under ReLU, biases of "
            "0. Or fewer layers."
        ),
        example=StudyExample(
            {
                "network.depth": 12,
                "network.width": 64,
                "network.activation": "tanh",
                "network.bias_initializer": {"name": "random_normal", "stddev": 0.5},
            },
            "network.kernel_initializer",
            {"name": "variance_scaling", "scale": 0.8},
            {"name": "variance_scaling", "scale": 2.5},
            is_about_correlation=True,
        ),
    ),
    Entry(
        symptom="chaotic_correlation",
        title="Similar inputs are torn apart",
        level="fault",
        meaning="Two inputs that resemble each other have nothing in common in the last hidden layer.",
        sight=(
            "The column “correlation” of the table, drawn below the panels here, falls towards 0, and the gradient "
            "grows towards layer 1."
        ),
        rule=(
            "The mean cosine between examples in the last hidden layer is at most {CHAOTIC_RATIO:g} of that in the "
            "first, and each layer enlarges the gradient by at least 10 %."
        ),
        why=(
            "With large kernels every layer multiplies the square of a small difference between two inputs by χ₁ > "
            "1, and the square of the gradient by the same number on its way down. This is the chaotic phase. What "
            "is learnt about one input then says nothing about its neighbour."
        ),
        source="Poole et al., 2016; Schoenholz et al., 2017",
        cure="Smaller kernels, at the edge of chaos: glorot_uniform under tanh, he_normal under ReLU.",
        example=StudyExample(
            {"network.depth": 15, "network.width": 64, "network.activation": "tanh"},
            "network.kernel_initializer",
            {"name": "variance_scaling", "scale": 6.0},
            "glorot_uniform",
            is_about_correlation=True,
        ),
    ),
    # --- At the start: the loss and the first step ---
    Entry(
        symptom="loss_at_start",
        title="The untrained network is sure of itself",
        level="fault",
        meaning="The loss before training is far above that of someone who only knows how common each class is.",
        sight="The output's violin of pre-activations is much wider than ±1.",
        rule="The loss at the start is at least {LOSS_AT_START:g} times that of the best constant output (chance).",
        why=(
            "A network that knows nothing should give each of K classes about 1/K: a cross-entropy of ln K, 2.3 for "
            "ten classes. Large outputs say one class with certainty, at random, and −log p of a wrong certainty is "
            "large. The first epochs go into taking it back."
        ),
        source="Karpathy, A Recipe for Training Neural Networks, 2019: check the loss at the start",
        cure="A smaller kernel in the output layer, or whatever made the signal grow on its way there.",
        example=StudyExample(
            {},
            "network.layers.output.kernel_initializer",
            {"name": "random_normal", "stddev": 4.0},
            "glorot_uniform",
        ),
    ),
    # --- In training: the learning rate ---
    Entry(
        symptom="learning_rate_too_high",
        title="The steps are too large",
        level="fault",
        meaning="Each update overshoots, so the loss jumps about or settles far above chance.",
        sight="The loss goes up and down from epoch to epoch, or lies flat above the dotted line of chance.",
        rule=(
            "Before training: one update takes the loss to more than {LOSS_AFTER_UPDATE:g} times the larger of what "
            "it was and chance. After training, if less than {LEARNT_SHARE:.0%} of what chance leaves was learnt: "
            "the training loss ends above {LOSS_ABOVE_CHANCE:g} times chance without coming down; or more than "
            "{JAGGED:.0%} of its way from epoch to epoch was upwards, in steps of more than {SWING:g} of chance on "
            "the mean."
        ),
        why=(
            "In a valley of curvature λ a step of learning rate η multiplies the distance from the bottom by 1 − "
            "ηλ. Beyond η = 2/λ every step ends farther away than it began."
        ),
        source="LeCun, Bottou, Orr and Müller, 1998, section 5",
        cure=(
            "A tenth of the learning rate, and again until the loss falls. A sound first update moves a kernel by "
            "about 1 % of its size."
        ),
        example=StudyExample({}, "training.optimizer.learning_rate", 1.0, 0.001, is_trained=True),
    ),
    Entry(
        symptom="divergence",
        title="The loss became infinite",
        level="fault",
        meaning="The training broke off: the loss became infinite or not a number.",
        sight="The loss shoots up, and its curve ends.",
        rule="A step's loss is not finite.",
        why=(
            "Every step overshot by more than the one before, as under `learning_rate_too_high`, and nothing bounds "
            "a squared loss. Large gradients, which unscaled inputs or targets make, call for smaller steps."
        ),
        source="LeCun, Bottou, Orr and Müller, 1998, section 5",
        cure="A tenth of the learning rate; scaled data; an initializer that lets no signal explode.",
        example=StudyExample(
            {
                "data": _DIABETES,
                "network.depth": 1,
                "training.optimizer": {"name": "sgd", "learning_rate": 0.01},
                "training.epochs": 60,
            },
            "training.optimizer.learning_rate",
            0.28,
            0.01,
            is_trained=True,
        ),
    ),
    Entry(
        symptom="learning_rate_too_low",
        title="The steps are too small",
        level="fault",
        meaning="The loss falls, but the training ends long before it gets anywhere.",
        sight="The loss is almost a straight line, falling a little or not at all.",
        rule=(
            "Less than {LEARNT_SHARE:.0%} of what chance leaves was learnt, and the training loss still fell by "
            "more than {STILL_FALLING:.1%} of chance an epoch at the end; or all updates together could not have "
            "moved a kernel by {SHORT_WAY:.0%} of its size."
        ),
        why=(
            "A step moves a weight by about learning rate × gradient (Adam: by about the learning rate itself). "
            "Number of steps × size of a step is as far as a weight can get."
        ),
        source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 11.4.1",
        cure="Ten times the learning rate, or more epochs.",
        example=StudyExample({}, "training.optimizer.learning_rate", 2e-5, 0.001, is_trained=True),
    ),
    Entry(
        symptom="plateau",
        title="The loss lies on a plateau",
        level="fault",
        meaning="The weights move, but the loss stays at what a constant output reaches.",
        sight="A flat curve at the dotted line of chance.",
        rule=(
            "Less than {NOTHING_LEARNT:.0%} of what chance leaves was learnt, and the steps were neither too large "
            "nor too small. Updates count as large where all of them together could move a kernel by {LONG_WAY:g} "
            "times its size."
        ),
        why=(
            "The output layer learns the mean of the targets in a few steps. To do better it needs what tells the "
            "inputs apart, and the gradient that would bring it about does not come through the layers."
        ),
        source="Glorot and Bengio, 2010, section 3.1",
        cure=(
            "Mend what is found at the start, most often a vanishing gradient or a collapsed correlation. Else a "
            "larger learning rate, or a smaller one where the updates are large."
        ),
        example=StudyExample(
            {
                "data": "circles",
                "network.depth": 9,
                "network.width": 5,
                "network.kernel_initializer": "he_uniform",
                "training.epochs": 40,
            },
            "network.activation",
            "sigmoid",
            "selu",
            is_trained=True,
        ),
    ),
    # --- In training: units ---
    Entry(
        symptom="dying_units",
        title="Units die in training",
        level="fault",
        meaning="ReLU units that worked at the start are 0 for every input at the end.",
        sight="The share of dead units climbs in the first epochs and never comes down.",
        rule=(
            "In a hidden layer the share of dead units is at least {GROWN_TO:.0%} at the end, and has grown by at "
            "least {GROWN_BY:.0%} of the units. In a run that learnt all the same it is a note."
        ),
        why=(
            "One large step takes the kernel and bias of a unit to where z is negative for every input. There the "
            "slope is 0, so no later step brings it back."
        ),
        source="Lu, Shin, Su and Karniadakis, 2020",
        cure="A smaller learning rate; or leaky_relu or elu, which have a slope below 0 too.",
        example=StudyExample(
            {"data": _DIABETES, "probe.epochs": "all"},
            "training.optimizer.learning_rate",
            0.3,
            0.001,
            is_trained=True,
            share="dead_units",
        ),
    ),
    Entry(
        symptom="growing_saturation",
        title="Units saturate in training",
        level="fault",
        meaning="Activations that began on the steep part of a bounded activation end on its flat parts.",
        sight="The share of saturated activations climbs with the epochs.",
        rule=(
            "In a hidden layer the share of saturated activations is at least {GROWN_TO:.0%} at the end, and has "
            "grown by at least {GROWN_BY:.0%} of them. In a run that learnt all the same it is a note."
        ),
        why=(
            "Large steps make large kernels, and these large pre-activations. On the flat parts the gradient is "
            "nearly 0, so there is little to bring them back."
        ),
        source="Glorot and Bengio, 2010, section 3.1",
        cure="A smaller learning rate, or an activation that is not bounded.",
        example=StudyExample(
            {"network.activation": "tanh", "training.epochs": 12, "probe.epochs": "all"},
            "training.optimizer.learning_rate",
            0.3,
            0.001,
            is_trained=True,
            share="saturation",
        ),
    ),
    # --- In training: notes on a run that learnt ---
    Entry(
        symptom="overfitting",
        title="Training rows are learnt by heart",
        level="note",
        meaning="From some epoch on the network gets better on the rows it is trained on, and worse on all others.",
        sight="The training loss goes on falling, and the validation loss turns upwards.",
        rule=(
            "The validation loss ends at least {OVERFITTING:.0%} above its best, while the training loss is below "
            "what it was then."
        ),
        why=(
            "A network with many more weights than rows can give every training row its own answer, noise included. "
            "What it learns then does not hold for new rows."
        ),
        source="Prechelt, Early Stopping – But When?, 1998; Srivastava et al., Dropout, 2014",
        cure=(
            "Stop at the best epoch (assay trains afresh to that epoch anyway), or use dropout, an l2 penalty, a "
            "smaller network, more rows. The loss in the picture includes the penalty."
        ),
        example=StudyExample(
            {
                "data": {"name": "moons", "rows": 300, "noise": 0.4},
                "network.width": 64,
                "training.optimizer.learning_rate": 0.01,
                "training.epochs": 60,
            },
            "network.l2",
            0.0,
            0.01,
            is_trained=True,
        ),
    ),
    Entry(
        symptom="too_few_epochs",
        title="Training ended while it was getting better",
        level="note",
        meaning="The last epoch is the best one, and the validation loss was still falling fast.",
        sight="Both curves end on a slope.",
        rule=(
            "The validation loss is best at the last epoch, and fell by at least {MORE_EPOCHS:.0%} of itself an "
            "epoch over the last third."
        ),
        why=(
            "Nothing is wrong with the network; the number of epochs decided the result. Comparing such a run with "
            "another compares how fast they learn, not how far they get."
        ),
        source="Prechelt, 1998",
        cure="Twice the epochs.",
        example=StudyExample({}, "training.epochs", 5, 50, is_trained=True),
    ),
)
"""Every symptom, in the order of `docs/findings.md`."""
