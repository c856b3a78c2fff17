"""The rule that deals a population over tiles, against every other number of tiles.

    python benchmarks/layout.py [--only B5 …]

Prints net-steps a second of each layout of the referee's workloads, the rule's own first; the median of three rounds.
"""

from __future__ import annotations

import argparse

import numpy as np
from population import Population
from workloads import WORKLOADS, Workload

TILES = (1, 2, 4, 8, 16, 32, 64, 128)
ROUNDS = 3


def rate(workload: Workload, tiles: int | None) -> tuple[int, int, float]:
    """Tiles, slots and net-steps a second of one layout."""
    population = Population(workload, tiles=tiles)
    seconds = [population.seconds() for _ in range(1 + ROUNDS)]
    layout = population.trainer.layout
    return layout.tiles, layout.num_slots, population.net_steps / float(np.median(seconds[1:]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=sorted(WORKLOADS), default=["B1-adam", "B2", "B5"])
    for name in parser.parse_args().only:
        workload = WORKLOADS[name]
        chosen, slots, speed = rate(workload, None)
        print(f"{name}: the rule: {chosen} tiles of {slots} networks, {speed:,.0f} net-steps/s", flush=True)
        for tiles in TILES:
            if tiles <= len(workload.conditions) and tiles != chosen:
                _, slots, speed = rate(workload, tiles)
                print(f"{name}: {tiles} tiles of {slots} networks, {speed:,.0f} net-steps/s", flush=True)


if __name__ == "__main__":
    main()
