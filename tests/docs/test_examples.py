from __future__ import annotations

import re
import runpy
import shlex
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

import assay
from assay.cli.main import app
from assay.cli.target import written_study

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if page.exists()]


def blocks(language: str, pages: list[Path] = PAGES) -> list[Any]:
    """Every code block of a language, as parameters of a test named by page and line."""
    found = []
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 1
            found.append(pytest.param(match[1], id=f"{page.name}:{line}"))
    return found


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the examples in it, in which the pages are tried."""
    folder = tmp_path_factory.mktemp("workplace")
    for path in EXAMPLES.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    for page in PAGES:  # and with the files of Python that the pages tell to write
        for name, text in re.findall(
            r"^```python\n# ([\w.]+\.py)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S
        ):
            (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("text", blocks("toml"))
def test_the_studies_of_the_pages_can_be_run(text: str, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every TOML block is TOML, and one that says what the data are, and no more than that, is a valid study."""
    monkeypatch.chdir(workplace)
    values = tomllib.loads(text)
    if "data" in values:
        assert assay.Study(**{"name": "page", **values}).expand()


@pytest.mark.parametrize("text", blocks("console"))
def test_the_commands_of_the_pages_can_be_typed(text: str, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each `$ assay …` names a command with options that it has, and settings that its study takes."""
    monkeypatch.chdir(workplace)
    group: Any = typer.main.get_command(app)
    for line in text.splitlines():
        if not line.startswith("$ assay "):  # what it prints may hold an apostrophe
            continue
        words = shlex.split(line, comments=True)
        if ">" in words:
            words = words[: words.index(">")]
        context = group.commands[words[2]].make_context(words[2], words[3:])
        study = context.params.get("study")
        if study is None or (study.endswith(".toml") and not Path(study).exists()):
            continue  # not about a study, or about one of the reader's own
        assert written_study(study, *(context.params.get(name) for name in ("vary", "set_", "seeds")))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_the_example_studies_fit_their_data(path: Path) -> None:
    """An example that is a study file can be planned as it stands, its table of data beside it."""
    assert assay.plan_study(assay.load_study(path)).num_trials > 0


def test_the_table_of_own_data_is_what_its_script_makes() -> None:
    """examples/greenhouse.csv comes from make_greenhouse.py."""
    made = runpy.run_path(str(EXAMPLES / "make_greenhouse.py"))["greenhouse"]()
    assert (EXAMPLES / "greenhouse.csv").read_text(encoding="utf-8") == made


@pytest.mark.slow
def test_own_data_are_run_from_a_table_beside_the_study(tmp_path: Path) -> None:
    """The study on the greenhouse table finds its file from any folder, and trains."""
    study = written_study(str(EXAMPLES / "own_data.toml"), ["hidden=[]"], ["epochs=1", "final=false"], 1)
    assert assay.run(study, tmp_path / "out").trials["outcome"].to_list() == ["completed"]


@pytest.mark.slow
def test_the_example_in_python_writes_its_table_and_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """examples/learning_rates.py runs, here with a smaller study, and draws from the tables."""
    from assay.study import with_changes

    script = runpy.run_path(str(EXAMPLES / "learning_rates.py"))
    script["main"].__globals__["study"] = with_changes(script["study"], {"epochs": 1, "seeds": 1, "hidden": []})
    script["main"](tmp_path / "out")
    assert (tmp_path / "out" / "learning_rates.png").stat().st_size > 0
    assert "learning_rate" in capsys.readouterr().out
