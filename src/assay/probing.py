"""The epoch-0 laboratory: what every layer does before anything is trained, and what is wrong with it.

>>> report = probe("block")
>>> report.signals.filter(quantity="preactivations", statistic="std")
>>> report.summary()["conditions"][0]["verdict"]
>>> probe(model, x, y).findings["model"]                              # a Keras model or a PyTorch module of one's own
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from assay._lazy import lazy_module
from assay.data import Dataset, load
from assay.diagnosis import Finding, NetworkFacts, Verdict, layer_signals
from assay.diagnosis.facts import AuditEntry
from assay.engine import use_all_cores, use_compilation_cache
from assay.errors import StudyError
from assay.judging import Judgement, judge_start, population_facts
from assay.linearized import LINEARIZED_ROWS, DenseWeights, LinearizedCourse, linearized_course
from assay.planning import PopulationPlan, check_capacity, plan_study
from assay.prediction import SCHEMA, predict_signals
from assay.probes import all_probes, probe_rows, quantities, signal_frames
from assay.probes.arrays import PREACTIVATIONS
from assay.study import ProbeSpec, Study, load_study, with_changes

if TYPE_CHECKING:
    import jax
    from matplotlib.figure import Figure

    from assay.engine.trainer import State, Trainer
    from assay.figures import SignalTables
    from assay.models.observation import Observation
else:
    jax = lazy_module("jax")

# The linear network is followed for this many seeds of a condition.
LINEARIZED_SEEDS = 3
# Where a study writes what is an option of `probe` for a model.
OF_A_STUDY = {
    "x": "its data",
    "y": "its data",
    "loss": "training.loss",
    "optimizer": "training.optimizer",
    "steps": "training.epochs and training.batch_size",
    "output": "its network, which has a single one",
}


@dataclass(frozen=True)
class ProbedCondition:
    """One condition, or one model of the user's.

    Attributes
    ----------
    name : str
    settings : mapping of str to value
        Its levels; empty for a model.
    facts : NetworkFacts
    """

    name: str
    settings: Mapping[str, Any]
    facts: NetworkFacts


class ConditionFindings(dict[str, tuple[Finding, ...]]):
    """The findings by condition; printed as sentences."""

    def __repr__(self) -> str:
        return "\n".join(line for name, findings in self.items() for line in _finding_lines(name, findings))


def _finding_lines(name: str, findings: tuple[Finding, ...]) -> Iterator[str]:
    yield f"{name}: " + (", ".join(headline(finding) for finding in findings) or "nothing found")
    for finding in findings:
        yield f"  {headline(finding)}"
        for label, text in explanation(finding):
            yield f"    {label}: {text}"


def headline(finding: Finding) -> str:
    """``vanishing gradient (2 of 3 seeds)``: the symptom, and the seeds where not all show it."""
    seeds = f" ({finding.seeds} of {finding.of_seeds} seeds)" if finding.seeds < finding.of_seeds else ""
    return finding.symptom.replace("_", " ") + seeds


def explanation(finding: Finding) -> tuple[tuple[str, str], ...]:
    """What was seen, why, and what to do: a label and a sentence each."""
    return ("seen", finding.evidence.text), ("cause", finding.cause), ("remedy", finding.remedy.text)


def verdict_sentence(verdict: Verdict) -> str:
    """The status and the forecast: ``unhealthy. Will it learn within its epochs? Probably not: 27 % chance.``."""
    if verdict.probability is None:
        return f"{verdict.status}."
    word = "Probably" if verdict.will_train else "Probably not"
    return f"{verdict.status}. Will it learn within its epochs? {word}: {100 * verdict.probability:.0f} % chance."


def beside_verdict(facts: NetworkFacts, judgement: Judgement) -> list[str]:
    """Sentences on what stands beside a verdict: whether the signal is kept, and what a look ahead showed."""
    signal = "" if judgement.signal is None else judgement.signal.told()
    ahead = "" if facts.ahead is None else facts.ahead.told()
    return [sentence for sentence in (signal, ahead) if sentence]


@dataclass(frozen=True, repr=False)
class ProbeReport:
    """What was measured on untrained networks, and what it means. Printed, it is the verdicts and findings in words.

    Attributes
    ----------
    name : str
        Of the study, or of the user's model.
    conditions : tuple of ProbedCondition
    seeds : tuple of int
    signals, histograms : polars.DataFrame
        As in the store, epoch 0.
    theory : polars.DataFrame
        Columns condition, layer, quantity, statistic, value: what theory predicts for the same numbers.
    courses : mapping of int to LinearizedCourse
        By trial: where the network would go if it stayed linear in its parameters, for the trials that were followed.
    remarks : tuple of str
        What was assumed, of a user's model.
    """

    name: str
    conditions: tuple[ProbedCondition, ...]
    seeds: tuple[int, ...]
    signals: pl.DataFrame
    histograms: pl.DataFrame
    theory: pl.DataFrame
    courses: Mapping[int, LinearizedCourse | None] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        lines = [f"{self.name}: before training, {len(self.seeds)} seed{'' if len(self.seeds) == 1 else 's'}."]
        lines += self.remarks
        for condition, (name, judgement) in zip(self.conditions, self.judgements.items(), strict=True):
            lines.append(f"{name}: {verdict_sentence(judgement.verdict)}")
            lines += [f"  {sentence}" for sentence in beside_verdict(condition.facts, judgement)]
            lines += list(_finding_lines(name, judgement.findings))[1:]
        lines.append("The numbers are in .signals, .theory and .summary(); .plot() draws them.")
        return "\n".join(lines)

    @cached_property
    def judgements(self) -> dict[str, Judgement]:
        """By condition, what is wrong with it and what follows."""
        networks = layer_signals(self.signals)
        trials: dict[str, list[int]] = {}
        for trial, condition in self.signals.select("trial", "condition").unique(maintain_order=True).iter_rows():
            trials.setdefault(condition, []).append(trial)
        return {
            condition.name: judge_start(
                condition.facts,
                [networks[trial, 0] for trial in trials[condition.name]],
                [self.courses.get(trial) for trial in trials[condition.name]],
            )
            for condition in self.conditions
        }

    @property
    def findings(self) -> ConditionFindings:
        """By condition."""
        return ConditionFindings((name, judgement.findings) for name, judgement in self.judgements.items())

    @property
    def audit(self) -> tuple[AuditEntry, ...]:
        """How the parameters of a user's own PyTorch module were initialized, beside what is usual; else empty."""
        return tuple(entry for condition in self.conditions for entry in condition.facts.audit)

    @property
    def is_healthy(self) -> bool:
        """Whether no condition has a finding that counts."""
        return all(judgement.verdict.status == "healthy" for judgement in self.judgements.values())

    def summary(self) -> dict[str, Any]:
        """The table of layers (means over seeds), findings and verdict, as ``assay probe --json`` prints them."""
        return {
            "study": self.name,
            "conditions": [
                {
                    "condition": condition.name,
                    "settings": dict(condition.settings),
                    "layers": [_as_json(layer) for layer in self.layers(condition)],
                    **self.judgements[condition.name].written(),
                    **(
                        {"audit": [entry.written() for entry in condition.facts.audit]} if condition.facts.audit else {}
                    ),
                }
                for condition in self.conditions
            ],
            "remarks": list(self.remarks),
        }

    @property
    def tables(self) -> SignalTables:
        """What the figures read."""
        from assay.figures import SignalTables

        names = [condition.name for condition in self.conditions]
        return SignalTables(self.signals, self.histograms, names, self.theory)

    def plot(self) -> Figure:
        """The wall: conditions × four panels on shared scales."""
        from assay.figures import wall

        return wall(self.tables)

    def layers(self, condition: ProbedCondition) -> list[dict[str, Any]]:
        """The table of layers, means over seeds.

        Returns
        -------
        list of dict
            By layer: its number ``layer``, its ``name``, by quantity and statistic its numbers, and ``theory`` with
            what is predicted of them. A number is NaN where a value behind it is not finite.
        """
        is_told = pl.any_horizontal(
            (pl.col("quantity") == quantity.name) & pl.col("statistic").is_in((*quantity.told, "nonfinite_count"))
            for quantity in quantities()
        )
        measured = _nested(
            self.signals.filter(pl.col("condition") == condition.name)
            .filter(is_told)
            .group_by("layer", "quantity", "statistic", maintain_order=True)
            .agg(pl.col("value").mean())
        )
        predicted = _nested(self.theory.filter(pl.col("condition") == condition.name).drop("condition"))
        names = [layer.name for layer in condition.facts.layers]
        return [
            {
                "layer": layer,
                "name": names[layer - 1],
                **_with_nan_of_nonfinite(found),
                "theory": predicted.get(layer, {}),
            }
            for layer, found in sorted(measured.items())
        ]


