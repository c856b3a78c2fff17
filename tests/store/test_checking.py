"""Folders that a study may not be written into."""

from __future__ import annotations

import json

import pytest

from assay.errors import StoreError
from assay.results import open_results
from assay.store import Store
from assay.store.schema import FORMAT_VERSION

FINGERPRINTS = {"digits": "a" * 64}


def test_a_folder_of_the_user_is_left_alone(tmp_path, synthetic):
    """A folder with other files is refused before anything is written."""
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(StoreError, match=r"expected an empty folder or a results folder.*thesis\.tex.*--out"):
        Store.open(tmp_path, synthetic.factorial_study(), FINGERPRINTS)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_is_not_a_folder(tmp_path, synthetic):
    """A file in the place of the folder is told."""
    (tmp_path / "out").touch()
    with pytest.raises(StoreError, match="expected a folder for results, found a file"):
        Store.open(tmp_path / "out", synthetic.factorial_study(), FINGERPRINTS)


def test_another_study_is_told_by_name_and_difference(tmp_path, synthetic):
    """A folder of another study says which, and what differs."""
    synthetic.fill(tmp_path, synthetic.factorial_study(name="first"))
    other = synthetic.factorial_study(name="second", training={"optimizer": "sgd", "epochs": 3, "batch_size": 32})
    with pytest.raises(StoreError, match=r"the study 'first', not of this 'second'") as caught:
        Store.open(tmp_path, other, {"digits": synthetic.DATA_FINGERPRINT})
    assert 'training.optimizer: there "adam", here "sgd"' in str(caught.value)
    assert "training.epochs: there 12, here 3" in str(caught.value)


def test_a_new_question_continues_the_same_study(tmp_path, synthetic):
    """What decides no number may change; the folder then holds the newer words."""
    synthetic.fill(tmp_path, synthetic.factorial_study())
    renamed = synthetic.factorial_study(question="Asked anew?")
    Store.open(tmp_path, renamed, {"digits": synthetic.DATA_FINGERPRINT}).close()
    assert open_results(tmp_path).study.question == "Asked anew?"


def test_other_data_are_told(tmp_path, synthetic):
    """The same study on data that have changed is refused."""
    study = synthetic.factorial_study()
    Store.open(tmp_path, study, FINGERPRINTS).close()
    with pytest.raises(StoreError, match=r"the data set 'digits' is not the one.*there aaaa.*here bbbb"):
        Store.open(tmp_path, study, {"digits": "b" * 64})


def test_a_newer_format_is_told(tmp_path, synthetic):
    """A folder of a later version is neither read nor written."""
    study = synthetic.factorial_study()
    Store.open(tmp_path, study, FINGERPRINTS).close()
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["format"] = FORMAT_VERSION + 1
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    for attempt in (lambda: Store.open(tmp_path, study, FINGERPRINTS), lambda: open_results(tmp_path)):
        with pytest.raises(StoreError, match=rf"format {FORMAT_VERSION + 1}.*Install a newer assay"):
            attempt()
