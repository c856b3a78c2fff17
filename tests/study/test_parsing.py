"""Reading files, finding studies, and changing them from the command line."""

import tomllib
from pathlib import Path

import pytest

from assay.choices import Choice
from assay.errors import StudyError
from assay.study.parsing import load_study, parse_levels, parse_value, split_assignment, with_changes
from assay.study.spec import Study


def refused(call, *arguments) -> str:
    """What a call is refused with."""
    with pytest.raises(StudyError) as caught:
        call(*arguments)
    return str(caught.value)


def write(folder: Path, text: str) -> Path:
    """A study file with this text."""
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_a_study(tmp_path):
    """A file is named by its stem unless it says otherwise, and its paths start at its folder."""
    study = load_study(write(tmp_path, 'data = "table.csv"\n'))
    assert study.name == "mine"
    assert study.folder == tmp_path
    assert study.data.request(study.folder).path == str(tmp_path / "table.csv")
    assert load_study(str(tmp_path / "mine.toml")) == study
    assert load_study(study) is study


def test_a_mistake_in_a_file_names_the_file(tmp_path):
    """The message begins with the path and the dotted key."""
    path = write(tmp_path, 'data = "digits"\n[network]\ndepth = 0\n')
    assert refused(load_study, path).startswith(f"{path}: network.depth: expected a whole number of at least 1, got 0.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            'data = "digits"\n[network]\nactivation = relu\n',
            ["line 3, column 14", "activation = relu", "Words need quotes"],
        ),
        ('data "digits"\n', ["line 1, column 6", 'data "digits"', "key = value"]),
        ('data = "digits"\ndata = "iris"\n', ["line 2", "is there twice"]),
        ('data = "digits"\nseeds = [1, 2', ["this is not TOML", "may not be closed"]),
    ],
)
def test_a_syntax_error_tells_file_line_and_what_to_do(tmp_path, text, words):
    """What is not TOML is told with its line, the line's text, and the usual cause."""
    path = write(tmp_path, text)
    message = refused(load_study, path)
    assert message.startswith(f"{path}: ")
    assert all(word in message for word in words), message


def test_files_that_cannot_be_read(tmp_path):
    """A missing file, a folder and a binary file are each told as what they are."""
    assert "there is no such file. Give a study file" in refused(load_study, tmp_path / "none.toml")
    assert "expected a study file, got a folder" in refused(load_study, tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    assert "expected text in UTF-8" in refused(load_study, tmp_path / "binary.toml")
    message = refused(load_study, "moons")
    assert message.startswith("moons: this is a data set, not a study.")
    study = Study(**tomllib.loads("\n".join(message.splitlines()[1:])))
    assert study.data.name == "moons"
    assert len(study.expand()) == 2
    message = refused(load_study, "mnist-activation")
    assert "no built-in study of this name. Did you mean 'mnist-activations'? Built-in: digits," in message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("relu", "relu"),
        ('"relu"', "relu"),
        ("1e-3", 0.001),
        ("32", 32),
        ("true", True),
        ("[64, 32]", [64, 32]),
        ('{name = "sgd", momentum = 0.9}', {"name": "sgd", "momentum": 0.9}),
        ("my/table.csv", "my/table.csv"),
    ],
)
def test_values_are_toml_and_bare_words_are_words(text, value):
    """A value on the command line is TOML; what is not is a word."""
    assert parse_value(text) == value


@pytest.mark.parametrize("text", ["{name=sgd}", "[relu, tanh]", '{name = "sgd"'])
def test_a_table_or_list_that_is_not_toml_is_told_how_to_quote(text):
    """What begins with a brace or bracket is never taken for a word."""
    message = refused(parse_value, text)
    assert message.startswith(f"{text}: this is not TOML.")
    assert """'{name = "sgd", momentum = 0.9}'""" in message
    assert refused(parse_levels, f"adam,{text}").startswith(text.split(",")[0])


