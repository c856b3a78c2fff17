"""Layers that are learnt before the training: autoencoders against Keras, saved models, and both in whole studies."""

from __future__ import annotations

import functools

import keras
import numpy as np
import polars as pl
import pytest

import assay
from assay.choices import Choice
from assay.data import load
from assay.engine.batching import batch_order
from assay.engine.layout import Member
from assay.engine.trainer import Trainer
from assay.errors import StoreError
from assay.lab import Silence
from assay.networks.architecture import Layer
from assay.networks.initializers import INITIALIZERS, draw_decoder
from assay.planning import plan_study
from assay.prediction import predict_signals
from assay.pretraining import drawn, learn_layers
from assay.protocol import PopulationRun
from assay.store import Store

# What Keras' own arrays say to this NumPy, when a model is saved or read.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

ROWS, FEATURES = 50, 6
EPOCHS, BATCH = 4, 16
# Float32 sums in another order, through 16 updates a layer, relative to the largest entry of an array.
TOLERANCE = 1e-5
# Members of a group are one matrix product, whose sums another size may order otherwise.
NEIGHBOURS = 2e-6


def autoencoder(**arguments):
    return Choice("autoencoder", {"epochs": EPOCHS, "batch_size": BATCH, "learning_rate": 0.01} | arguments)


def member(*initializers, activation="tanh", optimizer="sgd", bias="zeros"):
    """A network 6 → 5 → 4 → 3, …; the last initializer is the output's."""
    sizes = (FEATURES, *range(5, 5 - len(initializers), -1))
    layers = [
        Layer(sizes[at], sizes[at + 1], Choice(activation), initializer, Choice(bias))
        for at, initializer in enumerate(initializers)
    ]
    return Member(tuple(layers), Choice("mean_squared_error"), Choice(optimizer))


GLOROT = Choice("glorot_uniform")
TWO = member(autoencoder(), autoencoder(start="he_normal"), GLOROT, bias="random_normal")


def rows():
    """Rows in which six features follow three."""
    generator = np.random.default_rng(2)
    return np.tanh(generator.normal(size=(ROWS, 3)) @ generator.normal(size=(3, FEATURES))).astype(np.float32)


@functools.cache
def learnt_together():
    """Two autoencoders, one, another activation, and a copy that differs in its optimizer alone, from three seeds."""
    members = [TWO, member(GLOROT, autoencoder(), GLOROT), member(autoencoder(), GLOROT, GLOROT, activation="relu")]
    members.append(Member(TWO.layers, TWO.loss, Choice("adam")))
    return learn_layers(members, [0, 1, 2], rows())


def relative_difference(ours, theirs):
    return max(np.abs(a - b).max() / np.abs(b).max() for a, b in zip(ours, theirs, strict=True))


def autoencoder_of_keras(layer, number, seed, seen):
    """The slow twin: an autoencoder, trained batch by batch."""
    arguments = INITIALIZERS.arguments(layer.kernel_initializer)
    start = Choice(arguments["start"])
    model = keras.Sequential(
        [
            keras.Input((layer.fan_in,)),
            keras.layers.Dense(layer.units, activation=layer.activation.name),
            keras.layers.Dense(layer.fan_in),
        ]
    )
    back = draw_decoder(start, seed=seed, layer=number, fan_in=layer.fan_in, outputs=layer.units)
    model.set_weights([*drawn(layer, start, number, seed, depth=1), back, np.zeros(layer.fan_in)])
    model.compile(optimizer=keras.optimizers.Adam(arguments["learning_rate"]), loss="mean_squared_error")
    for epoch in range(1, arguments["epochs"] + 1):
        for batch in batch_order(seed, epoch, ROWS, BATCH):
            x = seen[batch[batch >= 0]]
            model.train_on_batch(x, x)
    return model


def test_encoders_equal_those_of_keras():
    """Layer by layer, with the same draws and batches; the second rebuilds the activations of the first."""
    seen, seed = rows(), 2
    for at, layer in enumerate(TWO.layers[:2]):
        kernel, bias = learnt_together()[0, seed, at]
        model = autoencoder_of_keras(layer, at + 1, seed, seen)
        assert relative_difference((kernel, bias), model.get_weights()[:2]) < TOLERANCE
        seen = np.tanh(seen @ kernel + bias)


def test_a_trial_does_not_depend_on_its_neighbours():
    """A condition alone, from one seed, learns what it learns beside others; what is not its own plays no part."""
    together = learnt_together()
    assert set(together) == {
        (condition, seed, at)
        for condition, layers in ((0, (0, 1)), (1, (1,)), (2, (0,)), (3, (0, 1)))
        for seed in range(3)
        for at in layers
    }
    alone = learn_layers([TWO], [2], rows())
    for at in (0, 1):
        assert relative_difference(alone[0, 0, at], together[0, 2, at]) < NEIGHBOURS
        np.testing.assert_array_equal(together[3, 2, at][0], together[0, 2, at][0])


