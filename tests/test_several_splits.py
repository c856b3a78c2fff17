"""A study of several splits from training to its report: each split on its own, then their means."""

from __future__ import annotations

import json
from statistics import median_low

import numpy as np
import polars as pl
import pytest

import assay
from assay import figures
from assay.analysis import Rules, Sample, compare_folders, compare_paired, folder_sentences, measurements, sentences
from assay.analysis.measurements import split_epochs
from assay.analysis.scales import SHARE
from assay.data import DataRequest, Resample, load
from assay.deciding import run_until_decided
from assay.errors import StudyError
from assay.export import write_tables, write_tensorboard
from assay.planning import plan_study
from assay.report import write_report
from assay.report.terminal import conditions_table
from assay.selection import best_epoch_of_each

BASELINE = "activation=relu, batch_size=8"
OTHER = "activation=tanh, batch_size=8"


@pytest.fixture(scope="module")
def study(tiny_study):
    """Make the study of two factors; a high rate, so that it learns and best epochs differ."""

    def make(splits=3, **changes):
        return tiny_study(
            training={"epochs": 5, "optimizer": {"name": "adam", "learning_rate": 0.2}},
            vary={"network.activation": ["relu", "tanh"], "training.batch_size": [8, 16]},
            design={"seeds": 2, "splits": splits, "baseline": BASELINE},
            **changes,
        )

    return make


@pytest.fixture(scope="module")
def results(study, tmp_path_factory):
    """Three splits of two seeds, signals recorded."""
    return assay.run(study(probe={"epochs": [0, 5]}), tmp_path_factory.mktemp("splits"))


def test_a_plan_multiplies_by_the_splits(study):
    """Populations of other rows are apart, and a trial's number counts condition, split and seed in this order."""
    plan = plan_study(study())
    assert str(plan) == "tiny: 4 conditions × 3 splits × 2 seeds = 24 trials, in 6 populations."
    numbers = {
        (condition.name, population.request.resample.number, seed): population.trials[place, at]
        for population in plan.populations
        for place, condition in enumerate(population.conditions)
        for at, seed in enumerate(population.seeds)
    }
    assert numbers[BASELINE, 0, 0] == 0
    assert numbers[BASELINE, 2, 1] == 5
    assert numbers[OTHER, 1, 0] == 2 * 6 + 2
    assert plan.overlaps() == {"validation": 24 / 96, "test": 30 / 120}
    assert plan_study(study(1)).overlaps() == {}


def test_tables_name_the_split_before_the_seed(results):
    """The number of a trial follows from its condition, split and seed; a study of one split has no such column."""
    trials = results.trials
    assert trials.columns[:4] == ["trial", "condition", "resample", "seed"]
    place = pl.col("resample") * 2 + pl.col("seed")
    assert trials.select((pl.col("trial") % 6 == place).all()).item()
    for table in (results.history, results.signals, results.histograms):
        numbers = table.select("trial", "resample", "seed").unique().sort("trial")
        assert numbers.rows() == trials.select("trial", "resample", "seed").rows()


def test_each_split_is_trained_on_its_own_rows(study, results, tmp_path):
    """A study of one condition on the rows of the third split, given as a table, has the trials of that split."""
    third = load(DataRequest("iris", resample=Resample(2), scaling="none"))
    arrays = {
        f"{axis}_{part}": getattr(third, f"{axis}_{part}") for axis in "xy" for part in ("train", "validation", "test")
    }
    arrays |= {name: np.argmax(values, axis=1) for name, values in arrays.items() if name.startswith("y")}
    np.savez(tmp_path / "third.npz", **arrays)
    alone = assay.Study(
        **{**study(1).written(), "data": {"path": str(tmp_path / "third.npz"), "scaling": "standard"}, "name": "alone"}
    )
    expected = assay.run(alone, tmp_path / "alone").history["value"].to_numpy()
    assert results.history.filter(resample=2)["value"].to_numpy() == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_each_split_chooses_its_own_epoch(results):
    """By its own validation rows alone; the table shows the median and the range over all seeds of all splits."""
    found = split_epochs(results)
    for number in range(3):
        rows = results.history.filter(resample=number)
        for name, best in best_epoch_of_each(rows, "val_loss").items():
            assert found[name, number] == best
            chosen = results.trials.filter(condition=name, resample=number)["best_epoch"].unique().to_list()
            assert chosen == [best.epoch]
    for condition in results.summary().conditions:
        own = [found[condition.name, number] for number in range(3)]
        assert condition.best_epoch == median_low(best.epoch for best in own)
        assert condition.best_epoch_range == (min(best.low for best in own), max(best.high for best in own))
    assert len({best.epoch for best in found.values()}) > 1


