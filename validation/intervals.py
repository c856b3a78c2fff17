"""How often intervals hold the true mean, how often equal conditions are told apart, and how often different ones are.

    python validation/intervals.py [--studies N]

Seeds are drawn from distributions whose mean is known, and from a thousand real trainings of one condition, which lie
in assay-runs/intervals and are not trained again. Writes validation/intervals.md; some minutes on two cores.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.stats

import assay
from assay.analysis import PLAIN, POSITIVE, SHARE, Rules, Sample, compare_paired, concluded, mean_interval, measurements
from assay.analysis.comparison import Comparison, Conclusion, Evidence
from assay.analysis.intervals import share_interval
from assay.analysis.scales import Scale
from assay.analysis.sequential import concluded_at_a_look, rounds

HERE = Path(__file__).parent
RUNS = HERE.parent / "assay-runs" / "intervals"
SEEDS = (3, 5, 10, 20)
COMPARISONS = 20
TRAININGS = 1000
ROWS = 540  # of the test set of digits
STEP = 1 / ROWS

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


@dataclass(frozen=True)
class Case:
    """Where seeds come from: a distribution with its mean, or trainings."""

    name: str
    draw: Draw
    mean: float
    scale: Scale = SHARE
    step: float = 0.0  # the smallest one between two values
    fails: bool = False


def in_steps(shares: np.ndarray) -> np.ndarray:
    """Shares of `ROWS` examples."""
    return np.clip(np.round(shares * ROWS) / ROWS, 0.0, 1.0)


def normal(mean: float, deviation: float) -> Draw:
    """Shares that are about normal."""
    return lambda generator, shape: in_steps(generator.normal(mean, deviation, shape))


def _skewed(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return 1 - generator.gamma(1.0, 0.005, shape)


def _anywhere(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return in_steps(generator.beta(2, 2, shape))


def _failing(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    failed = generator.random(shape) < 0.2
    return in_steps(np.where(failed, generator.normal(0.1, 0.01, shape), generator.normal(0.97, 0.006, shape)))


def simulated() -> list[Case]:
    """Distributions, the unimodal ones first."""
    return [
        Case("accuracy 0.985, deviation 0.006", normal(0.985, 0.006), 0.985, step=STEP),
        Case("accuracy 0.995, deviation 0.005, skewed", _skewed, 0.995),
        Case("accuracy 0.80, deviation 0.03", normal(0.80, 0.03), 0.80, step=STEP),
        Case("accuracy 0.50, anywhere from 0 to 1", _anywhere, 0.5, step=STEP),
        Case(
            "loss, lognormal, deviation 50 %",
            lambda generator, shape: generator.lognormal(0.0, math.sqrt(math.log(1.25)), shape),
            math.exp(0.5 * math.log(1.25)),
            POSITIVE,
        ),
        Case("one seed in five fails: 0.97 or 0.10", _failing, 0.2 * 0.10 + 0.8 * 0.97, step=STEP, fails=True),
    ]


CONDITIONS = {
    "relu, glorot_uniform": {"network.activation": "relu", "network.kernel_initializer": "glorot_uniform"},
    "sigmoid, he_normal": {"network.activation": "sigmoid", "network.kernel_initializer": "he_normal"},
    "relu, random_normal": {"network.activation": "relu", "network.kernel_initializer": "random_normal"},
}


def trained() -> list[Case]:
    """A thousand trainings of each of three conditions of the built-in study."""
    base = assay.load_study("digits").written()
    study = assay.Study(
        **{key: value for key, value in base.items() if key not in ("name", "question", "vary", "design")},
        name="intervals",
        conditions=CONDITIONS,
        design={"kind": "conditions", "seeds": TRAININGS},
    )
    table = measurements(assay.run(study, RUNS)).filter(split="test")
    cases = []
    for metric, scale in (("accuracy", SHARE), ("loss", POSITIVE)):
        for name in CONDITIONS:
            values = table.filter(condition=name, metric=metric)["value"].to_numpy()

            def draw(generator: np.random.Generator, shape: tuple[int, ...], values: np.ndarray = values) -> np.ndarray:
                return generator.choice(values, shape)

            cases.append(
                Case(
                    f"{TRAININGS:,} trainings, {name}: {metric}",
                    draw,
                    float(values.mean()),
                    scale,
                    STEP if scale is SHARE else 0.0,
                )
            )
    return cases


# --- Coverage --------------------------------------------------------------------------------------------------------


def coverage(cases: list[Case], studies: int) -> Iterator[str]:
    """A table: how often an interval holds the true mean, and how often it leaves the bounds."""
    yield "| seeds from | seeds | assay | plain t | plain t leaves the bounds | bootstrap |"
    yield "|---|---|---|---|---|---|"
    generator = np.random.default_rng(0)
    for case in cases:
        for count in SEEDS:
            samples = case.draw(generator, (studies, count))
            ours = [mean_interval(sample, 0.95, case.scale, case.step) for sample in samples]
            plain = [mean_interval(sample, 0.95, PLAIN) for sample in samples]
            assert all(
                one.low is None or case.scale.low <= one.low <= one.high <= case.scale.high  # type: ignore[operator]
                for one in ours
            )
            held = np.mean([one.low is not None and one.low <= case.mean <= one.high for one in ours])
            plain_held = np.mean([one.low is not None and one.low <= case.mean <= one.high for one in plain])
            left = np.mean([one.low is not None and (one.low < 0 or one.high > case.scale.high) for one in plain])
            picks = generator.integers(0, count, (400, count))
            means = samples[:, picks].mean(axis=2)
            ends = np.quantile(means, [0.025, 0.975], axis=1)
            boot = np.mean((ends[0] <= case.mean) & (case.mean <= ends[1]))
            cells = " | ".join(map(percent, (held, plain_held, left, boot)))
            yield f"| {case.name} | {count} | {cells} |"


def coverage_of_groups(case: Case, studies: int) -> Iterator[str]:
    """Where seeds fail: the share that learnt, and the mean of those that did."""
    yield "| seeds | the share that learnt, in its interval | the mean of those that learnt, in its interval |"
    yield "|---|---|---|"
    generator = np.random.default_rng(1)
    for count in SEEDS:
        held, of_mean = [], []
        for sample in case.draw(generator, (studies, count)):
            learnt = sample[sample > 0.5]
            share = share_interval(len(learnt), count)
            held.append(share.low <= 0.8 <= share.high)
            interval = mean_interval(learnt, 0.95, SHARE, case.step)
            if interval.low is not None and interval.high is not None:
                of_mean.append(interval.low <= 0.97 <= interval.high)
        yield f"| {count} | {percent(np.mean(held))} | {percent(np.mean(of_mean))} |"


# --- Comparisons -----------------------------------------------------------------------------------------------------


def sample_of(values: np.ndarray, *, fails: bool) -> Sample:
    """The seeds of a condition; where seeds fail, the two groups apart."""
    by_seed = dict(enumerate(values.tolist()))
    low = frozenset(seed for seed, value in by_seed.items() if value < 0.5)
    return Sample(by_seed, low if fails and 0 < len(low) < len(by_seed) else frozenset())


def evidence(values: np.ndarray, rules: Rules, *, fails: bool = False) -> list[Evidence]:
    """Of conditions (C, S) against the first."""
    samples = [sample_of(row, fails=fails) for row in values]
    return [compare_paired(sample, samples[0], rules) for sample in samples[1:]]


def conclusions(values: np.ndarray, rules: Rules, *, fails: bool = False) -> list[Conclusion]:
    """Of conditions (C, S) against the first."""
    return [comparison.conclusion for comparison in concluded(evidence(values, rules, fails=fails), rules)]


def false_alarms(cases: list[Case], studies: int) -> Iterator[str]:
    """A table: studies in which one of twenty equal conditions or more is called better or worse."""
    yield "| seeds from | seeds | one false alarm or more, assay | plain paired t, uncorrected |"
    yield "|---|---|---|---|"
    generator = np.random.default_rng(2)
    for case in cases:
        rules = Rules(case.scale is SHARE, case.scale, resolution=case.step)
        for count in SEEDS[:3]:
            alarms, plain = 0, 0
            for _ in range(studies):
                values = case.draw(generator, (COMPARISONS + 1, count))
                alarms += any(said in ("better", "worse") for said in conclusions(values, rules, fails=case.fails))
                plain += bool((plain_p(values[1:], values[0]) <= 0.05).any())
            yield f"| {case.name} | {count} | {percent(alarms / studies)} | {percent(plain / studies)} |"


def plain_p(values: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Of the paired t test of each row; 1 where all differences are equal."""
    with np.errstate(all="ignore"):
        p = scipy.stats.ttest_rel(values, np.broadcast_to(baseline, values.shape), axis=1).pvalue
    return np.nan_to_num(p, nan=1.0)


