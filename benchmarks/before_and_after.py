"""Is the engine as quick as it was? The working tree beside another commit, in one run.

::

    python benchmarks/before_and_after.py COMMIT                # B1, B2 and B5
    python benchmarks/before_and_after.py COMMIT --only B2 --rounds 9

Each side trains in a process of its own, and they take turns: a round of one, a round of the other. The first round of
each (which compiles) does not count. The losses of both sides are compared. Give it a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
WORKLOADS = ("B1-sgd", "B1-adam", "B2", "B5")


class Side:
    """One checkout, with a process that trains when it is asked."""

    def __init__(self, checkout: Path, workload: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "worker.py", workload, "assay_engine"],
            cwd=checkout / "benchmarks",
            env={**os.environ, "PYTHONPATH": str(checkout / "src")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.compiling = self._answer()

    def round(self) -> dict[str, Any]:
        """Train once more."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the process of {self._process.args} ended")
        told: dict[str, Any] = json.loads(line)
        return told


def main() -> None:
    """Measure each workload and print a line."""
    parser = argparse.ArgumentParser(description="The engine of the working tree beside that of another commit.")
    parser.add_argument("commit")
    parser.add_argument("--only", nargs="*", default=WORKLOADS, choices=WORKLOADS)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder) / "before"
        git = ["git", "-C", str(HERE.parent), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(before), chosen.commit], check=True)
        try:
            for workload in chosen.only:
                print(compared(workload, before, chosen.rounds), flush=True)
        finally:
            subprocess.run([*git, "remove", "--force", str(before)], check=True)
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    print(f"{os.cpu_count()} cores; load after the run: {load}")


def compared(workload: str, before: Path, rounds: int) -> str:
    """How long the working tree takes for a round, as a multiple of what the other commit takes."""
    old, new = Side(before, workload), Side(HERE.parent, workload)
    pairs = [(old.round(), new.round()) for _ in range(rounds)]
    for side in (old, new):
        side.close()
    ratios = sorted(after["wall"] / was["wall"] for was, after in pairs)
    losses = [max(abs(was["losses"][net] - after["losses"][net]) for net in was["losses"]) for was, after in pairs]
    compiling = new.compiling["compile_seconds"] / old.compiling["compile_seconds"]
    return (
        f"{workload}: a round takes {statistics.median(ratios):.3f} [{ratios[0]:.3f}, {ratios[-1]:.3f}] of the time "
        f"before ({rounds} pairs), compiling {compiling:.2f}; largest difference of a loss {max(losses):g}"
    )


if __name__ == "__main__":
    main()
