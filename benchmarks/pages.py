"""The page of the referee: what is written of each workload, from its JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ladder
from measuring import agreement

OURS = "assay_engine"
CACHED = "assay_cached"
KERAS = ("keras_fit", "keras_fit_1")
# They train other networks, or draw and shuffle for themselves.
COMPARED_NO_LOSSES = {"assay_one_kind", "sklearn_mlp"}
# It trains in processes whose CPU time is not its own.
CPU_UNKNOWN = {"sklearn_mlp"}
# A round is some whole trainings, compiled anew.
WHOLE_TRIALS = {"keras_tuner"}
TITLES = {
    OURS: "assay",
    CACHED: "assay, from a full compilation cache",
    "assay_one_kind": "assay, as many of one kind (relu, adam)",
    "jax_vmap": "plain JAX, `jit(vmap(scan(step)))`",
    "jax_fractal": "fractal recipe, a loop over `jit(vmap(step))`",
    "jax_fractal_double": "the same in float64, as published",
    "torch_stacked": "PyTorch, stacked with `torch.func`",
    "torch_eager": "PyTorch, one by one",
    "keras_fit": "Keras `fit`, one by one, 32 steps a call",
    "keras_fit_1": "Keras `fit`, one by one, 1 step a call",
    "keras_tuner": "KerasTuner, one trial each",
    "sklearn_mlp": "scikit-learn `MLPClassifier`, both cores",
}
HEADINGS = (
    *("", "networks", "cold, s", "compiling, s", "net-steps/s", "CPU, µs", "of GEMM", "ratio", "goal"),
    *("job, s", "ratio", "goal", "loss"),
)


def page(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """All lines of referee.md."""
    yield "# The referee: assay's engine against its peers"
    yield ""
    yield (
        "Written by `make bench` (`benchmarks/referee.py`, whose first lines say how it is measured). A net-step is "
        "one update of one network. *cold* is from the start of the process to the end of its first round, *compiling* "
        "the part of it that JAX spent on tracing and compiling; *job* is the whole training of all networks from end "
        "to end, reckoned from cold and warm rounds; for a peer that takes networks one by one, from the few that it "
        "trained. *CPU* is of one net-step. A ratio above 1 says that assay is faster, with a bootstrap 95 % interval; "
        "of Keras' two settings the better one stands in bold."
    )
    yield ""
    yield (
        "Beside it: [where the time of a step goes](step.md), and so why no more than that part of the matrix product "
        "is reached; [what mixing kinds costs](kinds.md); [what the compiler is asked for](compiler.md); "
        "[how time and memory grow](scale.md)."
    )
    for name, told in results.items():
        yield ""
        yield f"## {name}: {told['title']}"
        yield ""
        yield from ladder.section(told) if name == ladder.NAME else section(told)


def section(told: Mapping[str, Any]) -> Iterator[str]:
    """What is said of one workload."""
    yield f"{told['networks']:,} networks, {told['steps']} steps a round, {told['job_steps']} steps the job."
    yield ""
    yield f"| {' | '.join(HEADINGS)} |"
    yield "|---" * len(HEADINGS) + "|"
    rows, goals = told["contenders"], told["goals"]
    keras = [name for name in KERAS if name in rows]
    quickest = max(keras, key=lambda name: rows[name]["rate"], default=None)
    soonest = min(keras, key=lambda name: rows[name]["job"], default=None)
    for name, row in rows.items():
        is_ours, is_keras = name == OURS, name in KERAS
        ratio = job_ratio = ""
        goal = goals.get("gemm" if is_ours else name)
        if row["ratio"]:
            middle, low, high = row["ratio"]
            ratio = f"{bold(f'{middle:.2f}', not is_keras or name == quickest)} [{low:.2f}, {high:.2f}]"
        if is_keras:
            goal = goals.get("keras_fit") if name == quickest else None
        if not is_ours:
            job_ratio = bold(f"{row['job'] / rows[OURS]['job']:.1f}", not is_keras or name == soonest)
        cells = [
            TITLES[name],
            f"{row['networks']}",
            f"{row['cold']:.1f}",
            shown(row.get("compile_seconds"), "{:.1f}"),
            shown(row["rate"], "{:,.0f}"),
            shown(None if name in CPU_UNKNOWN or row["cpu"] is None else 1e6 * row["cpu"], "{:,.0f}"),
            shown(row["gemm"], "{:.0%}"),
            ratio,
            "" if goal is None else (f"{goal:.0%} of the GEMM" if is_ours else f"{goal:g}"),
            f"{row['job']:,.0f}",
            job_ratio,
            f"{goals['keras_job']:g}" if name == soonest and "keras_job" in goals else "",
            "" if is_ours else ("its own" if row["difference"] is None else agreement(row["difference"])),
        ]
        yield f"| {' | '.join(cells)} |"
    yield ""
    for name, row in rows.items():
        needed = goals.get(name, 0) * (row["gemm"] or 0)
        if needed > 1 > (rows[OURS]["gemm"] or 0):  # a sparse first layer may well do more than its dense product
            yield f"{goals[name]:g} times {TITLES[name]} would be {needed:.0%} of the matrix product."
            yield ""
    if "compiling" in goals:
        cold, cached = (rows[name]["compile_seconds"] / rows[name]["job"] for name in (OURS, CACHED))
        yield (
            f"Compiling takes {cold:.0%} of assay's job (goal: at most {goals['compiling']:.0%}); tracing, and taking "
            f"the program from the cache, {cached:.0%}."
        )
        yield ""
    rounds = f"{told['rounds']} rounds each" if told["rounds"] else "One round, cold"
    yield (
        f"{rounds}; matrix product {told['gemm'] / 1e9:.0f} GFLOP/s, copy {told['copy'] / 1e9:.0f} GB/s, load "
        f"{told['load']:.2f} before. {told['machine']}."
    )


def shown(number: float | None, form: str) -> str:
    """The number, or a dash where there is none."""
    return "–" if number is None else form.format(number)


def bold(text: str, is_bold: bool) -> str:
    """The text, in bold where it counts."""
    return f"**{text}**" if is_bold else text
