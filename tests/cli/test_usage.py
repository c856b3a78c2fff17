"""Mistakes in what was typed: one line with the near miss, exit code 2."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["rnu"], "unknown command 'rnu'. Did you mean 'run'? Commands: run, plan, probe, map, "),
        (["--vresion"], "unknown option '--vresion'. Did you mean '--version'? Options: --version, --help. Try: "),
        (["run", "--sedes", "3"], "run: unknown option '--sedes'. Did you mean '--seeds'? Options: --vary, --set, "),
        (["run", "--xyz"], "run: unknown option '--xyz'. Options: --vary, "),
        (["run", "--seeds", "many"], "run: --seeds: expected a whole number of at least 1, got 'many'."),
        (["plan", "--seeds", "0"], "plan: --seeds: expected a whole number of at least 1, got '0'."),
        (["run", "--seeds"], "--seeds: expected a value behind it, got none."),
        (["run", "--device", "tpu"], "run: --device: expected cpu or gpu, got 'tpu'."),
        (["run", "digits", "iris"], "run: 'iris' has no place here; a value with spaces needs quotes around it."),
        (
            ["show"],
            "show: DIR is missing. One results folder or more, such as assay-runs/digits. Example: assay show",
        ),
        (["show", "here", "--top", "0"], "show: --top: expected a whole number of at least 1, got '0'."),
        (
            ["export", "here", "--to", "excel", "--out", "x"],
            "export: --to: expected tensorboard, csv, parquet, keras, torch, onnx or npz, got ",
        ),
        (["map", "digits", "--y", "l2=0:1:2"], "map: --x is missing. "),
        (["probe", "digits", "--data", "iris"], "probe: --data: a study has its own: write --set data=…"),
        (["probe", "a.py:b", "--seeds", "3"], "probe: --vary, --set and --seeds change a study, and a.py:b is a "),
    ],
)
def test_a_mistake_in_what_was_typed_is_one_line(assay, arguments, line):
    """Where, what was expected, what came, and the help that tells more; nothing on standard output."""
    told = assay(*arguments)
    assert told.code == 2
    assert told.err.startswith(f"assay: {line}")
    assert told.err.count("\n") == 1
    assert told.out == ""
