"""Every snippet of README and docs, typed as it stands in an empty folder by a user with an empty home.

The snippets of a page share a folder and are typed in their order. A block of TOML or Python whose first line is a
comment with a file's name is saved as that file; other TOML is planned, other Python goes on in one process. Above a
block may stand, invisible to the reader::

    <!-- snippet: needs mnist -->              a data set in ASSAY_DATA, or packages; left out where it is not there
    <!-- snippet: not typed: takes 20 min -->  left out, for this reason
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import assay
from assay.data import DATASETS, is_available

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^(?:<!-- snippet: (?P<mark>[^\n]*) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S)
FILE_NAME = re.compile(r"# ([\w.-]+\.(?:toml|py))$", re.M)
LANGUAGES = ("console", "toml", "python")
FOUND_SOMETHING = 1  # the exit code of `assay probe` on a network with a fault, as most of the pages' are
AT_MOST = 600  # seconds

PROMPT = """
import contextlib, json, sys, traceback
names = {"__name__": "__main__"}
answers = sys.stdout
for line in sys.stdin:
    told = ""
    with contextlib.redirect_stdout(sys.stderr):
        try:
            exec(compile(json.loads(line), "snippet", "exec"), names)
        except BaseException:
            told = traceback.format_exc()
    print(json.dumps(told), file=answers, flush=True)
"""


@dataclass(frozen=True)
class Snippet:
    """A block of a page, with what stands in the comment above it."""

    language: str
    text: str
    line: int
    mark: str

    @property
    def needs(self) -> list[str]:
        """Data sets and packages that may not be there."""
        return re.split(r", | and ", self.mark.removeprefix("needs ")) if self.mark.startswith("needs ") else []

    @property
    def file_name(self) -> str | None:
        """The file that it is, if its first line says so."""
        found = FILE_NAME.match(self.text)
        return found[1] if found and self.language != "console" else None

    def is_left_out(self) -> bool:
        """Whether its page says that it is not typed, or what it needs is not here."""
        return self.mark.startswith("not typed: ") or not all(
            is_available(name) if name in DATASETS else importlib.util.find_spec(name) for name in self.needs
        )


def snippets(page: Path) -> list[Snippet]:
    """The blocks of a page that can be typed."""
    text = page.read_text(encoding="utf-8")
    return [
        Snippet(found["language"], found["text"], text.count("\n", 0, found.start("language")) + 1, found["mark"] or "")
        for found in BLOCK.finditer(text)
        if found["language"] in LANGUAGES
    ]


class Desk:
    """An empty folder and an empty home, with a shell and a running Python."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        home = folder / "home"
        for made in (self.folder, home):
            made.mkdir()
        kept = ("PYTHONPATH", "JAX_COMPILATION_CACHE_DIR")
        bin_folder = Path(sys.executable).parent
        self.environment = {name: os.environ[name] for name in kept if name in os.environ} | {
            "HOME": str(home),
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "LANG": "C.UTF-8",
        }
        self._told = (folder / "python.txt").open("w+")
        self._python: subprocess.Popen[str] | None = None

    def type_in(self, snippet: Snippet) -> str:
        """Type a snippet; the empty string, or what went wrong."""
        if snippet.file_name is not None:
            (self.folder / snippet.file_name).write_text(snippet.text, encoding="utf-8")
            return ""
        if snippet.language == "toml":
            return self._plan(snippet.text)
        if snippet.language == "python":
            return self._run_python(snippet.text)
        lines = [line.removeprefix("$ ") for line in snippet.text.splitlines() if line.startswith("$ ")]
        return "".join(self._run(line, snippet.needs) for line in lines)

    def close(self) -> None:
        """End the Python process."""
        if self._python is not None:
            assert self._python.stdin is not None
            self._python.stdin.close()
            self._python.wait()
            assert self._python.stdout is not None
            self._python.stdout.close()
        self._told.close()

    def _plan(self, text: str) -> str:
        if "data" in tomllib.loads(text):
            path = self.folder / "snippet.toml"
            path.write_text(text, encoding="utf-8")
            assert assay.plan_study(assay.load_study(path)).num_trials > 0
        return ""

    def _run(self, line: str, needs: list[str]) -> str:
        environment = dict(self.environment)
        if any(name in DATASETS for name in needs):
            environment["ASSAY_DATA"] = os.environ["ASSAY_DATA"]
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=AT_MOST
        )
        is_fine = done.returncode == 0 or (line.startswith("assay probe") and done.returncode == FOUND_SOMETHING)
        return "" if is_fine else f"$ {line}\n{done.stdout[-2000:]}{done.stderr[-2000:]}exit code {done.returncode}\n"

    def _run_python(self, text: str) -> str:
        if self._python is None:
            self._python = subprocess.Popen(
                [sys.executable, "-c", PROMPT],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._told,
                text=True,
            )
        assert self._python.stdin is not None
        assert self._python.stdout is not None
        self._python.stdin.write(json.dumps(text) + "\n")
        self._python.stdin.flush()
        return str(json.loads(self._python.stdout.readline()))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


def pages() -> list[Any]:
    """The pages with something to type; those that run something take minutes, and CI types them beside `make test`."""
    found = []
    for page in PAGES:
        languages = {snippet.language for snippet in snippets(page) if snippet.file_name is None}
        if languages:
            marks = [pytest.mark.slow, pytest.mark.validation] if languages - {"toml"} else []
            found.append(pytest.param(page, id=page.name, marks=marks))
    return found


@pytest.mark.parametrize("page", pages())
def test_the_snippets_of_a_page_run_as_they_stand(page: Path, desk: Desk) -> None:
    """Typed one after another, none ends with an error."""
    wrong = []
    for snippet in snippets(page):
        told = "" if snippet.is_left_out() else desk.type_in(snippet)
        if told:
            wrong.append(f"{page.name}:{snippet.line}\n{told}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_marked_says_why(page: Path) -> None:
    """A mark names what is needed or gives a reason, and stands right above a block that can be typed."""
    text = page.read_text(encoding="utf-8")
    marked = [snippet for snippet in snippets(page) if snippet.mark]
    assert len(marked) == text.count("<!-- snippet:")
    for snippet in marked:
        assert snippet.needs or re.match(r"not typed: \w{2}.*", snippet.mark), snippet.mark


def test_a_snippet_that_fails_is_told(desk: Desk) -> None:
    """A command that ends with 2, Python that raises, and a study that cannot be planned."""
    assert "exit code 2" in desk.type_in(Snippet("console", "$ assay plan nowhere.toml\n", 1, ""))
    assert "ZeroDivisionError" in desk.type_in(Snippet("python", "1 / 0\n", 1, ""))
    assert desk.type_in(Snippet("python", "one = 1\n", 1, "")) == ""
    assert desk.type_in(Snippet("python", "assert one == 1\n", 1, "")) == ""  # it goes on in the same process
    with pytest.raises(assay.StudyError):
        desk.type_in(Snippet("toml", 'data = "iris"\nnetwrk = {}\n', 1, ""))
    assert desk.type_in(Snippet("toml", '# mine.toml\ndata = "iris"\n', 1, "")) == ""
    assert desk.type_in(Snippet("console", "$ assay plan mine.toml  # a comment\n", 1, "")) == ""
