"""Mistakes in what was typed, told as every other mistake: one sentence, and what to do."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from assay.errors import AssayError, did_you_mean

# Typer's own copy of click, or click itself, as the version of Typer has it.
_click = import_module(typer.BadParameter.__module__)
UsageError: type[Any] = _click.UsageError


class UnknownCommand(AssayError):
    """The first word is none of the commands."""


class Commands(TyperGroup):
    """The commands of `assay`; an unknown one is told with the near miss."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first word names.

        Raises
        ------
        UnknownCommand
            If there is none.
        """
        if args and args[0] not in self.commands:
            raise UnknownCommand(
                f"unknown command '{args[0]}'.{did_you_mean(args[0], self.commands)} "
                f"Commands: {', '.join(self.commands)}."
            )
        return super().resolve_command(ctx, args)


def told(error: Any) -> str:
    """A `UsageError` of Typer as one line: the command, the mistake, and the line that helps."""
    context = error.ctx
    path = context.command_path if context is not None else "assay"
    command = path.removeprefix("assay").strip()
    return f"{f'{command}: ' if command else ''}{_sentence(error)} Try: {path} --help"


def _sentence(error: Any) -> str:
    if isinstance(error, _click.NoSuchOption):
        known = [name for option in error.ctx.command.params for name in option.opts if name.startswith("-")]
        near = did_you_mean(error.option_name.lstrip("-"), [name.lstrip("-") for name in known]).replace("'", "'--", 1)
        return f"unknown option '{error.option_name}'.{near} Options: {', '.join([*known, '--help'])}."
    if isinstance(error, _click.MissingParameter):
        told_by_help = (getattr(error.param, "help", None), error.ctx.command.epilog)
        return " ".join([f"{_name(error.param)} is missing.", *filter(None, told_by_help)]) + "."
    if isinstance(error, _click.BadParameter):
        where = error.param_hint or (_name(error.param) if error.param is not None else "")
        return f"{where}: {error.message}" if where else str(error.message)
    if isinstance(error, _click.BadOptionUsage):
        return f"{error.option_name}: expected a value behind it, got none."
    extra = re.search(r"unexpected extra argument\S* \((.*)\)", error.message)
    if extra:
        return f"'{extra[1]}' has no place here; a value with spaces needs quotes around it."
    return str(error.message).rstrip(".") + "."


def _name(parameter: Any) -> str:
    """What the help calls an option or argument: ``--seeds``, ``DIR``."""
    if parameter.param_type_name == "option":
        return str(max(parameter.opts, key=len))
    return str(parameter.metavar or parameter.name.upper())
