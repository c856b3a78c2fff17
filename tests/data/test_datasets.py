"""From a request to arrays: sizes, defaults, scaling, fingerprints, and what is refused."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.model_selection import train_test_split

import assay.data
from assay.data import DATASETS, DataRequest, Resample, Split, describe, is_available, load
from assay.errors import DataError

SHARED = os.environ.get("ASSAY_DATA")
real_data = pytest.mark.skipif(not SHARED, reason="ASSAY_DATA names no folder with the files of keras.datasets")

HERE = [name for name, info in DATASETS.items() if info.origin != "keras.datasets"]


@pytest.mark.parametrize("name", HERE)
def test_what_is_described_is_what_is_loaded(name):
    """Shapes told beforehand are those of the arrays, in float32, with one column of y for each output."""
    data = load(DataRequest(name))
    assert data.shape == describe(DataRequest(name))
    assert is_available(name)
    rows = {"train": data.shape.train_rows, "validation": data.shape.validation_rows, "test": data.shape.test_rows}
    assert sum(rows.values()) == DATASETS[name].rows
    for part, count in rows.items():
        x, y = getattr(data, f"x_{part}"), getattr(data, f"y_{part}")
        assert (x.shape, y.shape) == ((count, data.shape.features), (count, data.shape.outputs))
        assert x.dtype == y.dtype == np.float32
    assert data.shape.task == DATASETS[name].task
    assert data.class_names is None or len(data.class_names) == data.shape.classes


@real_data
@pytest.mark.parametrize("words", [10000, 50])
def test_reuters_is_split_as_the_origin_study_splits_it(words):
    """The first 1000 newswires validate, 7982 train, 2246 test; rows are multi-hot bytes of `words` columns."""
    request = DataRequest("reuters", words=words)
    data = load(request)
    assert data.shape == describe(request)
    assert (len(data.x_validation), len(data.x_train), len(data.x_test)) == (1000, 7982, 2246)
    assert data.x_train.dtype == np.uint8
    assert data.x_train.shape[1] == words
    assert set(np.unique(data.x_train)) == {0, 1}
    assert data.x_train[:, 1].all()  # the mark that starts each text
    assert data.class_names is not None
    assert data.class_names[3] == "earn"  # the largest topic
    assert data.y_train.sum(axis=0).argmax() == 3


@real_data
def test_imdb_reviews_with_few_words_have_the_published_sizes():
    """The first 10000 reviews validate and 15000 train; each split of the source is half positive."""
    data = load(DataRequest("imdb", words=20))
    assert data.shape == describe(DataRequest("imdb", words=20))
    assert (len(data.x_validation), len(data.x_train), len(data.x_test)) == (10000, 15000, 25000)
    assert data.y_train.sum() + data.y_validation.sum() == data.y_test.sum() == 12500


@real_data
def test_mnist_pixels_end_between_0_and_1():
    """Pixels are divided by 255, and 10000 rows validate, with each digit in its share."""
    data = load(DataRequest("mnist", rows=2000, validation=Split(count=500)))
    assert data.shape == describe(DataRequest("mnist", rows=2000, validation=Split(count=500)))
    assert (data.x_train.min(), data.x_train.max()) == (0.0, 1.0)
    np.testing.assert_array_equal(np.unique(np.round(data.x_train * 255)), np.round(np.unique(data.x_train * 255), 3))
    np.testing.assert_allclose(data.y_validation.mean(axis=0), data.y_train.mean(axis=0), atol=0.002)


@real_data
def test_shared_circles_are_those_of_scikit_learn():
    """An own .npz and the synthetic set of the same seed hold the same points, scaling aside."""
    own = load(DataRequest(path=f"{SHARED}/circle.npz", validation=Split(count=0)))
    arguments = {"noise": 0.1, "factor": 0.8}
    whole = Split(count=0)
    made = load(
        DataRequest("circles", seed=1, arguments=arguments, scaling="minmax", validation=whole, test=whole),
    )
    np.testing.assert_allclose(own.x_train, 2 * made.x_train[:700] - 1, atol=1e-6)
    np.testing.assert_array_equal(own.y_train, made.y_train[:700])
    assert own.shape.task == "binary"


def test_digits_are_split_as_the_origin_study_splits_them():
    """30 % test, then the first 50 of the rest validate: the rows of scikit-learn's `train_test_split`, over 16."""
    data = load(DataRequest("digits", validation=Split(first=50), seed=42))
    x, y = load_digits(return_X_y=True)
    x_rest, x_test, y_rest, _ = train_test_split(x, y, test_size=0.3, random_state=42, stratify=y)
    np.testing.assert_allclose(data.x_test, x_test / 16)
    np.testing.assert_allclose(data.x_validation, x_rest[:50] / 16)
    np.testing.assert_allclose(data.x_train, x_rest[50:] / 16)
    np.testing.assert_array_equal(data.y_train.argmax(axis=1), y_rest[50:])


