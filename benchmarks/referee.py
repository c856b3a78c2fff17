"""assay's engine against its peers, side by side in one run.

    make bench                                    # everything, in its own environment
    python benchmarks/referee.py [--only B1-sgd B5 …] [--rounds 5]

Every contender of a workload (benchmarks/workloads.py) is a process of its own that waits for its turn. From the same
initial kernels and the same batches, one round after another, assay and each peer alternately: A B A C A D, then again.
A round is some steps of all networks, or of a few of them for a peer that takes them one by one: rates are net-steps a
second. The ratio of a peer is that of its round to the round of assay just before; its interval is a bootstrap of the
median. A row is `invalid` if a loss differs by more than one part in a thousand.

"From end to end" is the time of the whole training of all networks from the start of the process: measured for the
first round, compilation included, and for the rest of the steps and networks reckoned from the rounds.

Writes benchmarks/results/NAME.json for each workload and, from all of them, benchmarks/referee.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from measuring import machine, median_interval
from workloads import WORKLOADS, Workload

from assay.planning import measure_gemm_rate

HERE = Path(__file__).parent
RESULTS = HERE / "results"
OURS = "assay_engine"
TOLERANCE = 1e-3
GEMM_SIZE = 1536
# It draws and shuffles for itself, and trains in processes whose CPU time is not its own.
NOT_COMPARED = {"sklearn_mlp"}
TITLES = {
    OURS: "assay",
    "jax_vmap": "plain JAX, `jit(vmap(scan(step)))`",
    "torch_stacked": "PyTorch, stacked with `torch.func`",
    "torch_eager": "PyTorch, one by one",
    "keras_fit": "Keras `fit`, one by one, 32 steps a call",
    "sklearn_mlp": "scikit-learn `MLPClassifier`, both cores",
}


@dataclass
class Round:
    """What a contender said of one round."""

    wall: float
    cpu: float
    losses: dict[int, float]


@dataclass
class Process:
    """A contender that waits for its turn."""

    name: str
    workload: Workload
    started: float = 0.0
    cold: float = 0.0
    first: Round | None = None
    rounds: list[Round] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, and wait for its first round."""
        environment = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false", "TF_CPP_MIN_LOG_LEVEL": "2"}
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

    def _answer(self) -> Round:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.workload.name}: {self.name} ended without an answer")
        told = json.loads(line)
        return Round(told["wall"], told["cpu"], {int(net): loss for net, loss in told["losses"].items()})


def copy_rate(megabytes: int = 256, repeats: int = 4) -> float:
    """Bytes a second, read and written, of a copy in memory by one core."""
    a = np.ones(megabytes * 2**18, np.float32)
    b = np.empty_like(a)
    np.copyto(b, a)
    start = time.perf_counter()
    for _ in range(repeats):
        np.copyto(b, a)
    return repeats * 2.0 * a.nbytes / (time.perf_counter() - start)


def largest_difference(mine: Mapping[int, float], theirs: Mapping[int, float]) -> float:
    """Of the losses, relative; networks whose loss is not finite on both sides agree."""
    worst = 0.0
    for net, loss in theirs.items():
        if np.isfinite(loss) and np.isfinite(mine[net]):
            worst = max(worst, abs(mine[net] - loss) / max(abs(loss), 1e-6))
        elif np.isfinite(loss) != np.isfinite(mine[net]):
            worst = np.inf
    return worst


