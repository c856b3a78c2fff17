"""Two results folders side by side: what differs in the settings, what in the numbers, and whether that is noise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from assay.analysis.comparison import Comparison, Evidence, Rules, Sample, compare_paired, compare_unpaired, concluded
from assay.analysis.intervals import Interval
from assay.analysis.measured import Measured
from assay.analysis.splits import Unit
from assay.analysis.summary import Measure
from assay.errors import StoreError
from assay.study.keys import PARTS, flatten

if TYPE_CHECKING:
    from assay.store import Tables

UNIMPORTANT = ("name", "question", "design.seeds", "design.baseline", "design.confidence", "design.margin")
"""Settings that change no number of a trial."""
FEWEST_PAIRS = 2

Split = Literal["validation", "test"]
Key = Callable[[Unit], Unit | None]


@dataclass(frozen=True)
class SettingDifference:
    """A setting that the two folders do not share; None where it is not given."""

    key: str
    first: Any
    second: Any

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {"key": self.key, "first": self.first, "second": self.second}


@dataclass(frozen=True)
class ConditionDifference:
    """A condition that stands in both folders.

    Attributes
    ----------
    condition : str
    first, second : Interval
        Its mean in either.
    comparison : Comparison
        The second against the first.
    is_paired : bool
        Whether the same seeds are compared; else they have nothing in common.
    equal_seeds, common_seeds : int
        Of the trials in both folders, how many have exactly the same number.
    """

    condition: str
    first: Interval
    second: Interval
    comparison: Comparison
    is_paired: bool
    equal_seeds: int
    common_seeds: int

    def written(self) -> dict[str, Any]:
        """As JSON."""
        difference = self.comparison.difference
        return {
            "condition": self.condition,
            "first": self.first.written(),
            "second": self.second.written(),
            "difference": difference.mean,
            "low": difference.low,
            "high": difference.high,
            "paired": self.is_paired,
            "equal_seeds": self.equal_seeds,
            "common_seeds": self.common_seeds,
            "p": self.comparison.p,
            "p_adjusted": self.comparison.p_adjusted,
            "conclusion": self.comparison.conclusion,
            "seeds_needed": self.comparison.seeds_needed,
        }


@dataclass(frozen=True)
class FolderComparison:
    """What differs between two results folders.

    Attributes
    ----------
    first, second : str
        The folders.
    settings : tuple of SettingDifference
        Of the studies, and the data they learnt from.
    measure : Measure or None
        By which the numbers are compared; None where nothing has completed in both.
    conditions : tuple of ConditionDifference
    only_first, only_second : tuple of str
        Conditions that stand in one folder alone.
    """

    first: str
    second: str
    settings: tuple[SettingDifference, ...]
    measure: Measure | None
    conditions: tuple[ConditionDifference, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Whether all seeds in both folders have exactly the same numbers, and there are some."""
        common = sum(condition.common_seeds for condition in self.conditions)
        return common > 0 and common == sum(condition.equal_seeds for condition in self.conditions)

    @property
    def is_noise(self) -> bool:
        """Whether no condition differs by more than its seeds do."""
        return all(one.comparison.conclusion in ("same", "undecided") for one in self.conditions)

    def written(self) -> dict[str, Any]:
        """As ``assay compare --json`` prints it."""
        return {
            "first": self.first,
            "second": self.second,
            "settings": [setting.written() for setting in self.settings],
            "compared_by": None if self.measure is None else self.measure.written(),
            "conditions": [condition.written() for condition in self.conditions],
            "only_first": list(self.only_first),
            "only_second": list(self.only_second),
            "equal": self.is_equal,
            "noise": self.is_noise,
        }


def compare_folders(first: Tables, second: Tables) -> FolderComparison:
    """Compare what stands in two folders.

    Conditions belong together that have the same name; where each folder has a single one, these two. The same seeds
    are compared in pairs if the settings of a condition differ, for then they began alike. Where its settings are equal
    a common seed says nothing new, so the seeds that the folders do not share are compared by Welch's test.

    Splits belong together that cut the rows in the same way. A folder of one split is compared by the seeds of that
    split, where the other has it.

    Raises
    ------
    StoreError
        If one of them is a training that was watched, which has no seeds and no settings.
    """
    for tables in (first, second):
        if tables.was_watched:
            raise StoreError(f"{tables.directory}: expected a study, got a training that was watched. Try assay show.")
    settings = tuple(_differing(first, second))
    one, other = Measured(first), Measured(second)
    names, others = ([condition.name for condition in tables.conditions] for tables in (first, second))
    pairs = [(name, name) for name in names if name in set(others)]
    if not pairs and len(names) == len(others) == 1:
        pairs = [(names[0], others[0])]
    measure = one.measure if one.measure is not None and one.measure == other.measure else _shared(one, other)
    found = list(_compared(one, other, pairs, measure)) if measure is not None else []
    return FolderComparison(
        str(first.directory),
        str(second.directory),
        settings,
        measure,
        tuple(found),
        tuple(name for name in names if name not in {pair[0] for pair in pairs}),
        tuple(name for name in others if name not in {pair[1] for pair in pairs}),
    )


