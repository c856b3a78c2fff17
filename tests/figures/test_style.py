"""The look of figures."""

from __future__ import annotations

import subprocess
import sys

import pytest

from assay.figures.style import BLUE, GREEN, VERMILLION, new_figure, wrapped_name, write_figure


def luminance(colour):
    """Relative luminance of WCAG 2.1."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [BLUE, GREEN, VERMILLION])
def test_colours_of_lines_stand_out_from_paper(colour):
    """Lines have a contrast of at least 3 to white, as WCAG 2.1 asks of graphics."""
    assert 1.05 / (luminance(colour) + 0.05) >= 3


def test_names_break_between_factors():
    """A name that fits stays on one line; a longer one has a line per factor; what is too long ends in an ellipsis."""
    name = "activation=relu, kernel_initializer=he_normal"
    assert wrapped_name(name, 60) == name
    assert wrapped_name(name, 30) == "activation=relu\nkernel_initializer=he_normal"
    assert wrapped_name("a=" + "b" * 100, 20, lines=2).split("\n")[1].endswith("…")


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_same_figure_gives_the_same_bytes(tmp_path, ending):
    """Files hold neither the date nor random ids, so that they change only when the results do."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        figure = new_figure(3, 2)
        axes = figure.add_subplot()
        axes.plot([1, 2, 3])
        axes.set_title("searchable words")
        write_figure(figure, tmp_path / folder / f"figure.{ending}")
    first, second = ((tmp_path / folder / f"figure.{ending}").read_bytes() for folder in ("a", "b"))
    assert first == second
    assert ending == "png" or b"searchable words" in first


def test_drawing_changes_nothing_for_others(tmp_path):
    """Figures leave matplotlib's settings as they are, and pyplot knows nothing of them."""
    code = (
        "import sys, matplotlib; before = dict(matplotlib.rcParams)\n"
        "from pathlib import Path; from assay.figures.style import new_figure, write_figure\n"
        "write_figure(new_figure(2, 2), Path(sys.argv[1]))\n"
        "assert dict(matplotlib.rcParams) == before\n"
        "import matplotlib.pyplot; assert matplotlib.pyplot.get_fignums() == []"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "empty.svg")], check=True)
