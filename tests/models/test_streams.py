"""Examples out of loaders, data sets and generators."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import ModelError
from assay.models import observe
from assay.models.streams import first_examples, is_stream

torch = pytest.importorskip("torch")
from torch.utils.data import DataLoader, Dataset, TensorDataset  # noqa: E402

X = np.random.default_rng(0).standard_normal((40, 3)).astype(np.float32)
Y = np.arange(40) % 2


class Rows(Dataset):
    """A data set of single examples, without an iterator."""

    def __len__(self):
        return 40

    def __getitem__(self, place):
        return torch.from_numpy(X[place]), int(Y[place])


class Batches:
    """As Keras' `PyDataset`: indexed by batch."""

    def __len__(self):
        return 5

    def __getitem__(self, place):
        rows = slice(8 * place, 8 * place + 8)
        return {"left": X[rows], "right": X[rows]}, Y[rows], np.ones(8)


def generator():
    for start in range(0, 40, 8):
        yield X[start : start + 8], Y[start : start + 8]


@pytest.mark.parametrize("x", [X, [X, X], {"a": X}, None, "words", torch.from_numpy(X)])
def test_arrays_are_no_stream(x):
    """Nor are lists and dicts of them, which are several inputs."""
    assert not is_stream(x)


@pytest.mark.parametrize(
    ("stream", "count", "in_all", "batches"),
    [
        (Rows(), 20, 40, None),
        (DataLoader(Rows(), batch_size=8), 24, 40, 5),
        (DataLoader(TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)), batch_size=8), 24, 40, 5),
        (generator(), 24, None, None),
    ],
)
def test_the_first_rows_are_drawn(stream, count, in_all, batches):
    """In whole batches until there are enough; single examples are stacked."""
    drawn = first_examples(stream, 20)
    np.testing.assert_array_equal(drawn.x, X[:count])
    np.testing.assert_array_equal(drawn.y, Y[:count])
    assert (drawn.rows, drawn.batches) == (in_all, batches)


def test_random_numbers_of_pytorch_are_left_where_they_were():
    """A loader that shuffles takes its seed from their stream."""
    loader = DataLoader(Rows(), batch_size=8, shuffle=True)
    before = torch.get_rng_state()
    first_examples(loader, 20)
    assert torch.equal(torch.get_rng_state(), before)


def test_several_inputs_are_kept_by_name_and_weights_are_left_out():
    """As Keras gives them; the remark says so."""
    drawn = first_examples(Batches(), 10)
    assert {name: len(part) for name, part in drawn.x.items()} == {"left": 16, "right": 16}
    assert drawn.remark == "Examples: the first 16 of its 40 that Batches gives. Sample weights are left out."


def test_a_model_is_looked_at_through_a_loader():
    """As through the arrays that it gives."""
    torch.manual_seed(0)
    module = torch.nn.Linear(3, 2)
    streamed = observe(module, DataLoader(Rows(), batch_size=40), loss=torch.nn.CrossEntropyLoss())
    given = observe(module, X, Y, loss=torch.nn.CrossEntropyLoss())
    assert streamed.signals.equals(given.signals)
    assert streamed.remarks[0] == "Examples: the first 40 of its 40 that DataLoader gives."


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (iter(()), "gives no examples"),
        (iter([({"ids": ["a"]}, 1)]), r"expected list_iterator to give \(x, y\) with arrays in it, got \(dict, int\)"),
        ((1 / 0 for _ in range(1)), r"x: generator failed\. ZeroDivisionError: .*\(test_streams\.py, line \d+"),
    ],
)
def test_what_gives_no_examples_is_told(stream, words):
    """An empty stream, one of something else, and one that fails."""
    with pytest.raises(ModelError, match=words):
        first_examples(stream, 4)
