"""What the compiler is asked for, against its defaults: seconds to compile, and speed.

    python benchmarks/compiler.py [--only B2 …] [--rounds 3]

On a CPU LLVM's optimization level 1 is asked for, instead of 3 (`assay.engine.compilation`). What is not asked for is
that one loop may write several arrays, which XLA can do and does not: an option of the whole process, for nothing that
stands out of the noise. Every setting is a process of its own, with an empty compilation cache; settings alternate.
Writes compiler.md: seconds to compile the population's program, and net-steps a second, each the median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from measuring import machine, timed
from workloads import WORKLOADS

SETTINGS = {
    "as assay asks: level 1": (False, 1),
    "XLA's defaults: level 3": (False, 3),
    "level 1, several arrays a loop": (True, 1),
    "level 3, several arrays a loop": (True, 3),
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


def one(name: str, level: int) -> tuple[float, float]:
    """Seconds to compile and net-steps a second of a workload, in this process."""
    from assay.engine import compilation, counted_compilation, use_all_cores
    from assay.engine.sparse import suits_sparse
    from assay.engine.trainer import Trainer

    compilation.CPU_OPTIONS["xla_backend_optimization_level"] = level
    use_all_cores()
    workload = WORKLOADS[name]
    trainer = Trainer(
        workload.members,
        seeds=workload.seeds,
        batch_size=workload.batch_size,
        task=workload.task,
        sparse=suits_sparse(workload.rows[0]),
    )
    data, start = trainer.place(*workload.rows), trainer.save(trainer.start())
    orders = np.stack([workload.order(seed) for seed in workload.seeds])
    seconds = []
    with counted_compilation() as compiled:
        for _ in range(1 + EPOCHS):
            state = trainer.restore(start)
            began = time.perf_counter()
            trainer.train_steps(state, data, orders)
            seconds.append(time.perf_counter() - began)
    return compiled.seconds, workload.num_nets * workload.steps / float(np.median(seconds[1:]))


def measured(name: str, several: bool, level: int) -> tuple[float, float]:
    """`one` in a process of its own."""
    flag = f"--xla_backend_extra_options=xla_cpu_use_multi_output_fusion={str(several).lower()}"
    environment = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false", "XLA_FLAGS": flag}
    command = [sys.executable, str(Path(__file__)), "--one", name, str(level)]
    said, _, _ = timed(command, environment)
    seconds, rate = json.loads(said.splitlines()[-1])
    return seconds, rate


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", choices=sorted(WORKLOADS), default=["B1-adam", "B2", "B3", "B5", "wide-16"]
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where compiler.md is written")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "LEVEL"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(one(arguments.one[0], int(arguments.one[1]))))
        return
    load, rows = os.getloadavg()[0], []
    for name in arguments.only:
        found: dict[str, list[tuple[float, float]]] = {setting: [] for setting in SETTINGS}
        for _ in range(arguments.rounds):
            for setting, (several, level) in SETTINGS.items():
                found[setting].append(measured(name, several, level))
        for setting, pairs in found.items():
            seconds, rate = np.median(np.asarray(pairs), axis=0)
            rows.append(f"| {name} | {setting} | {seconds:.2f} | {rate:,.0f} |")
            print(rows[-1], file=sys.stderr, flush=True)
    text = PAGE.format(rounds=arguments.rounds, rows="\n".join(rows), load=load, machine=machine("jax"))
    (arguments.out / "compiler.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