def measure(workload: Workload, rounds: int) -> dict[str, Any]:
    """All that a page says of one workload."""
    load = os.getloadavg()[0]
    contenders = {name: Process(name, workload) for name in workload.contenders}
    ours = contenders[OURS]
    gemm, copies, ratios = [], [copy_rate()], {name: [] for name in contenders if name != OURS}
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
    first = ours.first
    assert first is not None
    found = {}
    for name, process in contenders.items():
        assert process.first is not None
        nets = len(process.first.losses)
        wall = float(np.median([told.wall for told in process.rounds]))
        rate = nets * workload.steps / wall
        more_steps = wall * (workload.job_steps / workload.steps - 1)
        waiting = process.cold - process.first.wall
        found[name] = {
            "networks": nets,
            "cold": process.cold,
            "rate": rate,
            "cpu": float(np.median([told.cpu for told in process.rounds])) / (nets * workload.steps),
            "gemm": rate * workload.flop_per_step / float(np.median(gemm)),
            "job": waiting + (process.first.wall + more_steps) * workload.num_nets / nets,
            "ratio": median_interval(np.asarray(ratios[name])) if name in ratios else None,
            "difference": None if name in NOT_COMPARED else largest_difference(first.losses, process.first.losses),
        }
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
        "machine": machine("jax", "keras", "torch", "scikit-learn"),
    }


def networks_a_second(told: Round) -> float:
    """Networks a second, of one round."""
    return len(told.losses) / told.wall


# ---------------------------------------------------------------------- the page


def page(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """All lines of referee.md."""
    yield "# The referee: assay's engine against its peers"
    yield ""
    yield (
        "Written by `make bench` (`benchmarks/referee.py`, whose first lines say how it is measured). A net-step is "
        "one update of one network. *cold* is from the start of the process to the end of its first round; *job* is "
        "the whole training of all networks from end to end, reckoned from cold and warm rounds; *CPU* is of one "
        "net-step. "
        "A ratio above 1 says that assay is faster, with a bootstrap 95 % interval."
    )
    for name, told in results.items():
        yield ""
        yield f"## {name}: {told['title']}"
        yield ""
        yield f"{told['networks']} networks, {told['steps']} steps a round, {told['job_steps']} steps the job."
        yield ""
        yield "| | networks | cold, s | net-steps/s | CPU, µs | of GEMM | ratio | goal | job, s | ratio | goal | loss |"
        yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
        ours = told["contenders"][OURS]
        for contender, row in told["contenders"].items():
            ratio, low, high = row["ratio"] or (None, None, None)
            is_ours = contender == OURS
            goal = told["goals"].get("gemm" if is_ours else contender)
            job_goal = told["goals"].get("keras_job") if contender == "keras_fit" else None
            cells = [
                TITLES[contender],
                f"{row['networks']}",
                f"{row['cold']:.1f}",
                f"{row['rate']:,.0f}",
                "–" if contender in NOT_COMPARED else f"{1e6 * row['cpu']:,.0f}",
                f"{row['gemm']:.0%}",
                "" if is_ours else f"**{ratio:.2f}** [{low:.2f}, {high:.2f}]",
                "" if goal is None else (f"{goal:.0%} of the GEMM" if is_ours else f"{goal:g}"),
                f"{row['job']:,.0f}",
                "" if is_ours else f"**{row['job'] / ours['job']:.1f}**",
                "" if job_goal is None else f"{job_goal:g}",
                agreement(row["difference"], is_ours),
            ]
            yield f"| {' | '.join(cells)} |"
        yield ""
        yield (
            f"{told['rounds']} rounds each; matrix product {told['gemm'] / 1e9:.0f} GFLOP/s, copy "
            f"{told['copy'] / 1e9:.0f} GB/s, load {told['load']:.2f} before. {told['machine']}."
        )


def agreement(difference: float | None, is_ours: bool) -> str:
    """What is said of the losses."""
    if is_ours:
        return ""
    if difference is None:
        return "its own"
    return f"agree to {difference:.0e}" if difference <= TOLERANCE else f"invalid: differ by {difference:.0e}"


def main() -> None:
    """Measure, and write the page from all that has been measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=sorted(WORKLOADS), default=list(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    for name in arguments.only:
        told = measure(WORKLOADS[name], arguments.rounds)
        (RESULTS / f"{name}.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    known = {name: RESULTS / f"{name}.json" for name in WORKLOADS}
    results = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in known.items() if path.exists()}
    text = "\n".join(page(results)) + "\n"
    (HERE / "referee.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
