"""The study object: what it accepts, what it refuses, and in which words."""

import json
import tomllib

import numpy as np
import polars as pl
import pytest

from assay.choices import Choice
from assay.data.digests import keep
from assay.data.splitting import Split
from assay.errors import StudyError
from assay.study.parsing import with_changes
from assay.study.spec import DesignSpec, NetworkSpec, Study, TrainingSpec


def message_of(**values) -> str:
    """What a study on digits with these values is refused with."""
    with pytest.raises(StudyError) as caught:
        Study(**{"data": "digits", **values})
    return str(caught.value)


def test_defaults():
    """A study needs nothing but data; the rest has defaults, and the name is that of the data."""
    study = Study(data="digits")
    assert study.name == "digits"
    assert study.network.hidden_units == (64, 64)
    assert study.training.optimizer == Choice("adam")
    assert study.seed_list() == [0, 1, 2]
    assert study.baseline_name() is None
    assert [condition.name for condition in study.expand()] == ["as written"]


def test_python_objects_and_toml_are_the_same_thing():
    """A study made of dicts, choices, parts and arrays equals the one written as TOML."""
    text = """
    name = "same"
    data = {name = "digits", validation = {first = 50}, test = 0.3}
    [network]
    hidden = [32, 16]
    activation = "tanh"
    [training.optimizer]
    name = "sgd"
    momentum = 0.9
    [vary]
    training.optimizer.learning_rate = [0.25, 0.5]
    [design]
    seeds = [4, 7]
    """
    written = Study(**tomllib.loads(text))
    made = Study(
        name="same",
        data={"name": "digits", "validation": Split(first=50), "test": 0.3},
        network=NetworkSpec(hidden=(32, 16), activation=Choice("tanh")),
        training={"optimizer": Choice("sgd", {"momentum": 0.9})},
        vary={"training.optimizer.learning_rate": np.array([0.25, 0.5])},
        seeds=[4, 7],
    )
    assert made == written
    assert made.fingerprint() == written.fingerprint()
    assert made.seed_list() == [4, 7]


@pytest.mark.parametrize(
    "vary",
    [
        {"network.activation": ["relu", "tanh"]},
        {"network": {"activation": ["relu", "tanh"]}},
        {"network": {"activation": (Choice("relu"), {"name": "tanh"})}},
    ],
)
def test_factors_may_be_dotted_or_nested(vary):
    """A factor is written with a dotted key or with nested tables; both mean the same."""
    assert Study(data="digits", vary=vary).vary == {"network.activation": ["relu", "tanh"]}


def test_round_trip_through_toml_and_json():
    """What a study writes as TOML or JSON reads back as the same study, with the same fingerprint."""
    study = Study(
        name="round trip",
        question='Is "a\\b" 100 % é?',
        data={"name": "ball", "rows": 200, "validation": {"first": 20}},
        network={"hidden": [], "layers": {"output": {"l2": 0.5}}, "output_activation": None},
        vary={"network.kernel_initializer": ["zeros", {"name": "random_normal", "stddev": 1e-05}]},
        design={"baseline": "kernel_initializer=zeros", "final": False},
    )
    for again in (Study(**tomllib.loads(study.to_toml())), Study(**json.loads(json.dumps(study.written())))):
        assert again == study
        assert again.fingerprint() == study.fingerprint()


def test_fingerprint_is_of_what_decides_the_numbers():
    """Writing a default or another question keeps the fingerprint; another rate, seed or order of levels does not."""
    vary = {"network.activation": ["relu", "tanh"]}
    plain = Study(data="digits", vary=vary)
    same = Study(data={"name": "digits"}, name="x", question="y", training={"epochs": 10}, vary=vary, seeds=[0, 1, 2])
    assert same.fingerprint() == plain.fingerprint()
    others = [
        Study(data="digits", vary=vary, training={"optimizer": {"name": "adam", "learning_rate": 0.5}}),
        Study(data="digits", vary=vary, seeds=4),
        Study(data="digits", vary={"network.activation": ["tanh", "relu"]}),
        Study(data="iris", vary=vary),
        Study(data="digits", vary=vary, design={"select": "last"}),
    ]
    assert len({study.fingerprint() for study in [plain, *others]}) == 6


