"""Tables as people have them, read with nothing but what must be said."""

import numpy as np
import pytest

from assay.data import describe, load
from assay.data.datasets import read_own
from assay.errors import DataError
from assay.study.parts import DataSpec

FEATURES = {
    "titanic": 12,  # id, class, two sexes, age and whether it is missing, siblings, parents, fare, three ports
    "wine_with_commas": 4,
    "sales_by_date": 5,  # the day, three shops, the price
    "customers": 2,
    "empty_column": 2,
    "mixed_types": 10,  # age, four kinds of work, married, hours, gain and whether it is missing, native
    "quoted_newline": 5,
    "labels_with_spaces": 3,
    "imbalanced": 3,
    "wide": 2000,
}


def test_a_real_table_is_read_with_nothing_but_what_must_be_said(real_table, tmp_path):
    """What is described is what is loaded; the features are those that one counts by hand."""
    request = DataSpec(**{"path": str(real_table.write(tmp_path)), **real_table.data}).request()
    data = load(request)
    assert data.shape == describe(request)
    assert data.shape.task == real_table.task
    # The two ports that nobody knows may lie outside the training rows: then no feature tells them.
    assert data.shape.features - FEATURES[real_table.name] in ((0, 1) if real_table.name == "titanic" else (0,))
    assert data.feature_names is not None
    assert len(data.feature_names) == data.shape.features
    assert all(np.isfinite(x).all() for x in (data.x_train, data.x_validation, data.x_test))


def test_a_real_table_can_be_learnt(real_table, tmp_path):
    """A linear model of scikit-learn beats the answer that is right most often, so a network can."""
    from sklearn.linear_model import LogisticRegression, Ridge

    request = DataSpec(**{"path": str(real_table.write(tmp_path)), **real_table.data}).request()
    data = load(request)
    x, y = np.concatenate([data.x_validation, data.x_test]), np.concatenate([data.y_validation, data.y_test])
    if real_table.task == "regression":
        assert Ridge().fit(data.x_train, data.y_train).score(x, y) > 0.5
        return
    train, held_out = [part.argmax(axis=1) if part.shape[1] > 1 else part[:, 0] for part in (data.y_train, y)]
    model = LogisticRegression(class_weight="balanced", C=0.1, max_iter=500).fit(data.x_train, train)
    recalls = [(model.predict(x)[held_out == label] == label).mean() for label in np.unique(held_out)]
    assert np.mean(recalls) > 1.3 / len(np.unique(held_out))


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (
            "Name",
            r"column 'Name' holds text with 891 levels in 891 rows, as an identifier does\. Write data\.columns\.N",
        ),
        ("Ticket", r'Write data\.columns\.Ticket = "ignore" to leave it out, or "categorical" for a feature for each'),
    ],
)
def test_a_column_of_names_must_be_named(real_table, tmp_path, column, words):
    """The error names each column with too many levels, and both ways out."""
    if real_table.name != "titanic":
        return
    columns = {key: value for key, value in real_table.data["columns"].items() if key != column}
    request = DataSpec(path=str(real_table.write(tmp_path)), target="Survived", columns=columns).request()
    for look in (describe, load, read_own):
        with pytest.raises(DataError, match=words):
            look(request)


NOTICES = {
    "titanic": ["Column 'PassengerId' counts the rows, as an identifier does. data.columns.PassengerId = \"ignore\""],
    "wine_with_commas": ["The target 'Qualität' holds 6 different whole numbers and is learnt as 6 classes"],
    "empty_column": ["Column 'remarks' is empty, so it is left out."],
    "mixed_types": ["Column 'gain': cells that say '?' are gaps."],
    "customers": ["Column 'customer' is left out, as data.columns.customer says."],
}


def test_notices_tell_what_should_be_known(real_table, tmp_path):
    """Nothing is left out, read as a gap or chosen in silence."""
    raw = read_own(DataSpec(**{"path": str(real_table.write(tmp_path)), **real_table.data}).request())
    told = "\n".join(map(str, raw.notices))
    for words in NOTICES.get(real_table.name, []):
        assert words in told
    left_out = [plan.name for plan in raw.plans if plan.role in ("ignored", "empty")]
    assert all(f"'{name}'" in told for name in left_out)
