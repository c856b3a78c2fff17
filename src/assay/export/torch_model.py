"""A kept network for PyTorch: its parameters as a state dict, and a module of plain Python that has the class.

The state dict is loaded with ``weights_only=True``, which runs nothing; the module can be read, and changed. ::

    from digits import load

    network = load("digits.pt")
    network(torch.tensor(images))    # raw rows in, outputs as the engine's
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from assay.choices import Choice
from assay.data.preparation import Preparation
from assay.errors import MissingExtra, StoreError
from assay.expressions import ELEMENTWISE, NUMPY, Expression
from assay.kept import Kept
from assay.networks.activations import ACTIVATIONS
from assay.store.files import replace_file, write_text


def write_torch(network: Kept, path: Path) -> Path:
    """Write a network as the state dict `path`, and the module beside it; returns the path of the module.

    Raises
    ------
    MissingExtra
        If PyTorch is not installed.
    StoreError
        If an activation has no counterpart, or a file cannot be written.
    """
    try:
        import torch
    except ImportError:
        raise MissingExtra("Writing a PyTorch model needs torch: pip install 'assay[torch]'") from None
    module = path.with_suffix(".py")
    text = module_text(network, path.name)
    arrays: dict[str, np.ndarray] = {}
    for number, layer in enumerate(network.layers, start=1):
        arrays |= {f"layer_{number}.weight": layer.kernel.T, f"layer_{number}.bias": layer.bias}
    arrays |= _scalings(network)
    state = {name: torch.tensor(np.ascontiguousarray(array)) for name, array in arrays.items()}
    replace_file(path, lambda temporary: torch.save(state, temporary))
    write_text(module, text)
    return module


def _scalings(network: Kept) -> dict[str, np.ndarray]:
    """Buffers: what rows are scaled by, and a regression's outputs."""
    found = {"offset": network.preparation.scaling.offset, "scale": network.preparation.scaling.scale}
    if network.target_scaling is not None:
        found |= {"target_offset": network.target_scaling.offset, "target_scale": network.target_scaling.scale}
    return {name: np.asarray(array, np.float64) for name, array in found.items()}


