from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch

import assay
from assay.diagnosis import symptom_of
from assay.diagnosis.facts import BatchMix
from assay.diagnosis.loop import LoopFacts
from assay.diagnosis.watched import loop_outcome
from assay.models.batch_mix import MixSums

RULE = symptom_of("sorted_batches").in_loop


def batch_mix(batches):
    """What a watcher's sums say of some batches."""
    sums = MixSums()
    for rows in batches:
        sums.add(rows)
    return sums.mix()


def seen(mix):
    return list(RULE(LoopFacts(400, batch_mix=mix)))


@pytest.mark.parametrize(
    ("mix", "is_found"),
    [
        (BatchMix(8, 0.51, 0.03), True),
        (BatchMix(8, 0.49, 0.03), False),
        (BatchMix(5, 0.99, 0.03), False),  # too few batches
        (BatchMix(8, 0.99, 0.11), False),  # of a few rows each
        (None, False),
    ],
)
def test_batches_that_differ_more_than_their_rows_are_found(mix, is_found):
    """From half of the variance on, of enough batches of enough rows."""
    assert [one.level for one in seen(mix)] == ["note"] * is_found


def test_the_loss_of_sorted_batches_does_not_tell_what_was_learnt():
    """It is low where the network knows the kind of the batch alone."""
    losses = tuple((step, 0.7 / step) for step in range(1, 20))
    mixed, ordered = (LoopFacts(20, losses=losses, batch_mix=BatchMix(19, share, 0.03)) for share in (0.03, 0.9))
    assert loop_outcome(mixed, 0.7) == "learnt"
    assert loop_outcome(ordered, 0.7) == "unknown"


def test_the_mean_over_all_ways_of_dealing_is_that_of_the_formula():
    """All 720 orders of six rows in batches of 1, 2 and 3: (k − 1) / (N − 1) = 2 / 5."""
    rows = np.random.default_rng(0).standard_normal((6, 2))
    found = [
        batch_mix([rows[list(order[:1])], rows[list(order[1:3])], rows[list(order[3:])]])
        for order in permutations(range(6))
    ]
    assert found[0].by_chance == pytest.approx(0.4)
    assert np.mean([one.between for one in found]) == pytest.approx(0.4)


def test_the_share_is_that_of_an_analysis_of_variance():
    """1 where all rows of a batch are equal, 0 where all batches have one mean; between them as SciPy's F says."""
    from scipy.stats import f_oneway

    assert batch_mix([np.zeros((4, 1)), np.ones((4, 1))]).between == 1
    assert batch_mix([np.eye(2), np.eye(2)[::-1]]).between == 0
    random = np.random.default_rng(1)
    batches = [random.standard_normal((9, 1)) + shift for shift in (0.0, 0.5, 1.5)]
    share = batch_mix(batches).between
    assert share / (1 - share) * (27 - 3) / (3 - 1) == pytest.approx(f_oneway(*batches).statistic[0])


def test_labels_count_as_their_columns():
    """Whatever lies outside of the classes is left out."""
    random = np.random.default_rng(2)
    of_labels, of_columns = MixSums(), MixSums()
    for share in (0.1, 0.5, 0.8):
        labels = np.where(random.uniform(size=20) < share, 2, random.integers(0, 2, 20))
        of_labels.add_labels(np.append(labels, -100), 3)
        of_columns.add(np.eye(3)[labels])
    assert of_labels.mix().between == pytest.approx(of_columns.mix().between)
    assert of_labels.mix().by_chance == of_columns.mix().by_chance


def test_large_targets_keep_their_digits():
    """Amounts about 10⁶ with a spread of 1."""
    random = np.random.default_rng(3)
    batches = [random.standard_normal((9, 1)) + shift for shift in (0.0, 2.0)]
    assert batch_mix([rows + 1e6 for rows in batches]).between == pytest.approx(batch_mix(batches).between, rel=1e-6)


def test_targets_that_do_not_vary_have_no_share():
    """Nor has a single batch."""
    assert batch_mix([np.ones((4, 1)), np.ones((4, 1))]) is None
    assert batch_mix([np.eye(2)]) is None


@pytest.mark.parametrize("order", ["sorted", "shuffled"])
@pytest.mark.parametrize("kind", ["classes", "amounts"])
def test_a_loader_that_does_not_shuffle_sorted_rows_is_found(kind, order):
    """Five passes over 640 rows; of classes by their shares, of amounts by their means."""
    torch.manual_seed(0)
    x = torch.randn(640, 6)
    amounts = x.sum(dim=1, keepdim=True)
    y = (amounts[:, 0] > 0).long() if kind == "classes" else amounts
    rows = amounts[:, 0].argsort()
    model = torch.nn.Sequential(
        torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2 if kind == "classes" else 1)
    )
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    criterion = torch.nn.CrossEntropyLoss() if kind == "classes" else torch.nn.MSELoss()
    data = torch.utils.data.TensorDataset(x[rows], y[rows])
    loader = torch.utils.data.DataLoader(data, batch_size=32, shuffle=order == "shuffled")
    watch = assay.watch(model, optimizer, criterion, verbose=False)
    for _ in range(5):
        for inputs, targets in loader:
            optimizer.zero_grad()
            criterion(model(inputs), targets).backward()
            optimizer.step()
    watch.close()
    assert ("sorted_batches" in [one.symptom for one in watch.findings]) == (order == "sorted")
