"""`assay report`."""

from __future__ import annotations

from pathlib import Path

PNG = b"\x89PNG\r\n\x1a\n"


def test_a_report_is_one_page_and_its_figures(assay, finished, tmp_path):
    """Each file that was written is told; the page asks the network for nothing."""
    told = assay("report", finished.directory, "--out", "told/here")
    assert told.code == 0
    written = [Path(line.split(": ", 1)[1]) for line in told.out.splitlines()]
    assert Path("told/here/report.html") in written
    assert all((tmp_path / path).is_file() for path in written)
    endings = sorted(path.suffix for path in written)
    assert endings.count(".png") == endings.count(".svg") >= 1
    for path in written:
        if path.suffix == ".png":
            assert (tmp_path / path).read_bytes().startswith(PNG)
    page = (tmp_path / "told/here/report.html").read_text()
    assert "activation=tanh" in page
    assert 'src="http' not in page
    assert "<script src" not in page


def test_a_wait_is_announced(assay, finished, tmp_path):
    """Drawing takes some seconds, and a line on standard error says so; the files alone are on standard output."""
    told = assay("report", finished.directory, "--out", tmp_path / "told")
    assert "this may take some seconds" in told.err
    assert all(line.startswith(("Report: ", "Figure: ")) for line in told.out.splitlines())


def test_without_a_folder_the_report_is_beside_the_results(assay, finished):
    """A folder with its report is still a results folder."""
    assert assay("report", finished.directory).code == 0
    assert (finished.directory / "report.html").is_file()
    assert assay("show", finished.directory).code == 0