def test_scaling_learns_from_training_rows_alone():
    """Training features have mean 0 and deviation 1; those of the other parts have not, quite."""
    data = load(DataRequest("wine"))
    np.testing.assert_allclose(data.x_train.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(data.x_train.std(axis=0), 1, atol=1e-5)
    assert np.abs(data.x_test.mean(axis=0)).max() > 0.01
    assert data.preparation.scaling.name == "standard"


def test_parts_share_no_row_and_lose_none():
    """Every row of iris is in exactly one part."""
    data = load(DataRequest("iris", scaling="none"))
    together = np.concatenate([data.x_train, data.x_validation, data.x_test])
    expected = load_iris().data.astype(np.float32)
    np.testing.assert_array_equal(together[np.lexsort(together.T)], expected[np.lexsort(expected.T)])


def test_targets_of_a_regression_are_scaled_on_request():
    """`target_scaling` brings training targets to mean 0 and deviation 1, and is recorded to go back."""
    request = DataRequest("diabetes", target_scaling="standard")
    data, plain = load(request), load(DataRequest("diabetes"))
    np.testing.assert_allclose([data.y_train.mean(), data.y_train.std()], [0, 1], atol=1e-5)
    assert data.target_scaling is not None
    np.testing.assert_allclose(
        data.y_test * data.target_scaling.scale + data.target_scaling.offset, plain.y_test, rtol=1e-4
    )
    assert plain.y_train.max() <= load_diabetes().target.max()


def test_two_classes_may_be_written_as_two_columns():
    """`task = "multiclass"` on a binary set gives one-hot targets of two columns."""
    request = DataRequest("moons", task="multiclass")
    binary, both = load(DataRequest("moons")), load(request)
    assert both.shape == describe(request)
    np.testing.assert_array_equal(both.y_train, np.concatenate([1 - binary.y_train, binary.y_train], axis=1))


def test_rows_keep_the_test_set():
    """Fewer training rows leave the test set as it was."""
    few, all_rows = load(DataRequest("digits", rows=100)), load(DataRequest("digits"))
    assert (few.shape.train_rows, few.shape.validation_rows) == (80, 20)
    np.testing.assert_array_equal(few.y_test, all_rows.y_test)


def test_a_default_count_gives_way_to_few_rows():
    """Of 1000 rows of MNIST a fifth validates, since its usual 10000 would leave nothing."""
    shape = describe(DataRequest("mnist", rows=1000))
    assert (shape.train_rows, shape.validation_rows, shape.test_rows) == (800, 200, 10000)


def test_the_test_set_is_left_out_only_when_asked():
    """A test split of 0 leaves no test rows, of a set with its own test set too."""
    assert describe(DataRequest("mnist", test=Split(count=0))).test_rows == 0
    assert load(DataRequest("iris", test=Split(count=0))).x_test.shape == (0, 4)
    assert load(DataRequest("iris")).x_test.shape == (30, 4)


def test_arguments_of_a_synthetic_set_decide_its_shape():
    """Features, classes and rows of blobs are those asked for."""
    request = DataRequest("blobs", arguments={"rows": 200, "features": 5, "classes": 4})
    assert load(request).shape == describe(request)
    assert (describe(request).features, describe(request).classes, describe(request).train_rows) == (5, 4, 128)


def test_own_parts_are_used_as_they_are(tmp_path):
    """Validation and test rows of an own .npz are not split off anew; a path is taken from the folder given."""
    generator = np.random.default_rng(0)
    parts = {"train": 20, "val": 6, "test": 4}
    arrays = {f"x_{part}": generator.normal(size=(rows, 3)) for part, rows in parts.items()}
    arrays |= {f"y_{part}": np.arange(rows) % 2 for part, rows in parts.items()}
    np.savez(tmp_path / "own.npz", **arrays)
    request = DataRequest(path="own.npz")
    data = load(request, tmp_path)
    assert data.name == "own"
    assert data.shape == describe(request, tmp_path)
    np.testing.assert_allclose(data.x_validation, arrays["x_val"], rtol=1e-6)
    np.testing.assert_allclose(data.x_test, arrays["x_test"], rtol=1e-6)
    with pytest.raises(DataError, match=r"data.validation: own comes with validation rows, got first 3\. Leave it out"):
        load(replace(request, validation=Split(first=3)), tmp_path)


def test_an_own_csv_is_standardised_unless_told_otherwise(tmp_path):
    """Columns of a table have units of their own, so each is scaled by default."""
    (tmp_path / "own.csv").write_text("a,b,y\n" + "".join(f"{i},{1000 * i},{i % 2}\n" for i in range(50)))
    data = load(DataRequest(path=str(tmp_path / "own.csv")))
    np.testing.assert_allclose(data.x_train.std(axis=0), [1, 1], atol=1e-5)
    assert data.feature_names == ("a", "b")
    assert load(DataRequest(path=str(tmp_path / "own.csv"), scaling="none")).x_train.max() > 1000
    assert data.shape == describe(DataRequest(path=str(tmp_path / "own.csv")))


def test_a_fingerprint_tells_data_apart():
    """The same request has the same fingerprint; another seed, split or scaling has another."""
    request = DataRequest("iris")
    others = [replace(request, seed=1), replace(request, validation=Split(count=5)), replace(request, scaling="minmax")]
    fingerprints = [load(one).fingerprint for one in (request, *others)]
    assert load(request).fingerprint == fingerprints[0]
    assert len(set(fingerprints)) == 4
    assert all(len(fingerprint) == 64 for fingerprint in fingerprints)


def test_a_named_set_is_described_without_heavy_modules():
    """Describing a set imports neither Keras, JAX, scikit-learn, SciPy nor polars."""
    code = (
        "import sys; from assay.data import DATASETS, DataRequest, describe\n"
        "for name in DATASETS: describe(DataRequest(name))\n"
        "print([name for name in ('keras', 'jax', 'sklearn', 'scipy', 'polars') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(assay.data.__file__).parents[2])},
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (DataRequest("minst"), r"unknown data set 'minst'\. Did you mean 'mnist'\? Known data sets: digits, .*\.csv"),
        (DataRequest(), r"expected the name of a data set or a path"),
        (DataRequest("iris", path="a.npz"), r"'iris' is not read from a file; leave out its name or the path a\.npz"),
        (DataRequest("iris", target="y"), r"data\.target: names a column of a table; 'iris' has its own target"),
        (
            DataRequest("iris", arguments={"rows": 9}),
            r"only synthetic sets \(ball, .*\) take arguments, got rows for iris",
        ),
        (DataRequest("iris", rows=0), r"data\.rows: expected a whole number of at least 1, got 0"),
        (DataRequest("iris", rows=500), r"data\.rows: expected at most 120, the training rows of iris, got 500"),
        (DataRequest("iris", scaling="unity"), r"data\.scaling: unknown scaling 'unity'\. Did you mean 'unit'\?"),
        (DataRequest("iris", task="binary"), r'iris: task = "binary" expects 2 classes, got 3'),
        (DataRequest("iris", task="regression"), r'iris: holds 3 classes, not quantities; task = "regression"'),
        (DataRequest("diabetes", task="binary"), r'diabetes: holds quantities, not classes; task = "binary"'),
        (DataRequest("iris", target_scaling="standard"), r"only the targets of a regression are scaled; .* multiclass"),
        (DataRequest("diabetes", target_scaling="unit"), r'target_scaling: expected "none" or "standard", got "unit"'),
        (DataRequest("imdb", words=3), r"data\.words: expected at least 4 .* got 3"),
        (DataRequest("imdb", scaling="unit"), r'the words of imdb are 0 or 1; expected "none", got "unit"'),
        (
            DataRequest("mnist", test=Split(fraction=0.1)),
            r"mnist comes with a test set of 10000 rows, got fraction 0\.1",
        ),
        (
            DataRequest("iris", validation=Split(count=120)),
            r"iris: too few rows: of 150 rows, 30 go to the test set and 120 to validation, which leaves none",
        ),
        (DataRequest("moons", arguments={"nois": 1}), r"'moons' takes rows, noise\. Did you mean 'noise'\?"),
    ],
)
def test_a_request_that_does_not_fit_is_refused_before_loading(request_, words):
    """Describing is enough to find it, and loading says the same."""
    with pytest.raises(DataError, match=words):
        describe(request_)
    if request_.name not in ("mnist", "imdb"):
        with pytest.raises(DataError, match=words):
            load(request_)