Numbers = dict[str, dict[str, float]]
"""By quantity and statistic."""


def _nested(rows: pl.DataFrame) -> dict[int, Numbers]:
    """Layer → quantity → statistic → value; NaN where it is not finite."""
    found: dict[int, Numbers] = {}
    for layer, quantity, statistic, value in rows.select("layer", "quantity", "statistic", "value").iter_rows():
        known = value if value is not None and np.isfinite(value) else float("nan")
        found.setdefault(layer, {}).setdefault(quantity, {})[statistic] = known
    return found


def _with_nan_of_nonfinite(found: Numbers) -> Numbers:
    """The numbers of a layer, NaN where values are not all finite; shares and cosines are of its pre-activations."""
    known = {quantity.name: quantity for quantity in quantities()}
    counts = {name: numbers.get("nonfinite_count", 0.0) for name, numbers in found.items()}
    of_units = counts.get(PREACTIVATIONS.name, 0.0)
    return {
        name: {
            statistic: float("nan") if counts[name] or (of_units and known[name].unit in ("share", "cosine")) else value
            for statistic, value in numbers.items()
            if statistic in known[name].told
        }
        for name, numbers in found.items()
    }


def _as_json(value: Any) -> Any:
    """The same with None in the place of NaN, which JSON has not."""
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    return None if isinstance(value, float) and not np.isfinite(value) else value