def test_data_as_a_path(tmp_path):
    """A word that ends in .npz or .csv is a path; it starts at the folder that the request is given."""
    study = Study(data="my/table.csv")
    assert study.name == "table"
    assert study.data.request(tmp_path).path == str(tmp_path / "my/table.csv")
    request = Study(data={"name": "reuters", "path": "/else/reuters.npz"}).data.request(tmp_path)
    assert (request.name, request.path) == ("reuters", "/else/reuters.npz")


def test_arguments_of_synthetic_data_stand_beside_the_name():
    """``rows`` and ``noise`` of synthetic data are its arguments; of other data ``rows`` keeps training rows."""
    request = Study(data={"name": "moons", "rows": 300, "noise": 0.2}).data.request()
    assert request.arguments == {"rows": 300, "noise": 0.2}
    assert request.rows is None
    assert Study(data={"name": "mnist", "rows": 300}).data.request().rows == 300


FRAME = pl.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["u", None, "v"], "price": [1.5, 2.5, 3.5]})


def test_data_as_a_frame():
    """The study names the rows by their digest, so it is a file; without a name it is called after them."""
    study = Study(data=FRAME, target="price")
    assert study.data.kept == keep(FRAME)
    assert study.data.target == "price"
    assert study.name == f"frame-{keep(FRAME)[7:15]}"
    assert study == Study(data={"frame": FRAME.to_pandas(), "target": "price"})
    for again in (Study(**tomllib.loads(study.to_toml())), Study(**json.loads(json.dumps(study.written())))):
        assert again == study
        assert again.fingerprint() == study.fingerprint()
    assert study.fingerprint() != Study(data=FRAME.head(2), target="price").fingerprint()


def test_data_as_arrays():
    """A pair, as lists or arrays; settings may stand beside arrays that are named."""
    x, y = np.eye(4), np.array([0, 1, 0, 1])
    study = Study(data=(x, y))
    assert study.name.startswith("arrays-")
    assert study == Study(data=(x.tolist(), y.tolist()))
    named = Study(name="mine", data={"x": x, "y": y, "scaling": "standard"})
    assert (named.name, named.data.kept, named.data.scaling) == ("mine", study.data.kept, "standard")


def test_the_column_to_learn_may_stand_at_the_top():
    """Of a file too; said twice it is refused."""
    assert Study(data="own.csv", target="price") == Study(data={"path": "own.csv", "target": "price"})
    assert message_of(data={"path": "own.csv", "target": "a"}, target="b") == (
        "target: given twice, at the top and with the data. Remove one."
    )


def test_settings_change_without_the_rows():
    """As `--set` does, of a study whose rows are kept."""
    changed = with_changes(Study(data=FRAME, target="price"), {"target": "a", "epochs": "3"})
    assert (changed.data.target, changed.data.kept, changed.training.epochs) == ("a", keep(FRAME), 3)


def test_a_wrong_digest():
    """It has one form, and goes with no other data."""
    assert message_of(data={"kept": "sha256:12"}) == (
        "data.kept: expected the digest of rows given in Python, such as sha256:1a2b…, got 'sha256:12'."
    )
    both = {"name": "digits", "frame": FRAME}
    assert message_of(data=both) == "data.kept: rows are given in Python, and a name or a path too. Keep one of them."


def test_splits():
    """A fraction, a count and the first rows are three kinds of split; a test of 0 rows is none."""
    data = Study(data={"name": "mnist", "validation": 1000, "test": 0}).data
    assert data.validation == Split(count=1000)
    assert data.test == Split(count=0)
    assert Study(data={"name": "digits", "validation": 0.25}).data.request().validation == Split(fraction=0.25)


def test_depth_counts_kernels():
    """Depth is the number of kernels: depth 3 and width 100 are two hidden layers, depth 1 is linear."""
    assert NetworkSpec(depth=3, width=100).hidden_units == (100, 100)
    assert NetworkSpec(depth=1).hidden_units == ()
    assert NetworkSpec(width=8).hidden_units == (8, 8)


def test_unknown_key():
    """An unknown key is told with the near miss and the known ones."""
    assert "netwrk: unknown key. Did you mean 'network'? Known keys: name," in message_of(netwrk={})
    message = message_of(network={"actvation": "relu"})
    assert message.startswith("network.actvation: unknown key. Did you mean 'activation'? Known keys: hidden, depth,")
    message = message_of(network={"layers": {"first": {"drop_out": 0.1}}})
    assert message.startswith("network.layers.first.drop_out: unknown key. Did you mean 'dropout'?")


