"""What a command line names: a study with its options, or a results folder."""

from __future__ import annotations

import pytest

from assay import planning
from assay.cli.target import QUICKLY_CHECKED, checked_study, chosen_study
from assay.errors import DataError, StudyError


def test_options_are_applied_all_at_once():
    """A setting may name a condition that only a factor brings about."""
    study = chosen_study(
        "digits", ["activation=relu,gelu"], ["baseline=activation=gelu, kernel_initializer=he_normal"], 2
    )
    assert study.seed_list() == [0, 1]
    assert study.vary["network.activation"] == ["relu", "gelu"]


@pytest.mark.parametrize(
    ("settings", "error"),
    [(["batch_size=5000"], StudyError), (["data.rows=5000"], DataError), (["epochs=0"], StudyError)],
)
def test_a_study_that_does_not_fit_its_data_is_told_at_once(settings, error):
    """Before anything that trains is imported."""
    with pytest.raises(error):
        checked_study("digits", None, settings, None)


def test_a_very_large_study_is_not_planned_twice(monkeypatch):
    """Its mistakes are found when the run plans it."""

    def never(*_):
        raise AssertionError("planned")

    monkeypatch.setattr(planning, "plan_study", never)
    with pytest.raises(AssertionError, match="planned"):
        checked_study("digits", None, None, None)
    levels = ",".join(f"{1e-3 + number * 1e-6:.7f}" for number in range(QUICKLY_CHECKED))
    assert len(checked_study("digits", [f"learning_rate={levels}"], None, None).expand()) > QUICKLY_CHECKED