def probe(
    target: Any,
    x: Any = None,
    y: Any = None,
    *,
    loss: Any = None,
    optimizer: Any = None,
    steps: int | None = None,
    rows: int | None = None,
    output: str | int | None = None,
) -> ProbeReport:
    """Measure every layer of untrained networks and judge them; trains nothing and writes nothing.

    Parameters
    ----------
    target : Study, str, Path, Keras model or PyTorch module
        A study, a study file or the name of a built-in study: every trial of every condition is looked at, on as many
        training rows as its ``[probe]`` table says. Or a model of one's own, as it is now.
    x, y : array, optional
        Examples and targets for a model; or as `x` what gives both in batches, such as a `DataLoader` or a generator.
    loss, optimizer : optional
        Of a model: what it will be trained with, as `assay.models.observe_keras` and `assay.models.observe_torch` take
        them; by default those that a Keras model was compiled with.
    steps : int, optional
        Of a model: how many updates it will have.
    rows : int, optional
        How many examples are looked at; of a study by default what its ``[probe]`` table says, of a model 256.
    output : str or int, optional
        Of a Keras model with several outputs, or a PyTorch module that returns a dict or a tuple: which one is looked
        at, and read by the loss, by its name or its place.

    Returns
    -------
    ProbeReport

    Raises
    ------
    AssayError
        If the study, its data or the model cannot be used, or a study is given with what only a model takes.
    """
    of_model = {"loss": loss, "optimizer": optimizer, "steps": steps, "output": output}
    if isinstance(target, Study | str | Path):
        _refuse_of_model({"x": x, "y": y, **of_model})
        study = load_study(target)
        return probe_study(study if rows is None else with_changes(study, {"probe.rows": rows}))
    from assay.models import observe

    given = {name: value for name, value in {**of_model, "rows": rows}.items() if value is not None}
    return report_of(observe(target, x, y, **given))


def _refuse_of_model(options: Mapping[str, Any]) -> None:
    """A study says all of this itself, so an option that would change nothing is refused."""
    for name, value in options.items():
        if value is not None:
            raise StudyError(
                f"probe: {name} is for a model of your own. A study has it in {OF_A_STUDY[name]}: change it there."
            )


def report_of(observation: Observation) -> ProbeReport:
    """The report on a user's model."""
    condition = ProbedCondition(observation.name, {}, observation.facts)
    return ProbeReport(
        observation.name,
        (condition,),
        (0,),
        observation.signals,
        observation.histograms,
        pl.DataFrame(schema=SCHEMA),
        {0: observation.course},
        observation.remarks,
    )


