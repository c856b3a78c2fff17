"""Tables: which columns are features, what is learnt, and the words of what is refused and told."""

import numpy as np
import polars as pl
import pytest

from assay.data.columns import ColumnChoice
from assay.data.files import Reading
from assay.data.tables import Question, check, read_table, survey
from assay.errors import DataError


@pytest.fixture
def csv(tmp_path):
    """Write text to a .csv and return its path."""

    def write(text):
        (tmp_path / "own.csv").write_text(text)
        return tmp_path / "own.csv"

    return write


def read(path, **question):
    """Read a file with what is said about it."""
    return check(read_table(path, Question(**question)))


def look(table, **question):
    """A table in memory, with what is said about it; faults are kept."""
    return survey(pl.DataFrame(table), Question(**question), where="here", reading=Reading("frame"))


def test_a_csv_learns_its_last_column(csv):
    """Without a target the last column is learnt, and that is told; words are classes, true and false are 1 and 0."""
    raw = read(csv("length,old,kind\n1.5,true,cat\n2,false,dog\n3,true,cat\n"))
    assert raw.x["train"].rows() == [(1.5, True), (2, False), (3, True)]
    np.testing.assert_array_equal(raw.y["train"], [0, 1, 0])
    assert (raw.class_names, raw.target_names) == (("cat", "dog"), ("kind",))
    assert "The last column, 'kind', is what is learnt; data.target names another." in map(str, raw.notices)


def test_a_csv_learns_the_column_that_is_named(csv):
    """A target in the middle leaves the other columns as features."""
    raw = read(csv("a,price,b\n1,2.5,3\n4,5.5,6\n"), target="price")
    assert (raw.target.task, raw.x["train"].columns) == ("regression", ["a", "b"])
    np.testing.assert_array_equal(raw.y["train"], [[2.5], [5.5]])


@pytest.mark.parametrize(
    ("text", "question", "words"),
    [
        (
            "a,price\n1,2\n",
            {"target": "prize"},
            r"data\.target: no column 'prize'\. Did you mean 'price'\? Columns: a, pr",
        ),
        ("a,y\n1.0,0\n2.0,1\ninf,1\n", {}, r"column 'a' has 1 cell that is infinite, the first in row 3: 'inf'"),
        (
            "a,y\n1,0\n2,\n3,\n",
            {"target": "y"},
            r"'y' is to be learnt, but 2 of 3 rows have no value there, the first in row 2",
        ),
        (
            "a,y\n1,2020-01-01\n2,2021-01-01\n",
            {},
            r"column 'y' holds dates, which are not learnt\. Make a column of it",
        ),
        ("a\n1\n", {}, r"expected two columns or more, what is learnt from and what is learnt, got 1 columns: a"),
        ("a,y\n1,0\n2,1\n", {"columns": {"b": ColumnChoice("ignore")}}, r"data\.columns: no column 'b'"),
        (
            "a,y\n1,0\n2,1\n",
            {"columns": {"a": ColumnChoice("ignore")}, "target": "y"},
            r"no column is left to learn from",
        ),
        (
            "a,y\n1,0\nx,1\n",
            {"columns": {"a": ColumnChoice("numeric")}},
            r"'a' has 1 cell that is not what data\.columns\.a s.*row 2: 'x'",
        ),
        (
            "a,y\n1,0\n,1\n",
            {"columns": {"a": ColumnChoice(fill="none")}},
            r'1 cell that is empty, and data\.columns\.a says fill = "none"',
        ),
        (
            "a,y\n1,0\n2,1\n",
            {"columns": {"a": ColumnChoice(fill="word")}},
            r'data\.columns\.a\.fill: expected "median", "most_frequent", "none" or a',
        ),
        (
            "a,y\nu,0\nv,1\n",
            {"columns": {"a": ColumnChoice(fill="median")}},
            r'expected "most_frequent", "none" or a word for a column that is categ',
        ),
        (
            "a,y\n1,0\n2,1\n",
            {"target": "y", "weight": "y"},
            r"column 'y' is named by data\.target and data\.weight; it has one role",
        ),
        (
            "a,y\n1,0\n2,1\n",
            {"target": "y", "columns": {"y": ColumnChoice("numeric")}},
            r"Say what kind of target it is with data\.task",
        ),
        (
            "a,w,y\n1,-1,0\n2,1,1\n",
            {"weight": "w"},
            r"column 'w' has 1 cell that is below 0, but a weight is 0 or more, the first in row 1: '-1'",
        ),
        ("a,w,y\n1,0,0\n2,0,1\n", {"weight": "w"}, r"column 'w': all weights are 0, so no row would count"),
        ("a,w,y\n1,,0\n2,1,1\n", {"weight": "w"}, r"column 'w' has 1 cell that is empty, but is the weight of its row"),
        (
            "a,w,y\n1,x,0\n2,1,1\n",
            {"time": "w"},
            r"column 'w' has 1 cell that is no number, but is the time of its row",
        ),
        ("a,w,y\n1,,0\n2,1,1\n", {"group": "w"}, r"column 'w' has 1 cell that is empty, but is the group of its row"),
        (
            "a,b,y\n1,x,0\n2,z,1\n",
            {"target": ("b", "y")},
            r"column 'b' holds words, but several targets are columns of numbers, or of 0 and 1",
        ),
    ],
)
def test_a_table_that_does_not_fit_is_refused(csv, text, question, words):
    """The message names the column, the row and what to do."""
    with pytest.raises(DataError, match=words):
        read(csv(text), **question)


