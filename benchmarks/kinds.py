"""What it costs to train networks of many kinds in one program: B2's mixture against its kinds alone.

    python benchmarks/kinds.py [--rounds 15]

B2 mixes 10 activations and 6 optimizers. Their networks do not cost the same: a softplus takes longer than a relu. So
the mixture is held against the mean of its kinds, each trained alone as a population of as many networks: with c(a, o)
the cost of a net-step of activation a and optimizer o, taken to be the sum of a part for each, it is

    mean over a of c(a, adam) + mean over o of c(relu, o) − c(relu, adam).

One process; every round trains each population once, the mixture first, last and in between. Writes kinds.md.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from measuring import machine, median_interval
from population import Population
from workloads import WORKLOADS, Workload

from assay.engine import PROGRAMS_KEPT, available_cores

MIXED = WORKLOADS["B2"]
BASE = ("relu", "adam")

PAGE = """\
# Many kinds in one program

Written by `python benchmarks/kinds.py`, whose first lines say how it is measured. {title}.
Microseconds of a core for a net-step, medians of {rounds} rounds.

| the mixture | the mean of its kinds, each alone | relu and adam alone |
|---|---|---|
| {mixture:.1f} | {mean:.1f} | {base:.1f} |

The mean of the kinds is **{ratio:.2f}** [{low:.2f}, {high:.2f}] times the mixture's cost (a bootstrap 95 % interval of
the median; goal: at least 0.85): 1 says that mixing costs nothing.

| activation, with adam | |
|---|---|
{activations}

| optimizer, with relu | |
|---|---|
{optimizers}

Machine: load {load:.2f} before; {machine}.
"""


def cost(population: Population) -> float:
    """Microseconds of a core for a net-step."""
    return 1e6 * population.seconds() * available_cores() / population.net_steps


def of_kind(activation: str, optimizer: str) -> Workload:
    """As many networks as the mixture has, with its initializers and learning rates, of one kind."""
    conditions = tuple((activation, initializer, optimizer, rate) for _, initializer, _, rate in MIXED.conditions)
    return replace(MIXED, conditions=conditions)


def table(names: Sequence[str], costs: Sequence[float]) -> str:
    """Rows of a table, the cheapest first."""
    return "\n".join(f"| {name} | {cost:.1f} |" for cost, name in sorted(zip(costs, names, strict=True)))


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where kinds.md is written")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    activations, optimizers = ([*dict.fromkeys(condition[at] for condition in MIXED.conditions)] for at in (0, 2))
    kinds = [*((name, BASE[1]) for name in activations), *((BASE[0], name) for name in optimizers if name != BASE[1])]
    assert 1 + len(kinds) <= PROGRAMS_KEPT, "programs would be compiled anew in every round"
    mixture, alone = Population(MIXED), {kind: Population(of_kind(*kind)) for kind in kinds}
    for population in (mixture, *alone.values()):
        population.train()  # compiles
    mixed: list[float] = []
    found: list[dict[tuple[str, str], float]] = []
    for _ in range(arguments.rounds):
        of_mixture, of_kinds = [cost(mixture)], {}
        for number, (kind, population) in enumerate(alone.items(), start=1):
            of_kinds[kind] = cost(population)
            if number in (len(alone) // 2, len(alone)):
                of_mixture.append(cost(mixture))
        mixed.append(float(np.median(of_mixture)))
        found.append(of_kinds)

    def mean(costs: dict[tuple[str, str], float]) -> float:
        of_activations = np.mean([costs[name, BASE[1]] for name in activations])
        return float(of_activations + np.mean([costs[BASE[0], name] for name in optimizers]) - costs[BASE])

    means = [mean(costs) for costs in found]
    ratio, low, high = median_interval(np.asarray(means) / np.asarray(mixed))
    medians = {kind: float(np.median([costs[kind] for costs in found])) for kind in kinds}
    text = PAGE.format(
        title=f"{MIXED.num_nets:,} networks: {MIXED.title}",
        rounds=arguments.rounds,
        mixture=np.median(mixed),
        mean=np.median(means),
        base=medians[BASE],
        ratio=ratio,
        low=low,
        high=high,
        activations=table(activations, [medians[name, BASE[1]] for name in activations]),
        optimizers=table(optimizers, [medians[BASE[0], name] for name in optimizers]),
        load=load,
        machine=machine("jax"),
    )
    (arguments.out / "kinds.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