def test_means_and_comparisons_are_over_splits(results):
    """The mean of a split's seeds is one value; three of them, corrected for the rows that they share."""
    table = measurements(results).filter(split="test", metric="accuracy")
    summary = results.summary()
    values = {
        name: rows.group_by("resample", maintain_order=True).agg(pl.col("value").mean())["value"].to_list()
        for (name,), rows in table.partition_by("condition", as_dict=True).items()
    }
    rules = Rules(True, SHARE, resolution=1 / 30, overlap=0.25)
    samples = {name: Sample({(k, 0): value for k, value in enumerate(own)}) for name, own in values.items()}
    expected = compare_paired(samples[OTHER], samples[BASELINE], rules)
    [condition] = [condition for condition in summary.conditions if condition.name == OTHER]
    assert condition.test["accuracy"].mean == pytest.approx(np.mean(values[OTHER]))
    assert condition.trials == 6
    assert condition.comparison is not None
    assert condition.comparison.difference.count == 3
    assert condition.comparison.p == pytest.approx(expected.p)
    assert condition.comparison.difference.low == pytest.approx(expected.difference.low)
    told = summary.written()
    assert (told["splits"], told["overlap"]) == (3, 0.25)
    assert "splits_needed" in told["conditions"][1]["comparison"]
    assert told["effects"]["seed"]["kind"] == "split"
    json.dumps(told, allow_nan=False)


def test_words_speak_of_splits(results, capsys):
    """Sentences, table and report say what is repeated, and that intervals know of shared rows."""
    said = " ".join(sentences(results.summary()))
    assert "over 3 paired splits" in said
    assert "Means and comparisons are over 3 splits, each with the mean of its seeds. Splits share rows" in said
    from rich.console import Console

    Console(width=200).print(conditions_table(results.summary()))
    assert "6 trials per condition on 3 splits; best epochs are medians over them" in capsys.readouterr().out
    page = write_report(results).read_text(encoding="utf-8")
    for words in ("differences are taken split by split", "confidence interval over splits", "highest trial"):
        assert words in page


def test_figures_and_exports_take_every_trial(results, tmp_path):
    """Curves are means over seeds and splits; a folder of TensorBoard's is one of a split and a seed."""
    curves = figures.learning_curves(results)
    assert "lowest to highest trial" in [text.get_text() for text in curves.legends[0].get_texts()]
    data = figures.over_epochs(figures.SignalTables.of(results), "activations")
    assert "median, mean of 6 networks" in [text.get_text() for text in data.legends[0].get_texts()]
    figures.profiles(figures.SignalTables.of(results))
    figures.interaction(results)
    written = write_tables(results, tmp_path / "csv", "csv")
    assert pl.read_csv(written[0]).columns[2] == "resample"
    pytest.importorskip("tensorboard")
    names = {path.name for path in write_tensorboard(results, tmp_path / "logs")}
    assert names == {f"split_{split}_seed_{seed}" for split in range(3) for seed in range(2)}


def test_a_folder_of_one_split_is_compared_by_the_split_that_both_have(study, results, tmp_path):
    """Its seeds came to the same numbers; folds are other splits, of which none is in both."""
    one = assay.run(study(1, probe={"epochs": [0, 5]}), tmp_path / "one")
    for first, second in ((one, results), (results, one)):
        found = compare_folders(first, second)
        assert found.is_equal
        assert [setting.key for setting in found.settings] == ["design.splits"]
        assert {condition.common_seeds for condition in found.conditions} == {2}
    folds = assay.run(study({"folds": 3}, probe={"epochs": [0, 5]}), tmp_path / "folds")
    found = compare_folders(results, folds)
    assert {condition.is_paired for condition in found.conditions} == {False}
    assert {condition.common_seeds for condition in found.conditions} == {0}
    assert "of splits that differ" in " ".join(folder_sentences(found))


def test_rounds_of_seeds_are_for_one_split(study, tmp_path):
    """With several splits it is splits that decide."""
    with pytest.raises(StudyError, match=r"design.splits and rounds of seeds do not go together"):
        run_until_decided(study(), tmp_path)


def test_the_laboratory_before_training_looks_at_the_first_split(study):
    """Untrained networks are those of one split, each once."""
    report = assay.probe(study())
    assert report.signals.select("trial").n_unique() == 4 * 2
