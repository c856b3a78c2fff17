"""What assay says of each program, before and while it trains, and what other detectors say of the same programs.

assay's judgements are kept by the digest of its source, so that a change of a rule judges the corpus anew; those of the
other detectors are kept once.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import assay
from assay.engine import use_compilation_cache
from corpus.grammar import program
from corpus.program import Program
from corpus.training import framework_of, written

SEED = 0
LOOKS = 6
# Thresholds for somebody who reads histograms of gradients: the norm of each kernel's gradient in the first updates.
EARLY, SMALLEST, LARGEST = 10, 1e-7, 1e3


def digest() -> str:
    """Of all of assay's source, rules and the forecast among it."""
    home = Path(assay.__file__).parent
    found = hashlib.sha256()
    for path in sorted([*home.rglob("*.py"), *home.rglob("*.json")]):
        found.update(path.relative_to(home).as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:12]


def open_numbers(numbers: Iterable[int], path: Path) -> list[int]:
    """Those that are not yet in a file."""
    done = {line["number"] for line in written(path)}
    return [number for number in numbers if number not in done]


# --- assay ------------------------------------------------------------------------------------------------------------


def judged(number: int) -> dict[str, Any]:
    """What assay says of one program: of the untrained network, and of its training."""
    use_compilation_cache()  # most of the time is compilation, which is the same after a change of a rule
    chosen = program(number)
    return {"number": number, "start": _told(_at_start, chosen), "training": _told(_in_training, chosen)}


def _told(judge: Any, chosen: Program) -> dict[str, Any]:
    """A judgement as JSON; ``status`` is ``unknown`` where it could not look, and ``error`` says why."""
    begun = time.process_time()  # whatever else the machine does
    try:
        told = {"error": None, **judge(chosen)}
    except Exception as error:  # a fault of ours, or of the program
        told = {"status": "unknown", "findings": [], "error": f"{type(error).__name__}: {error}"[:400]}
    return {**told, "seconds": round(time.process_time() - begun, 2)}


def _at_start(chosen: Program) -> dict[str, Any]:
    run = framework_of(chosen).build(chosen, SEED)
    if chosen.framework == "keras":
        report = assay.probe(run.model, run.x, run.y, steps=chosen.updates)
    else:
        report = assay.probe(run.model, run.x, run.y, loss=run.loss, optimizer=run.optimizer, steps=chosen.updates)
    (judgement,) = report.judgements.values()
    return _judgement(judgement.verdict, judgement.findings)


