"""What is handed out: the wheel, built and tried away from the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by `python -m build` with what the environment holds, so that nothing is downloaded."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (found,) = folder.glob("assay-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder into which the wheel alone has been installed."""
    folder = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    subprocess.run([*command, "--no-deps", "--target", str(folder), str(wheel)], check=True, capture_output=True)
    return folder


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    """Programs, built-in studies, templates, tables, and nothing else beside the metadata."""
    files = (path for path in (SOURCE / "assay").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    kept = {path.relative_to(SOURCE).as_posix() for path in files}
    assert {Path(name).suffix for name in kept} >= {".py", ".toml", ".json", ".html"}
    with zipfile.ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if ".dist-info/" not in name}
    assert held == kept


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--version"], "assay "), (["studies"], "digits"), (["plan", "digits"], "trials")],
    ids=["version", "studies", "plan"],
)
def test_the_installed_command_runs(installed: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    """From the installed folder alone, in a folder that has nothing of the repository."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = installed / "bin" / "assay"
    done = subprocess.run(
        [sys.executable, str(command), *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert said in done.stdout


def test_the_installed_package_is_the_one_that_is_imported(installed: Path, tmp_path: Path) -> None:
    """And not the repository's, which is installed here as well."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    program = "import assay; print(assay.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == installed / "assay" / "__init__.py"
