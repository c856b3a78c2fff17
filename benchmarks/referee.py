"""assay's engine against its peers, side by side in one run.

    make bench                                    # everything, in its own environment
    python benchmarks/referee.py [--only B1 B2 wide-16 …] [--full] [--rounds 5] [--out FOLDER]

Every contender of a workload (benchmarks/workloads.py) is a process of its own that waits for its turn. From the same
initial kernels and the same batches, one round after another, assay and each peer alternately: A B A C A D, then again.
A round puts the initial state in its place and makes some steps of all networks, or of a few of them for a peer that
takes them one by one: rates are net-steps a second. The ratio of a peer is that of its round to the round of assay just
before; its interval is a bootstrap of the median. A row is `invalid` if a loss differs by more than one part in a
thousand.

"From end to end" is the time of the whole training of all networks from the start of the process: measured for the
first round, compilation included, and for the rest of the steps and networks reckoned from the rounds. A peer that
compiles anew for every network (KerasTuner) trains a few of them to the end in each round, and has no rate.

B6 is not one shape but a study of many, and has a referee of its own: benchmarks/ladder.py. With `--full`, B5 is also
trained once at its full size, by assay alone.

Writes results/NAME.json for each workload and, from all of them, referee.md; in benchmarks/ unless told otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ladder
import numpy as np
from measuring import GEMM_SIZE, copy_rate, largest_difference, machine, median_interval
from pages import CACHED, COMPARED_NO_LOSSES, OURS, WHOLE_TRIALS, page
from workloads import WORKLOADS, Workload

from assay.planning import measure_gemm_rate

HERE = Path(__file__).parent
FULL = "-full"
NAMES = sorted([*WORKLOADS, ladder.NAME])
USUAL = [name for name in NAMES if not name.endswith(FULL)]


@dataclass
class Round:
    """What a contender said of one round."""

    wall: float
    cpu: float
    losses: dict[int, float]
    compile_seconds: float | None


@dataclass
class Process:
    """A contender that waits for its turn."""

    name: str
    workload: Workload
    cold: float = 0.0
    first: Round | None = None
    rounds: list[Round] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, and wait for its first round."""
        with tempfile.TemporaryDirectory() as cache:
            if self.name == CACHED:  # once in vain, to fill the cache
                self._start(cache)
                self.end()
            self._start(cache)

    def _start(self, cache: str) -> None:
        environment = os.environ | {
            "JAX_ENABLE_COMPILATION_CACHE": str(self.name == CACHED).lower(),
            "JAX_COMPILATION_CACHE_DIR": cache,
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), self.workload.name, self.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=HERE,
        )
        self.first = self._answer()
        self.cold = time.perf_counter() - began

    def go(self) -> Round:
        """One round."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        self.rounds.append(self._answer())
        return self.rounds[-1]

    def end(self) -> None:
        """Let it go."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()

    def told(self) -> dict[str, Any]:
        """What the page says of it, without comparison."""
        assert self.first is not None
        workload, nets = self.workload, len(self.first.losses)
        rounds = self.rounds or [self.first]  # alone, and measured cold
        wall = float(np.median([told.wall for told in rounds]))
        steps = nets * workload.steps
        waiting = self.cold - self.first.wall
        whole = self.name in WHOLE_TRIALS
        more_steps = wall * (workload.job_steps / workload.steps - 1)
        job = wall if whole else self.first.wall + more_steps
        return {
            "networks": nets,
            "cold": self.cold,
            "compile_seconds": self.first.compile_seconds,
            "rate": None if whole else steps / wall,
            "cpu": None if whole else float(np.median([told.cpu for told in rounds])) / steps,
            "job": waiting + job * workload.num_nets / nets,
        }

    def _answer(self) -> Round:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.workload.name}: {self.name} ended without an answer")
        told = json.loads(line)
        told["losses"] = {int(net): loss for net, loss in told["losses"].items()}
        return Round(**told)


def measure(workload: Workload, rounds: int) -> dict[str, Any]:
    """All that a page says of one workload."""
    load = os.getloadavg()[0]
    contenders = {name: Process(name, workload) for name in workload.contenders}
    ours = contenders[OURS]
    gemm, copies, ratios = (
        [measure_gemm_rate(GEMM_SIZE)],
        [copy_rate()],
        {name: [] for name in contenders if name != OURS},
    )
    try:
        for process in contenders.values():
            process.start()
            print(f"{workload.name}: {process.name} {process.cold:.1f} s from its start", file=sys.stderr)
        for _ in range(rounds):
            gemm.append(measure_gemm_rate(GEMM_SIZE))
            for name in ratios:
                mine, theirs = ours.go(), contenders[name].go()
                ratios[name].append(networks_a_second(mine) / networks_a_second(theirs))
        copies.append(copy_rate())
    finally:
        for process in contenders.values():
            process.end()
    found = {}
    assert ours.first is not None
    for name, process in contenders.items():
        row = found[name] = process.told()
        assert process.first is not None
        compared = name != OURS and row["rate"] is not None
        row["gemm"] = row["rate"] and row["rate"] * workload.flop_per_step / float(np.median(gemm))
        row["ratio"] = median_interval(np.asarray(ratios[name])) if compared else None
        same = name not in COMPARED_NO_LOSSES
        row["difference"] = largest_difference(ours.first.losses, process.first.losses) if same else None
    return {
        "title": workload.title,
        "networks": workload.num_nets,
        "steps": workload.steps,
        "job_steps": workload.job_steps,
        "rounds": rounds,
        "goals": dict(workload.goals),
        "contenders": found,
        "gemm": float(np.median(gemm)),
        "copy": float(np.median(copies)),
        "load": load,
        "machine": machine("jax", "keras", "keras-tuner", "torch", "scikit-learn"),
    }


def networks_a_second(told: Round) -> float:
    """Networks a second, of one round."""
    return len(told.losses) / told.wall


def named(text: str) -> list[str]:
    """The workloads of a name, or of its first part: ``B1`` is B1-adam and B1-sgd."""
    found = [text] if text in NAMES else [name for name in USUAL if name.startswith(f"{text}-")]
    if not found:
        raise argparse.ArgumentTypeError(f"no workload {text!r}; there are {', '.join(NAMES)}")
    return found


def main() -> None:
    """Measure, and write the page from all that has been measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", type=named, default=[USUAL])
    parser.add_argument("--full", action="store_true", help="train B5 at its full size, too")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=HERE, help="where results/ and referee.md are written")
    arguments = parser.parse_args()
    folder = arguments.out / "results"
    folder.mkdir(parents=True, exist_ok=True)
    only = [name for names in arguments.only for name in names]
    full = [name + FULL for name in only if arguments.full and name + FULL in WORKLOADS]
    for name in dict.fromkeys([*only, *full]):
        if name == ladder.NAME:
            told = ladder.measure(arguments.rounds)
        else:
            told = measure(WORKLOADS[name], 0 if len(WORKLOADS[name].contenders) == 1 else arguments.rounds)
        (folder / f"{name}.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    known = {name: folder / f"{name}.json" for name in NAMES}
    results = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in known.items() if path.exists()}
    text = "\n".join(page(results)) + "\n"
    (arguments.out / "referee.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
