"""What ``--loss`` and ``--optimizer`` name for a model of one's own: an object of the model's own framework.

::

    --loss cross_entropy                  --optimizer adam
    --loss 'my_losses.py:weighted'        --optimizer '{name = "SGD", learning_rate = 0.1, momentum = 0.9}'

A name is one of the framework's, in any case of its letters, or one of a study file; arguments are the framework's.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assay.choices import Choice, Table
from assay.errors import ModelError, StudyError, did_you_mean
from assay.learning.losses import LOSSES
from assay.learning.optimizers import OPTIMIZERS
from assay.models.their_code import one_line, told_as_theirs
from assay.own_code import IN_A_FILE, function_in, run_file
from assay.study.parsing import parse_value

RATES = ("learning_rate", "lr")
"""What an optimizer may call its learning rate."""


def named_loss(text: str, model: Any) -> Any:
    """The loss that a command line names.

    Parameters
    ----------
    text : str
        A name, a table ``{name = …}``, or ``FILE.py:NAME``.
    model : Keras model or PyTorch module

    Returns
    -------
    object
        As `observe_keras` and `observe_torch` take it.

    Raises
    ------
    ModelError
        If there is no such loss, or it cannot be made.
    """
    own = IN_A_FILE.fullmatch(text)
    if own is not None:
        return _own(own["file"], own["name"], text, "--loss")
    name, arguments = _name_and_arguments(text, "--loss")
    torch = _torch_of(model)
    if torch is None:
        import keras

        found = _named(name, _classes(keras.losses, keras.losses.Loss), LOSSES)
        return _made(found, arguments, "--loss") if isinstance(found, type) else _choice(LOSSES, name, arguments)
    losses = {**_classes(torch.nn, torch.nn.Module, ending="Loss"), **_functions(torch.nn.functional)}
    found = _named(name, losses, LOSSES)
    if isinstance(found, type):
        return _made(found, arguments, "--loss")
    if found is not None and not arguments:
        return found
    return _choice(LOSSES, name, arguments)


def named_optimizer(text: str, model: Any) -> tuple[Any, str | None]:
    """The optimizer that a command line names, and what was assumed of it.

    Parameters
    ----------
    text, model
        As in `named_loss`.

    Returns
    -------
    optimizer : object
        As `observe_keras` and `observe_torch` take it: of the framework, over all parameters of a PyTorch module.
    remark : str, optional
        That its learning rate is the framework's default, where none is given.

    Raises
    ------
    ModelError
        If there is no such optimizer, or it cannot be made.
    """
    name, arguments = _name_and_arguments(text, "--optimizer")
    torch = _torch_of(model)
    if torch is None:
        import keras

        home, rate = _classes(keras.optimizers, keras.optimizers.Optimizer), "learning_rate"
    else:
        home, rate = _classes(torch.optim, torch.optim.Optimizer), "lr"
    given = {rate if key in RATES else key: value for key, value in arguments.items()}
    found = _named(name, home, OPTIMIZERS)
    if found is None:
        return _choice(OPTIMIZERS, name, arguments), None
    optimizer = _made(found, given, "--optimizer", *(() if torch is None else (list(model.parameters()),)))
    default = inspect.signature(found).parameters.get(rate)
    if rate in given or default is None or not isinstance(default.default, float):
        return optimizer, None
    framework = "Keras" if torch is None else "PyTorch"
    return optimizer, f"Assumed: a learning rate of {default.default:g}, the default of {framework}'s {found.__name__}."


# --- Names -----------------------------------------------------------------------------------------------------------


def _torch_of(model: Any) -> Any:
    torch = sys.modules.get("torch")
    return torch if torch is not None and isinstance(model, torch.nn.Module) else None


def _name_and_arguments(text: str, option: str) -> tuple[str, dict[str, Any]]:
    try:
        value = parse_value(text)
    except StudyError as error:
        raise ModelError(f"{option}: {error}") from None
    if isinstance(value, str) and value:
        return value, {}
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        return value["name"], {key: item for key, item in value.items() if key != "name"}
    raise ModelError(f'{option}: expected a name, or a table such as {{name = "…", argument = 1.0}}; got {text!r}.')


def _classes(home: Any, base: type, ending: str = "") -> dict[str, type]:
    """The public classes of a module that are of a kind, but for the kind itself."""
    return {
        name: thing
        for name, thing in vars(home).items()
        if isinstance(thing, type) and issubclass(thing, base) and thing is not base and name.endswith(ending)
    }


def _functions(home: Any) -> dict[str, Callable[..., Any]]:
    """The losses of ``torch.nn.functional``."""
    is_loss = lambda name: name.endswith("_loss") or "cross_entropy" in name  # noqa: E731
    return {name: thing for name, thing in vars(home).items() if is_loss(name) and callable(thing)}


def _named(name: str, home: Mapping[str, Any], ours: Table[Any]) -> Any:
    """What the framework calls so, in any case of the letters and with or without underscores; None if we do.

    Raises
    ------
    ModelError
        If nobody does; with the near miss.
    """
    if name in home:
        return home[name]
    plain = {key.lower().replace("_", ""): thing for key, thing in home.items()}
    found = plain.get(name.lower().replace("_", ""))
    if found is None and name not in ours:
        known = sorted({*ours, *home})
        raise ModelError(
            f"--{ours.noun}: unknown {ours.noun} '{name}'.{did_you_mean(name, known)} Known: {', '.join(known)}."
        )
    return found


def _choice(table: Table[Any], name: str, arguments: Mapping[str, Any]) -> Choice:
    try:
        choice = table.parse(Choice(name, arguments), where=f"--{table.noun}")
        return Choice(table.of(choice).name, choice.arguments)
    except StudyError as error:
        raise ModelError(str(error)) from None


def _made(kind: Any, arguments: Mapping[str, Any], option: str, *first: Any) -> Any:
    """An object of a class of the framework."""
    try:
        return kind(*first, **{key: tuple(item) if isinstance(item, list) else item for key, item in arguments.items()})
    except Exception as error:
        takes = [name for name in inspect.signature(kind).parameters if name not in ("self", "params", "kwargs")]
        unknown = [key for key in arguments if key not in takes]
        near = did_you_mean(unknown[0], takes) if unknown else ""
        raise ModelError(f"{option}: {kind.__name__}: {one_line(error)}.{near} It takes {', '.join(takes)}.") from error


def _own(file: str, name: str, text: str, option: str) -> Any:
    """A function of the user's own, or an object of a class without arguments."""
    try:
        function = function_in(run_file(Path(file).expanduser().resolve(), f"{option} {file}")[1], name, file)
    except StudyError as error:
        raise ModelError(str(error)) from error
    if not isinstance(function, type):
        return function
    with told_as_theirs(f"{option} {text}: it cannot be made without arguments"):
        return function()
