"""What a study will take: its trials, the populations that train them, memory and time. Trains nothing."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from assay.choices import Choice
from assay.data import DataRequest, Dataset, DataShape, Resample, describe
from assay.engine.batching import num_batches
from assay.engine.devices import available_cores
from assay.engine.layout import Layout, Member, plan_layout
from assay.errors import CapacityError
from assay.learning.weights import ClassWeight, RowWeights, row_weights
from assay.networks.architecture import Layer, count_parameters, shape_key
from assay.study import Condition, DesignSpec, ProbeSpec, Study, resolve
from assay.study.identity import identities
from assay.study.resolving import metrics_of

# A float32 GEMM's rate that training reaches, and what a step costs beside its products; both on the slow side.
TRAINING_EFFICIENCY = 0.5
SECONDS_PER_STEP = 40e-6
# Compiling the program of one population, beside another's training or not.
SECONDS_PER_POPULATION = 2.0
# Of the whole command: JAX and the data at its beginning, the table at its end.
SECONDS_OF_COMMAND = 5.0
# Of a final phase for one of selection: about as many rows more as the best epoch comes earlier.
FINAL_FOR_SELECTION = 0.7
# A population larger than one of these is trained in parts, the same on every machine, so that a study of any number of
# trials takes bounded memory and a folder can be continued anywhere.
POPULATION_STATE_BYTES = 2**30
POPULATION_TRIALS = 2**14
# Of a kept network beside its parameters, of a predicted row beside its target and outputs, and the most that the
# predictions of one population may take.
NETWORK_BYTES = 3000
ROW_BYTES = 16
MOST_PREDICTION_BYTES = 2**28
# JAX, the interpreter and the tables, before any data.
BASE_BYTES = 500 * 2**20


@dataclass(frozen=True)
class KeptSizes:
    """What stays of trained networks on disk.

    Attributes
    ----------
    networks : int
    bytes : int
        Of the networks.
    prediction_bytes : int
        Of what they say of the validation and the test rows, at most: Parquet files are smaller.
    """

    networks: int
    bytes: int
    prediction_bytes: int

    @property
    def has_predictions(self) -> bool:
        """Whether predictions are kept: not where those of one population would fill a disk."""
        return self.prediction_bytes <= MOST_PREDICTION_BYTES


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
        The number of each trial in the study; −1 for a seed that the study does not ask for.
    request, shape : DataRequest and DataShape
    batch_size, epochs : int
    metric : Choice, optional
        Recorded beside the loss and what the task has.
    layout : Layout
    design : DesignSpec
        What the best epoch is best in, and whether there is a final training.
    probe : ProbeSpec, optional
        When the signals of the layers are recorded.
    identities : tuple of str, length C
        What decides the numbers of each condition; see `assay.study.identity`.
    active : array, shape (C, S), bool
        Which trials are trained. The others only keep the layout of a population that goes on, to the bit.
    continues : int, optional
        The population whose kept state this one begins from.
    metrics : tuple of str
        Of `METRICS`, computed of the validation and test rows beside what data of this task have anyway.
    class_weight : str or mapping
        How much the rows of a class count in training.
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
    metric: Choice | None
    design: DesignSpec
    probe: ProbeSpec | None
    identities: tuple[str, ...]
    active: np.ndarray
    continues: int | None = None
    metrics: tuple[str, ...] = ()
    class_weight: ClassWeight = "none"

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

    @cached_property
    def kept(self) -> KeptSizes:
        """What stays of its networks when it has ended."""
        networks = {"final": len(self.conditions), "all": self.trials.size, "none": 0}[self.design.keep]
        rows = self.shape.validation_rows + self.shape.test_rows * self.design.final
        return KeptSizes(
            networks=networks,
            bytes=networks * (4 * self.parameters + NETWORK_BYTES),
            prediction_bytes=networks * rows * (2 * 4 * self.shape.outputs + ROW_BYTES),
        )

    @property
    def _snapshot_bytes(self) -> int:
        """Parameters of all members on the host, as they are fetched and as they are held."""
        slots = self.layout.num_groups * self.layout.num_slots
        return 0 if self.design.keep == "none" else 2 * 4 * self.parameters * slots

    def row_weights(self, dataset: Dataset) -> RowWeights | None:
        """How much each row of its data counts; None where all count alike.

        Raises
        ------
        StudyError
            If a class is named that the data do not have.
        """
        targets = {"train": dataset.y_train, "validation": dataset.y_validation, "test": dataset.y_test}
        columns = {part: getattr(dataset, f"weights_{part}") for part in targets}
        return row_weights(self.class_weight, targets, columns, dataset.class_names)

    def memory_bytes(self, num_devices: int) -> int:
        """Peak memory: the state (in use, and being saved), what is taken of it, data (read, put together, on each
        device), a batch.
        """
        units = sum(layer.units for layer in self.members[0].layers)
        rows = max(self.batch_size, 128)  # a step's, or a chunk's that is scored
        activations = 4 * 4 * units * rows * self.layout.num_slots * min(num_devices, self.layout.num_groups)
        return 2 * self.layout.state_bytes + self._snapshot_bytes + (num_devices + 2) * self.shape.bytes + activations


@dataclass(frozen=True, repr=False)
class Plan:
    """Everything that `assay plan` tells; printed, it is one sentence.

    Attributes
    ----------
    study : Study
    conditions : tuple of Condition
    seeds : tuple of int
    populations : tuple of PopulationPlan
        Those whose selection phase is trained.
    num_devices : int
    finals : tuple of PopulationPlan, optional
        Those whose final phase is trained where the study asks for one; all of `populations` when not given.
    """

    study: Study
    conditions: tuple[Condition, ...]
    seeds: tuple[int, ...]
    populations: tuple[PopulationPlan, ...]
    num_devices: int
    finals: tuple[PopulationPlan, ...] | None = None

    def __repr__(self) -> str:
        counts = {
            "conditions": len(self.conditions),
            **({"splits": self.splits} if self.splits > 1 else {}),
            "seeds": len(self.seeds),
            "trials": self.num_trials,
            "populations": len(self.populations),
        }
        *factors, trials, populations = (
            f"{count} {noun[:-1] if count == 1 else noun}" for noun, count in counts.items()
        )
        return f"{self.study.name}: {' × '.join(factors)} = {trials}, in {populations}."

    @property
    def splits(self) -> int:
        """How often test and validation rows are drawn."""
        return len(self.study.design.splits)

    @property
    def num_trials(self) -> int:
        return len(self.conditions) * self.splits * len(self.seeds)

    @property
    def num_programs(self) -> int:
        """Compiled programs: one a population, and one for its probes where the study records signals."""
        return len(self.populations) * (2 if self.study.probe else 1)

    @property
    def kept(self) -> KeptSizes:
        """What stays of all populations; without the predictions that are not kept."""
        sizes = [population.kept for population in self.populations]
        return KeptSizes(
            sum(each.networks for each in sizes),
            sum(each.bytes for each in sizes),
            sum(each.prediction_bytes for each in sizes if each.has_predictions),
        )

    @property
    def memory_bytes(self) -> int:
        """Peak; populations are trained one after another, beside the data of all."""
        data = {population.request: population.shape.bytes for population in self.populations}
        largest = max(self.populations, key=lambda population: population.memory_bytes(self.num_devices))
        others = sum(size for request, size in data.items() if request != largest.request)
        return BASE_BYTES + largest.memory_bytes(self.num_devices) + others

    def overlaps(self) -> dict[str, float]:
        """Of several splits, the rows that one is measured on for each row that it learns from, by part.

        Means over the splits; the largest where data vary. That is what splits know of each other: see
        `assay.analysis.splits`. Test rows that the source has set apart are the same in every split, so that splits
        are independent draws of what varies: 0.
        """
        found: dict[str, float] = {}
        by_data: dict[DataRequest, dict[Resample, PopulationPlan]] = {}
        for population in self.populations:
            same = replace(population.request, resample=Resample())
            by_data.setdefault(same, {})[population.request.resample] = population
        for populations in by_data.values():
            shapes = [population.shape for population in populations.values()]
            ratios = {
                "validation": [shape.validation_rows / shape.train_rows for shape in shapes],
                "test": [
                    0.0 if shape.has_own_test else shape.test_rows / (shape.train_rows + shape.validation_rows)
                    for shape in shapes
                ],
            }
            for part, values in ratios.items():
                found[part] = max(found.get(part, 0.0), sum(values) / len(values))
        return found if self.splits > 1 else {}

    def expected_seconds(self, gemm_rate: float) -> float:
        """A rough wall time of the command, from the machine's own rate of matrix products in FLOP/s."""

        def seconds(population: PopulationPlan) -> float:
            products = population.flop / (gemm_rate * TRAINING_EFFICIENCY)
            steps = population.select_steps * population.layout.num_groups
            return products + steps * SECONDS_PER_STEP / self.num_devices

        finals = self.populations if self.finals is None else self.finals
        training = sum(map(seconds, self.populations))
        if self.study.design.final:
            training += FINAL_FOR_SELECTION * sum(map(seconds, finals))
        programs = {population.number for population in (*self.populations, *finals)}
        return SECONDS_OF_COMMAND + SECONDS_PER_POPULATION * len(programs) + training


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
    return Planner(study, num_devices, platform).plan()