def test_seeds_in_pieces_learn_the_same(monkeypatch):
    """Where the activations of all seeds do not fit into memory together, they are taken a few at a time."""
    monkeypatch.setattr("assay.pretraining.ROWS_BYTES", 1)
    pieces = learn_layers([TWO], [0, 1, 2], rows())
    for key in pieces:
        assert relative_difference(pieces[key], learnt_together()[key]) < NEIGHBOURS


def test_an_encoder_rebuilds_its_rows_better_than_a_random_layer():
    """The best linear decoder of what an encoder leaves has a smaller squared error than that of its start."""

    def error(kernel, bias):
        left = np.c_[np.tanh(rows() @ kernel + bias), np.ones(ROWS)]
        return np.square(left @ np.linalg.lstsq(left, rows(), rcond=None)[0] - rows()).sum()

    narrow = Layer(FEATURES, 2, Choice("tanh"), autoencoder(epochs=60), Choice("zeros"))
    learning = Member((narrow, Layer(2, 3, Choice("softmax"), GLOROT, Choice("zeros"))), TWO.loss, TWO.optimizer)
    learnt = learn_layers([learning], range(4), rows())
    for seed in range(4):
        assert error(*learnt[0, seed, 0]) < 0.9 * error(*drawn(narrow, GLOROT, 1, seed, depth=2))


def test_no_epochs_leave_the_draw():
    """Seed s begins as it would without pre-training: epochs = 0 is a level of its own."""
    kernel, bias = learn_layers([member(autoencoder(epochs=0), GLOROT)], [4], rows())[0, 0, 0]
    expected = drawn(member(GLOROT, GLOROT).layers[0], GLOROT, 1, 4, depth=2)
    np.testing.assert_array_equal(kernel, expected[0])
    np.testing.assert_array_equal(bias, expected[1])


def test_what_was_learnt_lies_where_the_trial_does():
    """`Trainer.start` gives each trial its own layers, also over several tiles; the other layers are drawn."""
    members = [TWO, member(GLOROT, autoencoder(), GLOROT), TWO]
    learnt = learn_layers(members, [0, 1], rows())
    trainer = Trainer(members, seeds=[0, 1], batch_size=8, task="regression", tiles=2)
    state = trainer.start(learnt)
    for condition, seed in np.ndindex(3, 2):
        for at, (kernel, bias) in enumerate(trainer.parameters(state, condition, seed)):
            layer = members[condition].layers[at]
            own = learnt.get((condition, seed, at))
            expected = own or drawn(layer, layer.kernel_initializer, at + 1, seed, depth=2)
            np.testing.assert_array_equal(kernel, expected[0])
            np.testing.assert_array_equal(bias, expected[1])
    with pytest.raises(AssertionError, match="pre-train autoencoders before they start"):
        trainer.start()


# ---- whole studies

LEVELS = ["glorot_uniform", {"name": "autoencoder", "epochs": 3, "batch_size": 16}]


def write_clouds(path, **changes):
    """Three clouds with their own three parts, of which some may be other rows."""
    generator = np.random.default_rng(1)
    parts = {}
    for part, count in (("train", 60), ("validation", 24), ("test", 30)):
        labels = np.arange(count) % 3
        x = generator.normal(size=(count, 4)) + 1.5 * np.eye(3, 4)[labels]
        parts |= {f"x_{part}": x * changes.get(part, 1.0), f"y_{part}": labels}
    np.savez(path, **parts)
    return str(path)


@pytest.fixture(scope="module")
def study(tiny_study, tmp_path_factory):
    """With and without pre-training, on clouds."""
    data = write_clouds(tmp_path_factory.mktemp("clouds") / "clouds.npz")
    return tiny_study(data=data, vary={"network.kernel_initializer": LEVELS}, probe={"epochs": [0]})


@pytest.fixture(scope="module")
def results(study, tmp_path_factory):
    return assay.run(study, tmp_path_factory.mktemp("whole"))


def numbers(results):
    return results.history.sort("trial", "phase", "epoch", "split", "metric")


@pytest.mark.parametrize(("part", "untouched"), [("test", ["train", "validation"]), ("validation", ["train"])])
def test_pre_training_sees_the_training_rows_alone(study, results, tiny_study, tmp_path, part, untouched):
    """Other rows in the test set, or in the validation set, change nothing in the first phase but their own scores."""
    other = tiny_study(
        data=write_clouds(tmp_path / "clouds.npz", **{part: 3.0}), vary={"network.kernel_initializer": LEVELS}
    )
    kept = pl.col("phase").eq("select") & pl.col("split").is_in(untouched)
    assert numbers(assay.run(other, tmp_path / "other")).filter(kept).equals(numbers(results).filter(kept))


def test_the_final_network_is_pre_trained_on_training_and_validation_rows(study, results):
    """Its first epoch, done by hand on all 84 rows, has the same training loss."""
    [population] = plan_study(study).populations
    data = load(population.request)
    x, y = (np.concatenate([getattr(data, f"{axis}_{part}") for part in ("train", "validation")]) for axis in "xy")
    trainer = Trainer(population.members, seeds=population.seeds, batch_size=16, task="multiclass")
    state = trainer.start(learn_layers(population.members, population.seeds, x))
    _, scores = trainer.train_epoch(state, trainer.place(x, y), 1)
    found = results.history.filter(phase="final", epoch=1, split="train", metric="loss").sort("trial")["value"]
    assert found.to_list() == pytest.approx(scores["loss"].ravel().tolist(), rel=1e-5)


