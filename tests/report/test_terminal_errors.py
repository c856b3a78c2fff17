"""What a network gets wrong, for a terminal."""

from __future__ import annotations

from rich.console import Console

from assay.analysis.error_analysis import analyse
from assay.report.terminal_errors import MOST_CLASSES, errors_view


def printed(errors):
    console = Console(width=100, force_terminal=False)
    with console.capture() as capture:
        for part in errors_view(errors):
            console.print(part)
    return capture.get()


def test_classes_are_told_from_sentences_to_rows(classed):
    """The class that is found least first, a dot for what never happened."""
    text = printed(analyse(classed({"[a]": {"[a]": 9, "b": 1}, "b": {"b": 8, "[a]": 2}, "c": {"c": 5}})))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0] == "activation=relu, seed 3, after epoch 7"
    assert lines[1] == "· It is wrong on 3 of 25 validation rows (12 %)."
    worse, better = "b 10 80 % (8 of 10) 89 % (8 of 9)", "[a] 10 90 % (9 of 10) 82 % (9 of 11)"
    assert lines.index(worse) < lines.index(better)
    assert "[a] 9 1 ·" in lines
    assert "[a] b 80 % 2.303 91" in lines
    assert lines[-1].startswith("The 3 wrong rows with the largest loss of 25 validation rows, numbered as in the")


def test_a_regression_is_told_by_its_rows(make_answers):
    """There are no classes."""
    text = printed(analyse(make_answers("regression", ["y"], [[1.0], [2.0]], [[4.0], [2.5]])))
    assert "found (recall)" not in text
    assert "1.000 4.000 9.000 100" in [" ".join(line.split()) for line in text.splitlines()]


def test_a_large_confusion_matrix_is_left_out(classed):
    """Of more than twelve classes."""
    counts = {f"c{number:02d}": {f"c{number:02d}": 1} for number in range(MOST_CLASSES + 1)}
    assert "taken for" not in printed(analyse(classed(counts)))


def test_of_many_classes_the_worst_are_listed(classed):
    """And it says so."""
    counts = {f"c{number:02d}": {f"c{number:02d}": 1} for number in range(30)}
    assert "The 24 of 30 of which most rows are missed." in printed(analyse(classed(counts)))