def _in_training(chosen: Program) -> dict[str, Any]:
    framework = framework_of(chosen)
    run = framework.build(chosen, SEED)
    if chosen.framework == "keras":
        watch: Any = assay.Watch(run.x, run.y, every=max(1, chosen.epochs // LOOKS), verbose=False)
        framework.train(run, callbacks=[watch])
    else:
        watch = _watched_loop(run)
    return _judgement(watch.verdict, watch.findings)


def _watched_loop(run: Any) -> Any:
    """A loop of PyTorch, watched; a loss that is a function is given by its value."""
    import torch

    loss, is_module = run.loss, isinstance(run.loss, torch.nn.Module)
    watch = assay.watch(run.model, run.optimizer, loss if is_module else None, verbose=False)
    if not is_module:
        run = replace(run, loss=lambda output, targets: watch.loss(loss(output, targets)))
    with contextlib.suppress(RuntimeError):  # the program's own; see `training`
        framework_of(run.program).train(run)
    watch.close()
    return watch


def _judgement(verdict: Any, findings: Sequence[Any]) -> dict[str, Any]:
    return {"status": verdict.status, "findings": [[found.symptom, found.level] for found in findings]}


# --- Others -----------------------------------------------------------------------------------------------------------


def judged_by_others(number: int) -> dict[str, Any]:
    """What DeepDiagnosis' rules and fixed thresholds of gradients say of one program; None where they cannot look."""
    use_compilation_cache()
    chosen = program(number)
    record: dict[str, Any] = {"number": number, "deep_diagnosis": None, "thresholds": None, "error": None}
    try:
        record |= (_others_of_keras if chosen.framework == "keras" else _others_of_torch)(chosen)
    except Exception as error:  # a program that fails, or that cannot be read
        record["error"] = f"{type(error).__name__}: {error}"[:400]
    return record


def _others_of_torch(chosen: Program) -> dict[str, Any]:
    """The loop, looked at six times in evenly spaced epochs, and its gradients in the first updates."""
    from assay.models.torch_reading import TorchReader

    framework = framework_of(chosen)
    run = framework.build(chosen, SEED)
    record: dict[str, Any] = {"thresholds": False}
    try:
        reader = TorchReader(run.model, run.x, run.y, loss=run.loss, optimizer=run.optimizer, steps=chosen.updates)
    except Exception as error:
        reader = None
        record["error"] = f"{type(error).__name__}: {error}"[:400]
    every = max(1, chosen.epochs // LOOKS)
    losses: list[float] = []
    of_epoch: list[float] = []
    seen: list[Any] = []

    def after(update: int, loss: float) -> None:
        if update <= EARLY:
            record["thresholds"] |= beyond_thresholds(run.model)
        of_epoch.append(loss)
        if update % chosen.updates_per_epoch == 0 or update == chosen.updates:
            losses.append(float(np.mean(of_epoch)))
            of_epoch.clear()
            if reader is not None and (len(losses) % every == 0 or update == chosen.updates):
                seen.append(reader.observe(len(losses)))

    with contextlib.suppress(RuntimeError):
        framework.train(run, after)
    if seen:
        record["deep_diagnosis"] = _deep_diagnosis(seen[-1].facts, losses, seen)
    return record


def beyond_thresholds(model: Any) -> bool:
    """Whether the gradient of some kernel is not finite, or its norm below 1e-7 or above 1,000.

    Biases are left out: below a batch normalization, or of the keys of an attention, it is 0 in sound ones.
    """
    kernels = [parameter for parameter in model.parameters() if parameter.ndim > 1 and parameter.grad is not None]
    norms = [float(kernel.grad.float().norm()) for kernel in kernels]
    return any(not np.isfinite(norm) or norm < SMALLEST or norm > LARGEST for norm in norms)


def _others_of_keras(chosen: Program) -> dict[str, Any]:
    """The fit, looked at as often; Keras hands out no gradients, so the thresholds say nothing."""
    framework = framework_of(chosen)
    run = framework.build(chosen, SEED)
    watch = assay.Watch(run.x, run.y, every=max(1, chosen.epochs // LOOKS), verbose=False)
    framework.train(run, callbacks=[watch])
    if watch.facts is None:
        return {"error": " ".join(watch.remarks)[:400]}
    losses = watch.history.filter(split="train", metric="loss").sort("epoch")["value"].to_list()
    return {"deep_diagnosis": _deep_diagnosis(watch.facts, losses, [watch])}


def _deep_diagnosis(facts: Any, losses: Sequence[float], seen: Sequence[Any]) -> list[str]:
    """The symptoms of `published_rules.deep_diagnosis`; without the rule on the accuracy, which no loop here keeps."""
    import polars as pl
    from known_faults import Recording
    from known_faults import seen as of_recording
    from published_rules import deep_diagnosis

    named = pl.lit(0, pl.Int64).alias("seed")
    signals, histograms = (
        pl.concat([getattr(each, name).drop("seed", strict=False) for each in seen]).with_columns(named)
        for name in ("signals", "histograms")
    )
    rows = [(0, epoch, "train", "loss", value) for epoch, value in enumerate([losses[0], *losses])]
    columns = {"seed": pl.Int64, "epoch": pl.Int64, "split": pl.Utf8, "metric": pl.Utf8, "value": pl.Float64}
    recording = Recording(facts, pl.DataFrame(rows, columns, orient="row"), signals, histograms, {})
    kept = of_recording(recording, 0)
    return sorted(deep_diagnosis(type(kept)(kept.facts, kept.loss, None, kept.layers)))