def test_words_that_say_that_a_number_is_missing_are_gaps(csv):
    """In a column of numbers, whatever their case; and that is told."""
    raw = read(csv("a,y\n1,0\nNA,1\n?,0\n 2 ,1\nnan,1\n"))
    assert raw.x["train"]["a"].to_list() == [1, None, None, 2, None]
    assert "Column 'a': cells that say '?', 'NA', 'nan' are gaps." in map(str, raw.notices)


@pytest.mark.parametrize(
    ("values", "task", "reading"),
    [
        (
            [1, 2, 3, 4, 5] * 4,
            "multiclass",
            '5 different whole numbers and is learnt as 5 classes; data.task = "regression"',
        ),
        (
            list(range(100, 140)),
            "regression",
            '40 different whole numbers and is learnt as a quantity; data.task = "multicl',
        ),
    ],
)
def test_whole_numbers_are_classes_where_they_are_few(values, task, reading):
    """Which of the two was chosen is told, and how to choose the other."""
    raw = look({"a": np.random.default_rng(0).normal(size=len(values)), "y": values})
    assert raw.target.task == task
    assert f"The target 'y' holds {reading}" in "\n".join(map(str, raw.notices))


def test_flags_that_are_learnt_keep_their_words(csv):
    """Yes and no are the names of the classes."""
    raw = read(csv("a,y\n1,yes\n2,no\n3,no\n"))
    assert (raw.class_names, raw.y["train"].tolist()) == (("no", "yes"), [1, 0, 0])
    raw = look({"a": [1, 2, 3], "y": [True, False, False]})
    assert (raw.class_names, raw.y["train"].tolist()) == (("false", "true"), [1, 0, 0])


def test_several_columns_of_0_and_1_are_labels():
    """Flags and 0/1 columns together are multilabel; other numbers several outputs of a regression."""
    columns = {"a": [1.0, 2.0, 3.0], "u": [0, 1, 1], "v": [True, True, False], "w": [0.5, 1.5, 2.5]}
    raw = look(columns, target=("u", "v"))
    assert (raw.target.task, raw.target.outputs, raw.target_names) == ("multilabel", 2, ("u", "v"))
    assert raw.y["train"].tolist() == [[0, 1], [1, 1], [1, 0]]
    raw = look(columns, target=("u", "w"))
    assert (raw.target.task, raw.target.outputs) == ("regression", 2)
    raw = look(columns, target=("u", "v"), task="regression")
    assert raw.target.task == "regression"


def test_columns_of_which_one_is_1_may_be_classes():
    """They are read as labels, which is told; asked for, they are classes called by their columns."""
    columns = {"a": [1.0, 2.0], "cat": [0, 1], "dog": [1, 0]}
    raw = look(columns, target=("cat", "dog"))
    assert raw.target.task == "multilabel"
    assert 'if they are classes, write data.task = "multiclass"' in "\n".join(map(str, raw.notices))
    raw = look(columns, target=("cat", "dog"), task="multiclass")
    assert (raw.target.task, raw.class_names, raw.y["train"].tolist()) == ("multiclass", ("cat", "dog"), [1, 0])


def test_weight_group_and_time_are_no_features():
    """They are read apart, and that is told."""
    raw = look(
        {
            "a": [1.0, 2.0, 3.0],
            "w": [0, 1, 2],
            "who": ["x", "z", "x"],
            "when": ["2020-01-02", "2020-01-01", "2020-01-03"],
            "y": [0.5, 1, 2],
        },
        weight="w",
        group="who",
        time="when",
    )
    assert raw.x["train"].columns == ["a"]
    assert raw.weights["train"].tolist() == [0, 1, 2]
    assert raw.groups["train"].tolist() == [0, 1, 0]
    assert np.diff(raw.times["train"]).tolist() == [-1, 2]
    assert "Column 'w' is the weight of a row (data.weight), so it is no feature." in map(str, raw.notices)


