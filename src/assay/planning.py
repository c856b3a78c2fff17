"""What a study will take: its trials, the populations that train them, memory and time. Trains nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from assay.data import DataRequest, DataShape, describe
from assay.engine.batching import num_batches
from assay.engine.devices import available_cores
from assay.engine.layout import Layout, Member, plan_layout
from assay.errors import CapacityError
from assay.networks.architecture import Layer, count_parameters, shape_key
from assay.study import Condition, DesignSpec, ProbeSpec, Study, resolve

# A float32 GEMM's rate that training reaches, and what a step costs beside its products; both on the slow side.
TRAINING_EFFICIENCY = 0.5
SECONDS_PER_STEP = 40e-6
# Compiling the program of one population.
SECONDS_PER_POPULATION = 3.0
# A population larger than one of these is trained in parts, the same on every machine, so that a study of any number of
# trials takes bounded memory and a folder can be continued anywhere.
POPULATION_STATE_BYTES = 2**30
POPULATION_TRIALS = 2**14
# JAX, the interpreter and the tables, before any data.
BASE_BYTES = 500 * 2**20


@dataclass(frozen=True)
class PopulationPlan:
    """Trials that share compiled programs.

    Attributes
    ----------
    number : int
        From 1; names its parts in the store.
    conditions, members : tuples, length C
    seeds : tuple of int, length S
    trials : array, shape (C, S), int
        The number of each trial in the study.
    request, shape : DataRequest and DataShape
    batch_size, epochs : int
    layout : Layout
    design : DesignSpec
        What the best epoch is best in, and whether there is a final training.
    probe : ProbeSpec, optional
        When the signals of the layers are recorded.
    """

    number: int
    conditions: tuple[Condition, ...]
    members: tuple[Member, ...]
    seeds: tuple[int, ...]
    trials: np.ndarray
    request: DataRequest
    shape: DataShape
    batch_size: int
    epochs: int
    layout: Layout
    design: DesignSpec
    probe: ProbeSpec | None

    @property
    def name(self) -> str:
        """What progress views and `assay plan` call it."""
        return f"p{self.number:03d}"

    @cached_property
    def parameters(self) -> int:
        """Trainable numbers of one member."""
        return count_parameters(self.members[0].layers)

    @property
    def select_steps(self) -> int:
        """Updates of one member in the first phase."""
        return self.epochs * num_batches(self.shape.train_rows, self.batch_size)

    @property
    def flop(self) -> float:
        """Floating point operations of its products in the first phase: 6 a parameter, example and update."""
        return 6.0 * self.parameters * self.shape.train_rows * self.epochs * self.trials.size

    def memory_bytes(self, num_devices: int) -> int:
        """Peak memory: the state (in use, and being saved), data (read, put together, on each device), a batch."""
        units = sum(layer.units for layer in self.members[0].layers)
        rows = max(self.batch_size, 128)  # a step's, or a chunk's that is scored
        activations = 4 * 4 * units * rows * self.layout.num_slots * min(num_devices, self.layout.num_groups)
        return 2 * self.layout.state_bytes + (num_devices + 2) * self.shape.bytes + activations


@dataclass(frozen=True)
class Plan:
    """Everything that `assay plan` tells."""

    study: Study
    conditions: tuple[Condition, ...]
    seeds: tuple[int, ...]
    populations: tuple[PopulationPlan, ...]
    num_devices: int

    @property
    def num_trials(self) -> int:
        return len(self.conditions) * len(self.seeds)

    @property
    def num_programs(self) -> int:
        """Compiled programs: one a population, and one for its probes where the study records signals."""
        return len(self.populations) * (2 if self.study.probe else 1)

    @property
    def memory_bytes(self) -> int:
        """Peak; populations are trained one after another."""
        return BASE_BYTES + max(population.memory_bytes(self.num_devices) for population in self.populations)

    def expected_seconds(self, gemm_rate: float) -> float:
        """A rough wall time, from the machine's own rate of matrix products in FLOP/s."""
        phases = 1.7 if self.study.design.final else 1.0
        products = sum(population.flop for population in self.populations) / (gemm_rate * TRAINING_EFFICIENCY)
        steps = sum(population.select_steps * population.layout.num_groups for population in self.populations)
        overhead = steps * SECONDS_PER_STEP / self.num_devices
        return phases * (products + overhead + SECONDS_PER_POPULATION * len(self.populations))