def test_learning_rate_belongs_to_the_optimizer():
    """``training.learning_rate`` is told where it goes."""
    for message in (message_of(training={"learning_rate": 0.1}), message_of(learning_rate=0.1)):
        assert message.removeprefix("training.") == (
            "learning_rate: unknown key; it is an argument of the optimizer. Write training.optimizer = "
            '{name = "adam", learning_rate = …}, or vary "training.optimizer.learning_rate".'
        )


@pytest.mark.parametrize(
    ("part", "model"), [("network", NetworkSpec), ("training", TrainingSpec), ("design", DesignSpec)]
)
def test_a_key_in_the_wrong_table_is_told_its_own(part, model):
    """Every key of a part, written at the top or in another part, is told the table that it belongs in."""
    for key in set(model.model_fields) - {"seeds"}:
        assert message_of(**{key: 1}) == f"{key}: unknown key here; it belongs in [{part}]."
    other = "design" if part == "training" else "training"
    for key in model.model_fields:
        message = message_of(**{other: {key: 1}})
        assert message == f"{other}.{key}: unknown key here; it belongs in [{part}]."


def test_a_key_of_the_data_is_told_how_data_are_written():
    """Data are one line, so the message shows the line."""
    assert message_of(validation=0.2) == (
        "validation: unknown key here; it belongs in data = {name = …, validation = …}."
    )


