"""Two folders side by side."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import scipy.stats
from scipy.special import logit

from assay.analysis import SHARE, Rules, Sample, compare_folders, folder_sentences
from assay.analysis.comparison import compare_unpaired
from assay.errors import StoreError


def compared(first, second):
    """Of two filled folders; always plain JSON."""
    found = compare_folders(first, second)
    assert json.loads(json.dumps(found.written(), allow_nan=False)) == found.written()
    return found


def study(synthetic, **changes):
    """One condition; the seeds are in `design`."""
    return synthetic.factorial_study(vary={}, design={"seeds": changes.pop("seeds", 5)}, **changes)


def test_the_same_study_twice_is_equal_to_the_bit(tmp_path, synthetic):
    """Nothing differs, and every common trial is counted."""
    first = synthetic.fill(tmp_path / "one", synthetic.factorial_study())
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    found = compared(first, type(first)(tmp_path / "two"))
    assert (found.settings, found.is_equal, found.is_noise) == ((), True, True)
    assert folder_sentences(found) == [
        "The settings are equal, seeds aside.",
        "All 18 trials that both folders have came to exactly the same test accuracy.",
    ]


def test_other_seeds_of_one_study_are_noise(tmp_path, synthetic):
    """Seeds that have nothing in common are compared by Welch's test."""
    first = synthetic.fill(tmp_path / "one", study(synthetic, seeds=[0, 1, 2, 3]))
    second = synthetic.fill(tmp_path / "two", study(synthetic, seeds=[4, 5, 6, 7]))
    found = compared(first, second)
    assert (found.settings, found.is_equal, found.is_noise) == ((), False, True)
    assert not found.conditions[0].is_paired
    assert folder_sentences(found)[1].startswith("Noise: the folders differ by no more than seeds do: test accuracy")


def test_a_folder_that_has_grown_is_compared_by_what_is_new(tmp_path, synthetic):
    """Seeds that both have say nothing of whether new ones differ."""
    first = synthetic.fill(tmp_path / "one", study(synthetic, seeds=[0, 1, 2, 3]))
    second = synthetic.fill(tmp_path / "two", study(synthetic, seeds=[2, 3, 4, 5]))
    (condition,) = compared(first, second).conditions
    assert (condition.common_seeds, condition.equal_seeds) == (2, 2)
    assert (condition.is_paired, condition.comparison.difference.count) == (False, 2)


def test_another_setting_is_named_with_what_it_changes(tmp_path, synthetic):
    """The same seeds are then paired; the setting is told to the argument."""
    slow = study(synthetic, training={"optimizer": {"name": "adam", "learning_rate": 0.001}, "epochs": 12})
    fast = study(synthetic, training={"optimizer": {"name": "adam", "learning_rate": 0.01}, "epochs": 12})
    first = synthetic.fill(tmp_path / "one", slow)
    second = synthetic.fill(tmp_path / "two", fast)
    found = compared(first, second)
    (setting,) = found.settings
    assert (setting.key, setting.first, setting.second) == ("training.optimizer.learning_rate", 0.001, 0.01)
    assert found.conditions[0].is_paired
    assert folder_sentences(found)[0] == "1 setting differs: training.optimizer.learning_rate."


def test_what_stands_in_one_folder_alone_is_named(tmp_path, synthetic):
    """Conditions are matched by their names."""
    vary = {"network.activation": ["relu", "tanh"]}
    first = synthetic.fill(tmp_path / "one", synthetic.factorial_study(vary=vary, design={"seeds": 3}))
    vary = {"network.activation": ["relu", "selu"]}
    second = synthetic.fill(tmp_path / "two", synthetic.factorial_study(vary=vary, design={"seeds": 3}))
    found = compared(first, second)
    assert [one.condition for one in found.conditions] == ["activation=relu"]
    assert (found.only_first, found.only_second) == (("activation=tanh",), ("activation=selu",))
    assert folder_sentences(found)[-1] == f"Only in {tmp_path / 'two'}: activation=selu."


def test_nothing_in_common_is_said(tmp_path, synthetic):
    """Folders whose conditions have other names, or that have no number yet."""
    vary = {"network.activation": ["relu", "tanh"]}
    first = synthetic.fill(tmp_path / "one", synthetic.factorial_study(vary=vary, design={"seeds": 3}))
    vary = {"network.hidden": [[8], [16]]}
    second = synthetic.fill(tmp_path / "two", synthetic.factorial_study(vary=vary, design={"seeds": 3}))
    found = compared(first, second)
    assert "No condition has completed in both, so no numbers are compared." in folder_sentences(found)


def test_seeds_without_a_pair_are_compared_by_the_test_of_welch():
    """Against SciPy, on values small enough that the logit is about straight; and by its formula where it is not."""
    generator = np.random.default_rng(0)
    one, other = generator.normal(0.5, 0.001, 6), generator.normal(0.5005, 0.003, 9)
    rules = Rules(True, SHARE)
    found = compare_unpaired(Sample(dict(enumerate(one))), Sample(dict(enumerate(other))), rules)
    assert found.p == pytest.approx(scipy.stats.ttest_ind(one, other, equal_var=False).pvalue, rel=1e-3)
    one, other = generator.beta(8, 2, 6), generator.beta(4, 3, 9)
    found = compare_unpaired(Sample(dict(enumerate(one))), Sample(dict(enumerate(other))), rules)
    parts = [np.var(x, ddof=1) / len(x) / (x.mean() * (1 - x.mean())) ** 2 for x in (one, other)]
    degrees = sum(parts) ** 2 / (parts[0] ** 2 / 5 + parts[1] ** 2 / 8)
    t = abs(logit(one.mean()) - logit(other.mean())) / np.sqrt(sum(parts))
    assert found.p == pytest.approx(2 * scipy.stats.t.sf(t, degrees), rel=1e-9)


def test_a_watched_training_is_refused_in_words(tmp_path, synthetic, monkeypatch):
    """It has no settings and no seeds."""
    tables = synthetic.fill(tmp_path, study(synthetic))
    monkeypatch.setitem(tables.manifest, "origin", "watch")
    with pytest.raises(StoreError, match="expected a study, got a training that was watched"):
        compare_folders(tables, tables)