def plan_study(study: Study, num_devices: int | None = None, platform: str = "cpu") -> Plan:
    """Expand a study into trials and group them into populations.

    Trials share a population when data, layer shapes, batch size and epochs are equal, up to `POPULATION_TRIALS` of
    them and `POPULATION_STATE_BYTES` of state.

    Parameters
    ----------
    study : Study
    num_devices : int, optional
        Processors of the CPU; all of them when not given.
    platform : {"cpu", "gpu"}
        A GPU runs the whole population at once, so its seeds are not dealt over tiles.

    Raises
    ------
    StudyError, DataError
        If a condition does not fit its data.
    """
    num_devices = (num_devices or available_cores()) if platform == "cpu" else 1
    conditions = tuple(study.expand())
    seeds = tuple(study.seed_list())
    folder = study.folder
    shapes: dict[DataRequest, DataShape] = {}
    known: dict[tuple[int, DataRequest], tuple[Layer, ...]] = {}  # conditions share the networks that do not vary
    grouped: dict[tuple[DataRequest, Hashable, int, int], list[tuple[int, Condition, Member]]] = {}
    for index, condition in enumerate(conditions):
        request = condition.data.request(folder)
        if request not in shapes:
            shapes[request] = describe(request)
        network = id(condition.network), request
        layers, loss = resolve(study, condition, shapes[request], known.get(network))
        known[network] = layers
        member = Member(layers, loss, condition.training.optimizer)
        key = (request, shape_key(layers), condition.training.batch_size, condition.training.epochs)
        grouped.setdefault(key, []).append((index, condition, member))
    populations: list[PopulationPlan] = []
    pieces = [(key, piece) for key, entries in grouped.items() for piece in _pieces(entries, len(seeds))]
    for (request, _, batch_size, epochs), entries in pieces:
        indices, members = [entry[0] for entry in entries], tuple(entry[2] for entry in entries)
        population = PopulationPlan(
            number=len(populations) + 1,
            conditions=tuple(entry[1] for entry in entries),
            members=members,
            seeds=seeds,
            trials=np.asarray(indices)[:, None] * len(seeds) + np.arange(len(seeds))[None, :],
            request=request,
            shape=shapes[request],
            batch_size=batch_size,
            epochs=epochs,
            layout=plan_layout(
                members,
                num_seeds=len(seeds),
                num_devices=num_devices,
                batch_size=batch_size,
                tiles=None if platform == "cpu" else 1,
            ),
            design=study.design,
            probe=study.probe,
        )
        populations.append(population)
    return Plan(study, conditions, seeds, tuple(populations), num_devices)


def _pieces(entries: list[tuple[int, Condition, Member]], num_seeds: int) -> list[list[tuple[int, Condition, Member]]]:
    """The conditions of one shape in populations of about equal size, kinds together where there are several."""
    state_bytes = max(member.state_bytes for _, _, member in entries) * num_seeds
    most = max(1, min(POPULATION_STATE_BYTES // state_bytes, POPULATION_TRIALS // num_seeds))
    count = -(-len(entries) // most)
    if count == 1:
        return [entries]
    order = {kind: place for place, kind in enumerate(dict.fromkeys(member.kind for _, _, member in entries))}
    by_kind = sorted(entries, key=lambda entry: order[entry[2].kind])
    size = -(-len(entries) // count)
    return [by_kind[start : start + size] for start in range(0, len(by_kind), size)]


def available_memory() -> int | None:
    """Bytes that a program may still take, a container's limit included; None where the system does not tell."""
    limits = []
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        lines = meminfo.read_text().splitlines()
        limits += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if limit.exists() and used.exists() and limit.read_text().strip() != "max":
        limits.append(int(limit.read_text()) - int(used.read_text()))
    if limits:
        return min(limits)
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def check_capacity(plan: Plan, memory: int | None = None) -> None:
    """Refuse a study that needs more memory than there is, before anything is trained.

    Parameters
    ----------
    plan : Plan
    memory : int, optional
        Bytes that are free; this machine's when not given.

    Raises
    ------
    CapacityError
        With what is needed, what there is, and the population that needs it.
    """
    memory = available_memory() if memory is None else memory
    if memory is None or plan.memory_bytes <= memory:
        return
    largest = max(plan.populations, key=lambda population: population.memory_bytes(plan.num_devices))
    raise CapacityError(
        f"{plan.study.name}: expected to fit in the {format_bytes(memory)} of memory that are free, "
        f"but {largest.trials.size} trials of {largest.parameters:,} parameters at once need about "
        f"{format_bytes(plan.memory_bytes)}.\n"
        "Use fewer seeds, a smaller network, or fewer rows (data.rows)."
    )


def measure_gemm_rate(size: int = 768) -> float:
    """Rate of a float32 matrix product on this machine, in FLOP/s; takes some 50 ms."""
    a = np.ones((size, size), np.float32)
    a @ a
    start = time.perf_counter()
    repeats = 4
    for _ in range(repeats):
        a @ a
    return repeats * 2.0 * size**3 / (time.perf_counter() - start)


def format_bytes(count: float) -> str:
    """``1.5 GB``: the largest unit of which there is at least one."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