def test_commas_divide_levels():
    """Commas divide levels unless they stand in brackets, braces or quotes."""
    assert parse_levels("relu,tanh") == ["relu", "tanh"]
    assert parse_levels("[64, 32],[64],[]") == [[64, 32], [64], []]
    assert parse_levels('sgd, {name = "adam", beta_1 = 0.8}, "a,b"') == ["sgd", {"name": "adam", "beta_1": 0.8}, "a,b"]


def test_assignments():
    """``KEY=VALUE`` is divided at the first ``=``; anything else is told how to write it."""
    assert split_assignment("training.optimizer={name = 'sgd'}", "--set") == ("training.optimizer", "{name = 'sgd'}")
    assert refused(split_assignment, "epochs", "--set").startswith("--set epochs: expected KEY=VALUE")


def test_settings_replace_the_base():
    """Settings are given by key, or by the end of a key where only one key ends so; text is read as TOML."""
    study = Study(data="mnist", training={"optimizer": {"name": "sgd", "momentum": 0.9}})
    changed = with_changes(
        study,
        {
            "epochs": "3",
            "learning_rate": "0.5",
            "activation": "tanh",
            "first.dropout": 0.25,
            "kernel_initializer": "random_normal",
            "kernel_initializer.stddev": "2",
            "rows": 100,
            "seeds": "[5]",
        },
    )
    assert changed.training.epochs == 3
    assert changed.training.optimizer == Choice("sgd", {"momentum": 0.9, "learning_rate": 0.5})
    assert changed.network.activation == Choice("tanh")
    assert changed.network.kernel_initializer == Choice("random_normal", {"stddev": 2})
    assert changed.network.layers["first"].dropout == 0.25
    assert changed.data.rows == 100
    assert changed.seed_list() == [5]
    assert study.training.epochs == 10


def test_a_whole_part_can_be_set():
    """``data`` is a key of its own: a name, or a table that replaces the table."""
    study = Study(data={"name": "digits", "validation": 0.3}, training={"epochs": 3, "batch_size": 9})
    assert with_changes(study, {"data": "iris"}).data == Study(data="iris").data
    moons = with_changes(study, {"data": '{name = "moons", noise = 0.3}', "data.rows": "50"})
    assert moons.data.arguments == {"noise": 0.3, "rows": 50}
    changed = with_changes(study, {"training": {"epochs": 4}})
    assert (changed.training.epochs, changed.training.batch_size) == (4, 32)
    probed = with_changes(study, {"probe": "{epochs = [0, 1]}", "probe.rows": "64", "epochs": "5"})
    assert (probed.probe.epochs, probed.probe.rows, probed.training.epochs) == ((0, 1), 64, 5)
    message = refused(with_changes, study, {}, {"data": "iris,wine"})
    assert message.startswith("vary.\"data\": unknown key. Did you mean 'data.name'?")


def test_settings_and_factors_are_checked_together():
    """A setting may name the baseline that a factor brings about; one that is not there is refused, not dropped."""
    study = Study(data="digits", vary={"network.activation": ["relu", "tanh"]}, design={"baseline": "activation=relu"})
    factors = {"activation": "selu,tanh"}
    assert with_changes(study, {"baseline": "activation=selu"}, factors).baseline_name() == "activation=selu"
    assert with_changes(study, {}, factors).baseline_name() is None
    message = refused(with_changes, study, {"baseline": "activation=relu"}, factors)
    assert message.startswith("design.baseline: no condition is called 'activation=relu'.")
    both = with_changes(study, {"epochs": "3", "optimizer": "sgd"}, {"learning_rate": "0.1,0.2"})
    assert (both.training.epochs, both.vary["training.optimizer.learning_rate"]) == (3, [0.1, 0.2])


def test_an_argument_of_a_default_choice_can_be_set():
    """Setting the learning rate of a study that names no optimizer sets that of the default one."""
    changed = with_changes(Study(data="digits"), {"learning_rate": 0.5})
    assert changed.training.optimizer == Choice("adam", {"learning_rate": 0.5})


