"""The `assay` command: parses, calls the library, turns errors into exit codes.

0 ok · 1 failed trials, or an unhealthy network · 2 the user's mistake, in one readable message · 3 a network that could
not be looked at · 130 Ctrl-C, nothing lost.
"""

from __future__ import annotations

import errno
import io
import sys

import typer

from assay.cli.usage import Commands, UsageError, told
from assay.errors import AssayError

app = typer.Typer(
    name="assay",
    cls=Commands,
    help="A laboratory for how neural networks start and train.",
    epilog="Begin with: assay run digits",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

USER_MISTAKE = 2


def register_commands() -> None:
    """Attach one command per file; what is heavy is imported when a command runs."""
    from assay.cli import catalog, compare, data, export, ls, map, plan, predict, probe, report, run, show, studies

    app.command("run", epilog=run.EXAMPLE)(run.run)
    app.command("plan", epilog=plan.EXAMPLE)(plan.plan)
    app.command("probe", epilog=probe.EXAMPLE)(probe.probe)
    app.command("map", epilog=map.EXAMPLE)(map.map_plane)
    app.command("show", epilog=show.EXAMPLE)(show.show)
    app.command("compare", epilog=compare.EXAMPLE)(compare.compare)
    app.command("ls", epilog=ls.EXAMPLE)(ls.ls)
    app.command("report", epilog=report.EXAMPLE)(report.report)
    app.command("predict", epilog=predict.EXAMPLE)(predict.predict)
    app.command("export", epilog=export.EXAMPLE)(export.export)
    app.command("studies")(studies.studies)
    app.command("catalog", epilog=catalog.EXAMPLE)(catalog.catalog)
    app.command("data", epilog=data.EXAMPLE)(data.data)


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context, version: bool = typer.Option(False, "--version", help="Print the version and exit.")
) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"assay {installed('assay')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Entry point of the `assay` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a pipe on Windows takes few letters
    try:
        sys.exit(app(prog_name="assay", standalone_mode=False))
    except UsageError as error:
        print(f"assay: {told(error)}", file=sys.stderr)
        sys.exit(USER_MISTAKE)
    except AssayError as error:
        print(f"assay: {error}", file=sys.stderr)
        sys.exit(USER_MISTAKE)
    except OSError as error:  # what the system refuses beside the files that we write, standard output say
        where = error.filename or ("standard output" if error.errno == errno.ENOSPC else None)
        print(f"assay: {where}: {error.strerror}." if where else f"assay: {error}.", file=sys.stderr)
        sys.exit(USER_MISTAKE)


register_commands()

if __name__ == "__main__":
    main()
