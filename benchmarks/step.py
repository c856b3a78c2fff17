"""Where the time of a step goes, and how near the matrix products' own rate it comes.

    python benchmarks/step.py [--only B1-sgd B1-adam]

An epoch of a workload is traced by JAX's profiler, which says how long each compiled operation took on each core; what
an operation is can be read off the compiled program. Writes step.md: microseconds of a core for each net-step, and the
part of the same run's matrix product (1536 × 1536, both cores) that would be reached if the products were all there is.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import jax
import numpy as np
from measuring import GEMM_SIZE, machine
from population import Population
from workloads import WORKLOADS, Workload

from assay.engine.compilation import PROGRAMS
from assay.planning import measure_gemm_rate

HERE = Path(__file__).parent
SORTS = ("matrix products", "updates", "gathering the batch", "activations, losses, and the rest")
REPEATS = 7

PAGE = """\
# Where the time of a step goes

Written by `python benchmarks/step.py`: microseconds of a core for each net-step, as JAX's profiler tells them, the
median of {repeats} epochs. The last rows are parts of the same run's matrix product (1536 × 1536): what the step's
products would take at its rate, over what they take, and over what all of it takes.

| | {names} |
|---|{rules}
{rows}

Machine: load {load:.2f} before; {machine}.
"""


class Sorts:
    """Which sort an operation of a compiled program is, by its name."""

    def __init__(self, program: str, parameter_shapes: set[str]) -> None:
        self._by_name: dict[str, str] = {}
        bodies = {body.split(" ", 1)[0]: body for body in re.split(r"\n(?=%)", program)}
        pattern = r"%(\S+) = (?:\()?(\w+\[[\d,]*\]).*? (fusion|dot|copy|reduce|gather|scatter)\(.*"
        for found in re.finditer(pattern, program):
            name, shape, operation = found.groups()
            called = re.search(r"calls=(%[\w.\-]+)", found.group())
            body = bodies.get(called.group(1), "") if called else ""
            if operation == "dot" or " dot(" in body:
                self._by_name[name] = SORTS[0]
            elif shape in parameter_shapes:
                self._by_name[name] = SORTS[1]
            elif " gather(" in body:
                self._by_name[name] = SORTS[2]
            else:
                self._by_name[name] = SORTS[3]

    def of(self, name: str) -> str | None:
        """None for what is no operation of the program, such as a loop around others."""
        return self._by_name.get(name)


def traced(population: Population, program: str) -> dict[str, float]:
    """Core seconds of one round by sort, and ``all`` of it: its wall seconds times the cores."""
    trainer = population.trainer
    leaves = jax.tree.leaves(trainer.state_shapes.parameters)
    shapes = {f"f32[{','.join(map(str, leaf.shape[1:]))}]" for leaf in leaves}
    sorts = Sorts(program, shapes)
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            wall = population.seconds()
        (file,) = Path(folder).rglob("*.trace.json.gz")
        with gzip.open(file) as told:
            events: list[dict[str, Any]] = json.load(told)["traceEvents"]
    seconds: Counter[str] = Counter()
    for event in events:
        sort = sorts.of(event["name"]) if event.get("ph") == "X" else None
        if sort:
            seconds[sort] += event["dur"] * 1e-6
    return {sort: seconds[sort] for sort in SORTS} | {"all": wall * trainer.spreading.mesh.size}


def measure(workload: Workload) -> dict[str, float]:
    """Microseconds of a core a net-step by sort, and the parts of the matrix product."""
    population = Population(workload)
    programs: list[str] = []
    ready = PROGRAMS.ready

    def kept(*asked: Any) -> Any:
        compiled = ready(*asked)
        programs.append(compiled.as_text())
        return compiled

    PROGRAMS.ready = kept  # type: ignore[method-assign]
    population.train()
    PROGRAMS.ready = ready  # type: ignore[method-assign]
    rates = [measure_gemm_rate(GEMM_SIZE)]
    epochs = []
    for _ in range(REPEATS):
        epochs.append(traced(population, programs[0]))
        rates.append(measure_gemm_rate(GEMM_SIZE))
    scale = 1e6 / population.net_steps
    found = {name: float(np.median([epoch[name] for epoch in epochs])) * scale for name in epochs[0]}
    ideal = workload.flop_per_step / (float(np.median(rates)) / population.trainer.spreading.mesh.size) * 1e6
    return found | {"ideal": ideal}


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=sorted(WORKLOADS), default=["B1-sgd", "B1-adam"])
    parser.add_argument("--out", type=Path, default=HERE, help="where step.md is written")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    found = {name: measure(WORKLOADS[name]) for name in arguments.only}

    def row(title: str, cells: list[str]) -> str:
        return f"| {title} | {' | '.join(cells)} |"

    rows = [row(sort, [f"{told[sort]:.1f}" for told in found.values()]) for sort in SORTS]
    between = [told["all"] - sum(told[sort] for sort in SORTS) for told in found.values()]
    rows.append(row("between operations", [f"{seconds:.1f}" for seconds in between]))
    rows.append(row("**all**", [f"**{told['all']:.1f}**" for told in found.values()]))
    rows.append(row("the products at the matrix product's rate", [f"{told['ideal']:.1f}" for told in found.values()]))
    rows.append(row("reached by the products", [f"{told['ideal'] / told[SORTS[0]]:.0%}" for told in found.values()]))
    within = [told["ideal"] / (told[SORTS[0]] + told[SORTS[1]]) for told in found.values()]
    rows.append(row("… by products and updates, with nothing else", [f"{part:.0%}" for part in within]))
    rows.append(row("**reached by all**", [f"**{told['ideal'] / told['all']:.0%}**" for told in found.values()]))
    text = PAGE.format(
        repeats=REPEATS,
        names=" | ".join(found),
        rules="---|" * len(found),
        rows="\n".join(rows),
        load=load,
        machine=machine("jax"),
    )
    (arguments.out / "step.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
