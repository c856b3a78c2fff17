"""`assay plan`: what a study will take, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.options import JsonOption, OutOption, SeedsOption, SetOption, StudyArgument, VaryOption
from assay.cli.words import counted, duration, factors_text

if TYPE_CHECKING:
    from assay.data.columns import Notice
    from assay.growing import Growth
    from assay.planning import Plan

EXAMPLE = "Example: assay plan reuters-units"


def plan(
    study: StudyArgument = "digits",
    vary: VaryOption = None,
    set_: SetOption = None,
    seeds: SeedsOption = None,
    out: OutOption = None,
    json: JsonOption = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of study files and exit.")] = False,
) -> None:
    """Show what a study will train: conditions, trials, expected time and memory. Trains nothing.

    Where its folder is there, tells what of it stands and what is new.
    """
    import json as json_format

    from assay.cli.notices import notices_of
    from assay.cli.target import chosen_study, results_of
    from assay.growing import has_older_format, planned_growth
    from assay.planning import Planner, check_capacity, measure_gemm_rate
    from assay.store.schema import RUNS_FOLDER
    from assay.study import study_schema

    if schema:
        typer.echo(json_format.dumps(study_schema(), indent=2))
        return
    planner = Planner(chosen_study(study, vary, set_, seeds))
    folder = results_of(study, out) or RUNS_FOLDER / planner.study.name
    planned, growth = planner.plan(), planned_growth(planner, folder)
    told = PlanTold.of(planned, measure_gemm_rate(), growth, notices_of(planner.study))
    if json:
        typer.echo(json_format.dumps(told.written(planned), indent=2))
    else:
        _print_plan(planned, told)
        if has_older_format(folder):
            typer.echo(
                f"\n{folder} was written by an earlier version. `assay run` brings it to the present format and then "
                "trains only what is missing; the time above is that of all."
            )
    check_capacity(planned)


@dataclass(frozen=True)
class PlanTold:
    """The figures of a plan that need the machine."""

    seconds: float
    memory_bytes: int
    growth: Growth | None = None
    notices: Sequence[Notice] = ()

    @classmethod
    def of(cls, plan: Plan, gemm_rate: float, growth: Growth | None = None, notices: Sequence[Notice] = ()) -> PlanTold:
        """Estimate from the measured rate of matrix products, in FLOP/s; of what is missing where a part is there."""
        missing = plan if growth is None else growth.missing_plan(plan)
        return cls(missing.expected_seconds(gemm_rate), plan.memory_bytes, growth, notices)

    def written(self, plan: Plan) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "study": plan.study.name,
            "conditions": [
                {"condition": condition.name, "settings": condition.settings} for condition in plan.conditions
            ],
            "splits": plan.splits,
            "seeds": list(plan.seeds),
            "trials": plan.num_trials,
            "populations": [
                {
                    "population": population.name,
                    "trials": int(population.trials.size),
                    "parameters": population.parameters,
                    "steps": population.select_steps,
                }
                for population in plan.populations
            ],
            "programs": plan.num_programs,
            "expected_seconds": round(self.seconds, 1),
            "expected_memory_bytes": self.memory_bytes,
            "kept": {
                "networks": plan.kept.networks,
                "network_bytes": plan.kept.bytes,
                "prediction_bytes_at_most": plan.kept.prediction_bytes,
            },
            **({"notices": [asdict(notice) for notice in self.notices]} if self.notices else {}),
            **({} if self.growth is None else self.growth.written()),
        }


def splits_sentences(plan: Plan) -> list[str]:
    """What each of several splits draws anew, each way of the study's data once; empty where there is one split."""
    if plan.splits == 1:
        return []
    said = []
    for population in plan.populations:
        request, shape = population.request, population.shape
        has_test = shape.test_rows > 0 and not shape.has_own_test
        rows, also = ("test", " The validation rows are drawn from the rest.") if has_test else ("validation", "")
        if request.resample.folds is not None:
            way = f"Each row is one of the {rows} rows in one of {plan.splits} folds.{also}"
        elif request.time is not None:
            way = f"The {rows} rows of each split are a window in time that ends before that of the split before it."
        else:
            way = f"Each split draws {'test and validation' if has_test else 'validation'} rows anew."
        fixed = (
            " The test rows are those of the source in every split." if shape.has_own_test and shape.test_rows else ""
        )
        said.append(way + fixed)
    return list(dict.fromkeys(said))


def _kept_sentence(plan: Plan) -> str:
    """What of the networks stays on disk, and how much that is."""
    from assay.planning import format_bytes

    kept = plan.kept
    if not kept.networks:
        return 'Keeps no network (design.keep = "none").'
    told = f"Keeps {counted(kept.networks, 'network')}, {format_bytes(kept.bytes)}"
    if kept.prediction_bytes:
        told += f", and predictions, at most {format_bytes(kept.prediction_bytes)}"
    without = [each.name for each in plan.populations if not each.kept.has_predictions]
    left_out = f" No predictions of {', '.join(without)}, for they are too many." if without else ""
    return f'{told} (design.keep = "{plan.study.design.keep}").{left_out}'


def _print_plan(plan: Plan, told: PlanTold) -> None:
    from rich.console import Console
    from rich.table import Table

    from assay.networks.architecture import model_summary
    from assay.planning import format_bytes

    console = Console()
    study = plan.study
    console.print(f"[bold]{study.name}[/bold]  {study.question}".rstrip(), highlight=False)
    console.print(
        f"{factors_text(plan)} = {counted(plan.num_trials, 'trial')}, in "
        f"{counted(len(plan.populations), 'population')} with {counted(plan.num_programs, 'compiled program')}.",
        highlight=False,
    )
    console.print(
        f"About {duration(told.seconds)} and {format_bytes(told.memory_bytes)} of memory "
        f"on {plan.num_devices} cores (a rough estimate).",
        highlight=False,
    )
    console.print(f"{_kept_sentence(plan)}\n", highlight=False)
    for sentence in splits_sentences(plan):
        console.print(f"{sentence}\n", highlight=False)
    if told.growth is not None:
        console.print(f"{told.growth}\n", highlight=False)
    for notice in told.notices:
        console.print(f"· {notice}", highlight=False, markup=False)
    if told.notices:
        console.print()
    table = Table("population", box=None, pad_edge=False, header_style="bold")
    for name in ("conditions", "trials", "rows", "batch", "epochs", "steps", "parameters"):
        table.add_column(name, justify="right")
    for population in plan.populations:
        table.add_row(
            population.name,
            str(len(population.conditions)),
            str(population.trials.size),
            f"{population.shape.train_rows:,}",
            str(population.batch_size),
            str(population.epochs),
            f"{population.select_steps:,}",
            f"{population.parameters:,}",
        )
    console.print(table)
    for population in plan.populations:
        if population.request.resample.number:
            continue  # the networks of the first split
        console.print(f"\n[bold]{population.name}[/bold]: the network of '{population.conditions[0].name}'")
        console.print(model_summary(population.members[0].layers), highlight=False)
