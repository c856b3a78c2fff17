"""Layers of every kind that people use are read: embeddings, recurrent layers, attention, transposed convolutions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import assay
from assay.diagnosis.facts import LookupFacts
from assay.diagnosis.start import certain_findings
from assay.errors import ModelError
from assay.models.torch_attention import attention_of, scaled_scores, scores_of_heads
from assay.models.torch_kernels import Kernel
from assay.models.torch_reading import observe_torch

WORDS = torch.randint(0, 20, (12, 7), generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(12) % 3
LOSS = nn.CrossEntropyLoss()


class Recurrent(nn.Module):
    """Words, a recurrent layer, and a decision by its last state."""

    def __init__(self, kind=nn.LSTM, *, batch_first=True):
        super().__init__()
        self.words, self.cell = nn.Embedding(20, 5), kind(5, 6, batch_first=batch_first)
        self.head, self.batch_first = nn.Linear(6, 3), batch_first

    def forward(self, words):
        x = self.words(words)
        outputs, _ = self.cell(x if self.batch_first else x.transpose(0, 1))
        return self.head(outputs[:, -1] if self.batch_first else outputs[-1])


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_embeddings_and_recurrent_layers_are_layers(kind):
    """Each has its rows; what a gate is given is not seen, so a recurrent layer has none of its pre-activations."""
    torch.manual_seed(0)
    model = Recurrent(kind)
    seen = observe_torch(model, WORDS, LABELS, loss=LOSS, optimizer="adam")
    assert [(layer.name, layer.kind) for layer in seen.facts.layers] == [
        ("words", "embedding"),
        ("cell", "recurrent"),
        ("head", "dense"),
    ]
    assert not any(layer.is_chained for layer in seen.facts.layers[:2])
    assert seen.facts.layers[0].lookup == (int(WORDS.min()), int(WORDS.max()), 20)
    assert seen.facts.unseen == ()
    of_cell = set(seen.signals.filter(layer=2)["quantity"])
    assert {"activations", "kernel", "kernel_gradient", "update"} <= of_cell
    assert "preactivations" not in of_cell

    def value(layer, quantity, statistic):
        return seen.signals.filter(layer=layer, quantity=quantity, statistic=statistic)["value"].item()

    with torch.no_grad():
        looked_up = model.words(WORDS)
        outputs = model.cell(looked_up)[0]
    assert value(1, "preactivations", "rms") == pytest.approx(float(looked_up.square().mean().sqrt()), rel=1e-5)
    assert value(2, "activations", "std") == pytest.approx(float(outputs.std(correction=0)), rel=1e-5)
    matrices = [model.cell.weight_ih_l0.detach(), model.cell.weight_hh_l0.detach()]
    rms = math.sqrt(sum(float(own.square().sum()) for own in matrices) / sum(own.numel() for own in matrices))
    assert value(2, "kernel", "rms") == pytest.approx(rms, rel=1e-5)


@pytest.mark.parametrize("batch_first", [True, False])
def test_the_gradient_through_time_is_that_of_the_inputs(batch_first):
    """Its ratio, first step to last, is what autograd finds for the vectors that the layer is given."""
    torch.manual_seed(0)
    model = Recurrent(batch_first=batch_first)
    seen = observe_torch(model, WORDS, LABELS, loss=LOSS)
    x = model.words(WORDS).detach()
    x = (x if batch_first else x.transpose(0, 1)).requires_grad_()
    outputs = model.cell(x)[0]
    LOSS(model.head(outputs[:, -1] if batch_first else outputs[-1]), LABELS).backward()
    slope = x.grad if batch_first else x.grad.transpose(0, 1)
    ratio = float(slope[:, 0].norm() / slope[:, -1].norm())
    assert ratio < 0.5
    assert seen.facts.layers[1].through_time == pytest.approx(ratio, rel=1e-4)


def test_an_index_outside_its_table_is_a_finding_with_the_tables_name():
    """PyTorch says neither which index nor which embedding; the rest is looked at with the nearest row that it has."""
    beyond = torch.where(WORDS == 3, 20, WORDS) * (WORDS != 5)
    module = Recurrent()
    seen = observe_torch(module, beyond, LABELS, loss=LOSS)
    assert seen.facts.lookups_beyond == (LookupFacts("words", 0, 20, 20),)
    assert [one.symptom for one in certain_findings(seen.facts)] == ["lookup_out_of_range"]
    held = observe_torch(module, beyond.clamp(0, 19), LABELS, loss=LOSS)
    assert held.facts.lookups_beyond == ()
    assert seen.signals.equals(held.signals)


class Heads(nn.Module):
    """Attention by PyTorch's layer, by its function or by hand, of words given as vectors."""

    def __init__(self, way):
        super().__init__()
        self.way, self.enter, self.head = way, nn.Linear(4, 12), nn.Linear(4, 3)
        self.heads = nn.MultiheadAttention(4, 2, batch_first=True) if way == "layer" else None

    def forward(self, x):
        if self.heads is not None:
            return self.head(self.heads(x, x, x)[0].mean(dim=1))
        q, k, v = self.enter(x).chunk(3, dim=-1)
        if self.way == "function":
            return self.head(functional.scaled_dot_product_attention(q, k, v).mean(dim=1))
        weights = torch.softmax(q @ k.transpose(1, 2) / 2, dim=-1)
        return self.head((functional.dropout(weights, training=self.training) @ v).mean(dim=1))


