"""Reading a PyTorch module."""

from __future__ import annotations

import sys

import keras
import numpy as np
import pytest
import torch
from keras import layers
from torch import nn
from torch.nn import functional

from assay.choices import Choice
from assay.errors import MissingExtra, ModelError
from assay.models import observe
from assay.models.torch_layers import loss_of, optimizer_of
from assay.models.torch_reading import TorchReader
from assay.models.updates import next_parameters

# NumPy's to Keras, about how it reads its own variables.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

KEY = ["epoch", "layer", "quantity", "statistic"]
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((30, 4)).astype(np.float32)
LABELS = RANDOM.integers(0, 3, 30)


class Pictures(nn.Module):
    """A convolution and two dense layers, with activations as functions, one of them in place."""

    def __init__(self):
        super().__init__()
        self.convolution, self.hidden, self.output = nn.Conv2d(3, 4, 3), nn.Linear(36, 10), nn.Linear(10, 3)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.convolution(x), inplace=True), 2)
        return self.output(torch.tanh(self.hidden(x.permute(0, 2, 3, 1).flatten(1))))


@pytest.mark.slow
def test_a_module_with_a_keras_models_weights_has_its_signals():
    """Convolutions and dense layers of the same weights give the same tables, whoever computes them."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="tanh"),
            layers.Dense(3),
        ]
    )
    rule = keras.optimizers.SGD(0.05, momentum=0.9)
    model.compile(rule, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    module = Pictures()
    with torch.no_grad():
        kernel, bias = model.layers[0].get_weights()
        module.convolution.weight.copy_(torch.tensor(kernel.transpose(3, 2, 0, 1)))
        module.convolution.bias.copy_(torch.tensor(bias))
        for layer, part in ((model.layers[3], module.hidden), (model.layers[4], module.output)):
            part.weight.copy_(torch.tensor(layer.get_weights()[0].T))
            part.bias.copy_(torch.tensor(layer.get_weights()[1]))
    x = RANDOM.standard_normal((24, 8, 8, 3)).astype(np.float32)
    from_keras = observe(model, x, LABELS[:24])
    optimizer = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    from_torch = observe(module, x.transpose(0, 3, 1, 2), LABELS[:24], loss=nn.CrossEntropyLoss(), optimizer=optimizer)
    both = from_keras.signals.join(from_torch.signals, on=KEY, how="full")
    assert both.null_count().sum_horizontal().item() == 0
    np.testing.assert_allclose(both["value_right"], both["value"], rtol=1e-3, atol=1e-5)
    assert from_torch.layer_names == ("convolution", "hidden", "output")
    assert [layer.activation for layer in from_torch.facts.layers] == [
        layer.activation for layer in from_keras.facts.layers
    ]
    assert from_torch.facts.chance_loss == pytest.approx(from_keras.facts.chance_loss)
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert all(parameter.grad is None for parameter in module.parameters())


class Block(nn.Module):
    """A sum around two layers with batch normalization; dropout behind."""

    def __init__(self):
        super().__init__()
        self.enter, self.inner, self.leave = nn.Linear(4, 6), nn.Linear(6, 6), nn.Linear(6, 1)
        self.norm, self.act, self.drop = nn.BatchNorm1d(6), nn.LeakyReLU(0.1), nn.Dropout(0.5)

    def forward(self, x):
        h = self.act(self.enter(x))
        return torch.sigmoid(self.leave(self.drop(h + functional.gelu(self.norm(self.inner(h))))))


def test_normalization_ways_around_and_arguments_are_told():
    """What stands between two kernels is seen in which function takes which tensor; modes and buffers stay."""
    module = Block()
    state = torch.get_rng_state()
    y = (LABELS > 0).astype(np.float32)[:, None]
    observation = observe(module, X, y, loss=nn.BCELoss(), optimizer="adam")
    enter, inner, leave = observation.facts.layers
    assert [layer.activation for layer in (enter, inner, leave)] == [
        Choice("leaky_relu", {"negative_slope": 0.1}),
        Choice("gelu"),
        Choice("sigmoid"),
    ]
    assert (enter.is_normalized, inner.is_normalized, inner.is_residual, leave.is_residual) == (
        False,
        True,
        True,
        False,
    )
    assert observation.facts.task == "binary"
    assert torch.equal(module.norm.running_mean, torch.zeros(6))
    assert module.norm.num_batches_tracked == 0
    assert all(part.training for part in module.modules())
    assert torch.equal(state, torch.get_rng_state())
    # Statistics of the batch: what the activation is given has mean 0 and standard deviation 1 in each unit.
    row = observation.signals.filter(layer=2, quantity="preactivations", statistic="std")
    assert row["value"].item() == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
        lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.1),
        lambda p: torch.optim.Adam(p, lr=0.01, amsgrad=True, eps=1e-3),
        lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
        lambda p: torch.optim.Adamax(p, lr=0.01),
        lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.95, momentum=0.5),
        lambda p: torch.optim.Adagrad(p, lr=0.01),
        lambda p: torch.optim.Adadelta(p, lr=0.5),
    ],
)
def test_the_first_update_is_that_of_the_optimizer(make):
    """Each optimizer of PyTorch that has a name here makes the first update that the choice makes."""
    weight = torch.tensor(RANDOM.standard_normal((3, 5)).astype(np.float32), requires_grad=True)
    gradient = RANDOM.standard_normal((3, 5)).astype(np.float32)
    optimizer = make([weight])
    choice, penalty = optimizer_of(optimizer)
    before = weight.detach().numpy().copy()
    (ours,) = next_parameters(choice, [before], [gradient + penalty * before])
    weight.grad = torch.tensor(gradient)
    optimizer.step()
    np.testing.assert_allclose(ours, weight.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_losses_have_their_names():
    """The losses of torch.nn are named with their arguments; weighted ones and others are not ours."""
    assert loss_of(nn.CrossEntropyLoss(label_smoothing=0.1)) == Choice(
        "categorical_crossentropy", {"from_logits": True, "label_smoothing": 0.1}
    )
    assert loss_of(nn.BCEWithLogitsLoss()) == Choice("binary_crossentropy", {"from_logits": True})
    assert loss_of(nn.HuberLoss(delta=0.5)) == Choice("huber", {"delta": 0.5})
    assert loss_of(functional.mse_loss) == Choice("mean_squared_error")
    assert loss_of(nn.L1Loss()) == Choice("mean_absolute_error")
    assert loss_of(nn.CrossEntropyLoss(weight=torch.ones(3))) is None
    assert loss_of(nn.MSELoss(reduction="sum")) is None
    assert loss_of(nn.NLLLoss()) is None


def test_an_activation_written_by_hand_is_told_by_its_numbers():
    """A function that has no name of an activation is compared with those that we have."""

    class ByHand(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(4, 5), nn.Linear(5, 3)

        def forward(self, x):
            return self.last(torch.clamp(self.first(x), min=0))

    reader = TorchReader(ByHand(), X, LABELS)
    assert [layer.activation for layer in reader.layers] == [Choice("relu"), Choice("linear")]
    assert reader.facts().optimizer is None


@pytest.mark.parametrize(
    ("make", "x", "words"),
    [
        (lambda: nn.Flatten(), X, "expected a Linear, Conv1d, Conv2d or Conv3d layer, got none"),
        (lambda: nn.Linear(5, 3), X, "it fails on these examples. RuntimeError: mat1 and mat2"),
        (lambda: nn.Linear(4, 3), X[:7], "expected 7 targets, one for each example of x, got 30"),
        (lambda: nn.Conv2d(3, 4, 3), None, "does not tell the shape of its inputs"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(make, x, words):
    """A module without a kernel, and examples that do not fit, are told in words."""
    with pytest.raises(ModelError, match=words):
        observe(make(), x, LABELS)


def test_without_pytorch_the_line_that_installs_it_is_told(monkeypatch):
    """The extra names itself where it is missing."""
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "assay.models.torch_reading")
    with pytest.raises(MissingExtra, match=r"pip install 'assay\[torch\]'"):
        import assay.models.torch_reading  # noqa: F401
