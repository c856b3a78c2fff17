"""What a look ahead shows, by cases computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from assay.diagnosis.ahead import (
    FEWEST_ROWS,
    FEWEST_UPDATES,
    MOST_PRODUCTS,
    MOST_ROWS,
    MOST_UPDATES,
    LookAhead,
    held_out_count,
    look_ahead_size,
    looked_at_again,
    score_of_deals,
    skill_of,
    with_other_rates,
    within_budget,
)

# --- Skill -----------------------------------------------------------------------------------------------------------


def test_skill_is_the_share_of_the_gap_that_was_closed():
    """From a chance of 2 to a floor of 0.5 the gap is 1.5; a loss of 1.25 closes 0.75 of it."""
    assert skill_of((3.0, *[1.25] * 9), chance=2.0, floor=0.5) == pytest.approx(0.5)
    assert LookAhead((3.0, *[1.25] * 9), chance=2.0, floor=0.5).skill == pytest.approx(0.5)


def test_one_lucky_update_does_not_count():
    """The lowest mean of five neighbours: (1 + 1 + 0 + 1 + 1) / 5 = 0.8, of a gap of 1."""
    assert skill_of((1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0), chance=1.0, floor=0.0) == pytest.approx(0.2)


def test_of_fewer_than_five_losses_the_mean_is_over_all():
    """(1 + 0.4) / 2 = 0.7."""
    assert skill_of((1.0, 0.4), chance=1.0, floor=0.0) == pytest.approx(0.3)


def test_the_best_stretch_counts_wherever_it_is():
    """A loss that rises again had been learnt."""
    losses = (1.0, *[0.5] * 5, *[2.0] * 5)
    assert skill_of(losses, chance=1.0, floor=0.0) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("losses", "chance", "floor", "skill"),
    [
        ((1.0, np.inf, 0.1), 1.0, 0.0, -1.0),
        ((1.0, np.nan), 1.0, 0.0, -1.0),
        ((1.0, 0.5), 0.0, 0.0, -1.0),
        ((9.0, 9.0), 1.0, 0.0, -1.0),
        ((-9.0, -9.0), 1.0, 0.0, 1.0),
    ],
)
def test_skill_stays_within_minus_1_and_1(losses, chance, floor, skill):
    """−1 where a loss is not finite or there is nothing to learn."""
    assert skill_of(losses, chance, floor) == skill


@pytest.mark.parametrize(("last", "learns"), [(0.951, False), (0.949, True)])
def test_five_percent_of_the_gap_is_learning(last, learns):
    """Of a gap of 1."""
    assert LookAhead((1.0, *[last] * 9), chance=1.0).learns == learns


@pytest.mark.parametrize(("skill", "can"), [(0.049, False), (0.051, True)])
def test_it_can_learn_if_another_rate_does(skill, can):
    """Whichever side that rate lies on."""
    for factor in (10.0, 0.1):
        assert LookAhead((1.0, 1.0), chance=1.0, rates=((factor, skill),)).can_learn == can


# --- Other rates, the way and the fall -------------------------------------------------------------------------------


def test_the_best_of_the_larger_and_of_the_smaller_rates():
    """By skill; what does not learn is none."""
    ahead = LookAhead((1.0, 1.0), 1.0, rates=((10.0, 0.3), (100.0, 0.8), (1000.0, -1.0), (0.1, 0.2), (0.01, 0.04)))
    assert ahead.best_of(larger=True) == (100.0, 0.8)
    assert ahead.best_of(larger=False) == (0.1, 0.2)
    assert LookAhead((1.0, 1.0), 1.0, rates=((10.0, 0.04),)).best_of(larger=True) is None
    assert LookAhead((1.0, 1.0), 1.0, rates=((10.0, 0.4),)).best_of(larger=False) is None


def test_updates_are_needed_as_far_as_the_rate_that_learns_went():
    """10 updates at 100 times the rate: 100 · 10 / √10; its own if it learns, None if no rate does."""
    losses = tuple(np.linspace(2.0, 1.9, 11))
    slow = LookAhead(losses, chance=1.0, floor=0.5, rates=((10.0, 0.01), (100.0, 0.2)))
    assert slow.updates_needed == pytest.approx(1000 / np.sqrt(10))
    assert LookAhead(losses, chance=3.0, floor=0.5).updates_needed == 10
    assert LookAhead(losses, chance=1.0, floor=0.5, rates=((0.1, 0.9), (10.0, 0.01))).updates_needed is None


@pytest.mark.parametrize(("last", "falls"), [(0.989, True), (0.991, False), (np.nan, False), (np.inf, False)])
def test_a_loss_has_come_down_by_one_percent(last, falls):
    """The mean of the last third of nine, against that of the first."""
    assert LookAhead((1.0, 1.1, 0.9, 5.0, 5.0, 5.0, last, last, last), chance=1.0).falls == falls


def test_the_fall_is_measured_from_the_floor():
    """A Poisson loss may be negative: from −1 to −0.995 it rose."""
    assert not LookAhead((-1.0, -0.995), chance=-0.5, floor=-2.0).falls
    assert LookAhead((-1.0, -1.011), chance=-0.5, floor=-2.0).falls


def test_a_loss_that_is_not_finite_has_diverged():
    """Wherever it stands."""
    assert LookAhead((1.0, np.inf, 1.0), chance=1.0).has_diverged
    assert not LookAhead((1.0, 1e30), chance=1.0).has_diverged


# --- Size ------------------------------------------------------------------------------------------------------------


def test_a_small_network_has_all_updates_on_all_rows():
    """64 updates on 128 rows, or on as many as there are."""
    assert look_ahead_size(1000, 500) == (MOST_UPDATES, MOST_ROWS)
    assert look_ahead_size(1000, 60) == (MOST_UPDATES, 60)


@pytest.mark.parametrize(("steps", "budget"), [(None, None), (8, 8), (63, 63), (64, None), (1000, None)])
def test_a_budget_below_the_look_ahead_is_kept_beside_it(steps, budget):
    """What is learnt within it is told apart from what could be learnt."""
    ahead = within_budget(LookAhead((1.0, *[0.9] * 8, *[0.1] * 56), chance=1.0), steps)
    assert ahead.budget == budget
    assert ahead.skill == pytest.approx(0.9)
    if budget == 8:
        assert ahead.skill_within_budget == pytest.approx(0.1)


@pytest.mark.parametrize("rows", [40, 500])
@pytest.mark.parametrize("products", [1e4, 3e6, 1e7, 2e7, 7e7, 1e8])
def test_what_it_takes_stays_below_the_limit(products, rows):
    """Updates × rows × products of a row; rows are given up first, then updates."""
    size = look_ahead_size(products, rows)
    if size is None:
        assert products * FEWEST_UPDATES * FEWEST_ROWS > MOST_PRODUCTS
        return
    updates, taken = size
    assert updates * taken * products <= MOST_PRODUCTS
    assert taken <= min(MOST_ROWS, rows)
    assert updates == MOST_UPDATES or taken == FEWEST_ROWS


def test_a_network_that_is_too_large_has_none():
    """2·10¹⁰ products for 16 updates on 16 rows are 78 million a row."""
    limit = MOST_PRODUCTS / (FEWEST_UPDATES * FEWEST_ROWS)
    assert look_ahead_size(limit * 0.99, 500) == (FEWEST_UPDATES, FEWEST_ROWS)
    assert look_ahead_size(limit * 1.01, 500) is None


# --- Other rates ------------------------------------------------------------------------------------------------------


def made(**losses):
    """From factors of the learning rate, as words such as ``x0_1``, to look aheads that end at a loss."""
    known = {float(name[1:].replace("_", ".")): last for name, last in losses.items()}
    asked = []

    def at(factor):
        asked.append(factor)
        return LookAhead((1.0, *[known[factor]] * 8), chance=1.0)

    return with_other_rates(at), asked


@pytest.mark.parametrize(("own", "asked"), [(0.69, [1.0]), (0.71, [1.0, 0.1, 0.01]), (0.94, [1.0, 0.1, 0.01])])
def test_a_network_that_learns_little_is_tried_at_smaller_rates(own, asked):
    """Below 30 % of the gap; it may be that its steps are too large."""
    ahead, factors = made(x1=own, x0_1=0.2, x0_01=0.5)
    assert factors == asked
    assert ahead.learns
    assert ahead.much_better_slower == ((0.1, pytest.approx(0.8)) if len(asked) > 1 else None)


@pytest.mark.parametrize(("slower", "is_better"), [(0.51, False), (0.49, True)])
def test_much_better_is_forty_percent_of_the_gap_more(slower, is_better):
    """Its own rate closes 10 %."""
    ahead, _ = made(x1=0.9, x0_1=slower, x0_01=0.9)
    assert (ahead.much_better_slower is not None) == is_better


@pytest.mark.parametrize(("last", "comes_down"), [(1.19, False), (1.21, True), (5.1, False)])
def test_a_loss_far_above_chance_that_falls_has_not_settled(last, comes_down):
    """From 5 on; more than a fifth above chance."""
    assert LookAhead((5.0, 5.0, 5.0, 3.0, 3.0, 3.0, last, last, last), chance=1.0).comes_down == comes_down


@pytest.mark.parametrize(("start", "last", "learns"), [(0.9, 0.86, False), (0.9, 0.84, True), (0.2, 0.2, True)])
def test_the_luck_of_the_start_is_not_learning(start, last, learns):
    """It begins 10 % below chance and has to come to 15 %; one that was trained before has learnt."""
    assert LookAhead((start, *[last] * 8), chance=1.0).learns == learns


# --- Does it carry over? ---------------------------------------------------------------------------------------------


def test_the_score_of_deals_is_that_of_a_permutation_test():
    """Of a mean of products Σ aᵢ bᵢ / n the mean and variance over all deals are known in closed form.

    The mean is ā b̄ and the variance Σ (a − ā)² Σ (b − b̄)² / (n² (n − 1)), so the score of n perfectly related pairs
    is √(n − 1).
    """
    random = np.random.default_rng(0)
    outputs = random.standard_normal(101)
    targets = 3 * outputs + 1
    dealt = [-float((outputs * random.permutation(targets)).mean()) for _ in range(4000)]
    loss = -float((outputs * targets).mean())
    assert score_of_deals(loss, dealt) == pytest.approx(10.0, rel=0.05)


def test_independent_answers_have_a_score_about_0():
    """Over many data sets it has mean 0 and standard deviation 1, whatever the loss."""
    random = np.random.default_rng(1)
    scores = []
    for _ in range(400):
        outputs, targets = random.random(80), random.random(80) < 0.1

        def loss(order, outputs=outputs, targets=targets):
            return float(-np.log(np.where(targets[order], outputs, 1 - outputs)).mean())

        scores.append(score_of_deals(loss(np.arange(80)), [loss(random.permutation(80)) for _ in range(100)]))
    assert np.mean(scores) == pytest.approx(0.0, abs=0.15)
    assert np.std(scores) == pytest.approx(1.0, abs=0.15)


def test_a_score_needs_losses_that_are_numbers_and_differ():
    """Constant answers fit every deal alike: nothing carries over."""
    assert score_of_deals(np.nan, [1.0, 2.0]) is None
    assert score_of_deals(1.0, [1.0, np.inf]) is None
    assert score_of_deals(1.0, [1.0, 1.0, 1.0]) == 0.0


@pytest.mark.parametrize(("rows", "kept"), [(255, 0), (256, 128), (400, 200), (512, 256), (60_000, 256)])
def test_at_most_half_of_the_examples_are_kept_apart(rows, kept):
    """Fewer than 128 say too little."""
    assert held_out_count(rows) == kept


@pytest.mark.parametrize(
    ("first", "second", "carried"),
    [(3.1, None, 3.1), (2.9, 0.4, 2.9), (2.9, 9.0, 9.0), (-1.0, None, None), (None, 1, 1)],
)
def test_what_does_not_carry_over_is_looked_at_again(first, second, carried):
    """The better of two scores counts; without a second one nothing is said."""
    ahead = LookAhead((1.0, *[0.5] * 9), chance=1.0, carried=first)
    assert looked_at_again(ahead, lambda factor: second).carried == carried


@pytest.mark.parametrize(("rates", "factor"), [(((10.0, 0.0), (100.0, 0.4)), 100.0), (((10.0, 0.0), (0.1, 0.2)), 0.1)])
def test_it_is_looked_at_again_at_the_rate_that_learnt(rates, factor):
    """The network's own rate learnt nothing."""
    asked = []
    looked_at_again(LookAhead((1.0, 1.0), chance=1.0, rates=rates), lambda rate: asked.append(rate) or 5.0)
    assert asked == [factor]


def test_what_learns_nothing_is_not_looked_at_again():
    """It is another fault."""
    ahead = LookAhead((1.0, 1.0), chance=1.0, rates=((10.0, 0.0),))
    assert looked_at_again(ahead, lambda factor: pytest.fail("asked")).carried is None


def test_at_another_rate_the_score_of_the_one_that_learns_counts():
    """Of the rates tried."""
    tried = {1.0: (1.0, 0.97, 5.0), 10.0: (1.0, 1.0, 6.0), 100.0: (1.0, 0.2, 0.5)}
    made = with_other_rates(lambda factor: LookAhead(tried[factor][:2], chance=1.0, carried=tried[factor][2]))
    assert made.carried == 0.5