def test_training_rows_of_one_class_are_refused(tmp_path):
    """A file sorted by class, cut to its first rows, cannot teach a classifier."""
    labels = np.repeat([0, 1], 10)
    np.savez(tmp_path / "own.npz", x_train=np.eye(20), y_train=labels, x_test=np.eye(20), y_test=labels)
    request = DataRequest(path=str(tmp_path / "own.npz"), rows=8)
    with pytest.raises(DataError, match=r"own: all 6 training rows have the same class\. Keep more rows for training"):
        load(request)


@pytest.mark.parametrize("noun", ["features", "targets"])
def test_numbers_beyond_float32_are_refused(tmp_path, noun):
    """A finite 1e300 would silently become infinite; the message names the range."""
    x, y = np.ones((20, 2)), np.linspace(0.5, 2, 20)
    (x[:, 0] if noun == "features" else y)[3] = 1e300
    np.savez(tmp_path / "own.npz", x=x, y=y)
    with pytest.raises(DataError, match=rf"own: some {noun} are beyond 3\.4e38, the range of float32"):
        load(DataRequest(path=str(tmp_path / "own.npz")))


def test_asking_for_an_unknown_set_is_told():
    """`is_available` knows the same names."""
    with pytest.raises(DataError, match=r"unknown data set 'irsi'\. Did you mean 'iris'"):
        is_available("irsi")