@dataclass(frozen=True)
class _Entry:
    """A condition on one of the study's splits, and what it is to the engine; `index` counts both."""

    condition: Condition
    index: int
    identity: str
    member: Member
    request: DataRequest

    @property
    def key(self) -> tuple[DataRequest, Hashable, int, int]:
        """Equal for conditions that may share a population."""
        training = self.condition.training
        weights = training.class_weight
        key = tuple(sorted(weights.items())) if isinstance(weights, dict) else weights
        shape = shape_key(self.member.layers), training.metric, training.metrics, key
        return (self.request, shape, training.batch_size, training.epochs)


class Planner:
    """Groups the trials of a study into populations: all of them, those that are missing, or those of a record.

    Parameters
    ----------
    study, num_devices, platform
        As in `plan_study`.

    Attributes
    ----------
    identities : list of str
        Of each condition on each split, in order; equal where conditions have equal content.
    """

    def __init__(self, study: Study, num_devices: int | None = None, platform: str = "cpu") -> None:
        self.study, self.platform = study, platform
        self.num_devices = (num_devices or available_cores()) if platform == "cpu" else 1
        self.seeds = tuple(study.seed_list())
        self.identities = identities(study)
        self._shapes: dict[DataRequest, DataShape] = {}
        self._entries = self._resolved()
        self._by_identity: dict[str, _Entry] = {}
        for entry in self._entries:
            self._by_identity.setdefault(entry.identity, entry)

    def _resolved(self) -> list[_Entry]:
        known: dict[tuple[int, DataRequest], tuple[Layer, ...]] = {}  # conditions share the networks that do not vary
        entries = []
        everything = itertools.product(self.study.expand(), self.study.design.splits)
        for index, ((condition, split), identity) in enumerate(zip(everything, self.identities, strict=True)):
            request = condition.data.request(self.study.folder, split)
            if request not in self._shapes:
                self._shapes[request] = describe(request)
            network = id(condition.network), request
            layers, loss = resolve(self.study, condition, self._shapes[request], known.get(network))
            known[network] = layers
            member = Member(layers, loss, condition.training.optimizer)
            entries.append(_Entry(condition, index, identity, member, request))
        return entries

    @property
    def epochs(self) -> dict[str, int]:
        """How many epochs each identity is asked for."""
        return {identity: entry.condition.training.epochs for identity, entry in self._by_identity.items()}

    def plan(self) -> Plan:
        """The whole study."""
        pairs = [(entry, self.seeds) for entry in self._entries]
        return Plan(self.study, tuple(self.study.expand()), self.seeds, self._grouped(pairs, 1), self.num_devices)

    def missing(self, seeds: Mapping[str, Collection[int]], first_number: int) -> tuple[PopulationPlan, ...]:
        """Populations of the given seeds of each identity, numbered from `first_number` on."""
        pairs = [
            (entry, tuple(seed for seed in self.seeds if seed in seeds.get(identity, ())))
            for identity, entry in self._by_identity.items()
        ]
        found = self._grouped([(entry, own) for entry, own in pairs if own], first_number)
        return tuple(self._beside_another(population) for population in found)

    def _beside_another(self, population: PopulationPlan) -> PopulationPlan:
        """A lone seed beside one that is skipped.

        One group alone would get one device, whose threads divide its sums in another way than those of several seeds.
        """
        others = [seed for seed in self.seeds if seed not in population.seeds]
        if len(population.seeds) > 1 or not others:
            return population
        beside = self._population(
            population.number,
            [self._by_identity[identity] for identity in population.identities],
            (*population.seeds, others[0]),
        )
        return replace(beside, active=np.array([[True, False]] * len(beside.conditions)))

    def knows(self, found: Collection[str]) -> bool:
        """Whether all these identities are among the study's."""
        return all(identity in self._by_identity for identity in found)

    def population(
        self,
        number: int,
        found: Sequence[str],
        seeds: Sequence[int],
        *,
        active: np.ndarray,
        epochs: int,
        continues: int | None = None,
    ) -> PopulationPlan:
        """A population of these conditions and seeds, in this order, whose layout is that of its first beginning."""
        entries = [self._by_identity[identity] for identity in found]
        plan = self._population(number, entries, tuple(seeds))
        return replace(plan, active=active, epochs=epochs, continues=continues)

    def _grouped(
        self, pairs: Sequence[tuple[_Entry, tuple[int, ...]]], first_number: int
    ) -> tuple[PopulationPlan, ...]:
        grouped: dict[Hashable, tuple[tuple[int, ...], list[_Entry]]] = {}
        for entry, seeds in pairs:
            grouped.setdefault((entry.key, seeds), (seeds, []))[1].append(entry)
        pieces = [(seeds, piece) for seeds, entries in grouped.values() for piece in _pieces(entries, len(seeds))]
        return tuple(
            self._population(number, entries, seeds)
            for number, (seeds, entries) in enumerate(pieces, start=first_number)
        )

    def _population(self, number: int, entries: Sequence[_Entry], seeds: tuple[int, ...]) -> PopulationPlan:
        training = entries[0].condition.training
        members = tuple(entry.member for entry in entries)
        place = {seed: position for position, seed in enumerate(self.seeds)}
        positions = np.asarray([place.get(seed, -1) for seed in seeds])
        trials = np.asarray([entry.index for entry in entries])[:, None] * len(self.seeds) + positions[None]
        return PopulationPlan(
            number=number,
            conditions=tuple(entry.condition for entry in entries),
            members=members,
            seeds=seeds,
            trials=np.where(positions < 0, -1, trials),
            request=entries[0].request,
            shape=self._shapes[entries[0].request],
            metric=training.metric,
            batch_size=training.batch_size,
            epochs=training.epochs,
            layout=plan_layout(
                members,
                num_seeds=len(seeds),
                num_devices=self.num_devices,
                batch_size=training.batch_size,
                tiles=None if self.platform == "cpu" else 1,
            ),
            design=self.study.design,
            probe=self.study.probe,
            identities=tuple(entry.identity for entry in entries),
            active=np.ones(trials.shape, bool),
            metrics=metrics_of(training, self._shapes[entries[0].request]),
            class_weight=training.class_weight,
        )


def _pieces(entries: list[_Entry], num_seeds: int) -> list[list[_Entry]]:
    """The conditions of one shape in populations of about equal size, kinds together where there are several."""
    state_bytes = max(entry.member.state_bytes for entry in entries) * num_seeds
    most = max(1, min(POPULATION_STATE_BYTES // state_bytes, POPULATION_TRIALS // num_seeds))
    count = -(-len(entries) // most)
    if count == 1:
        return [entries]
    order = {kind: place for place, kind in enumerate(dict.fromkeys(entry.member.kind for entry in entries))}
    by_kind = sorted(entries, key=lambda entry: order[entry.member.kind])
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
