"""What the compiler is asked for, against what else it can be asked for: seconds to compile, and speed.

    python benchmarks/compiler.py [--only B2 …] [--rounds 3]

On a CPU LLVM's optimization level 1 is asked for, instead of 3 (`assay.engine.compilation`). The other settings show
how little it can take to compile, and what that costs: level 0, and XLA's former way of making loops, without MLIR.
Every setting is a process of its own, with an empty compilation cache; settings alternate. Writes compiler.md: seconds
to compile the population's program, and net-steps a second, each the median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from measuring import machine, timed
from population import Population
from workloads import WORKLOADS

from assay.engine import compilation

LEVEL, LOOPS_BY_MLIR = "xla_backend_optimization_level", "xla_cpu_use_fusion_emitters"
SETTINGS: dict[str, dict[str, Any]] = {
    "as assay asks: level 1": {LEVEL: 1},
    "XLA's default: level 3": {LEVEL: 3},
    "level 0": {LEVEL: 0},
    "level 1, loops without MLIR": {LEVEL: 1, LOOPS_BY_MLIR: False},
}
EPOCHS = 5

PAGE = """\
# What the compiler is asked for

Written by `python benchmarks/compiler.py`, whose first lines say what is measured; medians of {rounds} processes.

| workload | | compiling, s | net-steps/s |
|---|---|---|---|
{rows}

Machine: load {load:.2f} before; {machine}.
"""


def one(name: str, options: dict[str, Any]) -> tuple[float, float]:
    """Seconds to compile and net-steps a second of a workload, in this process."""
    compilation.CPU_OPTIONS.clear()
    compilation.CPU_OPTIONS.update(options)
    population = Population(WORKLOADS[name])
    with compilation.counted_compilation() as compiled:
        population.train()
    seconds = [population.seconds() for _ in range(EPOCHS)]
    return compiled.seconds, population.net_steps / float(np.median(seconds))


def measured(name: str, options: dict[str, Any]) -> tuple[float, float]:
    """`one` in a process of its own."""
    environment = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    command = [sys.executable, str(Path(__file__)), "--one", name, json.dumps(options)]
    said, _, _ = timed(command, environment)
    seconds, rate = json.loads(said.splitlines()[-1])
    return seconds, rate


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=sorted(WORKLOADS), default=["B1-adam", "B2", "B5"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where compiler.md is written")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "OPTIONS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(one(arguments.one[0], json.loads(arguments.one[1]))))
        return
    load, rows = os.getloadavg()[0], []
    for name in arguments.only:
        found: dict[str, list[tuple[float, float]]] = {setting: [] for setting in SETTINGS}
        for _ in range(arguments.rounds):
            for setting, options in SETTINGS.items():
                found[setting].append(measured(name, options))
        for setting, pairs in found.items():
            seconds, rate = np.median(np.asarray(pairs), axis=0)
            rows.append(f"| {name} | {setting} | {seconds:.2f} | {rate:,.0f} |")
            print(rows[-1], file=sys.stderr, flush=True)
    text = PAGE.format(rounds=arguments.rounds, rows="\n".join(rows), load=load, machine=machine("jax"))
    (arguments.out / "compiler.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