def power(studies: int) -> Iterator[str]:
    """A table: how many true differences are found."""
    yield "| true difference | seeds | plain paired t, uncorrected | assay, one comparison | assay, among 20 like it |"
    yield "|---|---|---|---|---|"
    generator = np.random.default_rng(3)
    rules = Rules(True, SHARE, margin=0.001)
    deviation = 0.01
    for size in (1, 2):
        for count in SEEDS[:3]:
            plain, alone, among = [], [], []
            for _ in range(studies):
                baseline = generator.normal(0.90, 0.02, count)
                others = baseline + generator.normal(size * deviation, deviation, (COMPARISONS, count))
                plain.append((plain_p(others, baseline) <= 0.05).mean())
                values = np.concatenate([baseline[None], others])
                alone.append(conclusions(values[:2], rules)[0] == "better")
                among.append(np.mean([said == "better" for said in conclusions(values, rules)]))
            cells = [percent(np.mean(found)) for found in (plain, alone, among)]
            yield f"| {size} standard deviation{'s' if size > 1 else ''} | {count} | {' | '.join(cells)} |"


def separate(studies: int) -> Iterator[str]:
    """A table: every seed far below every seed of the other, as with the built-in study's sigmoid."""
    yield "| seeds | plain paired t | assay, one comparison | assay, among 11 of which 6 are such |"
    yield "|---|---|---|---|"
    generator = np.random.default_rng(4)
    rules = Rules(True, SHARE, resolution=STEP)
    for count in SEEDS[:3]:
        plain, alone, among = [], [], []
        for _ in range(studies):
            near = in_steps(generator.normal(0.963, 0.008, (6, count)))
            far = in_steps(generator.beta(6, 4.6, (6, count)))  # a mean of 0.57, a deviation of 0.15
            values = np.concatenate([near, far])
            plain.append((plain_p(far, near[0]) <= 0.05).mean())
            alone.append(conclusions(values[[0, 6]], rules)[0] == "worse")
            among.append(np.mean([said == "worse" for said in conclusions(values, rules)[5:]]))
        yield f"| {count} | {' | '.join(percent(np.mean(found)) for found in (plain, alone, among))} |"