@pytest.mark.parametrize("way", ["layer", "function", "hand"])
def test_attention_is_seen_however_it_is_written(way):
    """One attention over five positions, nearly even at its start; the layer of PyTorch's is one of the tables."""
    torch.manual_seed(0)
    seen = observe_torch(Heads(way), torch.randn(9, 5, 4), torch.arange(9) % 3, loss=LOSS)
    [attention] = seen.facts.attentions
    assert attention.positions == 5
    assert 0.9 < attention.entropy < 1
    assert attention.saturated == 0
    kinds = [layer.kind for layer in seen.facts.layers]
    assert kinds == (["attention", "dense"] if way == "layer" else ["dense", "dense"])


def test_the_entropy_of_even_and_of_certain_attention():
    """Equal scores have entropy log n, a share of 1; one score far above the others 0, and its row is saturated."""
    even = attention_of("a", torch.zeros(2, 3, 4))
    assert (even.entropy, even.saturated, even.positions) == (pytest.approx(1), 0, 4)
    certain = attention_of("a", torch.tensor([[100.0, 0, 0, 0]]))
    assert (certain.entropy, certain.saturated) == (pytest.approx(0, abs=1e-6), 1)
    # Masked positions do not count: half of four are two.
    masked = attention_of("a", torch.tensor([[0.0, 0, -math.inf, -1e9]]))
    assert (masked.entropy, masked.positions) == (pytest.approx(1), 2)
    assert attention_of("a", torch.zeros(5, 1)) is None


def test_scores_are_those_that_pytorch_takes_the_softmax_of():
    """Applied to the values they give what PyTorch's own functions give, causal or not."""
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 8, 2, 5, 4)
    for is_causal in (False, True):
        expected = functional.scaled_dot_product_attention(q, k, v, is_causal=is_causal)
        scores = scaled_scores((q, k, v), {"is_causal": is_causal})
        torch.testing.assert_close(scores.softmax(dim=-1) @ v, expected)
    heads = nn.MultiheadAttention(6, 3)
    x = torch.randn(5, 2, 6)
    _, weights = heads(x, x, x, average_attn_weights=False)
    given = (x, x, x, 6, 3, heads.in_proj_weight, heads.in_proj_bias)
    torch.testing.assert_close(scores_of_heads(given, {}).softmax(dim=-1), weights)


