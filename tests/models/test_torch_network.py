"""A module as pure functions: ways around its layers, outputs that are bent, and a module that is left as it was."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

import assay
from assay.diagnosis import certain_findings
from assay.models.torch_reading import TorchReader

X = torch.randn(40, 4, generator=torch.Generator().manual_seed(0))
Y = X[:, :1] * X[:, 1:2]
LABELS = X.argmax(1)

# --- Ways around -----------------------------------------------------------------------------------------------------


class Skips(nn.Module):
    """A plain layer, a sum around one, two branches that are put side by side, and a sum around two layers."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.enter, self.summed, self.left, self.right = (nn.Linear(4, 4) for _ in range(4))
        self.first, self.second, self.leave = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 1)

    def forward(self, x):
        h = torch.tanh(self.enter(x))
        h = h + torch.tanh(self.summed(h))
        h = torch.cat([self.left(h), self.right(h)], dim=1)
        h = h + self.second(torch.relu(self.first(h)))
        return self.leave(h)


def cut_by_hand(module: nn.Module, name: str) -> bool:
    """Whether the output still depends on the inputs when a layer gives zeros."""
    layer = dict(module.named_modules())[name]
    handle = layer.register_forward_hook(lambda _, given, output: torch.zeros_like(output))
    x = X.clone().requires_grad_()
    output = module(x).sum()
    handle.remove()
    if not output.requires_grad:
        return False
    (slope,) = torch.autograd.grad(output, x, allow_unused=True, materialize_grads=True)
    return bool(slope.any())


@pytest.mark.parametrize("loss", [nn.MSELoss(), lambda output, y: (output - y).square().mean()])
def test_a_way_around_a_layer_is_what_is_left_when_it_is_cut(loss):
    """The output depends on the inputs through what is left."""
    module = Skips()
    layers = TorchReader(module, X, Y, loss=loss, optimizer="adam").layers
    told = {layer.name: layer.is_residual for layer in layers}
    assert told == {layer.name: cut_by_hand(module, layer.name) for layer in layers}
    assert {name for name, is_residual in told.items() if not is_residual} == {"enter", "leave"}


def test_under_bce_loss_the_ways_are_the_same():
    """Its probabilities are held within 0 and 1 beside the loss, not in the network."""

    class Ends(Skips):
        def forward(self, x):
            return torch.sigmoid(super().forward(x))

    layers = TorchReader(Ends(), X, (Y > 0).float(), loss=nn.BCELoss(), optimizer="adam").layers
    assert [layer.is_residual for layer in layers] == [False, True, True, True, True, True, False]


# --- Outputs that are bent -------------------------------------------------------------------------------------------


class Ends(nn.Module):
    """One hidden layer, and what follows the output."""

    def __init__(self, end, units=1):
        super().__init__()
        torch.manual_seed(0)
        self.hidden, self.output, self.end = nn.Linear(4, 8), nn.Linear(8, units), end

    def forward(self, x):
        return self.end(self.output(torch.tanh(self.hidden(x))))


@pytest.mark.parametrize(
    "end",
    [
        lambda z: 10 * torch.tanh(z),
        lambda z: torch.sigmoid(z) * 2 - 1,
        lambda z: torch.sigmoid(z) + 1,
        lambda z: 1 + torch.relu(z),
        lambda z: torch.sigmoid(torch.tanh(z)),
        lambda z: z + torch.tanh(z),
    ],
)
def test_an_activation_whose_numbers_are_moved_on_is_not_that_of_the_output(end):
    """Its range is another, and nothing certain can be said of targets beyond."""
    facts = TorchReader(Ends(end), X, 5 * Y, loss=nn.MSELoss()).facts()
    assert facts.output.activation is None
    assert certain_findings(facts) == []


@pytest.mark.parametrize(
    ("end", "name"),
    [
        (torch.tanh, "tanh"),
        (lambda z: torch.sigmoid(z).reshape(-1, 1), "sigmoid"),
        (lambda z: torch.relu(z.unsqueeze(2)).squeeze(2), "relu"),
        (lambda z: z, "linear"),
    ],
)
def test_what_only_arranges_the_numbers_leaves_the_activation(end, name):
    """Reshaping moves none out of its range."""
    reader = TorchReader(Ends(end), X, Y, loss=nn.MSELoss(), optimizer="adam")
    assert reader.layers[-1].activation.name == name


# --- As it was -------------------------------------------------------------------------------------------------------


class Everything(nn.Module):
    """Buffers, dropout, a frozen layer in its own mode, a layer in a list, and random numbers in the forward pass."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.enter, self.frozen, self.leave = nn.Linear(4, 6), nn.Linear(6, 6), nn.Linear(6, 4)
        self.norm, self.drop = nn.BatchNorm1d(6), nn.Dropout(0.5)
        self.frozen.requires_grad_(False)
        self.frozen.eval()
        self.listed = [nn.Linear(6, 6)]
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        h = self.drop(torch.relu(self.norm(self.enter(x)))) + 0.01 * torch.randn(len(x), 6)
        return self.leave(torch.relu(self.frozen(self.listed[0](h))))


def test_a_probe_leaves_everything_as_it_was_to_the_bit(is_same):
    """Parameters, buffers, gradients, modes, the random stream, the optimizer and its schedule; and the examples."""
    module, loss = Everything(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    loss(module(X), LABELS).backward()
    optimizer.step()
    schedule.step()
    held = {
        "state": copy.deepcopy(module.state_dict()),
        "listed": copy.deepcopy(module.listed[0].state_dict()),
        "optimizer": copy.deepcopy(optimizer.state_dict()),
        "gradients": {name: copy.deepcopy(own.grad) for name, own in module.named_parameters()},
        "modes": [part.training for part in module.modules()],
        "schedule": schedule.state_dict().copy(),
        "random": torch.get_rng_state(),
        "x": X.clone(),
    }
    own = {name: id(tensor) for name, tensor in module.named_parameters()}
    assay.probe(module, X, LABELS, loss=loss, optimizer=optimizer)
    now = {
        "state": module.state_dict(),
        "listed": module.listed[0].state_dict(),
        "optimizer": optimizer.state_dict(),
        "gradients": {name: tensor.grad for name, tensor in module.named_parameters()},
        "modes": [part.training for part in module.modules()],
        "schedule": schedule.state_dict(),
        "random": torch.get_rng_state(),
        "x": X,
    }
    different = [name for name in held if not is_same(held[name], now[name])]
    assert different == []
    assert own == {name: id(tensor) for name, tensor in module.named_parameters()}