def test_exported_names_exist():
    """Everything in `__all__` is there."""
    assert all(hasattr(assay.data, name) for name in assay.data.__all__)


def test_rows_are_known_by_their_numbers_in_the_source():
    """An example of any part can be found again; parts that a source has apart count from 0."""
    data = load(DataRequest("iris", scaling="none", rows=60))
    x = load_iris().data.astype(np.float32)
    for part, rows in data.rows.items():
        np.testing.assert_array_equal(getattr(data, f"x_{part}"), x[rows])
        assert rows.dtype == np.int64
    together = np.concatenate(list(data.rows.values()))
    assert len(set(together.tolist())) == len(together) == 90


def test_digits_are_known_as_images():
    """What is done to a row holds its shape, 8 by 8, and the scaling."""
    data = load(DataRequest("digits"))
    assert data.preparation.shape == (8, 8)
    np.testing.assert_array_equal(data.preparation.apply(load_digits().images)[data.rows["test"]], data.x_test)


def test_weights_go_with_their_rows(tmp_path):
    """A column of weights is split as the rows are, and is no feature; other weights are other data."""
    lines = [f"{i},{i % 7},{i % 2}" for i in range(50)]
    (tmp_path / "own.csv").write_text("\n".join(["a,w,y", *lines]))
    request = DataRequest(path=str(tmp_path / "own.csv"), weight="w", scaling="none")
    data = load(request)
    assert data.shape == describe(request)
    assert data.shape.features == 1
    for part in ("train", "validation", "test"):
        weights = getattr(data, f"weights_{part}")
        assert weights.dtype == np.float32
        np.testing.assert_array_equal(weights, data.rows[part] % 7)
    (tmp_path / "own.csv").write_text("\n".join(["a,w,y", *(f"{i},{i % 5},{i % 2}" for i in range(50))]))
    assert load(request).fingerprint != data.fingerprint
    assert load(DataRequest("iris")).weights_train is None


def test_several_targets_are_columns_of_y(tmp_path):
    """Labels are 0 and 1 in their order, which `target_names` tells; each row may have any number of them."""
    lines = [f"{i},{i % 2},{i % 3 == 0}" for i in range(60)]
    (tmp_path / "own.csv").write_text("\n".join(["a,even,third", *lines]))
    request = DataRequest(path=str(tmp_path / "own.csv"), target=["third", "even"])
    data = load(request)
    assert data.shape == describe(request)
    assert (data.target.task, data.shape.outputs, data.target_names) == ("multilabel", 2, ("third", "even"))
    rows = data.rows["train"]
    np.testing.assert_array_equal(data.y_train, np.stack([rows % 3 == 0, rows % 2], axis=1))


