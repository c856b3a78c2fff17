"""Write docs/command-line.md from the help texts of the command line.

::

    python docs/generate_command_line.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("command-line.md")

# Commands whose example cannot be typed as it stands, and why.
NOT_TYPED = {"data": "it needs a table of yours", "predict": "it needs new rows of yours"}

INTRODUCTION = """\
# Command line

*Written by `python docs/generate_command_line.py` from the help texts; `assay COMMAND --help` says the same.*

Results are printed to standard output, progress to standard error. `--json` prints the content of a table for other
programs.

| exit code | means |
|---|---|
| 0 | all went well |
| 1 | the program had an error and trials failed (divergence does not count), or `assay probe` found a fault |
| 2 | there is a mistake in what was typed, in the study file, in the data or in the folder; the message says which |
| 3 | `assay probe` could not look into the network, so it cannot say whether it is sound |
| 130 | Ctrl-C; what was trained is kept, and the same command goes on from there |

`STUDY` is a study file, the name of a built-in study (`assay studies`), a file of data or the name of a data set, which
stands for its default study ([Your own table](your-data.md)), or a results folder, which stands for the study in it and
is where it goes on.
[Study files](study-files.md#from-the-command-line) tells how to write `KEY`, `VALUE` and the levels `a,b`.

`assay probe my_model.py:build` looks at a network of your own. The function takes no arguments and returns the model
(Keras or PyTorch), or `(model, x, y, loss, optimizer)`, or the first few of these. `x` may be a list or a dict of
several inputs. It may also be a `DataLoader`, a `Dataset` or a generator that gives `(x, y)`. Rows are then drawn from
it: from its beginning to its end where it can be indexed, otherwise the first ones. What is missing is assumed, and
every assumption is printed. `--loss`, `--optimizer`, `--epochs` and `--batch-size` say it on the command line,
with the names of the framework or of a study file:

<!-- snippet: not typed: it needs a network of yours -->
```console
$ assay probe my_model.py:build --loss cross_entropy --optimizer '{name = "adamw", learning_rate = 3e-4}' --epochs 20
```

A file with a whole Keras model (`.keras`, `.h5`) is loaded. Of files of PyTorch, of safetensors and of weights alone
assay says what they hold. It never unpickles them: write a function that builds the network and loads them.

A Keras model runs on the backend that you have chosen (in `KERAS_BACKEND` or in Keras' own file) if it is installed,
and on JAX otherwise. In a program of your own, set `KERAS_BACKEND=jax` before Keras is imported; Keras' own default is
TensorFlow, which assay does not install.
"""


def command_line_page() -> str:
    """The whole page as Markdown."""
    import typer

    from assay.cli.main import app

    group: Any = typer.main.get_command(app)
    overview = ["| command | |", "|---|---|"]
    overview += [f"| [`assay {name}`](#assay-{name}) | {_cell(command.help)} |" for name, command in _commands(group)]
    sections = [_section(name, command) for name, command in _commands(group)]
    return "\n".join([INTRODUCTION, *overview, "", "\n\n".join(sections), ""])


def _commands(group: Any) -> list[tuple[str, Any]]:
    return list(group.commands.items())


def _section(name: str, command: Any) -> str:
    """A command: what it does, how it is called, its arguments and options, its example."""
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
    words = [_argument_word(argument) for argument in arguments]
    usage = " ".join(["assay", name, *words, *(["[OPTIONS]"] if options else [])])
    lines = [f"## assay {name}", "", _one_line(command.help), "", "```text", usage, "```", ""]
    rows = [f"| `{_argument_word(argument)}` | {_cell(argument.help)}{_default(argument)} |" for argument in arguments]
    rows += [f"| `{_option_words(option)}` | {_cell(option.help)} |" for option in options]
    if rows:
        lines += ["| | |", "|---|---|", *rows, ""]
    if command.epilog:
        mark = [f"<!-- snippet: not typed: {NOT_TYPED[name]} -->"] if name in NOT_TYPED else []
        lines += [*mark, "```console", f"$ {command.epilog.removeprefix('Example: ')}", "```", ""]
    return "\n".join(lines).rstrip()


def _argument_word(argument: Any) -> str:
    word = argument.metavar or argument.name.upper()
    return word if argument.required else f"[{word}]"


def _option_words(option: Any) -> str:
    names = ", ".join(option.opts)
    words = f"{names} {option.metavar}" if option.metavar else names
    return words.replace("|", "\\|")  # a bar would end the cell, even in code


def _default(argument: Any) -> str:
    return f" Default: `{argument.default}`." if argument.default is not None and not argument.required else ""


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _cell(text: str | None) -> str:
    return _one_line(text).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(command_line_page(), encoding="utf-8")
    print(f"Wrote {PAGE}")