# --- Seeds in rounds -------------------------------------------------------------------------------------------------

FIRST, MOST = 5, 30


def in_rounds(cases: list[Case], studies: int) -> Iterator[str]:
    """A table: studies that add seeds until each comparison is decided, of equal conditions."""
    counts = rounds(FIRST, MOST)
    yield "| seeds from | one false alarm or more, assay | testing at each look as if it were the only one |"
    yield "|---|---|---|"
    generator = np.random.default_rng(5)
    for case in cases:
        rules = Rules(case.scale is SHARE, case.scale, resolution=case.step)
        alarms, careless = 0, 0
        for _ in range(studies):
            values = case.draw(generator, (COMPARISONS + 1, MOST))
            looks = [evidence(values[:, :count], rules, fails=case.fails) for count in counts]
            alarms += any(_found_one(concluded_at_a_look(look, rules, len(counts))) for look in looks)
            careless += any(_found_one(concluded(look, rules)) for look in looks)
        yield f"| {case.name} | {percent(alarms / studies)} | {percent(careless / studies)} |"


def seeds_used(studies: int) -> Iterator[str]:
    """A table: with how many seeds a study of one true difference ends."""
    yield "| true difference | decided | seeds, mean | wrong conclusion |"
    yield "|---|---|---|---|"
    counts, generator = rounds(FIRST, MOST), np.random.default_rng(6)
    rules = Rules(True, SHARE, margin=0.01)
    for points in (0.0, 0.5, 1.0, 2.0, 4.0):
        ended, wrong, decided = [], 0, 0
        for _ in range(studies):
            baseline = generator.normal(0.90, 0.02, MOST)
            other = baseline + generator.normal(points / 100, 0.01, MOST)
            said: Conclusion = "undecided"
            for count in counts:
                (comparison,) = concluded_at_a_look(
                    evidence(np.stack([baseline, other])[:, :count], rules), rules, len(counts)
                )
                said = comparison.conclusion
                if said != "undecided":
                    break
            ended.append(count)
            decided += said != "undecided"
            wrong += said == "worse" or (said == "better" and points == 0) or (said == "same" and points > 1)
        cells = (percent(decided / studies), f"{np.mean(ended):.1f}", percent(wrong / studies))
        yield f"| {points:g} points, a deviation of one point | {' | '.join(cells)} |"