def test_a_table_of_numbers_is_described_without_scikit_learn(tmp_path):
    """How many features it has does not depend on which rows are trained on, so a plan takes no time."""
    (tmp_path / "own.csv").write_text("a,b,y\n" + "".join(f"{i},{1000 * i},{i % 2}\n" for i in range(50)))
    code = (
        "import sys; from assay.data import DataRequest, describe\n"
        f"describe(DataRequest(path={str(tmp_path / 'own.csv')!r}))\n"
        "print([name for name in ('keras', 'jax', 'sklearn', 'scipy') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(assay.data.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


# ---- several splits


def rows_of(x: np.ndarray) -> list[tuple[float, ...]]:
    return sorted(map(tuple, x.tolist()))


def test_folds_test_each_row_once():
    """Validation rows are drawn from the rest, and the sizes are those of the plan."""
    requests = [DataRequest("iris", scaling="none", resample=Resample(number, 4)) for number in range(4)]
    found = [load(request) for request in requests]
    tested = [row for dataset in found for row in rows_of(dataset.x_test)]
    assert sorted(tested) == rows_of(load_iris().data.astype(np.float32))
    assert [dataset.shape for dataset in found] == [describe(request) for request in requests]


def test_splits_draw_test_and_validation_rows_anew():
    """The first is the split of a study without others; the next ones differ in all parts."""
    first, second = (load(DataRequest("iris", resample=Resample(number))) for number in (0, 1))
    assert first.fingerprint == load(DataRequest("iris")).fingerprint
    assert first.shape == second.shape == describe(DataRequest("iris", resample=Resample(1)))
    for part in ("x_train", "x_validation", "x_test"):
        assert rows_of(getattr(first, part)) != rows_of(getattr(second, part))


def own_parts(path: Path, **further: np.ndarray) -> Path:
    """An .npz with a test set of its own."""
    x, y = np.arange(60, dtype=float).reshape(30, 2), np.arange(30) % 2
    np.savez(path, x_train=x[:20], y_train=y[:20], x_test=x[20:], y_test=y[20:], **further)
    return path


def test_a_test_set_of_the_source_stays(tmp_path):
    """Then the validation rows alone are drawn anew, or cut into folds."""
    path = str(own_parts(tmp_path / "parts.npz"))
    one, other = (load(DataRequest(path=path, resample=Resample(number))) for number in (0, 1))
    assert rows_of(one.x_test) == rows_of(other.x_test)
    assert rows_of(one.x_validation) != rows_of(other.x_validation)
    folds = [load(DataRequest(path=path, resample=Resample(number, 5))) for number in range(5)]
    validated = sorted(row for dataset in folds for row in rows_of(dataset.x_validation))
    assert validated == sorted(rows_of(folds[0].x_train) + rows_of(folds[0].x_validation))
    assert one.shape.has_own_test


def test_nothing_is_left_to_split_where_the_source_has_all_parts(tmp_path):
    """Validation and test rows that are set apart make one split."""
    x, y = np.arange(8, dtype=float).reshape(4, 2), np.arange(4) % 2
    path = str(own_parts(tmp_path / "parts.npz", x_validation=x, y_validation=y))
    with pytest.raises(DataError, match="comes with its own validation and test rows, so there is nothing to split"):
        describe(DataRequest(path=path, resample=Resample(1)))


def table(path: Path) -> str:
    """Sixty rows of twenty patients, the days in no order."""
    days = np.random.default_rng(0).permutation(60)
    lines = [f"{row % 7},p{row // 3},{days[row]},{row % 2}" for row in range(60)]
    path.write_text("\n".join(["a,patient,day,y", *lines]))
    return str(path)


@pytest.mark.parametrize("resample", [Resample(), Resample(2), Resample(1, 4)])
def test_rows_of_one_group_are_in_one_part(tmp_path, resample):
    """Of training, validation and test rows no two hold rows of one patient, and a plan knows how many there are."""
    request = DataRequest(path=table(tmp_path / "own.csv"), group="patient", scaling="none", resample=resample)
    data = load(request)
    patients = [set((rows // 3).tolist()) for rows in data.rows.values()]
    assert sum(map(len, patients)) == len(set.union(*patients)) == 20
    assert data.shape == describe(request)
    assert data.shape.features == 2


@pytest.mark.parametrize("number", [0, 1])
def test_parts_follow_each_other_in_time(tmp_path, number):
    """Training rows, then validation rows, then test rows; another split ends a window earlier."""
    request = DataRequest(path=table(tmp_path / "own.csv"), time="day", scaling="none", resample=Resample(number))
    data = load(request)
    days = np.random.default_rng(0).permutation(60)
    order = np.concatenate([days[data.rows[part]] for part in ("train", "validation", "test")])
    assert order.tolist() == list(range(60 - 12 * number))
    assert data.shape == describe(request)


def test_some_rows_in_time_are_the_last_ones(tmp_path):
    """`rows = 20` keeps those next to the test rows, not the oldest."""
    request = DataRequest(path=table(tmp_path / "own.csv"), time="day", rows=20)
    data = load(request)
    days = np.random.default_rng(0).permutation(60)
    assert days[data.rows["train"]].min() == 60 - 12 - 20
