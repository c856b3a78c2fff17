"""The real command line, called in this process, and a study that it has run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import assay as library
from assay.cli.main import main
from assay.results import Results


@dataclass(frozen=True)
class Told:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def assay(tmp_path, monkeypatch, capsys) -> Callable[..., Told]:
    """Call ``assay ARGUMENTS`` in an empty working folder, as the installed command does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")

    def call(*arguments: str | Path) -> Told:
        monkeypatch.setattr(sys, "argv", ["assay", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Told(code, said.out, said.err)

    return call


@pytest.fixture(scope="session")
def finished(tiny_study, tmp_path_factory) -> Results:
    """The tiny study, run, with a baseline to compare with."""
    study = tiny_study(design={"baseline": "activation=relu"})
    return library.run(study, tmp_path_factory.mktemp("finished") / "tiny")
