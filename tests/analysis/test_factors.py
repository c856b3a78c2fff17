"""From the tables of a study to its analysis of variance."""

from __future__ import annotations

import numpy as np
import pytest

from assay.analysis import Measured, sentences
from assay.analysis.factors import Factorial, intervals_of


def test_each_condition_has_its_place_in_the_array(tmp_path, synthetic):
    """Axes are factors in the study's order and the seeds last; the numbers are those of the history."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study())
    measured = Measured(results)
    factorial = Factorial.of(measured)
    assert factorial.values.shape == (2, 3, 3)
    assert [(factor.key, factor.baseline) for factor in factorial.factors] == [
        ("network.activation", 0),
        ("network.kernel_initializer", 0),
    ]
    tested = results.history.filter(phase="final", split="test", metric="accuracy")
    for condition in results.conditions:
        row = [factor.levels.index(condition.settings[factor.key]) for factor in factorial.factors]
        expected = tested.filter(condition=condition.name).sort("seed")["value"]
        assert factorial.values[tuple(row)].tolist() == expected.to_list()
    first, _, means = factorial.pair("network.kernel_initializer", "network.activation")
    assert (first.key, means.shape) == ("network.kernel_initializer", (3, 2, 3))
    cells = intervals_of(means, measured)
    assert cells[1][0].mean == pytest.approx(factorial.values[0, 1].mean())
    assert all(0 <= cell.low <= cell.high <= 1 for row in cells for cell in row)


def test_seeds_that_are_not_in_every_condition_are_left_out(tmp_path, synthetic):
    """Where chance is not known, a trial that diverged takes its seed with it; with one seed left there is nothing."""
    study = synthetic.factorial_study()
    some = Factorial.of(Measured(synthetic.fill(tmp_path / "some", study, diverged=[(1, 2)])))
    assert some.values.shape[-1] == 2
    results = synthetic.fill(tmp_path / "most", study, diverged=[(1, 2), (2, 0)])
    assert Factorial.of(Measured(results)) is None
    assert results.summary().effects is None


def test_a_trial_that_diverged_counts_as_a_constant_answer(tmp_path, synthetic, monkeypatch):
    """Where that is known, the seeds stay."""
    measured = Measured(synthetic.fill(tmp_path, synthetic.factorial_study(), diverged=[(1, 2)]))
    monkeypatch.setattr(type(measured.chance), "value", lambda self, condition, metric: 0.1)
    factorial = Factorial.of(measured)
    assert factorial.values.shape[-1] == 3
    assert factorial.values[0, 1, 2] == 0.1
    assert factorial.lost == 1


def test_the_summary_says_which_factor_matters_first(tmp_path, synthetic):
    """As a sentence, and as JSON; only of a factorial study."""
    summary = synthetic.fill(tmp_path / "all", synthetic.factorial_study()).summary()
    terms = summary.written()["effects"]["terms"]
    assert [term["factors"] for term in terms] == [
        ["network.activation"],
        ["network.kernel_initializer"],
        ["network.activation", "network.kernel_initializer"],
    ]
    total = sum(term["sum_of_squares"] for term in terms)
    total += sum(summary.written()["effects"][name]["sum_of_squares"] for name in ("seed", "residual"))
    values = Factorial.of(Measured(synthetic.fill(tmp_path / "all", synthetic.factorial_study()))).values
    assert total == pytest.approx(np.square(values - values.mean()).sum())
    assert "of the variance of the test accuracy" in sentences(summary)[0]


def test_one_factor_at_a_time_has_marginal_gains(tmp_path, synthetic):
    """Each level against the base; the largest span first."""
    vary = {"network.activation": ["tanh"], "network.kernel_initializer": ["he_normal", "he_uniform"]}
    study = synthetic.factorial_study(vary=vary, design={"kind": "one_at_a_time", "seeds": 4})
    summary = synthetic.fill(tmp_path, study).summary()
    assert summary.effects is None
    found = {gains.factor: [gain.level for gain in gains.gains] for gains in summary.marginal_gains}
    assert found == {"network.activation": ["tanh"], "network.kernel_initializer": ["he_normal", "he_uniform"]}
    spans = [gains.span for gains in summary.marginal_gains]
    assert spans == sorted(spans, reverse=True)
    compared = {condition.name: condition.comparison for condition in summary.conditions}
    (gain,) = next(gains.gains for gains in summary.marginal_gains if gains.factor == "network.activation")
    assert gain.difference == compared["activation=tanh"].difference
