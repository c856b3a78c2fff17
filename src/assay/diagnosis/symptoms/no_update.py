"""Weights that no update moves, and the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assay.diagnosis.examples import SOUND_MODULE, ModelExample
from assay.diagnosis.facts import NetworkFacts, ParameterFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.loop import ENOUGH_LOOKS, LoopFacts
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.thresholds import LEARNT_SHARE
from assay.diagnosis.wording import percent_text

WITHOUT_GRADIENT = 8
"""So many looks at a loop without a gradient: by then a layer that is left out at random has had one."""
MOST = 0.5
"""The share of the parameters whose updates are all rounded to 0 from which it is no matter of a few biases."""
_NAMED = 3
"""So many parameters are named; the others are counted."""


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Asked of a user's own network; a study moves all that it has.

    A network that learns well with what it moves is not hindered by the rest: then it is a note.
    """
    is_harmless = facts.ahead is not None and facts.ahead.skill >= LEARNT_SHARE
    for finding in parameters_at_rest(facts.parameters):
        yield replace(finding, level="note") if is_harmless and finding.level == "fault" else finding


def in_loop(facts: LoopFacts) -> Iterator[Finding]:
    """What none of the steps that were looked at has moved, frozen ones left out: who watches has frozen them."""
    looks = len(facts.looks)
    if not looks or (looks < ENOUGH_LOOKS and not facts.has_ended):
        return
    # What another optimizer moves is none of this one's.
    parameters = [one for one in facts.parameters if one.is_trained and (one.update == 0 or not one.is_registered)]
    if looks < WITHOUT_GRADIENT and not facts.has_ended:
        parameters = [one for one in parameters if reason_of(one) != "no_gradient"]
    has_others = any(one.is_in_optimizer for one in facts.parameters)
    for found in parameters_at_rest(parameters, of=facts.parameters, steps=looks):
        # Who trains the last layers alone need not freeze the others; an optimizer without any is a mistake.
        is_meant = has_others and found.cause.startswith(_REASONS["not_in_optimizer"][0])
        yield replace(found, level="note") if is_meant else found


def parameters_at_rest(
    parameters: Sequence[ParameterFacts], *, of: Sequence[ParameterFacts] | None = None, steps: int = 1
) -> Iterator[Finding]:
    """What stays as it is, by its reason: one finding a reason.

    Parameters
    ----------
    parameters : sequence of ParameterFacts
    of : sequence of ParameterFacts, optional
        All that the network has, where these are some of them.
    steps : int
        Of how many updates the largest is known.
    """
    used = [one for one in (parameters if of is None else of) if one.size]
    for reason, (cause, remedy, level) in _REASONS.items():
        still = [one for one in parameters if one.size and reason_of(one) == reason]
        if not still or (reason == "no_gradient" and not _matters(still, used)):
            continue
        share = sum(one.size for one in still) / sum(one.size for one in used)
        if reason == "rounded" and (share < MOST or steps == 1):
            continue
        found = SYMPTOM.finding(
            (),
            Evidence(
                "share of the parameters that one update leaves as they are",
                share,
                None,
                f"{_when_text(steps)} {_names_text(still)} as they are: {percent_text(share)} of all parameters.",
            ),
            detail=cause,
            remedy=Remedy(remedy),
        )
        yield replace(found, level="fault" if reason == "frozen" and share == 1 else level)


def reason_of(parameter: ParameterFacts) -> str | None:
    """Why an update does not move it; None if it does, or nothing was measured."""
    if not parameter.is_registered:
        return "unregistered"
    if not parameter.is_trained:
        return "frozen"
    if parameter.is_in_optimizer is False:
        return "not_in_optimizer"
    if parameter.learning_rate == 0:
        return "warm_up" if parameter.peak_rate else "rate_of_zero"
    if parameter.update != 0 or parameter.gradient is None:
        return None
    return "no_gradient" if parameter.gradient == 0 else "rounded" if parameter.gradient > 0 else None


