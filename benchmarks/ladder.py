"""B6, the shape ladder: a whole study of many shapes against Keras, from end to end.

ladder.toml is 25 shapes (one to five hidden layers of 8 to 128 units) with 40 networks each. Ours is `assay.run` of
it in a fresh process (ladder_assay.py), from its start to its last result: once with an empty compilation cache, once
with what that run left there. Keras trains one model after another with `fit`, and compiles each anew: from every
shape one network is trained in a process of its own (ladder_keras.py), with 32 steps a call and with one, then trained
again, warm; the time of all networks is reckoned from these, the start of one process included. Keras keeps no programs
from one process to the next.

Each round is ours cold, ours warm and Keras' sample, in the other order every second time. The comparison is `invalid`
unless the sampled networks have the same training loss in their first epoch on both sides, from the same initial
kernels and batches.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measuring import GEMM_SIZE, agreement, copy_rate, largest_difference, machine, median_interval, timed

from assay.engine.layout import Member
from assay.networks.architecture import Layer
from assay.planning import Plan, PopulationPlan, measure_gemm_rate, plan_study
from assay.results import open_results
from assay.study import layers_of, load_study

HERE = Path(__file__).parent
NAME = "B6"
STUDY = HERE / "ladder.toml"
SETTINGS = (32, 1)  # Keras' steps_per_execution
POPULATION_PROGRAM = "jit(program)"  # see `assay.engine.program.epoch_program`
GOALS = {"programs": 25, "waste": 0.2, "keras": 10}


@dataclass(frozen=True)
class Network:
    """A condition of a study: its place in the plan, and the member that it is without any padding."""

    population: PopulationPlan
    condition: str
    member: Member


def shapes(plan: Plan) -> list[list[Network]]:
    """The conditions of a plan by the sizes of their layers."""
    found: dict[tuple[int, ...], list[Network]] = {}
    for population in plan.populations:
        for condition, member in zip(population.conditions, population.members, strict=True):
            layers = layers_of(condition.network, population.shape)
            network = Network(population, condition.name, Member(layers, member.loss, member.optimizer))
            found.setdefault(tuple(layer.units for layer in layers), []).append(network)
    return list(found.values())


def padding(plan: Plan) -> dict[str, float]:
    """Share of the slots that are trained, and of their products' operations, in vain."""
    slots = needed = spent = 0.0
    for population in plan.populations:
        places = population.layout.num_groups * population.layout.num_slots
        slots += places
        spent += places * max(products(member.layers) for member in population.layout.members) * population.select_steps
    for network in (network for networks in shapes(plan) for network in networks):
        population = network.population
        needed += len(population.seeds) * products(network.member.layers) * population.select_steps
    return {"slots": 1.0 - plan.num_trials / slots, "flop": 1.0 - needed / spent}


def products(layers: tuple[Layer, ...]) -> int:
    """Multiplications of an update, an example: forward, kernels' gradients, and errors but for the inputs'."""
    sizes = [layer.fan_in * layer.units for layer in layers]
    return 3 * sum(sizes) - sizes[0]


# ---------------------------------------------------------------------- both sides


@dataclass
class Ours:
    """One run of the study: seconds, compilations, and the first epoch's losses by condition."""

    wall: float
    cpu: float
    compilations: dict[str, Any]
    losses: dict[str, float]


def run_ours(study: Path, cache: str) -> Ours:
    """A whole run in a process of its own, with this compilation cache."""
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": cache, "JAX_ENABLE_COMPILATION_CACHE": "true"}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(HERE / "ladder_assay.py"), str(study), f"{folder}/run"]
        output, wall, cpu = timed(command, environment)
        results = open_results(f"{folder}/run")
        failed = results.trials.filter(outcome="failed")
        if len(failed):
            sys.exit(f"{len(failed)} trials of {study} failed: {failed['message'][0]}")
        seed = results.study.seed_list()[0]
        first = results.history.filter(phase="select", epoch=1, split="train", metric="loss", seed=seed)
        losses = dict(first.select("condition", "value").iter_rows())
    return Ours(wall, cpu, json.loads(output.splitlines()[-1]), losses)


@dataclass
class Keras:
    """Seconds of all networks under each setting, reckoned from one of every shape.

    Attributes
    ----------
    whole, training, cpu : dict of int to float
        By steps a call: wall seconds of everything, those of training alone (a second `fit` of each model), CPU
        seconds of everything.
    losses : dict of str to float
        The first epoch's losses by condition.
    """

    whole: dict[int, float]
    training: dict[int, float]
    cpu: dict[int, float]
    losses: dict[str, float]


def run_keras(study: Path, sizes: list[int], number: int) -> Keras:
    """Train one network of each shape, another one in each round; `sizes` are the numbers of trials by shape."""
    whole, training, cpu = (dict.fromkeys(SETTINGS, 0.0) for _ in range(3))
    starts, losses = [], {}
    for shape, trials in enumerate(sizes):
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, str(HERE / "ladder_keras.py"), str(study), str(shape), str(number)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"},
        )
        assert process.stdout is not None
        ready = process.stdout.readline()
        starts.append((time.perf_counter() - began, json.loads(ready)["cpu"] if ready else 0.0))
        rest, _ = process.communicate()
        if process.returncode:
            sys.exit(f"ladder_keras.py {study} {shape} {number} failed")
        told = json.loads(rest.splitlines()[-1])
        losses[told["condition"]] = told["loss"]
        for setting in SETTINGS:
            (wall, seconds), (again, _) = (told["settings"][str(setting)][which] for which in ("first", "again"))
            whole[setting] += trials * wall
            training[setting] += trials * again
            cpu[setting] += trials * seconds
    start_wall, start_cpu = np.median(starts, axis=0)
    for setting in SETTINGS:
        whole[setting] += start_wall
        cpu[setting] += start_cpu
    return Keras(whole, training, cpu, losses)


