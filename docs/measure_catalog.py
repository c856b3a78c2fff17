"""Measure what the catalogue tells in numbers, and write src/assay/catalog/numbers.json.

::

    python docs/measure_catalog.py [--only theory|cost|studies]

`theory` takes seconds, `cost` a minute or two, `studies` some minutes; studies that are complete in assay-runs/ are not
trained again. `python docs/generate_catalog.py` then writes the page.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from assay.catalog.numbers import NUMBERS, fingerprint
from assay.catalog.pairings import PAIRINGS
from assay.choices import Choice

RUNS = Path(__file__).parents[1] / "assay-runs"
ROUNDS = 21
CALLS = 20
CURVE = (64, 8192)  # units × examples


def theory_numbers() -> dict[str, dict[str, float | bool | None]]:
    """Of each elementwise activation: mean, critical gain, and the gains at variance 1."""
    from assay.catalog.measuring import activation_numbers
    from assay.networks.activations import ACTIVATIONS

    elementwise = [record.name for record in ACTIVATIONS.records if record.is_elementwise]
    return {name: activation_numbers(Choice(name)) for name in elementwise}


def costs() -> dict[str, float]:
    """Seconds of φ and its gradient over those of ReLU, side by side: the median over rounds of the ratio in a round.

    The other activation and ReLU take turns, so what else the machine does falls on both.
    """
    from assay.catalog import catalog

    z = np.random.default_rng(0).standard_normal(CURVE).astype(np.float32)
    relu = _timed("relu", z)
    told = {}
    for entry in catalog("activations"):
        other = _timed(entry.name, z)
        told[entry.name] = round(statistics.median(other() / relu() for _ in range(ROUNDS)), 1)
    return told


def _timed(name: str, z: np.ndarray) -> Callable[[], float]:
    """A function that measures one round of calls of an activation with its gradient."""
    import jax

    from assay.networks.activations import activate

    def value_and_gradient(z: jax.Array) -> tuple[jax.Array, jax.Array]:
        value, pull_back = jax.vjp(lambda z: activate(Choice(name), z), z)
        return value, pull_back(jax.numpy.ones_like(value))[0]

    compiled = jax.jit(value_and_gradient)
    on_device = jax.numpy.asarray(z)
    jax.block_until_ready(compiled(on_device))

    def seconds() -> float:
        start = time.perf_counter()
        for _ in range(CALLS):
            jax.block_until_ready(compiled(on_device))
        return time.perf_counter() - start

    return seconds


def study_numbers(name: str) -> dict[str, Any]:
    """Run a built-in study and tell what came of each condition, and of each comparison that a sentence asks for."""
    import assay
    from assay.analysis import Measured, compare_paired, concluded
    from assay.cli.views import PlainView
    from assay.study.builtin import find_builtin

    builtin = find_builtin(name)
    assert builtin is not None, name
    results = assay.run(builtin.path, RUNS / name, progress=PlainView())
    summary = results.summary().written()
    measured = Measured(results)
    assert measured.measure is not None, name
    metric, rules = measured.measure.metric, measured.rules_of(measured.measure)
    conditions = [
        {
            "condition": entry["condition"],
            "trials": entry["trials"],
            "completed": entry["outcomes"]["completed"],
            **{key: _significant((entry["test"] or {}).get(metric, {}).get(key)) for key in ("mean", "low", "high")},
        }
        for entry in summary["conditions"]
    ]
    expected = [one for pairing in PAIRINGS if pairing.study == name for one in pairing.expected]
    samples = [[measured.sample(side, measured.measure) for side in (one.condition, one.against)] for one in expected]
    found = concluded([compare_paired(*both, rules) for both in samples], rules)
    comparisons = [
        {
            "condition": one.condition,
            "against": one.against,
            "difference": _significant(comparison.difference.mean),
            "low": _significant(comparison.difference.low),
            "high": _significant(comparison.difference.high),
            "conclusion": comparison.conclusion if sample.values else "diverged",
        }
        for one, (sample, _), comparison in zip(expected, samples, found, strict=True)
    ]
    return {
        "fingerprint": fingerprint(builtin.path),
        "metric": metric,
        "conditions": conditions,
        "comparisons": comparisons,
    }


def _significant(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def main() -> None:
    """Measure what was asked for and write it beside the rest."""
    parser = argparse.ArgumentParser(description="Measure what the catalogue tells in numbers.")
    parser.add_argument("--only", choices=["theory", "cost", "studies"])
    only = parser.parse_args().only
    told: dict[str, Any] = {"activations": {}, "cost": {}, "studies": {}}
    if NUMBERS.exists():
        told |= json.loads(NUMBERS.read_text(encoding="utf-8"))
    if only in (None, "theory"):
        told["activations"] = theory_numbers()
    if only in (None, "cost"):
        told["cost"] = costs()
    if only in (None, "studies"):
        told["studies"] = {name: study_numbers(name) for name in dict.fromkeys(pairing.study for pairing in PAIRINGS)}
    NUMBERS.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"Wrote {NUMBERS}. The page: python docs/generate_catalog.py")


if __name__ == "__main__":
    main()
