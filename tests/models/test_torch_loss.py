"""How a loss of the user's own reads outputs and targets, and what the best constant output reaches under it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import entr, log_softmax
from torch import nn
from torch.nn import functional

from assay.diagnosis import certain_findings
from assay.models.torch_loss import LossCall, broadcast_shapes
from assay.models.torch_reading import TorchReader

GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(60, 4, generator=GENERATOR)
LABELS = torch.arange(60) % 5 % 3  # 24, 24 and 12 of three classes
SHARES = np.array([0.4, 0.4, 0.2])
YES = (torch.arange(60) % 4 == 0).float()[:, None]  # a quarter
NUMBERS = 3 + 2 * X[:, :1]


class Ends(nn.Module):
    """One hidden layer, and what follows the output."""

    def __init__(self, units, end):
        super().__init__()
        torch.manual_seed(0)
        self.hidden, self.output, self.end = nn.Linear(4, 8), nn.Linear(8, units), end

    def forward(self, x):
        return self.end(self.output(torch.tanh(self.hidden(x))))


def facts_of(loss, y, units=3, end=lambda z: z):
    """What is known of a network under a loss."""
    return TorchReader(Ends(units, end), X, y, loss=loss).facts()


def called(function, output, target, **arguments):
    """A call as it is noted."""
    value = function(output, target, **arguments)
    return LossCall.of(function.__name__, function, (output, target), arguments, value)


# --- Which loss it is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "y", "units", "end", "name", "arguments"),
    [
        (nn.CrossEntropyLoss(), LABELS, 3, nn.Identity(), "categorical_crossentropy", {"from_logits": True}),
        (nn.NLLLoss(), LABELS, 3, nn.LogSoftmax(1), "categorical_crossentropy", {}),
        (nn.BCELoss(), YES, 1, nn.Sigmoid(), "binary_crossentropy", {}),
        (nn.BCEWithLogitsLoss(), YES, 1, nn.Identity(), "binary_crossentropy", {"from_logits": True}),
        (nn.MSELoss(), NUMBERS, 1, nn.Identity(), "mean_squared_error", {}),
        (nn.L1Loss(), NUMBERS, 1, nn.Identity(), "mean_absolute_error", {}),
        (nn.SmoothL1Loss(), NUMBERS, 1, nn.Identity(), "huber", {}),
        (nn.HuberLoss(delta=0.5), NUMBERS, 1, nn.Identity(), "huber", {"delta": 0.5}),
        (nn.PoissonNLLLoss(), torch.ones(60, 1), 1, nn.Identity(), "poisson", {}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_each_loss_class_is_read_as_ours(loss, y, units, end, name, arguments):
    """By the function that it calls in the end, as a class, or in a function of the user's own."""
    for given in (loss, lambda output, target: 2 * loss(output, target) + 1):
        known = facts_of(given, y, units, end).loss
        assert (known.name, dict(known.arguments)) == (name, arguments)


def test_a_loss_in_a_closure_reads_the_tensor_that_it_is_given():
    """Of a tuple of outputs the one that the loss takes; its value is what a constant is compared with."""

    class Two(Ends):
        def forward(self, x):
            z = super().forward(x)
            return x, torch.tanh(z)

    loss = lambda outputs, y: functional.mse_loss(outputs[1], y) + 100 * outputs[0].square().mean()  # noqa: E731
    facts = TorchReader(Two(1, nn.Identity()), X, NUMBERS, loss=loss).facts()
    assert facts.output.activation.name == "tanh"
    assert facts.chance_loss == pytest.approx(float(NUMBERS.var(correction=0)), rel=1e-4)


# --- The best constant -----------------------------------------------------------------------------------------------


def test_of_classes_chance_is_the_entropy_of_their_shares():
    """Σ −p log p of 40 %, 40 % and 20 %, for scores and for logarithms of probabilities."""
    entropy = entr(SHARES).sum()
    assert facts_of(nn.CrossEntropyLoss(), LABELS).chance_loss == pytest.approx(entropy, rel=1e-4)
    assert facts_of(nn.NLLLoss(), LABELS, 3, nn.LogSoftmax(1)).chance_loss == pytest.approx(entropy, rel=1e-4)


