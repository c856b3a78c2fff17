"""`assay studies`."""

from __future__ import annotations

import json

from assay.study import BUILTIN


def test_every_built_in_study_is_listed_with_its_origin_and_question(assay):
    """One line each."""
    told = assay("studies")
    assert told.code == 0
    lines = told.out.splitlines()
    for entry in BUILTIN:
        [line] = [line for line in lines if line.split()[:1] == [entry.name]]
        assert entry.origin in line
        assert entry.description[:40] in line


def test_the_list_as_json(assay):
    """An array of objects with name, origin and description."""
    told = json.loads(assay("studies", "--json").out)
    assert [entry["name"] for entry in told] == [entry.name for entry in BUILTIN]
    assert all(entry.keys() == {"name", "origin", "description"} for entry in told)
