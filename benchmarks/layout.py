"""The rule that deals a population over tiles, against every other number of tiles.

    python benchmarks/layout.py [--only B5 …]

Prints net-steps a second of each layout of the referee's workloads, the rule's own first; the median of three rounds.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from workloads import WORKLOADS, Workload

from assay.engine import use_all_cores
from assay.engine.trainer import Trainer

TILES = (1, 2, 4, 8, 16, 32, 64, 128)
ROUNDS = 3


def rate(workload: Workload, tiles: int | None) -> tuple[int, int, float]:
    """Tiles, slots and net-steps a second of one layout."""
    trainer = Trainer(
        workload.members, seeds=workload.seeds, batch_size=workload.batch_size, task=workload.task, tiles=tiles
    )
    data, start = trainer.place(*workload.rows), trainer.save(trainer.start())
    orders = np.stack([workload.order(seed) for seed in workload.seeds])
    seconds = []
    for _ in range(1 + ROUNDS):
        state = trainer.restore(start)
        began = time.perf_counter()
        trainer.train_steps(state, data, orders)
        seconds.append(time.perf_counter() - began)
    steps = workload.num_nets * workload.steps
    return trainer.layout.tiles, trainer.layout.num_slots, steps / float(np.median(seconds[1:]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=sorted(WORKLOADS), default=["B1-adam", "B2", "B5"])
    use_all_cores()
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