def test_a_transposed_convolution_with_groups_has_a_row_for_each_output():
    """A unit's row holds the weights that it meets: with one input set to 1, those are its outputs."""
    torch.manual_seed(0)
    layer = nn.ConvTranspose1d(4, 6, 3, groups=2, bias=False)
    kernel = Kernel("conv_transpose1d", (layer.weight,), is_transposed=True, groups=2)
    rows = kernel.rows(layer.weight.detach().numpy())
    assert rows.shape == kernel.shape == (6, 6)
    for channel in range(4):
        x = torch.zeros(1, 4, 1)
        x[0, channel] = 1
        made = layer(x)[0].detach().numpy()
        group, place = divmod(channel, 2)
        expected = np.zeros((6, 3))
        expected[3 * group : 3 * group + 3] = rows.reshape(6, 2, 3)[3 * group : 3 * group + 3, place]
        np.testing.assert_allclose(made, expected, rtol=1e-6)


def test_of_a_cell_in_a_loop_the_first_and_the_last_call_are_kept():
    """And the number of calls is said."""

    class Unrolled(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.head = nn.Linear(4, 4), nn.Linear(4, 3)

        def forward(self, x):
            for _ in range(5):
                x = torch.tanh(self.cell(x))
            return self.head(x)

    seen = observe_torch(Unrolled(), torch.randn(8, 4), torch.arange(8) % 3, loss=LOSS)
    assert seen.layer_names == ("cell", "cell (call 5)", "head")
    assert "cell is called 5 times; its first and its last call were looked at." in seen.remarks


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_a_module_is_read_in_its_own_type_of_number(kind):
    """Its layers say which it is, and the examples are given as such."""
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)).to(kind)
    seen = observe_torch(model, np.ones((6, 4)) * np.arange(6)[:, None], LABELS[:6], loss=LOSS, optimizer="adam")
    assert {layer.number_type for layer in seen.facts.layers} == {str(kind).removeprefix("torch.")}
    assert np.isfinite(seen.signals.filter(quantity="loss")["value"].to_numpy()).all()


class Several(nn.Module):
    """Returns features and scores, in a dict or a tuple."""

    def __init__(self, *, is_dict):
        super().__init__()
        self.enter, self.head, self.is_dict = nn.Linear(4, 5), nn.Linear(5, 3), is_dict

    def forward(self, x):
        h = torch.relu(self.enter(x))
        return {"features": h, "logits": self.head(h)} if self.is_dict else (h, self.head(h))


@pytest.mark.parametrize(("is_dict", "output"), [(True, "logits"), (False, 1)])
def test_of_several_outputs_one_may_be_named(is_dict, output):
    """The loss is then given that one; a name that is not there is told with those that are."""
    torch.manual_seed(0)
    model, x = Several(is_dict=is_dict), torch.randn(9, 4)
    seen = observe_torch(model, x, torch.arange(9) % 3, loss=LOSS, output=output)
    expected = float(LOSS(model(x)[output], torch.arange(9) % 3).detach())
    assert seen.signals.filter(quantity="loss", statistic="before")["value"].item() == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ModelError, match=r"output: module Several returns no 7"):
        observe_torch(model, x, torch.arange(9) % 3, loss=LOSS, output=7)


def test_an_adapter_that_starts_at_zero_is_no_symmetry():
    """The last kernel of an adapter around a frozen layer is all zeros, and learns."""

    class Adapted(nn.Module):
        def __init__(self):
            super().__init__()
            self.frozen, self.down = nn.Linear(6, 6).requires_grad_(False), nn.Linear(6, 2, bias=False)
            self.up, self.head = nn.Linear(2, 6, bias=False), nn.Linear(6, 3)
            nn.init.zeros_(self.up.weight)

        def forward(self, x):
            return self.head(torch.relu(self.frozen(x) + self.up(self.down(x))))

    torch.manual_seed(0)
    report = assay.probe(Adapted(), torch.randn(30, 6), torch.arange(30) % 3, loss=LOSS, optimizer="adam")
    [findings] = report.findings.values()
    assert "symmetry" not in {finding.symptom for finding in findings}