@pytest.mark.slow
def test_what_is_probed_is_what_a_run_begins_with(study, results):
    """Signals of pre-trained layers are those of a run's epoch 0, to the bit; theory says nothing of them."""
    report = assay.probe(study)
    keys = ["trial", "layer", "quantity", "statistic"]
    assert report.signals.sort(keys).equals(results.signals.sort(keys).select(report.signals.columns))
    assert report.theory["condition"].unique().to_list() == ["kernel_initializer=glorot_uniform"]


class Stopper(Silence):
    """Asks for a stop after one epoch of a phase."""

    def __init__(self, phase, epoch):
        self.at = phase, epoch

    def epoch_ended(self, event):
        if (event.phase, event.epoch) == self.at:
            raise Killed


class Killed(BaseException):
    """Stands in for a kill: no handler of ours may see it as an error of a population."""


def test_a_study_that_was_killed_goes_on_to_the_bit(study, results, tmp_path, monkeypatch):
    """Killed in the first epochs of either phase, before and after a checkpoint, the tables stay the same."""
    monkeypatch.setattr("assay.protocol.SEGMENT_SECONDS", 0.0)
    for stop in (("select", 0), ("select", 2), ("final", 1), ("final", 2)):
        with pytest.raises(Killed):
            assay.run(study, tmp_path, progress=Stopper(*stop))
    assert numbers(assay.run(study, tmp_path)).equals(numbers(results))


def test_a_stop_is_heard_between_the_epochs_of_an_autoencoder(study, tmp_path, monkeypatch):
    """Whoever waits for pre-training need not wait to its end; the next run does it again."""

    def asked_to_stop(members, seeds, rows, *, devices, epoch_ended):
        epoch_ended()
        raise AssertionError("not stopped")

    monkeypatch.setattr("assay.protocol.learn_layers", asked_to_stop)
    [population] = plan_study(study).populations
    data = load(population.request)
    with Store.open(tmp_path, study, {}) as store, pytest.raises(KeyboardInterrupt):
        PopulationRun(population, data, store, stop_requested=lambda: True).run()


# ---- a saved model


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A network 4 → 5 → 3 on disk, with biases that are not 0."""
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(5, activation="tanh", bias_initializer="random_normal"),
            keras.layers.Dense(3, activation="softmax", bias_initializer="random_normal"),
        ]
    )
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    model.save(path)
    return model, path


def test_a_network_from_a_saved_model_is_that_model(saved, tiny_study, tmp_path):
    """Before training its outputs are the model's, for every seed: kernels, biases and all; theory says nothing."""
    model, path = saved
    (tmp_path / "studies").mkdir()
    file = tmp_path / "studies" / "tiny.toml"
    (file.parent / "model.keras").write_bytes(path.read_bytes())
    study = tiny_study(
        network={
            "hidden": [5],
            "activation": "tanh",
            "kernel_initializer": {"name": "pretrained", "from": "model.keras"},
        },
        vary={},
    )
    file.write_text(study.to_toml())  # the path is relative to this file, not to the working folder
    results = assay.run(file, tmp_path / "results")
    [population] = plan_study(assay.load_study(file)).populations
    data = load(population.request)
    outputs = np.asarray(model(data.x_validation))
    expected = -np.log(outputs[np.arange(len(outputs)), data.y_validation.argmax(axis=1)]).mean()
    found = results.history.filter(epoch=0, split="validation", metric="loss")["value"].to_list()
    assert found == pytest.approx([expected] * 2, rel=1e-5)

    trainer = Trainer(population.members, seeds=[7], batch_size=16, task="multiclass")
    for (kernel, bias), layer in zip(trainer.parameters(trainer.start(), 0, 0), model.layers, strict=True):
        np.testing.assert_array_equal(kernel, layer.kernel)
        np.testing.assert_array_equal(bias, layer.bias)
    assert predict_signals("x", population.members[0], data.x_train[:8], data.y_train[:8]).is_empty()


def test_a_folder_goes_on_only_with_the_model_that_it_began_with(saved, tiny_study, tmp_path):
    """Another model under the same name is another study."""
    model, path = saved
    own = tmp_path / "model.keras"
    own.write_bytes(path.read_bytes())
    first = {"kernel_initializer": {"name": "pretrained", "from": str(own)}}
    study = tiny_study(network={"hidden": [5], "layers": {"first": first}}, training={"epochs": 1}, vary={})
    assert assay.run(study, tmp_path / "results").manifest["data"].keys() == {"iris", "model.keras"}
    other = keras.models.clone_model(model)
    other.save(own)
    with pytest.raises(StoreError, match=r"'model\.keras' is not the one that this study began with"):
        assay.run(study, tmp_path / "results")