def _found_one(comparisons: list[Comparison]) -> bool:
    return any(comparison.conclusion in ("better", "worse") for comparison in comparisons)


# --- The page --------------------------------------------------------------------------------------------------------


def percent(share: float | np.floating) -> str:
    """``94 %``; with a decimal below 10."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"


def page(studies: int) -> Iterator[str]:
    """The lines of validation/intervals.md."""
    cases, real = simulated(), trained()
    failing = cases[-1]
    yield "# How far intervals and comparisons can be trusted"
    yield ""
    yield (
        f"Written by `make intervals` (`validation/intervals.py`). Each line is of {studies:,} studies; a share of "
        f"95 % then has a standard error of {100 * math.sqrt(0.95 * 0.05 / studies):.1f} points. Seeds come from "
        f"distributions whose mean is known, or are drawn from {TRAININGS:,} trainings of one condition of the "
        "built-in study `digits`."
    )
    yield from ("", "## How often a 95 % interval holds the true mean", "")
    yield (
        "*assay* carries Student's t through the logit of an accuracy or the logarithm of a loss; *plain t* is "
        "m ± t · s / √n; *bootstrap* takes percentiles of 400 resamples. No interval of assay's left the bounds."
    )
    yield ""
    yield from coverage([*cases, *real], studies)
    yield from ("", "Where one seed in five fails, assay tells two groups instead of one mean:", "")
    yield from coverage_of_groups(failing, studies)
    yield from ("", "## How often equal conditions are told apart", "")
    yield (
        f"{COMPARISONS} conditions and a baseline, all equal. Asked for is at most 5 % at a confidence of 0.95. Where "
        "one seed in five fails, three seeds may all fail in one condition and all learn in the other, which no test "
        "of three seeds can tell from a difference."
    )
    yield ""
    few = max(200, studies // 3)
    yield from false_alarms([*cases, *real], few)
    yield from ("", "## How often true differences are found", "")
    yield (
        "Differences are in standard deviations of the paired differences, around an accuracy of 0.90; the margin is "
        "small, so that nothing is called the same."
    )
    yield ""
    yield from power(few)
    yield from ("", "Seeds that all lie far below the baseline: accuracies around 0.57 against 0.963.", "")
    yield from separate(few)
    yield from ("", "## Seeds in rounds: `assay run --until-decided`", "")
    yield (
        f"From {FIRST} to {MOST} seeds, {len(rounds(FIRST, MOST))} looks. {COMPARISONS} conditions and a baseline, all "
        "equal:"
    )
    yield ""
    yield from in_rounds(cases, few // 2)
    yield from ("", "One condition against a baseline of accuracy 0.90, with a margin of one point:", "")
    yield from seeds_used(few)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--studies", type=int, default=3000, help="simulated studies for each line")
    studies = parser.parse_args().studies
    (HERE / "intervals.md").write_text("\n".join(page(studies)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