def test_every_mistake_is_told_at_once():
    """Several mistakes come as one list."""
    message = message_of(network={"depth": 0}, training={"epochs": 0, "optimizer": "adm"})
    assert message.splitlines()[0] == "3 mistakes:"
    assert "  training.optimizer: unknown optimizer 'adm'. Did you mean 'adam'?" in message


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"network": {"depth": 0}}, "network.depth: expected a whole number of at least 1, got 0. Number of kernels"),
        ({"network": {"width": "wide"}}, "network.width: expected a whole number, got 'wide'."),
        ({"network": {"hidden": 64}}, "network.hidden: expected a list, got 64."),
        ({"network": {"hidden": [64, 0]}}, "network.hidden.1: expected a whole number of at least 1, got 0."),
        ({"network": {"hidden": [64], "depth": 2}}, "network: hidden is given together with depth or width."),
        ({"network": {"dropout": 1.0}}, "network.dropout: expected a number below 1, got 1.0."),
        ({"network": {"l2": -1.0}}, "network.l2: expected a number of at least 0, got -1.0."),
        ({"network": 3}, "network: expected a table, got 3."),
        ({"network": {"activation": "rellu"}}, "network.activation: unknown activation 'rellu'. Did you mean 'relu'?"),
        (
            {"network": {"kernel_initializer": {"name": "random_normal", "std": 1}}},
            "network.kernel_initializer: 'random_normal' has no argument 'std'. Did you mean 'stddev'?",
        ),
        ({"network": {"bias_initializer": "orthogonal"}}, "network.bias_initializer: 'orthogonal' fills matrices only"),
        ({"network": {"layers": {"frist": {}}}}, "network.layers.frist: expected first, hidden, output, or a number"),
        ({"network": {"layers": {"4": {}}}}, "or a number from 1 to 3 (this network has 3 layers)."),
        (
            {"network": {"layers": {"output": {"dropout": 0.5}}}},
            "network.layers.output.dropout: the output layer drops nothing.",
        ),
        (
            {"network": {"output_activation": "relu", "layers": {"output": {"activation": "tanh"}}}},
            "network.layers.output.activation: output_activation is given too.",
        ),
        ({"training": {"batch_size": 0}}, "training.batch_size: expected a whole number of at least 1, got 0."),
        ({"training": {"batch_size": "32"}}, "training.batch_size: expected a whole number, got '32'."),
        ({"training": {"epochs": 0}}, "training.epochs: expected a whole number of at least 1, got 0."),
        ({"training": {"epochs": 2.5}}, "training.epochs: expected a whole number, got 2.5."),
        (
            {"training": {"optimizer": {"name": "sgd", "learning_rate": -0.1}}},
            "training.optimizer.learning_rate: expected a number of at least 0, got -0.1.",
        ),
        ({"training": {"loss": "huberr"}}, "training.loss: unknown loss 'huberr'. Did you mean 'huber'?"),
        ({"design": {"select": "val_acc"}}, "design.select: unknown value 'val_acc'. Did you mean 'val_accuracy'?"),
        (
            {"design": {"select": "val_mcc"}},
            "design.select: unknown value 'val_mcc'. Did you mean 'val_matthews_c",
        ),
        ({"design": {"select": "f1"}}, "design.select: unknown value 'f1'. Did you mean 'val_f1'? Write last, or val_"),
        ({"training": {"metrics": ["auc"]}}, "training.metrics: unknown metric 'auc'. Did you mean 'roc_auc'? Known"),
        (
            {"training": {"metrics": 3}},
            'training.metrics: expected a list of metrics such as ["f1", "roc_auc"], got',
        ),
        (
            {"training": {"class_weight": "balancd"}},
            "training.class_weight: unknown value 'balancd'. Did you mean 'balanced'? Choose from: none, bal",
        ),
        (
            {"training": {"class_weight": {"a": -1}}},
            "training.class_weight.a: expected a number of at least 0, got",
        ),
        ({"training": {"class_weight": 2}}, "training.class_weight: expected none, balanced, or a table such as {no ="),
        ({"design": {"kind": "factorail"}}, "design.kind: unknown value 'factorail'. Did you mean 'factorial'?"),
        ({"design": {"confidence": 95.0}}, "design.confidence: expected a number below 1, got 95.0."),
        ({"design": {"final": "yes"}}, "design.final: expected true or false, got 'yes'."),
        ({"design": {"baseline": "tanh"}}, "design.baseline: no condition is called 'tanh'. Conditions: as written."),
        ({"design": {"kind": "one_at_a_time"}}, 'design.kind is "one_at_a_time", but nothing varies.'),
        ({"design": {"kind": "conditions"}}, 'design.kind is "conditions", but there are none.'),
        ({"conditions": {"a": {}}}, '[conditions] is not used by design.kind = "factorial".'),
        ({"seeds": 0}, "design.seeds: expected at least 1 seed, got 0."),
        ({"seeds": []}, "design.seeds: expected how many seeds, such as 3, or a list of them"),
        ({"seeds": [1, 1]}, "design.seeds: expected seeds that differ"),
        ({"seeds": 3, "design": {"seeds": 3}}, "seeds: given twice"),
        ({"name": "a/b"}, "name: expected a name for a folder"),
        ({"data": "digts"}, "data.name: unknown data set 'digts'. Did you mean 'digits'?"),
        ({"data": {}}, "data: expected a name or a path"),
        (
            {"data": {"path": "table.ods"}},
            "data.path: expected a .npz, .csv, .tsv, .parquet or .xlsx file, got 'table.ods'.",
        ),
        ({"data": {"path": "a.csv", "columns": {"b": "ignor"}}}, "data.columns.b.kind: unknown value 'ignor'. Did you"),
        ({"data": {"path": "a.csv", "columns": {"b": {"fil": 0}}}}, "data.columns.b.fil: unknown key. Did you mean 'f"),
        ({"data": {"name": "digits", "validation": 1.5}}, "data.validation: expected a fraction between 0 and 1"),
        ({"data": {"name": "digits", "validation": 0}}, "data.validation: expected at least 1 row, got 0."),
        ({"data": {"name": "moons", "nois": 0.1}}, "data.nois: 'moons' takes rows, noise. Did you mean 'noise'?"),
        ({"data": {"name": "digits", "arguments": {"noise": 1}}}, "data.arguments: only synthetic data take arguments"),
    ],
)
def test_words_of_a_mistake(values, words):
    """A mistake is told with its dotted key, what was expected, and what came."""
    assert words in message_of(**values)


