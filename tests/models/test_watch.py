"""Recording inside a user's own training."""

from __future__ import annotations

import keras
import numpy as np
import polars as pl
import pytest
from keras import layers

import assay
from assay.errors import ModelError, StoreError
from assay.export import write_tables
from assay.report import write_report

# NumPy's to Keras, about how it reads its own variables.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((48, 4)).astype(np.float32)
Y = RANDOM.integers(0, 3, 48)


def trained(callbacks=(), epochs=3, **options):
    keras.utils.set_random_seed(1)
    parts = [
        layers.Dense(8),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Dropout(0.3),
        layers.Dense(3, "softmax"),
    ]
    model = keras.Sequential([keras.Input((4,)), *parts], name="mine")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, epochs=epochs, batch_size=16, verbose=0, callbacks=list(callbacks), **options)
    return model


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A watched training of three epochs, with its folder."""
    folder = tmp_path_factory.mktemp("watched")
    watch = assay.Watch(X, Y, directory=folder)
    return watch, trained([watch], validation_split=0.25), folder


def test_watching_changes_nothing(watched):
    """The same training with and without the callback ends with the same weights, to the bit."""
    _, model, _ = watched
    for with_watch, without in zip(model.get_weights(), trained(validation_split=0.25).get_weights(), strict=True):
        np.testing.assert_array_equal(with_watch, without)


def test_the_tables_are_those_of_a_study(watched):
    """Epoch 0 is the untrained model; the history has Keras' own numbers by split."""
    watch, model, _ = watched
    assert isinstance(watch, keras.callbacks.Callback)
    assert watch.remarks == []
    assert watch.signals["epoch"].unique().sort().to_list() == [0, 1, 2, 3]
    assert watch.signals["condition"].unique().to_list() == ["mine"]
    kept = watch.history.filter(split="validation", metric="loss").sort("epoch")["value"]
    np.testing.assert_allclose(kept, model.history.history["val_loss"])
    assert set(watch.history["metric"]) == {"loss", "accuracy"}
    assert watch.facts.steps == 3 * 3  # 36 of 48 rows are trained on, 16 at a time
    assert watch.facts.layers[0].is_normalized
    last = watch.signals.filter(epoch=3, layer=1, quantity="kernel", statistic="maximum")["value"].item()
    assert last == pytest.approx(model.layers[0].get_weights()[0].max())


def test_the_folder_holds_the_tables_in_parts(watched):
    """Each epoch's rows are a Parquet file named as in a results folder."""
    watch, _, folder = watched
    names = sorted(path.name for path in (folder / "signals").iterdir())
    assert names == [f"p001-select-{epoch:05d}.parquet" for epoch in range(4)]
    for table in ("signals", "history"):
        read = pl.concat([pl.read_parquet(path) for path in sorted((folder / table).iterdir())])
        assert read.equals(getattr(watch, table))


def test_the_folder_is_opened_like_any_other(watched, tmp_path):
    """Summary and findings, tables, report and exports; its epochs are epochs."""
    watch, model, folder = watched
    results = assay.open_results(folder)
    (condition,) = results.summary().conditions
    assert (condition.name, condition.outcomes["completed"]) == ("mine", 1)
    assert condition.parameters == model.count_params()
    assert condition.findings == watch.findings
    assert condition.verdict.status == watch.verdict.status
    assert condition.validation["loss"].mean == pytest.approx(min(model.history.history["val_loss"]))
    assert results.history.sort("epoch", "split", "metric").equals(watch.history.sort("epoch", "split", "metric"))
    assert "It ended after epoch 3." in results.summary().told
    page = write_report(results, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "The training loss went from" in page
    assert len(write_tables(results, tmp_path, "csv")) == 4


def test_an_earlier_training_in_the_folder_is_replaced(tmp_path):
    """Its parts do not mix with those of the new one."""
    trained([assay.Watch(X, Y, directory=tmp_path, verbose=False)], epochs=2)
    trained([assay.Watch(X, Y, directory=tmp_path, verbose=False)], epochs=1)
    assert assay.open_results(tmp_path).history["epoch"].max() == 1


def test_figures_are_drawn_from_what_was_recorded(watched):
    """The four panels of an epoch, and the learning curves; an epoch that was not recorded is told."""
    watch, _, _ = watched
    assert len(watch.plot().axes) == 4
    assert len(watch.plot_curves().axes) == 2
    with pytest.raises(ModelError, match=r"expected one that was recorded, got 9\. Recorded: 0, 1, 2, 3"):
        watch.plot(epoch=9)


def test_a_second_fit_goes_on_counting():
    """Epochs of a second fit follow those of the first; with `every` only some and the last are looked at."""
    watch = assay.Watch(X, Y, every=2)
    model = trained([watch], epochs=3)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[watch])
    assert watch.signals["epoch"].unique().sort().to_list() == [0, 2, 3, 4, 5]
    assert watch.history["epoch"].max() == 5


def test_a_training_that_diverges_is_recorded_to_its_end():
    """Weights that are NaN are counted, and the training goes on."""
    watch = assay.Watch(X, Y)
    inputs = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu"), layers.Dense(3)], name="wild")
    inputs.compile(keras.optimizers.SGD(1e30), "mse")
    inputs.fit(X, np.eye(3)[Y], epochs=3, verbose=0, callbacks=[watch])
    broken = watch.signals.filter(epoch=3, quantity="kernel", statistic="nonfinite_count")["value"]
    assert (broken > 0).all()


def test_what_the_untrained_network_showed_is_measured_on_the_untrained_network():
    """A gradient that is NaN behind the divergence is none of the network before it."""
    watch = assay.Watch(X, np.eye(3)[Y], verbose=False)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(8), layers.Dense(3)])
    model.compile(keras.optimizers.SGD(1e30), "mse")
    model.fit(X, np.eye(3)[Y], epochs=3, verbose=0, callbacks=[watch])
    assert np.isnan(watch.facts.parameters[0].gradient)
    told = [finding.symptom for finding in watch.findings]
    assert told[0] == "divergence"
    assert "nonfinite_gradient" not in told


def test_what_cannot_be_recorded_is_a_remark():
    """Examples that do not fit leave the history, a remark, and the training alone."""
    watch = assay.Watch(X[:, :2], Y)
    trained([watch], epochs=1)
    assert len(watch.remarks) == 1
    assert "Nothing is recorded but the history" in watch.remarks[0]
    assert len(watch.history) == 2
    assert watch.signals.is_empty()


def test_a_wrong_argument_is_told_before_the_training(tmp_path):
    """Too small numbers, and the folder of a study, are refused when the callback is made."""
    with pytest.raises(ModelError, match="every: expected a whole number of at least 1, got 0"):
        assay.Watch(every=0)
    with pytest.raises(ModelError, match="at least 2 examples"):
        assay.Watch(rows=1)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(StoreError, match="it holds the results of a study"):
        assay.Watch(directory=tmp_path)