def probe_study(study: Study) -> ProbeReport:
    """The report on every condition of a study, on the first of several splits; see `probe`."""
    plan = plan_study(with_changes(study, {"design.splits": 1}) if len(study.design.splits) > 1 else study)
    check_capacity(plan)
    use_all_cores()
    use_compilation_cache()
    rows = (study.probe or ProbeSpec()).rows
    datasets = {population.request: load(population.request) for population in plan.populations}
    with ThreadPoolExecutor(max_workers=1) as beside:  # theory is worked out while the probes are compiled
        theory = [
            beside.submit(predict_signals, condition.name, member, *_looked_at(population, dataset, rows)[:2])
            for population in plan.populations
            for dataset in [datasets[population.request]]
            for condition, member in zip(population.conditions, population.members, strict=True)
        ]
        measured = [
            _probe_population(population, datasets[population.request], rows) for population in plan.populations
        ]
    facts = {
        condition.name: known
        for population in plan.populations
        for condition, known in zip(
            population.conditions, population_facts(population, datasets[population.request]), strict=True
        )
    }
    return ProbeReport(
        study.name,
        tuple(ProbedCondition(item.name, item.settings, facts[item.name]) for item in plan.conditions),
        plan.seeds,
        pl.concat(signals for signals, _, _ in measured),
        pl.concat(histograms for _, histograms, _ in measured),
        pl.concat(prediction.result() for prediction in theory),
        {trial: course for _, _, courses in measured for trial, course in courses.items()},
    )


def _looked_at(
    population: PopulationPlan, dataset: Dataset, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """The examples, x (B, F) and y (B, K), and their weights (B,) in training where they have some."""
    rows, weights = probe_rows(population.shape.train_rows, count), population.row_weights(dataset)
    of_rows = None if weights is None else weights.training["train"][rows]
    return dataset.x_train[rows], dataset.y_train[rows], of_rows


def _probe_population(
    population: PopulationPlan, dataset: Dataset, rows: int
) -> tuple[pl.DataFrame, pl.DataFrame, dict[int, LinearizedCourse | None]]:
    from assay.engine.trainer import Trainer
    from assay.pretraining import learn_layers

    x, y, weights = _looked_at(population, dataset, rows)
    trainer = Trainer(
        population.members,
        seeds=population.seeds,
        batch_size=population.batch_size,
        task=population.shape.task,
        weighted=weights is not None,
    )
    data = trainer.place(x, y, weights=weights)
    state = trainer.start(learn_layers(population.members, population.seeds, dataset.x_train))
    signals, histograms = signal_frames(
        trainer.probe(state, data, np.arange(data.rows), all_probes()),
        trials=population.trials,
        conditions=[condition.name for condition in population.conditions],
        seeds=population.seeds,
        epoch=0,
        recorded=np.ones(population.trials.shape, bool),
    )
    return signals, histograms, _linearized(population, trainer, state, x, y, weights)


def _linearized(
    population: PopulationPlan,
    trainer: Trainer,
    state: State,
    x: np.ndarray,
    y: np.ndarray,
    row_weights: np.ndarray | None,
) -> dict[int, LinearizedCourse | None]:
    """The linear network of the first seeds of each condition, by trial."""
    found = {}
    # Fetched at once: a small array at a time costs more to ask for than to read.
    state = state._replace(parameters=jax.device_get(state.parameters))
    for index, member in enumerate(population.members):
        for seed in range(min(LINEARIZED_SEEDS, len(population.seeds))):
            weights = [
                DenseWeights(kernel.T.astype(np.float64), bias.astype(np.float64), layer.activation)
                for (kernel, bias), layer in zip(trainer.parameters(state, index, seed), member.layers, strict=True)
            ]
            found[int(population.trials[index, seed])] = linearized_course(
                weights,
                x[:LINEARIZED_ROWS],
                y[:LINEARIZED_ROWS],
                row_weights=None if row_weights is None else row_weights[:LINEARIZED_ROWS],
                task=population.shape.task,
                loss=member.loss,
                optimizer=member.optimizer,
                steps=population.select_steps,
                batch_size=population.batch_size,
            )
    return found