@pytest.mark.parametrize(
    ("vary", "words"),
    [
        ({"network.activation": ["relu", "rellu"]}, 'vary."network.activation", level "rellu": unknown activation'),
        ({"network.depth": [2, 0]}, 'vary."network.depth", level 0: expected a whole number of at least 1, got 0.'),
        (
            {"training.optimizer.learning_rate": [0.1, -0.1]},
            'vary."training.optimizer.learning_rate", level -0.1: expected a number of at least 0, got -0.1.',
        ),
        (
            {"training.optimizer.momentum": [0.5]},
            "condition 'momentum=0.5': training.optimizer: 'adam' has no argument 'momentum'.",
        ),
        (
            {"network.actvation": ["relu"]},
            "vary.\"network.actvation\": unknown key. Did you mean 'network.activation'?",
        ),
        ({"activation": ["relu"]}, "vary.\"activation\": unknown key. Did you mean 'network.activation'?"),
        ({"training.learning_rate": [1]}, "Did you mean 'training.optimizer.learning_rate'?"),
        ({"network.activation": "relu"}, "expected a list of levels, got 'relu'. Write [\"relu\", …]."),
        ({"network.activation": []}, 'vary."network.activation": the list of levels is empty.'),
        ({"network.width": [8, 16, 8]}, 'vary."network.width": level 8 is there twice.'),
        ({"network.l2": [0, 0.0]}, 'vary."network.l2": level 0.0 is there twice.'),
        ({"network.hidden": [[8, 4], [4, 8], [8, 4]]}, 'vary."network.hidden": level [8, 4] is there twice.'),
        (
            {"training.optimizer": [{"name": "sgd", "momentum": 1}, {"momentum": 1.0, "name": "sgd"}]},
            'level {"momentum": 1.0, "name": "sgd"} is there twice.',
        ),
        ({"network.hidden": [[8]], "network.depth": [2]}, "condition 'hidden=8, depth=2': network: hidden is given"),
        (
            {
                "training.optimizer": ["adam", {"name": "sgd", "learning_rate": 0.1}],
                "training.optimizer.learning_rate": [0.2],
            },
            'vary."training.optimizer.learning_rate": a level of "training.optimizer" sets learning_rate too',
        ),
        ({"data.words": [1, "1"]}, 'vary."data.words", level "1": expected a whole number, got \'1\'.'),
        ({"network.l2": [[1.0], "[1.0]"]}, 'vary."network.l2", level [1.0]: expected a number, got [1.0].'),
        (["relu"], "vary: expected a table, got ['relu']."),
    ],
)
def test_words_of_a_wrong_factor(vary, words):
    """A wrong factor or level is told before anything runs, with the key and the level."""
    assert words in message_of(vary=vary)


def test_words_of_a_wrong_condition():
    """A named condition that sets an unknown key, or a wrong value, is told by its name."""
    design = {"kind": "conditions"}
    message = message_of(design=design, conditions={"worse": {"network.actvation": "relu"}})
    assert message.startswith(
        'conditions."worse"."network.actvation": unknown key. Did you mean \'network.activation\'?'
    )
    message = message_of(design=design, conditions={"worse": {"network": {"activation": "rellu"}}})
    assert message.startswith('conditions."worse"."network.activation": unknown activation \'rellu\'.')
    message = message_of(design=design, conditions={"worse": 3})
    assert message == 'conditions."worse": expected a table of settings, got 3.'
    message = message_of(design=design, conditions={"a": {}}, vary={"network.width": [8]})
    assert message.startswith('[vary] is not used by design.kind = "conditions".')


def test_missing_data():
    """Data are the one thing that cannot be left out."""
    with pytest.raises(StudyError, match=r"^data: is missing. A name, a path to a .npz or .csv file"):
        Study()


def test_a_study_prints_as_its_file(tiny_study):
    """What can be read by a person and loaded again."""
    study = tiny_study()
    assert str(study) == study.to_toml()
    assert Study(**tomllib.loads(str(study))) == study


def test_metrics_are_names_each_once():
    """One may stand without a list; the order stays, for the first is what conditions are compared by."""
    assert Study(data="iris", training={"metrics": "f1"}).training.metrics == ("f1",)
    assert Study(data="iris", training={"metrics": ["roc_auc", "f1", "f1"]}).training.metrics == ("roc_auc", "f1")
    assert Study(data="iris").training.metrics == ()


def test_a_metric_of_one_s_own_may_select():
    """By what it is called in the history."""
    close = {"name": "close", "expression": "abs(y_true - y_pred) < 0.1"}
    study = Study(data="iris", training={"metric": close}, design={"select": "val_close"})
    assert study.design.select == "val_close"


def test_class_weights_are_a_table_of_a_factor_or_a_condition():
    """One setting, not several; it is the same study through TOML."""
    named = {"plain": {}, "heavy": {"training": {"class_weight": {"0": 1, "1": 5}}}}
    study = Study(data="iris", conditions=named, design={"kind": "conditions"})
    assert [each.training.class_weight for each in study.expand()] == ["none", {"0": 1.0, "1": 5.0}]
    study = Study(data="iris", vary={"training.class_weight": ["none", "balanced", {0: 1, 2: 5}]})
    names = ["class_weight=none", "class_weight=balanced", "class_weight=0 1 2 5"]
    assert [each.name for each in study.expand()] == names
    assert Study(**tomllib.loads(study.to_toml())) == study