# ---------------------------------------------------------------------- the comparison


def measure(rounds: int, study: Path = STUDY) -> dict[str, Any]:
    """All that the page says of B6."""
    load = os.getloadavg()[0]
    plan = plan_study(load_study(study))
    sizes = [len(networks) * len(plan.seeds) for networks in shapes(plan)]
    cold: list[Ours] = []
    warm: list[Ours] = []
    keras: list[Keras] = []
    gemm, difference = [], 0.0
    for number in range(rounds):
        gemm.append(measure_gemm_rate(GEMM_SIZE))
        for ours_now in (True, False) if number % 2 == 0 else (False, True):
            if ours_now:
                with tempfile.TemporaryDirectory() as cache:
                    cold.append(run_ours(study, cache))
                    warm.append(run_ours(study, cache))
            else:
                keras.append(run_keras(study, sizes, number))
        difference = max(difference, largest_difference(cold[-1].losses, keras[-1].losses))
        sample = ", ".join(f"{keras[-1].whole[setting]:.0f} s at {setting} a call" for setting in SETTINGS)
        print(
            f"{NAME} round {number + 1}: assay {cold[-1].wall:.1f} s cold, {warm[-1].wall:.1f} s warm; "
            f"Keras reckoned {sample}",
            file=sys.stderr,
        )

    def ratios(setting: int, ours: list[Ours]) -> tuple[float, float, float]:
        return median_interval(np.array([k.whole[setting] / o.wall for k, o in zip(keras, ours, strict=True)]))

    return {
        "title": f"shape ladder: {len(sizes)} shapes of network on {plan.populations[0].request.name}",
        "trials": plan.num_trials,
        "epochs": plan.populations[0].epochs,
        "steps": plan.populations[0].select_steps,
        "rounds": rounds,
        "goals": GOALS,
        "ours": {
            name: {
                "wall": float(np.median([run.wall for run in runs])),
                "cpu": float(np.median([run.cpu for run in runs])),
                "compiling": float(np.median([run.compilations["seconds"] for run in runs])),
                "compilations": runs[-1].compilations,
            }
            for name, runs in (("cold", cold), ("warm", warm))
        },
        "keras": {
            str(setting): {
                "whole": float(np.median([told.whole[setting] for told in keras])),
                "training": float(np.median([told.training[setting] for told in keras])),
                "cpu": float(np.median([told.cpu[setting] for told in keras])),
                "against_cold": ratios(setting, cold),
                "against_warm": ratios(setting, warm),
            }
            for setting in SETTINGS
        },
        "difference": difference,
        "planned_programs": plan.num_programs,
        "padding": padding(plan),
        "gemm": float(np.median(gemm)),
        "copy": copy_rate(),
        "load": load,
        "machine": machine("jax", "keras"),
    }


def section(told: Mapping[str, Any]) -> Iterator[str]:
    """What is said of B6 on the page."""
    goals, keras = told["goals"], told["keras"]
    yield (
        f"{told['trials']:,} networks, {told['epochs']} epochs ({told['steps']} steps) each, validation after every "
        "epoch; from the start of the process to the last result. Keras' times are **reckoned** from one network of "
        "every shape in a process of its own; its *compiling* is all that a second `fit` of the same model does not "
        "take."
    )
    yield ""
    yield (
        "| | whole, s | CPU, s | compiling, s | programs compiled | from the cache | ratio, cold | goal "
        "| ratio, warm | loss |"
    )
    yield "|---" * 10 + "|"
    for name, row in told["ours"].items():
        programs = row["compilations"]
        compiled = f"{programs['compiled']}"
        if name == "cold":
            of_populations = programs["names"][POPULATION_PROGRAM]
            small = programs["compiled"] - of_populations
            compiled = f"{of_populations} (goal: at most {goals['programs']}), and {small} small ones"
        yield (
            f"| assay, {'empty' if name == 'cold' else 'full'} compilation cache | {row['wall']:,.1f} "
            f"| {row['cpu']:,.1f} | {row['compiling']:,.1f} | {compiled} "
            f"| {programs['cache_hits']} of {programs['cache_hits'] + programs['cache_misses']} | | | | |"
        )
    best = min(keras, key=lambda setting: keras[setting]["whole"])
    for setting, row in keras.items():
        mark = "**" if setting == best else ""
        cold, warm = (
            f"{mark}{middle:.1f}{mark} [{low:.1f}, {high:.1f}]"
            for middle, low, high in (row["against_cold"], row["against_warm"])
        )
        yield (
            f"| Keras `fit`, one by one, {setting} step{'s' if setting != '1' else ''} a call, reckoned "
            f"| {row['whole']:,.0f} | {row['cpu']:,.0f} | {row['whole'] - row['training']:,.0f} | | | {cold} "
            f"| {goals['keras'] if setting == best else ''} | {warm} | {agreement(told['difference'])} |"
        )
    yield ""
    names = told["ours"]["cold"]["compilations"]["names"]
    listed = ", ".join(f"{count} × `{name}`" for name, count in names.items() if name != POPULATION_PROGRAM)
    yield (
        f"{told['planned_programs']} programs were planned; the small ones are operations of the judgement that "
        f"follows training: {listed or 'none'}. Padding: {told['padding']['slots']:.1%} of the trained slots, "
        f"{told['padding']['flop']:.1%} of their operations (goal: at most {goals['waste']:.0%})."
    )
    yield ""
    yield (
        f"{told['rounds']} rounds each; matrix product {told['gemm'] / 1e9:.0f} GFLOP/s, copy "
        f"{told['copy'] / 1e9:.0f} GB/s, load {told['load']:.2f} before. {told['machine']}."
    )
