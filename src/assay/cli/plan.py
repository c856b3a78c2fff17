"""`assay plan`: what a study will take, without training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.printing import counted
from assay.cli.run import JsonOption, SeedsOption, SetOption, StudyArgument, VaryOption

if TYPE_CHECKING:
    from assay.planning import Plan

EXAMPLE = "Example: assay plan reuters-units"


def plan(
    study: StudyArgument = "digits",
    vary: VaryOption = None,
    set_: SetOption = None,
    seeds: SeedsOption = None,
    json: JsonOption = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of study files and exit.")] = False,
) -> None:
    """Tell the conditions, trials, programs, expected time and memory of a study. Trains nothing."""
    import json as json_format

    from assay.cli.target import chosen_study
    from assay.planning import check_capacity, measure_gemm_rate, plan_study
    from assay.study import study_schema

    if schema:
        typer.echo(json_format.dumps(study_schema(), indent=2))
        return
    planned = plan_study(chosen_study(study, vary, set_, seeds))
    told = PlanTold.of(planned, measure_gemm_rate())
    if json:
        typer.echo(json_format.dumps(told.written(planned), indent=2))
    else:
        _print_plan(planned, told)
    check_capacity(planned)


@dataclass(frozen=True)
class PlanTold:
    """The figures of a plan that need the machine."""

    seconds: float
    memory_bytes: int

    @classmethod
    def of(cls, plan: Plan, gemm_rate: float) -> PlanTold:
        """Estimate from the measured rate of matrix products, in FLOP/s."""
        return cls(plan.expected_seconds(gemm_rate), plan.memory_bytes)

    def written(self, plan: Plan) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "study": plan.study.name,
            "conditions": [
                {"condition": condition.name, "settings": condition.settings} for condition in plan.conditions
            ],
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
        }


def _print_plan(plan: Plan, told: PlanTold) -> None:
    from rich.console import Console
    from rich.table import Table

    from assay.networks.architecture import model_summary
    from assay.planning import format_bytes

    console = Console()
    study = plan.study
    console.print(f"[bold]{study.name}[/bold]  {study.question}".rstrip(), highlight=False)
    console.print(
        f"{counted(len(plan.conditions), 'condition')} × {counted(len(plan.seeds), 'seed')} = "
        f"{counted(plan.num_trials, 'trial')}, in {counted(len(plan.populations), 'population')} with "
        f"{counted(plan.num_programs, 'compiled program')}.",
        highlight=False,
    )
    console.print(
        f"About {_format_seconds(told.seconds)} and {format_bytes(told.memory_bytes)} of memory "
        f"on {plan.num_devices} cores (a rough estimate).\n",
        highlight=False,
    )
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
        console.print(f"\n[bold]{population.name}[/bold]: the network of '{population.conditions[0].name}'")
        console.print(model_summary(population.members[0].layers), highlight=False)


def _format_seconds(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