def test_of_yes_and_no_it_is_the_entropy_of_a_quarter():
    """−¼ log ¼ − ¾ log ¾, for scores and for probabilities."""
    entropy = entr([0.25, 0.75]).sum()
    assert facts_of(nn.BCEWithLogitsLoss(), YES, 1).chance_loss == pytest.approx(entropy, rel=1e-4)
    assert facts_of(nn.BCELoss(), YES, 1, nn.Sigmoid()).chance_loss == pytest.approx(entropy, rel=1e-4)


def test_of_numbers_it_is_the_variance_or_the_distance_from_the_median():
    """The mean and the median are the best constants."""
    numbers = NUMBERS.numpy()
    assert facts_of(nn.MSELoss(), NUMBERS, 1).chance_loss == pytest.approx(numbers.var(), rel=1e-4)
    distance = np.abs(numbers - np.median(numbers)).mean()
    assert facts_of(nn.L1Loss(), NUMBERS, 1).chance_loss == pytest.approx(distance, rel=1e-3)
    by_hand = facts_of(lambda output, target: ((output - target) ** 2).mean(), NUMBERS, 1)
    assert by_hand.chance_loss == pytest.approx(numbers.var(), rel=1e-4)
    assert by_hand.loss is None


def test_an_output_without_an_axis_behind_the_rows_is_one_number():
    """Else each row would have a constant of its own, and chance would be 0."""
    known = facts_of(nn.MSELoss(), NUMBERS[:, 0], 1, lambda z: z.squeeze(1))
    assert known.chance_loss == pytest.approx(float(NUMBERS.var(correction=0)), rel=1e-4)
    yes = facts_of(nn.BCELoss(), YES[:, 0], 1, lambda z: torch.sigmoid(z).squeeze(1))
    assert yes.chance_loss == pytest.approx(entr([0.25, 0.75]).sum(), rel=1e-4)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_weights_and_sums_are_those_of_the_loss(reduction):
    """The minimum over constants by SciPy, of the formula written out."""
    weight, labels = np.array([1.0, 5.0, 0.5]), LABELS.numpy()

    def weighted(constant):
        losses = -weight[labels] * log_softmax(constant)[labels]
        return losses.sum() / (weight[labels].sum() if reduction == "mean" else 1)

    loss = nn.CrossEntropyLoss(weight=torch.tensor(weight).float(), reduction=reduction)
    assert facts_of(loss, LABELS).chance_loss == pytest.approx(minimize(weighted, np.zeros(3)).fun, rel=1e-4)


def test_a_positive_weight_is_that_of_the_loss():
    """−w · ¼ log p − ¾ log(1 − p) is smallest at p = w / (w + 3)."""
    weight = 6.0
    p = weight / (weight + 3)
    expected = -weight * 0.25 * np.log(p) - 0.75 * np.log(1 - p)
    loss = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([weight]))
    assert facts_of(loss, YES, 1).chance_loss == pytest.approx(expected, rel=1e-4)


# --- The smallest loss -----------------------------------------------------------------------------------------------

SOFT = torch.softmax(X[:, :3], 1)