def _matters(still: Sequence[ParameterFacts], used: Sequence[ParameterFacts]) -> bool:
    """Whether a matrix gets no gradient: a bias before a normalization never does, and needs none."""
    names = {one.name for one in still}
    return any(one.name.endswith(("weight", "kernel")) or one.size > 1 for one in still) and not all(
        name.endswith("bias") for name in names
    )


def _when_text(steps: int) -> str:
    return "One update leaves" if steps == 1 else f"All {steps} updates that were looked at leave"


def _names_text(parameters: Sequence[ParameterFacts]) -> str:
    names = [f"'{one.name}'" for one in parameters]
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    return " and ".join(names)


# By reason: cause, remedy, level. What is frozen may be so on purpose.
_REASONS = {
    "rate_of_zero": (
        "The learning rate of these parameters is 0, so every update is 0.",
        "Give the optimizer a learning rate above 0. If a schedule warms up, let it step after each update, not after "
        "each epoch.",
        "certain",
    ),
    "warm_up": (
        "The learning rate of these parameters is 0 now, and a schedule raises it.",
        "Let the schedule step after each update. If it steps after each epoch, the whole first epoch is lost.",
        "note",
    ),
    "unregistered": (
        "These layers lie in a plain Python list or dict, so the module does not list them among its parameters, "
        "and no optimizer gets them.",
        "Put the layers into nn.ModuleList or nn.ModuleDict, and build the optimizer afterwards.",
        "fault",
    ),
    "not_in_optimizer": (
        "The optimizer was not given these parameters, although they are not frozen.",
        "Build the optimizer from model.parameters(), after all layers exist. Freeze what is not to be trained.",
        "fault",
    ),
    "no_gradient": (
        "The gradient of these parameters is exactly 0: no change of theirs changes the loss. Something behind them "
        "is constant or cut off.",
        "Look at what comes behind these layers: a softmax or a normalization over a single number, a detach(), units "
        "that are all off, or a layer whose output is not used.",
        "fault",
    ),
    "rounded": (
        "These parameters have a gradient, but the update is smaller than the last digit of their numbers.",
        "Keep the parameters in float32, or use a larger learning rate.",
        "fault",
    ),
    "frozen": (
        "These parameters are frozen.",
        "If they are to be trained, set requires_grad (Keras: trainable) to True before the optimizer is built.",
        "note",
    ),
}

SYMPTOM = Symptom(
    name="no_update",
    order=160,
    level="fault",
    title="Weights that no update moves",
    meaning="An update leaves some or all of the weights exactly as they are.",
    sight="Not in the panels. The column “update” of the table says 0.",
    rule=(
        "The learning rate of a parameter is 0 (certain); a parameter is used and not among the module's parameters; "
        "it is not frozen and not in the optimizer; or its gradient is exactly 0; or the updates of at least "
        f"{percent_text(MOST)} of all parameters are rounded to 0. What is frozen is a note. In a loop "
        f"that is watched: none of {ENOUGH_LOOKS} steps that were looked at has moved it, nor of {WITHOUT_GRADIENT} "
        "where it has no gradient."
    ),
    cause="No update reaches these weights, so they stay as they are.",
    why="An update is the learning rate times a function of the gradient. If either is 0, or neither exists, so is it.",
    source="Paszke et al., PyTorch, 2019; its documentation of torch.nn.ModuleList and torch.optim.Optimizer",
    remedy="Give the optimizer all parameters that are to learn, with a learning rate above 0.",
    example=ModelExample(
        "module = nn.Sequential(*layers)\noptimizer = torch.optim.Adam(module[-1].parameters(), lr=0.01)\n",
        SOUND_MODULE,
        is_torch=True,
    ),
    factors=("optimizer", "learning rate"),
    at_start=at_start,
    in_loop=in_loop,
)