ROWS = 40
NOISE = np.random.default_rng(1).normal(size=ROWS)
LABELS = np.arange(ROWS) % 2


@pytest.mark.parametrize(
    ("column", "y", "words"),
    [
        ([3] * ROWS, NOISE, "Column 'x' is the same in every row, so it says nothing."),
        (2 * NOISE + 1, NOISE, "Column 'x' is correlated with 'y' beyond 0.999: is it known before the target is?"),
        ([f"is {label}" for label in LABELS], LABELS, "Column 'x' tells the class of 'y' in every row"),
        (LABELS + 5, LABELS, "Column 'x' tells the class of 'y' in every row"),
        ([None] * ROWS, NOISE, "Column 'x' is empty, so it is left out."),
    ],
)
def test_odd_columns_are_told_and_kept(column, y, words):
    """Constant, leaking: a notice; nothing is left out but what is empty."""
    raw = look({"x": column, "other": np.roll(NOISE, 3), "y": y})
    assert words in "\n".join(map(str, raw.notices))
    assert ("x" in raw.x["train"].columns) == ("empty" not in words)
    assert raw.faults == ()


@pytest.mark.parametrize(("name", "told"), [("row_id", True), ("PassengerId", True), ("", False), ("paid", False)])
def test_numbers_that_count_the_rows_are_told_where_they_are_called_so(name, told):
    """An index that was saved with the table; a column of consecutive years is none."""
    raw = look({name or "year": range(1, ROWS + 1), "y": NOISE})
    assert any(notice.topic == "identifier" for notice in raw.notices) == told


def test_a_few_rows_with_another_text_in_each_are_told():
    """Twelve names of twelve rows become features, but their owner is told."""
    raw = look({"who": [f"n{i}" for i in range(12)], "y": NOISE[:12]})
    assert "Column 'who' holds another text in nearly every row, as an identifier does." in "\n".join(
        map(str, raw.notices)
    )
    assert not raw.faults


def test_1_and_0_are_flags_where_they_are_said_to_be(csv):
    """As text of a file they are numbers, unless `data.columns` says otherwise or words for flags stand beside them."""
    raw = read(csv("a,b,y\n1,yes,0\n0,0,1\n1,no,1\n"), columns={"a": ColumnChoice("boolean")})
    assert raw.x["train"]["a"].to_list() == [True, False, True]
    assert raw.x["train"]["b"].to_list() == [True, False, False]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (
            [f"n{i}" for i in range(ROWS)],
            r'text with 40 levels in 40 rows, as an identifier does\. Write data\.columns\."the x" = "ignore"',
        ),
        ([f"n{i % 25}" for i in range(ROWS)], r'text with 25 levels in 40 rows\. Write data.* or "categorical"'),
        (["1,234", "5"] * (ROWS // 2), r"numbers with commas, such as '1,234', and whether .* Write 1234\.5"),
        (
            [*map(str, range(ROWS - 1)), "12 kg"],
            r"holds numbers, and 1 cells that are none, the first in row 40: '12 kg'\. Mend or",
        ),
        (
            [f"{1 + i % 12:02d}/{1 + i % 11:02d}/2020" for i in range(ROWS)],
            r"dates whose day or month may stand first, such as '01/01/2020'",
        ),
        ([[1, 2]] * ROWS, r"holds List\(Int64\) cells, which a network does not take"),
    ],
)
def test_columns_that_must_be_named_are_faults(cells, words):
    """One-hot of a thousand levels is nearly always a mistake: the message has both ways out."""
    raw = look({"the x": cells, "other": NOISE, "y": NOISE})
    with pytest.raises(DataError, match=rf"here: column 'the x' (holds )?{words}"):
        check(raw)
    assert not look({"the x": cells, "other": NOISE, "y": NOISE}, columns={"the x": ColumnChoice("ignore")}).faults


def test_a_table_is_read_once_while_it_stays_what_it_is(csv, monkeypatch):
    """A plan and the run that follows it parse a file once; a changed file is read anew."""
    path = csv("a,y\n1,0\n2,1\n")
    assert read_table(path, Question()) is read_table(path, Question())
    first = read_table(path, Question())
    path = csv("a,y\n1,0\n2,1\n3,1\n")
    assert read_table(path, Question()) is not first


def test_what_was_taken_for_granted_in_a_file_is_told(csv):
    """Rows without a cell at the end, and a first line that is numbers."""
    raw = read(csv("1,0\n2,1\n3,0\n,\n"))
    told = [str(notice) for notice in raw.notices]
    assert "At the end 1 row without a cell: left out." in told
    assert "The first line holds the names of the columns, but it is numbers (1, 0): is it a row?" in told
