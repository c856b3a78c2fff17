"""What a network did in one forward pass, call by call, and what of it stands behind each kernel.

A reader wraps every layer (or function) of a framework and notes its calls in order. Which call feeds which is seen in
the tensors themselves: the very object that one returns is what the other takes. Where the network computes something
between two layers that no wrapper sees, the order of the calls has to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from assay.choices import Choice

Site = Hashable
"""Where an activation is applied: its owner, and the how-manieth call of it."""


@dataclass
class Call:
    """One call of a layer or function.

    Attributes
    ----------
    kind : {"kernel", "activation", "normalization", "attention", "opaque", "passive", "other"}
        `attention` mixes positions; `opaque` layers have kernels that are not looked at; `passive` ones only add, pick,
        average or order numbers; what `other` ones do is not known.
    owner : object
        The layer or function.
    inputs : tuple of tensor
    output : tensor
    site : Site, optional
        Where its activation is applied: of an activation, and of a kernel (which may apply the identity).
    choice : Choice, optional
        The activation it applies; None where it is not one of ours.
    is_activated : bool
        It applies something other than the identity.
    keeps : bool
        Every number passes as it is: it only arranges them anew, or is a dropout that is off.
    over : (axis, size), optional
        Of a softmax or a layer normalization: the axis that it runs over, and how many numbers lie along it.
    """

    kind: str
    owner: Any
    inputs: tuple[Any, ...]
    output: Any
    site: Site = None
    choice: Choice | None = None
    is_activated: bool = False
    keeps: bool = False
    over: tuple[int, int] | tuple[()] = ()


@dataclass
class Log:
    """What passed, and what is to be done to it on the way.

    Attributes
    ----------
    wanted : frozenset of Site, optional
        Where numbers are kept, of networks whose structure is known; then calls are noted without their tensors. All if
        not given.
    offsets : mapping of Site to tensor
        Added to the pre-activations there: zeros, to differentiate with respect to them.
    gates : mapping of Site to tensor
        Multiplied with what leaves there: 0 cuts the connection.
    calls : list of Call
    sites : dict of Site to (preactivations, activations)
    """

    wanted: frozenset[Site] | None = None
    offsets: Mapping[Site, Any] = field(default_factory=dict)
    gates: Mapping[Site, Any] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    sites: dict[Site, tuple[Any, Any]] = field(default_factory=dict)
    counts: Counter[Hashable] = field(default_factory=Counter)

    def apply(self, owner: Hashable, z: Any, function: Callable[[Any], Any]) -> tuple[Site, Any]:
        """Where this is, and φ(z)."""
        self.counts[owner] += 1
        site = (owner, self.counts[owner])
        if site in self.offsets:
            z = z + self.offsets[site]
        a = function(z)
        if site in self.gates:
            a = a * self.gates[site]
        if self.wanted is None or site in self.wanted:
            self.sites[site] = (z, a)
        return site, a

    def note(self, call: Call) -> None:
        """A call; without its tensors where only certain sites are wanted, so that they can be let go."""
        self.calls.append(call if self.wanted is None else replace(call, inputs=(), output=None))


@dataclass(frozen=True)
class Link:
    """What stands between a kernel and the next.

    Attributes
    ----------
    kernel : Call
    site : Site
        Where the pre-activations are: what the activation is given.
    choice : Choice, optional
        The activation, if it is known.
    is_normalized : bool
    is_open : bool
        Nothing tells which activation follows: the outputs went where no wrapper saw them, or into an `other` call.
    is_chained : bool
        The next kernel takes what the activation gives, and nothing else happens to it on the way.
    next_kernel : Call, optional
        The next one to be called.
    """

    kernel: Call
    site: Site
    choice: Choice | None
    is_normalized: bool
    is_open: bool
    is_chained: bool
    next_kernel: Call | None = field(default=None, repr=False)

    def without_numbers(self) -> Link:
        """The same with calls that hold no tensors: what is computed on few examples, and copies of parameters."""
        following = None if self.next_kernel is None else replace(self.next_kernel, inputs=(), output=None)
        return replace(self, kernel=replace(self.kernel, inputs=(), output=None), next_kernel=following)


def links(calls: Sequence[Call], output: Any) -> list[Link]:
    """What stands behind each kernel, in the order of the calls; `output` is what the network returned."""
    kernels = [place for place, call in enumerate(calls) if call.kind == "kernel"]
    following = [*kernels, None][1:]
    return [_link(calls, place, after, output) for place, after in zip(kernels, following, strict=True)]


def _link(calls: Sequence[Call], place: int, after: int | None, output: Any) -> Link:
    kernel = calls[place]
    reached = [kernel.output]
    found: Call | None = kernel if kernel.is_activated else None
    is_normalized = is_closed = is_part = is_obscure = is_chained = is_bent = False
    is_plain = True
    for call in calls[place + 1 :]:
        if not any(given is known for given in call.inputs for known in reached):
            continue
        if call.kind in ("kernel", "opaque", "attention"):
            is_closed = True
            is_chained = is_plain and call.kind == "kernel"
            break
        is_bent |= found is not None and _bends(call) and not any(known is output for known in reached)
        is_plain &= call.keeps or (call.kind == "activation" and found is None)
        if call.kind == "activation" and found is None:
            found = call
        elif found is not None and _meets(call, found):  # such as z · sigmoid(z), written by hand
            is_part = True
        is_normalized |= call.kind == "normalization"
        is_obscure |= call.kind == "other"
        reached.append(call.output)
    is_closed |= any(known is output for known in reached)
    if not is_closed:  # the order of the calls has to do
        between = calls[place + 1 : after]
        is_normalized |= any(call.kind == "normalization" for call in between)
        found = found or next((call for call in between if call.kind == "activation"), None)
    is_open = found is None and (is_obscure or not is_closed)
    choice = found.choice if found else (None if is_open else Choice("linear"))
    is_last = any(known is output for known in reached)
    choice = None if is_part or (is_last and is_bent) else choice  # 2 · sigmoid(z) − 1 is no sigmoid
    next_kernel = None if after is None else calls[after]
    return Link(kernel, (found or kernel).site, choice, is_normalized, is_open, is_chained and not is_part, next_kernel)


def ways_around(calls: Sequence[Call], found: Sequence[Link], inputs: Sequence[Any], output: Any) -> list[bool]:
    """Of each link, whether the output can be reached from the inputs without its kernel.

    For networks whose every function was seen, so that `calls` is the whole graph.
    """
    return [_is_reached(calls, link.kernel, inputs, output) for link in found]


def ends_branch(calls: Sequence[Call], kernel: Call, is_sum: Callable[[Call], bool]) -> bool:
    """Whether a kernel's outputs are added, as they are, to a stream that leads through the whole network.

    That is: what they are added to is itself a sum, or the sum is used twice, by the next branch and by the sum behind
    it. Where each sum is normalized there is no such stream.
    """
    reached = kernel.output
    for place, call in enumerate(calls):
        if not any(given is reached for given in call.inputs):
            continue
        if is_sum(call) and len(call.inputs) == 2:
            sums = [other.output for other in calls[:place] if is_sum(other) and len(other.inputs) == 2]
            uses = [other for other in calls[place + 1 :] if any(given is call.output for given in other.inputs)]
            is_summed = any(given is one for given in call.inputs for one in sums)
            return is_summed or len(uses) > 1
        if not call.keeps:
            return False
        reached = call.output
    return False


def _is_reached(calls: Sequence[Call], without: Call, inputs: Sequence[Any], output: Any) -> bool:
    reached = {id(tensor) for tensor in inputs}
    for call in calls:
        if call is not without and any(id(tensor) in reached for tensor in call.inputs):
            reached.add(id(call.output))
    return id(output) in reached


def _bends(call: Call) -> bool:
    """Whether it may move numbers out of the range of the activation that gave them."""
    is_sum = len(call.inputs) > 1 or "add" in getattr(call.owner, "__name__", "")
    return call.kind in ("activation", "normalization", "other") or (call.kind == "passive" and is_sum)


def _meets(call: Call, activation: Call) -> bool:
    """Whether it takes an activation's output together with its input."""
    given = [any(tensor is one for tensor in call.inputs) for one in activation.inputs]
    return any(given) and any(tensor is activation.output for tensor in call.inputs)
