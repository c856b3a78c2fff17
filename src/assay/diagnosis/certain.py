"""What is wrong for certain: decided by reading the network and its data, without measuring anything.

The pairing of output unit, loss and targets can be decided, so it is never a matter of probability.
"""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy

# What each output activation can say, (low, high).
RANGES = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "sparse_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "sparsemax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, float("inf")),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, float("inf")),
    "exponential": (0.0, float("inf")),
    "log_softmax": (-float("inf"), 0.0),
    "log_sigmoid": (-float("inf"), 0.0),
}
NORMALIZED = ("softmax", "log_softmax", "sparsemax")
# Losses that read an output as a probability, and the output activations that make one.
OF_PROBABILITIES = (
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "kl_divergence",
)
PROBABILITIES = ("sigmoid", "hard_sigmoid", "sparse_sigmoid", "softmax", "sparsemax")
TOLERANCE = 1e-6


def certain_findings(facts: NetworkFacts) -> list[Finding]:
    """All that can be said of these facts alone."""
    return [*_single_softmax(facts), *_output_and_loss(facts), *_target_range(facts), *_data(facts)]


def _certain(facts: NetworkFacts, symptom: str, text: str, cause: str, remedy: Remedy, *, at_output: bool) -> Finding:
    layers = (len(facts.layers),) if at_output else ()
    return Finding(symptom, layers, Evidence("network as written", None, None, text), cause, remedy, "certain")


def _single_softmax(facts: NetworkFacts) -> Iterator[Finding]:
    """Softmax divides an output by the sum over the layer's outputs, which is itself if there is one."""
    activation = facts.output.activation
    if facts.output.units != 1 or activation is None or activation.name not in NORMALIZED:
        return
    output = "linear" if facts.task == "regression" else "sigmoid"
    yield _certain(
        facts,
        "constant_output",
        f"The output layer has 1 unit and '{activation.name}'.",
        f"'{activation.name}' divides each output by the sum of all; with one unit the output is the same number for "
        "every input, and its gradient is exactly 0.",
        Remedy(f"Use '{output}' as the output activation.", {"network.output_activation": output}),
        at_output=True,
    )


def _output_and_loss(facts: NetworkFacts) -> Iterator[Finding]:
    """A cross-entropy takes the logarithm of a probability, or the logits of one; nothing else."""
    activation, loss = facts.output.activation, facts.loss
    if activation is None or loss is None or loss.name not in OF_PROBABILITIES:
        return
    if facts.output.units == 1 and activation.name in NORMALIZED:
        return  # told already
    fitting = "sigmoid" if loss.name == "binary_crossentropy" or facts.output.units == 1 else "softmax"
    if loss.arguments.get("from_logits"):
        if activation.name in PROBABILITIES or activation.name in ("relu", "softplus", "exponential"):
            yield _certain(
                facts,
                "output_loss_mismatch",
                f"The output layer applies '{activation.name}', and {loss.name} applies its own '{fitting}' again "
                "(from_logits).",
                "With from_logits the loss expects outputs of either sign and any size; what it gets is bounded, so no "
                "class can become certain.",
                Remedy("Use 'linear' as the output activation.", {"network.output_activation": "linear"}),
                at_output=True,
            )
    elif activation.name not in PROBABILITIES:
        yield _certain(
            facts,
            "output_loss_mismatch",
            f"The output layer applies '{activation.name}', and {loss.name} takes the logarithm of its outputs.",
            f"An output of '{activation.name}' is no probability: it can leave (0, 1), where the loss is cut off and "
            "has no gradient, or is not a number.",
            Remedy(f"Use '{fitting}' as the output activation.", {"network.output_activation": fitting}),
            at_output=True,
        )
    elif loss.name != "binary_crossentropy" and facts.output.units > 1 and activation.name not in NORMALIZED:
        yield _certain(
            facts,
            "output_loss_mismatch",
            f"The output layer applies '{activation.name}' to each of its {facts.output.units} units, and {loss.name} "
            "expects shares that add up to 1.",
            "The loss looks at the unit of the right class alone, so nothing but the division by the sum holds the "
            "others down; where all saturate, nothing is learnt.",
            Remedy("Use 'softmax' as the output activation.", {"network.output_activation": "softmax"}),
            at_output=True,
        )


def _target_range(facts: NetworkFacts) -> Iterator[Finding]:
    """A bounded output never reaches targets outside its range."""
    activation, data = facts.output.activation, facts.data
    if activation is None or data is None or activation.name not in RANGES or facts.task != "regression":
        return
    low, high = RANGES[activation.name]
    if data.target_low >= low - TOLERANCE and data.target_high <= high + TOLERANCE:
        return
    yield _certain(
        facts,
        "target_out_of_range",
        f"Targets lie between {data.target_low:.4g} and {data.target_high:.4g}; '{activation.name}' gives outputs "
        f"between {low:g} and {high:g}.",
        "Targets outside the range of the output activation can never be reached.",
        Remedy(
            "Use 'linear' as the output activation, and bring the targets to mean 0 and standard deviation 1.",
            {"network.output_activation": "linear", "data.target_scaling": "standard"},
        ),
        at_output=True,
    )


def _data(facts: NetworkFacts) -> Iterator[Finding]:
    data = facts.data
    if data is None:
        return
    if data.nonfinite:
        yield _certain(
            facts,
            "nonfinite_data",
            f"{data.nonfinite} of the numbers in the inputs and targets are missing or infinite.",
            "One such number makes the loss, and then every weight, not a number.",
            Remedy("Remove or fill these entries."),
            at_output=False,
        )
    if data.is_constant:
        yield _certain(
            facts,
            "constant_targets",
            "All targets are equal.",
            "There is nothing to learn: one constant output is always right.",
            Remedy("Look at how the targets were read."),
            at_output=False,
        )