def test_the_floor_of_soft_targets_is_their_entropy():
    """No output reaches less than the mean of Σ −t log t; of hard ones and of numbers it is 0."""
    output = torch.zeros(60, 3)
    entropy = entr(SOFT.numpy()).sum(1).mean()
    assert called(functional.cross_entropy, output, SOFT).floor() == pytest.approx(entropy, rel=1e-5)
    assert called(functional.cross_entropy, output, LABELS).floor() == 0
    assert called(functional.mse_loss, output, SOFT).floor() == 0
    labels = torch.sigmoid(X[:, :1])
    expected = (entr(labels.numpy()) + entr(1 - labels.numpy())).mean()
    for function, outputs in (
        (functional.binary_cross_entropy, torch.full((60, 1), 0.5)),
        (functional.binary_cross_entropy_with_logits, torch.zeros(60, 1)),
    ):
        assert called(function, outputs, labels).floor() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("function", "target", "arguments"),
    [
        (functional.cross_entropy, SOFT, {"weight": torch.tensor([1.0, 5.0, 0.5])}),
        (functional.cross_entropy, SOFT, {"label_smoothing": 0.2}),
        (functional.binary_cross_entropy_with_logits, SOFT, {"pos_weight": torch.tensor([1.0, 5.0, 0.5])}),
        (functional.poisson_nll_loss, torch.exp(X[:, :3]).round(), {}),
        (functional.poisson_nll_loss, 1 + torch.exp(X[:, :3]).round(), {"full": True}),
    ],
)
def test_no_output_reaches_less_than_the_floor_and_descent_comes_near(function, target, arguments):
    """Of weighted and smoothed targets, and of counts: the outputs themselves are fitted, in float64."""
    target = target.double()
    arguments = {name: value.double() if torch.is_tensor(value) else value for name, value in arguments.items()}
    output = torch.zeros(60, 3, dtype=torch.float64, requires_grad=True)
    floor = called(function, output.detach(), target, **arguments).floor()
    optimizer = torch.optim.LBFGS([output], max_iter=200, tolerance_grad=1e-9, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        value = function(output, target, **arguments)
        value.backward()
        return value

    optimizer.step(closure)
    reached = function(output, target, **arguments).item()
    assert floor <= reached + 1e-9
    assert floor == pytest.approx(reached, abs=1e-3)


# --- What does not fit -----------------------------------------------------------------------------------------------


def certain_of(loss, y, units=3, end=lambda z: z) -> set[str]:
    """What is found without measuring."""
    return {finding.symptom for finding in certain_findings(facts_of(loss, y, units, end))}


def test_nll_loss_takes_logarithms():
    """Raw scores and probabilities are no logarithms of them; those of a log_softmax, or of log(softmax), are."""
    learnable = X[:, :3].argmax(1)
    assert certain_of(nn.NLLLoss(), learnable) == {"output_loss_mismatch"}
    assert certain_of(nn.NLLLoss(), learnable, 3, nn.Softmax(1)) == {"output_loss_mismatch"}
    assert certain_of(nn.NLLLoss(), learnable, 3, nn.LogSoftmax(1)) == set()
    assert certain_of(nn.NLLLoss(), learnable, 3, lambda z: torch.log(torch.softmax(z, 1))) == set()


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize(
    "loss", [nn.MSELoss(), nn.L1Loss(), nn.HuberLoss(), nn.SmoothL1Loss(), lambda o, t: ((o - t) ** 2).mean()]
)
def test_a_column_against_a_row_is_named(loss):
    """Of shapes (n, 1) and (n,) a table of (n, n) is made; of equal ones none."""
    assert certain_of(loss, X[:, 0], 1) == {"broadcast_targets"}
    assert certain_of(loss, X[:, :1], 1) == set()


@pytest.mark.parametrize(
    ("output", "target", "is_broadcast"),
    [
        ((6, 1), (6,), True),
        ((6,), (6, 1), True),
        ((6, 3), (6, 3), False),
        ((6, 3), (1, 3), False),
        ((6, 1), (1,), False),
    ],
)
def test_shapes_that_make_more_numbers_than_either_has(output, target, is_broadcast):
    """A row that is subtracted from all others makes none."""
    found = broadcast_shapes(torch.zeros(output), torch.zeros(target))
    assert found == ((output, target) if is_broadcast else None)


def test_labels_beyond_the_outputs_are_kept_as_a_fact():
    """Labels 1, 2, 3 under three outputs; PyTorch alone would end with an IndexError."""
    assert facts_of(nn.CrossEntropyLoss(), LABELS + 1).as_read.labels_beyond == (1.0, 3.0, 3)
    assert facts_of(nn.CrossEntropyLoss(), LABELS).as_read.labels_beyond is None
    ignored = torch.where(LABELS == 2, -100, LABELS)
    assert facts_of(nn.CrossEntropyLoss(), ignored).as_read.labels_beyond is None


def test_bce_loss_on_raw_scores_or_labels_of_minus_1_ends_with_a_finding():
    """PyTorch raises a RuntimeError at the first, and takes the second as it is."""
    assert "output_loss_mismatch" in certain_of(nn.BCELoss(), YES, 1)
    assert facts_of(nn.BCELoss(), 2 * YES - 1, 1, nn.Sigmoid()).as_read.labels_beyond == (-1.0, 1.0, 1)


def test_labels_that_a_loss_of_scores_takes_without_an_error_are_kept_too():
    """It computes the loss of any target; the values of the user's own loss are those that it gives."""
    assert facts_of(nn.BCEWithLogitsLoss(), 2 * YES - 1, 1).as_read.labels_beyond == (-1.0, 1.0, 1)
    assert facts_of(nn.BCEWithLogitsLoss(), 0.9 * YES, 1).as_read.labels_beyond is None