def _compared(
    one: Measured, other: Measured, pairs: list[tuple[str, str]], measure: Measure
) -> Iterator[ConditionDifference]:
    """Each pair of conditions, all of them judged together."""
    rules, key, is_shared = _rules(one, other, measure)
    settings, others = ({c.name: c for c in measured.tables.conditions} for measured in (one, other))
    found = []
    for name, second in pairs:
        samples = _keyed(one.sample(name, measure), key), _keyed(other.sample(second, measure), key)
        is_same = all(getattr(settings[name], part) == getattr(others[second], part) for part in PARTS)
        found.append((name, *samples, *_evidence(*samples, rules, is_same=is_same, is_shared=is_shared)))
    comparisons = concluded([evidence for *_, evidence, _ in found], rules)
    for (name, first, second_, _, is_paired), comparison in zip(found, comparisons, strict=True):
        common = first.values.keys() & second_.values.keys() if is_shared else set()
        yield ConditionDifference(
            condition=name,
            first=Measured.mean(first.learnt, rules),
            second=Measured.mean(second_.learnt, rules),
            comparison=comparison,
            is_paired=is_paired,
            equal_seeds=sum(first.values[seed] == second_.values[seed] for seed in common),
            common_seeds=len(common),
        )


def _rules(one: Measured, other: Measured, measure: Measure) -> tuple[Rules, Key, bool]:
    """How two folders are compared, which of their trials belong together, and whether any do."""
    rules, others = (measured.rules_of(measure) for measured in (one, other))
    known = [each.overlap for each in (rules, others) if each.overlap is not None]
    is_shared = one.splits[0] == other.splits[0]
    overlap = max(known) if len(known) == 2 or (known and not is_shared) else None
    both = replace(
        rules,
        resolution=max(rules.resolution, others.resolution),
        overlap=overlap,
        more=rules.more and others.more,
    )
    return both, _of_first_split if overlap is None else _of_any_split, is_shared


def _of_first_split(unit: Unit) -> Unit | None:
    """The seed."""
    return unit if isinstance(unit, int) else unit[1] if unit[0] == 0 else None


def _of_any_split(unit: Unit) -> Unit:
    """The split and the seed."""
    return (0, unit) if isinstance(unit, int) else unit


def _keyed(sample: Sample, key: Key) -> Sample:
    """The trials that have a key, under it."""

    def known(units: Iterable[Unit]) -> dict[Unit, Unit]:
        return {unit: found for unit in units if (found := key(unit)) is not None}

    return replace(
        sample,
        values={found: sample.values[unit] for unit, found in known(sample.values).items()},
        at_chance=frozenset(known(sample.at_chance).values()),
        lost=frozenset(known(sample.lost).values()),
    )


def _evidence(first: Sample, second: Sample, rules: Rules, *, is_same: bool, is_shared: bool) -> tuple[Evidence, bool]:
    """Whether the second differs from the first, and whether that was asked of the same seeds, of the same splits."""
    common = first.values.keys() & second.values.keys() if is_shared else set()
    if is_same and len(common) < min(len(first.values), len(second.values)):
        return compare_unpaired(_without(second, common), _without(first, common), rules), False
    if len(common) >= FEWEST_PAIRS:
        return compare_paired(second, first, rules), True
    return compare_unpaired(second, first, rules), False


def _without(sample: Sample, seeds: Set[Unit]) -> Sample:
    """The other seeds of a sample."""
    values = {seed: value for seed, value in sample.values.items() if seed not in seeds}
    return replace(sample, values=values, at_chance=sample.at_chance - seeds, lost=sample.lost - seeds)


def _shared(one: Measured, other: Measured) -> Measure | None:
    """A measure that both folders have: the validation's where only one has opened its test set."""
    splits: tuple[Split, ...] = ("test", "validation")
    for found in (one.measure, other.measure):
        for split in splits:
            if found is not None:
                measure = Measure(split, found.metric)
                if one.has(measure) and other.has(measure):
                    return measure
    return None


def _differing(first: Tables, second: Tables) -> Iterator[SettingDifference]:
    """Settings that decide numbers, and data whose content differs."""
    tables = [_flat(folder.study.written()) for folder in (first, second)]
    for key in sorted(tables[0].keys() | tables[1].keys()):
        values = [table.get(key) for table in tables]
        if values[0] == values[1] or key in UNIMPORTANT:
            continue
        arguments = [value if isinstance(value, Mapping) else {} for value in values]
        if all(arguments) and arguments[0].get("name") == arguments[1].get("name"):
            for name in sorted(arguments[0].keys() | arguments[1].keys()):
                if arguments[0].get(name) != arguments[1].get(name):
                    yield SettingDifference(f"{key}.{name}", arguments[0].get(name), arguments[1].get(name))
        else:
            yield SettingDifference(key, *values)
    data = [folder.manifest.get("data", {}) for folder in (first, second)]
    for name in sorted(data[0].keys() & data[1].keys()):
        if data[0][name] != data[1][name]:
            yield SettingDifference(f"content of {name}", data[0][name][:12], data[1][name][:12])


def _flat(written: Mapping[str, Any]) -> dict[str, Any]:
    """A study as dotted keys; what varies by its factors, ``seeds`` as a key of the design."""
    flat = flatten({key: value for key, value in written.items() if key not in ("vary", "conditions")})
    if "seeds" in flat:
        flat["design.seeds"] = flat.pop("seeds")
    flat |= {f'vary."{key}"': levels for key, levels in flatten(written.get("vary", {})).items()}
    return flat | {f'conditions."{name}"': table for name, table in written.get("conditions", {}).items()}
