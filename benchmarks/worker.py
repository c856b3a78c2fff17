"""A contender in a process of its own, told by the referee when to train.

    python worker.py WORKLOAD CONTENDER

Prints a line of JSON after its first round (which compiles) and one for each line that it reads: wall and CPU seconds
of the round, the mean training loss of each network that it trained, by its number, and the seconds in which JAX has
compiled since the process began (null for those who do without). A warm round that is too short for a clock is
repeated, and the mean told.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time

SHORTEST_SECONDS = 0.5


def main() -> None:
    """Train once, then again for every line on standard input."""
    contender = importlib.import_module(f"contenders.{sys.argv[2]}")
    # assay announces JAX and imports it at its first use: those who do without must not pay for it.
    has_jax = "jax._src" in sys.modules
    from measuring import Compilations
    from workloads import WORKLOADS

    compilations = Compilations() if has_jax else None
    training = contender.Contender(WORKLOADS[sys.argv[1]])
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints is not an answer
    shortest = 0.0
    while True:
        before, start, repeats, wall = os.times(), time.perf_counter(), 0, 0.0
        while repeats == 0 or wall < shortest:
            losses = training.round()
            wall, repeats = time.perf_counter() - start, repeats + 1
        after = os.times()
        told = {
            "wall": wall / repeats,
            "cpu": (after.user + after.system - before.user - before.system) / repeats,
            "losses": {int(net): float(loss) for net, loss in losses.items()},
            "compile_seconds": compilations.told()["seconds"] if compilations else None,
        }
        print(json.dumps(told), file=answers, flush=True)
        if not sys.stdin.readline():
            return
        shortest = SHORTEST_SECONDS


if __name__ == "__main__":
    main()
