"""A contender in a process of its own, told by the referee when to train.

    python worker.py WORKLOAD CONTENDER

Prints a line of JSON after its first round (which compiles) and one for each line that it reads: wall and CPU seconds
of the round, and the mean training loss of each network that it trained, by its number.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time

from workloads import WORKLOADS


def main() -> None:
    """Train once, then once more for every line on standard input."""
    workload, contender = WORKLOADS[sys.argv[1]], importlib.import_module(f"contenders.{sys.argv[2]}")
    training = contender.Contender(workload)
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints is not an answer
    while True:
        before, start = os.times(), time.perf_counter()
        losses = training.round()
        wall, after = time.perf_counter() - start, os.times()
        cpu = after.user + after.system - before.user - before.system
        print(
            json.dumps({"wall": wall, "cpu": cpu, "losses": {int(net): float(loss) for net, loss in losses.items()}}),
            file=answers,
            flush=True,
        )
        if not sys.stdin.readline():
            return


if __name__ == "__main__":
    main()