def module_text(network: Kept, weights: str) -> str:
    """The Python module that has the network's class.

    Raises
    ------
    StoreError
        If an activation has no counterpart in PyTorch.
    """
    sizes = [
        f"        self.layer_{number} = torch.nn.Linear{layer.kernel.shape}"
        for number, layer in enumerate(network.layers, start=1)
    ]
    buffers = [
        f'        self.register_buffer("{name}", torch.zeros({array.shape}, dtype=torch.float64))'
        for name, array in _scalings(network).items()
    ]
    steps = []
    for number, layer in enumerate(network.layers, start=1):
        steps += [f"        z = self.layer_{number}(h)", f"        h = {_in_torch(layer.activation)}"]
    shape = network.preparation.shape
    rows = f"(rows, {network.features})" if network.preparation.columns else f"(rows, {', '.join(map(str, shape))})"
    scaled = "(x.flatten(1).double() - self.offset) / self.scale"
    ending = "h * self.target_scale + self.target_offset" if network.target_scaling is not None else "h"
    meaning = f"NAMES = {network.output_names!r}"
    noun = "What is predicted" if network.task in ("regression", "multilabel") else "The classes"
    lines = [
        f'"""The network {_quoted(network.condition)}, seed {network.seed}, as assay has trained it.',
        "",
        f"Its parameters are in {_quoted(weights)}; `load` reads them, and runs nothing else.",
        '"""',
        "",
        "import torch",
        "from torch.nn import functional as F",
        "",
        meaning,
        f'"""{noun}."""',
        *_columns_text(network.preparation),
        "",
        "",
        "class Network(torch.nn.Module):",
        f'    """Dense layers; raw rows {rows} in, outputs (rows, {network.num_outputs}) out."""',
        "",
        "    def __init__(self):",
        "        super().__init__()",
        *sizes,
        *buffers,
        "",
        "    def forward(self, x):",
        f"        h = ({scaled}).float()",
        *steps,
        f"        return {ending}",
        "",
        "",
        f"def load(path={weights!r}):",
        '    """The trained network."""',
        "    network = Network()",
        "    network.load_state_dict(torch.load(path, weights_only=True))",
        "    return network.eval()",
        "",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A text within a docstring."""
    return repr(text).replace('"""', "'''")


def _columns_text(preparation: Preparation) -> list[str]:
    """For a table the function that makes features of its columns."""
    if not preparation.columns:
        return []
    columns = [
        f"    ({column.name!r}, {column.kind!r}, {column.levels!r}, {column.fill!r}, {column.has_indicator}),"
        for column in preparation.columns
    ]
    return [
        "",
        "# Name, kind, levels, what fills a gap, and whether a feature says that there was one.",
        "COLUMNS = [",
        *columns,
        "]",
        "",
        "",
        "def features(table):",
        '    """A table, such as a data frame or a dict of lists, as rows for the network: None and NaN are gaps.',
        "",
        "    A date is given in days from 1970-01-01, a boolean as 0 or 1.",
        '    """',
        "    found = []",
        "    for name, kind, levels, fill, has_indicator in COLUMNS:",
        "        cells = list(table[name])",
        "        gaps = [cell is None or cell != cell for cell in cells]",
        "        filled = [fill if gap else cell for cell, gap in zip(cells, gaps)]",
        '        if kind == "categorical":',
        "            cells = [None if cell is None else str(cell) for cell in filled]",
        "            found += [[float(cell == level) for cell in cells] for level in levels]",
        "        else:",
        '            found.append([float("nan") if cell is None else float(cell) for cell in filled])',
        "        if has_indicator:",
        "            found.append([float(gap) for gap in gaps])",
        "    return torch.tensor(found, dtype=torch.float64).T",
    ]


# ---- activations


def _in_torch(choice: Choice) -> str:
    """An activation of ``z`` as a line of Python."""
    record, arguments = ACTIVATIONS.of(choice), ACTIVATIONS.arguments(choice)
    if isinstance(choice.own, Expression):
        return str(choice.own.evaluate({"x": _Code("z"), **arguments}, _LIBRARY)) + ".to(z.dtype)"
    if not record.torch:
        raise StoreError(
            f"The activation '{choice}' has no counterpart in PyTorch. Export to npz, and use "
            "assay.kept.Kept.load(…).predict."
        )
    return record.torch(**arguments) if callable(record.torch) else record.torch.format(**arguments)


class _Code:
    """A piece of Python, which arithmetic makes longer."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __neg__(self) -> _Code:
        return _Code(f"(-{self})")


def _operator(sign: str) -> tuple[Callable[[Any, Any], _Code], Callable[[Any, Any], _Code]]:
    def forward(one: Any, other: Any) -> _Code:
        return _Code(f"({one} {sign} {other})")

    return forward, lambda one, other: forward(other, one)


for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "pow": "**"}.items():
    _forward, _backward = _operator(_sign)
    setattr(_Code, f"__{_name}__", _forward)
    setattr(_Code, f"__r{_name}__", _backward)
for _name, _sign in {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}.items():
    setattr(_Code, f"__{_name}__", _operator(_sign)[0])


def _called(name: str) -> Callable[..., Any]:
    """A function of an expression: worked out where all its values are numbers, else written."""

    def call(*values: Any) -> Any:
        if not any(isinstance(value, _Code) for value in values):
            return float(NUMPY[name](*values))
        if name == "where":
            return _Code(f"torch.where(({values[0]}) != 0, {values[1]}, {values[2]})")
        if name in _BOUNDS:
            numbers = [value for value in values if not isinstance(value, _Code)]
            codes = [str(value) for value in values if isinstance(value, _Code)]
            if numbers:  # max(x, 1) bounds x from below
                return _Code(f"torch.clamp({codes[0]}, {_BOUNDS[name]}={numbers[0]})")
            return _Code(f"torch.{name}imum({', '.join(codes)})")
        if name == "clip":
            return _called("min")(_called("max")(values[0], values[1]), values[2])
        return _Code(f"{_SPELLED.get(name, f'torch.{name}')}({values[0]})")

    return call


_BOUNDS = {"min": "max", "max": "min"}
_SPELLED = {"softplus": "F.softplus", "relu": "F.relu"}
_LIBRARY: Mapping[str, Callable[..., Any]] = {name: _called(name) for name in ELEMENTWISE}
