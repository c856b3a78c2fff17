"""A look ahead: some updates made on a copy of a user's network, on the examples looked at, with its own optimizer.

Whether a measured oddity endangers learning is seen by learning a little. The reference is the best constant output: a
network that soon has a lower loss tells its examples apart, and learns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assay.diagnosis.wording import number_text, percent_text

# At most so many updates, on so many examples; fewer of either where the network is large, down to these.
MOST_UPDATES, FEWEST_UPDATES = 64, 16
MOST_ROWS, FEWEST_ROWS = 128, 16
# Products of two numbers that the forward passes of one look ahead may take, some seconds of a core.
MOST_PRODUCTS = 2e10
# Factors of the learning rate that are tried where the network's own learns nothing: larger ones up to the first that
# learns or diverges, smaller ones where the loss does not come down.
LARGER_RATES, SMALLER_RATES = (10.0, 100.0, 1000.0), (0.1, 0.01)
# Share of the gap between the best constant output and a perfect answer that shows that a network learns; and the one
# that shows that what is odd about it does not hinder it. Below that, smaller rates are tried, too.
LEARNS, LEARNS_WELL = 0.05, 0.3
# What a smaller rate must close beyond that to be much better.
MUCH_BETTER = 0.4
# Loss over chance, both above the floor, beyond which a loss that comes down has not shown yet where it goes.
FAR_ABOVE = 1.2
# The last third of the losses, of the first third, below which the loss has come down.
FALLS = 0.99
# The lowest loss is the mean of so many neighbouring updates, so that one lucky step does not count.
SMOOTHED = 5
# Examples that are kept apart to see whether what was learnt holds for them, at most and at least.
MOST_HELD_OUT, FEWEST_HELD_OUT = 256, 128
# Share of a batch normalization's first running statistics that is left when training ends, from which evaluation is
# looked at.
STATISTICS_KEPT = 0.5
# How often their targets are dealt anew, and the score from which on something carries over to them.
DEALS = 100
CARRIES = 3.0


@dataclass(frozen=True)
class LookAhead:
    """The loss before each update, and after the last.

    Attributes
    ----------
    losses : tuple of float
        (K + 1) numbers for K updates.
    chance : float
        The loss of the best constant output on the same examples.
    floor : float
        The smallest loss that any outputs reach.
    rates : tuple of (float, float)
        For other learning rates, as factors of the network's own: the skill after as many updates.
    others_come_down : bool
        At one of those rates the loss was far above chance, and on its way down.
    budget : int, optional
        The updates that the network will have, where they are fewer than these.
    evaluated : float, optional
        The loss of the updated network in evaluation mode, where it computes something else than in training.
    carried : float, optional
        Whether what was learnt holds for examples that were kept apart, as `score_of_deals` measures it, at the rate
        that learnt. None where nothing was learnt, or where the examples are too few.
    """

    losses: tuple[float, ...]
    chance: float
    floor: float = 0.0
    rates: tuple[tuple[float, float], ...] = ()
    others_come_down: bool = False
    budget: int | None = None
    evaluated: float | None = None
    carried: float | None = None

    @property
    def updates(self) -> int:
        """K."""
        return len(self.losses) - 1

    @property
    def skill(self) -> float:
        """Share of the gap between the best constant output and a perfect answer that the updates closed, at most 1.

        −1 where the loss has become infinite or not a number.
        """
        return skill_of(self.losses, self.chance, self.floor)

    @property
    def learns_well(self) -> bool:
        """Whether it learns so much that what is odd about the network does not hinder it."""
        return self.skill >= LEARNS_WELL

    @property
    def enough(self) -> float:
        """The skill that shows that a network learns: `LEARNS`, beyond what it has by luck before the first update."""
        at_start = skill_of(self.losses[:1], self.chance, self.floor)
        return LEARNS + at_start if 0 < at_start < LEARNS_WELL else LEARNS

    @property
    def learns(self) -> bool:
        """Whether the network told its examples apart."""
        return self.skill >= self.enough

    def best_of(self, *, larger: bool) -> tuple[float, float] | None:
        """Of the larger or smaller rates that were tried: the factor with the highest skill, if it learns."""
        learning = [(skill, factor) for factor, skill in self.rates if (factor > 1) == larger and skill >= self.enough]
        if not learning:
            return None
        skill, factor = max(learning)
        return factor, skill

    @property
    def much_better_slower(self) -> tuple[float, float] | None:
        """A smaller rate that learns much more in as many updates, and its skill; None where none was tried."""
        best = self.best_of(larger=False)
        return best if best is not None and best[1] >= max(self.skill, 0.0) + MUCH_BETTER else None

    @property
    def skill_within_budget(self) -> float | None:
        """The skill after the updates that the network will have; None where they are more than these."""
        return None if self.budget is None else skill_of(self.losses[: self.budget + 1], self.chance, self.floor)

    @property
    def skill_in_evaluation(self) -> float | None:
        """The skill of the updated network in evaluation mode."""
        return None if self.evaluated is None else skill_of((self.evaluated,), self.chance, self.floor)

    @property
    def updates_needed(self) -> float | None:
        """About how many updates the network needs at its own learning rate; None if no rate learnt.

        Where small steps follow the gradient, K updates at f times the rate go as far as f · K at the rate itself. The
        factors tried are powers of ten, so the middle between the last that failed and the first that learnt is taken,
        f / √10.
        """
        if self.learns:
            return float(self.updates)
        better = self.best_of(larger=True)
        return None if better is None else better[0] / np.sqrt(10) * self.updates

    @property
    def can_learn(self) -> bool:
        """Whether it did so at its own learning rate or at another that was tried."""
        return self.learns or any(skill >= self.enough for _, skill in self.rates)

    @property
    def falls(self) -> bool:
        """Whether the loss at least came down, so that a larger budget may do."""
        third = max(1, len(self.losses) // 3)
        first, last = (np.mean(part) - self.floor for part in (self.losses[:third], self.losses[-third:]))
        return bool(np.isfinite(last) and last < FALLS * first)

    @property
    def comes_down(self) -> bool:
        """Whether the loss came down and is still far above chance: more updates would show where it goes."""
        return self.falls and bool(self.losses[-1] - self.floor > FAR_ABOVE * (self.chance - self.floor))

    def told(self) -> str:
        """What was done and what came of it, in a sentence or two."""
        if self.has_diverged:
            return f"A look ahead: after {self.updates} updates on a copy the loss was infinite or not a number."
        gap = "of the gap between a constant guess and a perfect answer"
        if self.learns:
            return f"A look ahead: {self.updates} updates on a copy close {percent_text(self.skill)} {gap}."
        best = self.best_of(larger=True) or self.best_of(larger=False)
        other = (
            f"; at {best[0]:g} times the learning rate they close {percent_text(best[1])} {gap}"
            if best is not None
            else ""
        )
        return (
            f"A look ahead: {self.updates} updates on a copy take the loss from {number_text(self.losses[0])} to "
            f"{number_text(self.losses[-1])}, where a constant guess has {number_text(self.chance)}{other}."
        )

    @property
    def has_diverged(self) -> bool:
        """Whether a loss was not finite."""
        return not bool(np.isfinite(self.losses).all())


def look_ahead_size(products_per_row: float, rows: int) -> tuple[int, int] | None:
    """How many updates to make, on how many examples; None where the network is too large for the fewest.

    The size follows from the network alone, so that a judgement does not depend on the speed of a machine.

    Parameters
    ----------
    products_per_row : float
        Of one example's forward pass.
    rows : int
        Examples at hand.
    """
    affordable = MOST_PRODUCTS / max(products_per_row, 1.0)  # passes of a single example
    taken = int(min(max(affordable / MOST_UPDATES, FEWEST_ROWS), MOST_ROWS, rows))
    updates = int(min(MOST_UPDATES, affordable / taken))
    return (updates, taken) if updates >= FEWEST_UPDATES else None


def with_other_rates(updates_at: Callable[[float], LookAhead | None]) -> LookAhead | None:
    """A look ahead; at other learning rates too, if the network's own learns nothing; at smaller ones, if little.

    Parameters
    ----------
    updates_at : callable
        From a factor of the learning rate to a look ahead; None where it cannot be made.
    """
    ahead = updates_at(1.0)
    if ahead is None or ahead.learns_well:
        return ahead
    if ahead.learns:
        tried = [(factor, updates_at(factor)) for factor in SMALLER_RATES]
        return replace(ahead, rates=tuple((factor, slower.skill) for factor, slower in tried if slower is not None))
    rates, carried, others_come_down = [], None, False
    for factors in (LARGER_RATES, () if ahead.falls else SMALLER_RATES):
        for factor in factors:
            other = updates_at(factor)
            if other is not None:
                rates.append((factor, other.skill))
                carried = other.carried if other.learns else carried
                others_come_down |= other.comes_down
            if other is None or other.learns or (factor > 1 and other.has_diverged):
                break
    return replace(ahead, rates=tuple(rates), carried=carried, others_come_down=others_come_down)


def within_budget(ahead: LookAhead, steps: int | None) -> LookAhead:
    """The look ahead, with the updates that the network will have where they are fewer."""
    return ahead if steps is None or steps >= ahead.updates else replace(ahead, budget=steps)


# --- Does it carry over? ----------------------------------------------------------------------------------------------


def held_out_count(rows: int) -> int:
    """How many of so many examples are kept apart: at most half of them; 0 where that is too few to tell."""
    count = min(MOST_HELD_OUT, rows // 2)
    return count if count >= FEWEST_HELD_OUT else 0


def score_of_deals(loss: float, losses_dealt: Sequence[float]) -> float | None:
    """How far a loss lies below those of the same outputs when the targets are dealt to the examples anew.

    (mean of the dealt losses − loss) / their standard deviation: the statistic of a permutation test. It is about 0
    where the outputs say nothing of the targets, whatever the loss, the output and the share of the classes.

    Returns
    -------
    float or None
        None where a loss is not finite.
    """
    dealt = np.asarray(losses_dealt, float)
    if not (np.isfinite(loss) and np.isfinite(dealt).all()):
        return None
    spread = float(dealt.std())
    return float(dealt.mean() - loss) / spread if spread > 1e-9 * abs(float(dealt.mean())) else 0.0


def looked_at_again(ahead: LookAhead, again: Callable[[float], float | None]) -> LookAhead:
    """A look ahead whose `carried` is trusted: where hardly anything carries over, it is measured a second time.

    A network that learns a few examples by heart often learns nothing that holds for others, so it is then trained on
    more of them.

    Parameters
    ----------
    ahead : LookAhead
    again : callable
        From a factor of the learning rate to the score after updates on as many different examples as there are; None
        where it cannot be measured.
    """
    if not ahead.can_learn:
        return replace(ahead, carried=None)
    if ahead.carried is not None and ahead.carried >= CARRIES:
        return ahead
    best = None if ahead.learns else ahead.best_of(larger=True) or ahead.best_of(larger=False)
    second = again(1.0 if best is None else best[0])
    return replace(ahead, carried=None if second is None else max(second, ahead.carried or 0.0))


def skill_of(losses: tuple[float, ...], chance: float, floor: float) -> float:
    """(chance − lowest loss) / (chance − floor), the lowest of means over neighbouring updates, within −1 and 1."""
    values = np.asarray(losses, float)
    gap = chance - floor
    if not np.isfinite(values).all() or gap <= 0:
        return -1.0
    span = min(SMOOTHED, len(values))
    means = np.convolve(values, np.ones(span) / span, mode="valid")
    return float(np.clip((chance - means.min()) / gap, -1.0, 1.0))
