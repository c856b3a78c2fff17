"""Examples out of loaders, data sets and generators."""

from __future__ import annotations

import numpy as np
import pytest

import assay
from assay.errors import ModelError
from assay.models import observe
from assay.models.streams import drawn_examples, is_stream

torch = pytest.importorskip("torch")
from torch.utils.data import DataLoader, Dataset  # noqa: E402

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
        (Rows(), 40, 40, None),
        (DataLoader(Rows(), batch_size=8), 40, 40, 5),
        (generator(), 24, None, None),
    ],
)
def test_the_first_rows_are_drawn(stream, count, in_all, batches):
    """In whole batches until there are enough; single examples are stacked."""
    drawn = drawn_examples(stream, 20 if in_all is None else 40)
    np.testing.assert_array_equal(drawn.x, X[:count])
    np.testing.assert_array_equal(drawn.y, Y[:count])
    assert (drawn.rows, drawn.batches) == (in_all, batches)


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (Rows(), np.linspace(0, 39, 14).round()),
        (DataLoader(Rows(), batch_size=5), [5 * part + row for part in range(8) for row in (0, 1)]),
        (
            DataLoader(Rows(), batch_size=3),
            [3 * round(part * 13 / 7) + row for part in range(8) for row in (0, 1)][:15],
        ),
    ],
    ids=["single examples", "8 batches of 5", "14 batches of 3"],
)
def test_what_is_in_order_is_looked_at_from_its_beginning_to_its_end(stream, expected):
    """For its rows may be sorted: fourteen rows from eight places of a loader, or one by one of a data set."""
    drawn = drawn_examples(stream, 14)
    np.testing.assert_array_equal(drawn.x, X[np.asarray(expected, int)])
    assert drawn.remark.endswith("of its 40 that " + type(stream).__name__ + " gives, from its beginning to its end.")


class Sorted(Dataset):
    """Four hundred rows, two classes, one after the other; or amounts that rise."""

    def __init__(self, kind):
        self.kind = kind

    def __len__(self):
        return 400

    def __getitem__(self, place):
        return torch.full((3,), place / 400), int(place >= 200) if self.kind == "classes" else torch.tensor(
            [place / 400]
        )


@pytest.mark.parametrize("kind", ["classes", "amounts"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_loader_of_sorted_rows_that_does_not_shuffle_is_a_finding(kind, shuffle):
    """Its batches are looked at as they come; all classes are seen, so the targets are not called constant."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2 if kind == "classes" else 1)
    )
    loss = torch.nn.CrossEntropyLoss() if kind == "classes" else torch.nn.MSELoss()
    optimizer = torch.optim.Adam(module.parameters(), 0.01)
    report = assay.probe(module, DataLoader(Sorted(kind), 20, shuffle=shuffle), loss=loss, optimizer=optimizer)
    (found,) = report.findings.values()
    named = {one.symptom for one in found}
    assert ("sorted_batches" in named) == (not shuffle)
    assert "constant_targets" not in named


def test_the_budget_of_a_loader_is_that_of_its_own_batches():
    """Ten epochs of 20 batches; the rows that were looked at do not matter."""
    module = torch.nn.Linear(3, 2)
    observation = observe(module, DataLoader(Sorted("classes"), 20), loss=torch.nn.CrossEntropyLoss())
    assert observation.facts.steps == 200
    assert observation.facts.is_budget_assumed
    assert "Assumed: a budget of 10 epochs of its 20 batches, 200 updates." in observation.remarks


def test_an_output_of_several_is_chosen_for_pytorch_too():
    """By its name in a dict."""

    class Heads(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = torch.nn.Linear(3, 2), torch.nn.Linear(3, 5)

        def forward(self, x):
            return {"left": self.left(x), "right": self.right(x)}

    report = assay.probe(Heads(), X, Y, loss=torch.nn.CrossEntropyLoss(), output="right")
    gradients = {parameter.name: parameter.gradient for parameter in report.conditions[0].facts.parameters}
    assert gradients["left.weight"] == 0
    assert gradients["right.weight"] > 0
    with pytest.raises(ModelError, match="returns no 'middle'"):
        assay.probe(Heads(), X, Y, loss=torch.nn.CrossEntropyLoss(), output="middle")


def test_random_numbers_of_pytorch_are_left_where_they_were():
    """A loader that shuffles takes its seed from their stream."""
    loader = DataLoader(Rows(), batch_size=8, shuffle=True)
    before = torch.get_rng_state()
    drawn_examples(loader, 20)
    assert torch.equal(torch.get_rng_state(), before)


def test_several_inputs_are_kept_by_name_and_weights_are_left_out():
    """As Keras gives them; the remark says so."""
    drawn = drawn_examples(Batches(), 10)
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
        drawn_examples(stream, 4)
