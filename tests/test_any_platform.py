"""What only POSIX systems have is not needed: neither their modules, nor their signals, nor their terminals."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "assay"
POSIX_ONLY = ("fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty")
"""https://docs.python.org/3/library/unix.html, and those that tell themselves so."""

PROGRAM = """
import os, pkgutil, signal, sys

for name in {modules}:
    if name != "posix":  # what os itself is made of
        sys.modules[name] = None
for name in (
    *("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "chown", "fchmod", "fork", "forkpty", "getegid", "geteuid", "getgid"),
    *("getloadavg", "getpgid", "getuid", "killpg", "mkfifo", "nice", "openpty"),
    *("sched_getaffinity", "setsid", "sysconf", "sysconf_names", "wait3", "wait4"),
):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "alarm", "pause", "setitimer"):
    if hasattr(signal, name):
        delattr(signal, name)

import assay
for module in pkgutil.walk_packages(assay.__path__, "assay."):
    __import__(module.name)

study = assay.Study(data="iris", network={{"hidden": [4]}}, training={{"epochs": 1}}, seeds=2)
results = assay.run(study, "out")
print(results.trials["outcome"].to_list(), results.summary().conditions[0].best_epoch)
assay.write_report(assay.open_results("out"))
"""


@pytest.mark.slow
def test_the_package_runs_without_what_only_posix_has(tmp_path):
    """In a process without POSIX modules, calls and signals every module is imported and a study runs to its end."""
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    program = PROGRAM.format(modules=POSIX_ONLY)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['completed', 'completed'] 1\n"
    assert (tmp_path / "out" / "report.html").exists()


def test_no_module_imports_what_only_posix_has():
    """Not within a function either, where an import of the module would not show it."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & set(POSIX_ONLY), path


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_narrow_output_is_no_error(tmp_path, encoding):
    """Where standard output takes few letters, as a pipe on Windows, the others become question marks."""
    done = subprocess.run(
        [sys.executable, "-m", "assay.cli.main", "catalog", "activations"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert b"sigmoid" in done.stdout
    assert b"?" in done.stdout


def test_the_package_says_that_it_is_typed():
    """PEP 561: type checkers read the annotations of a package that holds this file."""
    assert (SOURCE / "py.typed").read_bytes() == b""