def test_factors_are_added_and_replaced():
    """A factor is added, or gets new levels; a baseline that is no longer tried is dropped."""
    vary = {"network.activation": ["relu", "tanh"]}
    study = Study(data="digits", vary=vary, design={"baseline": "activation=relu"})
    kept = with_changes(study, factors={"activation": "relu,selu"})
    assert kept.vary == {"network.activation": ["relu", "selu"]}
    assert kept.baseline_name() == "activation=relu"
    crossed = with_changes(study, factors={"learning_rate": ["1e-3", 0.1]})
    assert crossed.vary == {**vary, "training.optimizer.learning_rate": [0.001, 0.1]}
    assert crossed.baseline_name() is None


def test_the_shape_can_be_rewritten():
    """Width takes the place of hidden layers of one width, and hidden layers that of depth and width."""
    study = Study(data="digits", network={"hidden": [64, 64, 64]})
    widths = [condition.network.hidden_units for condition in with_changes(study, factors={"width": "8,16"}).expand()]
    assert widths == [(8, 8, 8), (16, 16, 16)]
    deep = with_changes(Study(data="digits", network={"depth": 5, "width": 9}), {"hidden": "[7]"})
    assert deep.network.hidden_units == (7,)


def test_changed_studies_keep_their_folder(tmp_path):
    """Relative paths of a changed study start where they did."""
    study = load_study(write(tmp_path, 'data = "table.csv"\n'))
    assert with_changes(study, {"epochs": 2}).folder == tmp_path
    assert with_changes(study, factors={"epochs": [2]}).folder == tmp_path


def test_words_of_wrong_settings_and_factors():
    """A wrong key or value on the command line is told with the option."""
    study = Study(data="digits", vary={"network.activation": ["relu"]})
    assert refused(with_changes, study, {"epoch": 2}).startswith("--set: unknown key 'epoch'. Did you mean 'epochs'?")
    message = refused(with_changes, study, {"stddev": 2})
    assert message.startswith("--set: unknown key 'stddev'.")
    message = refused(with_changes, study, {"layers.activation": 2})
    assert "unknown key 'layers.activation'" in message
    message = refused(with_changes, study, {"activation": "tanh"})
    assert message.startswith(
        "--set activation: the study varies network.activation. Write --vary network.activation=…"
    )
    assert 'vary."network.activation", level "rellu"' in refused(with_changes, study, {}, {"activation": "rellu"})
    named = Study(data="digits", conditions={"a": {"training.optimizer": "sgd"}}, design={"kind": "conditions"})
    assert refused(with_changes, named, {"learning_rate": 1}).startswith("--set learning_rate: condition 'a' sets it.")
    assert refused(with_changes, named, {}, {"activation": "relu"}).startswith(
        "--vary: this study has named conditions"
    )


def test_what_is_said_of_columns_can_be_set():
    """A column in a word, or one thing of it after the word; a column may be called name."""
    study = Study(data="own.csv")
    changed = with_changes(study, {"data.columns.name": "ignore", "data.columns.rooms": "categorical"})
    assert (changed.data.columns["name"].kind, changed.data.columns["rooms"].kind) == ("ignore", "categorical")
    assert changed == Study(**changed.written())
    again = with_changes(changed, {"data.columns.rooms.fill": "2"})
    assert (again.data.columns["rooms"].kind, again.data.columns["rooms"].fill) == ("categorical", 2.0)
    alone = with_changes(study, {"data.columns.name": "ignore"})
    assert alone.data.columns["name"].kind == "ignore"
    assert Study(**tomllib.loads(alone.to_toml())) == alone


def test_a_file_of_data_is_its_default_study():
    """Called after the file, in letters that a folder may have."""
    study = load_study("tables/titanic (1).csv")
    assert (study.name, study.data.path) == ("titanic _1_", "tables/titanic (1).csv")
