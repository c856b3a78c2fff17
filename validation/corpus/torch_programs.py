"""A program in PyTorch: the module, its loss and optimizer, and the loop, as a user would write them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from corpus.datasets import Data, data_of
from corpus.program import Program
from corpus.schedules import FACTORS

Loss = Callable[[Tensor, Tensor], Tensor]
EMBEDDING_STD = 1.0
Schedule = torch.optim.lr_scheduler.LambdaLR


@dataclass(frozen=True)
class TorchRun:
    """What a user has at hand before the loop."""

    program: Program
    seed: int
    model: nn.Module
    x: Tensor
    y: Tensor
    loss: Loss
    optimizer: torch.optim.Optimizer
    schedule: Schedule
    data: Data


def build(program: Program, seed: int) -> TorchRun:
    """The program, its initial weights drawn from `seed`."""
    torch.manual_seed(seed)
    data = data_of(program)
    model = _in_its_format(program, Net(program))
    optimizer = _optimizer(program, model)
    if program.wiring == "other_optimized":
        model = _in_its_format(program, Net(program))
    if program.wiring == "frozen":
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.startswith("head."))
    if program.mode == "eval":
        model.eval()
    factor = partial(_factor, program)
    x, y = torch.from_numpy(data.x_train), _targets(program, data.y_train)
    if program.precision == "half":
        x = x.half() if x.is_floating_point() else x
        y = y.half() if y.is_floating_point() else y
    return TorchRun(program, seed, model, x, y, _loss(program), optimizer, Schedule(optimizer, factor), data)


def train(run: TorchRun, after: Callable[[int, float], None] | None = None) -> tuple[float, float]:
    """All updates of the program; the loss of the first and of the last update.

    `after` is called after each, with its number from 1 and its loss; gradients are as the update left them.
    """
    program, first, last = run.program, float("nan"), float("nan")
    for update, rows in enumerate(_batches(program, run.seed)):
        if program.loop == "right":
            run.optimizer.zero_grad()
        loss = run.loss(run.model(run.x[rows]), run.y[rows])
        loss.backward()
        if program.loop == "zero_grad_late":
            run.optimizer.zero_grad()
        if program.clip:
            nn.utils.clip_grad_norm_(run.model.parameters(), program.clip)
        run.optimizer.step()
        if program.schedule_every == "step" or (update + 1) % program.updates_per_epoch == 0:
            run.schedule.step()
        last = float(loss.detach())
        first = last if update == 0 else first
        if after is not None:
            after(update + 1, last)
    return first, last


def answers(run: TorchRun, x: np.ndarray) -> np.ndarray:
    """What the trained model says, float32; classes last."""
    run.model.eval()
    with torch.no_grad():
        given = torch.from_numpy(x)
        if run.program.precision == "half" and given.is_floating_point():
            given = given.half()
        output = run.model(given).float()
    if run.program.task == "next_token":
        output = output.movedim(1, -1)
    return output.numpy().reshape(len(x), -1) if run.program.squeezed else output.numpy()


def _batches(program: Program, seed: int) -> Iterator[Tensor]:
    """The rows of each update; a short last batch is kept, unless it would be a single row."""
    generator = torch.Generator().manual_seed(seed + 1)
    made = 0
    while made < program.updates:
        order = torch.randperm(program.rows, generator=generator)
        if program.batches != "shuffled":
            order = torch.arange(program.rows)
        for rows in order.split(program.batch_size):
            if made < program.updates:
                yield order[: program.batch_size] if program.batches == "first" else rows
                made += 1


def _targets(program: Program, y: np.ndarray) -> Tensor:
    """Shape and type as the loss takes them."""
    if program.loss in ("cross_entropy", "nll", "log_of_scores"):
        return torch.from_numpy(y)
    targets = torch.from_numpy(y.astype(np.float32))
    if program.outputs == 1:
        targets = targets.reshape(-1) if program.squeezed or program.labels == "flat" else targets.reshape(-1, 1)
    return targets


# --- The module -------------------------------------------------------------------------------------------------------


class Root(nn.Module):
    """The square root of numbers that were rectified by hand: its slope at 0 is infinite, and ∞ · 0 is no number."""

    def forward(self, z: Tensor) -> Tensor:
        """√(z [z > 0])."""
        return torch.sqrt(z * (z > 0))


class Exponential(nn.Module):
    """exp."""

    def forward(self, z: Tensor) -> Tensor:
        """e^z."""
        return torch.exp(z)


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "leaky_relu": nn.LeakyReLU,
    "sigmoid": nn.Sigmoid,
    "linear": nn.Identity,
    "root": Root,
    "exponential": Exponential,
}


def _normalized(program: Program, width: int, axes: int = 0) -> nn.Module:
    """The normalization over `width` features; `axes` counts the axes behind them, 2 of images, 1 of sequences."""
    kind, momentum = program.normalization, 1 - program.norm_memory
    if kind == "batch":
        of_axes = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d)[axes]
        return of_axes(width, momentum=momentum)
    if kind in ("group", "instance") or (axes and kind in ("layer", "rms")):
        if kind == "instance" and axes:
            return (nn.InstanceNorm1d, nn.InstanceNorm2d)[axes - 1](width, affine=True)
        return nn.GroupNorm(4 if width % 4 == 0 else 1, width)
    return {"none": nn.Identity, "layer": lambda: nn.LayerNorm(width), "rms": lambda: nn.RMSNorm(width)}[kind]()


class Branch(nn.Module):
    """x + f(x), normalized before the branch or behind the sum."""

    def __init__(self, program: Program, width: int, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.norm, self.is_pre = inner, _normalized(program, width), program.norm_position == "pre"
        self.dropout = nn.Dropout(program.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape, (rows, …, width)."""
        if self.is_pre:
            return x + self.dropout(self.inner(self.norm(x)))
        return self.norm(x + self.dropout(self.inner(x)))


class ConvolutionBranch(nn.Module):
    """φ(x + norm(conv(φ(norm(conv(x))))))."""

    def __init__(self, program: Program, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(2):
            layers += [nn.Conv2d(width, width, 3, padding=1), _normalized(program, width, 2), _activation(program)]
        self.inner, self.last = nn.Sequential(*layers[:-1]), layers[-1]

    def forward(self, x: Tensor) -> Tensor:
        """(rows, width, side, side)."""
        return self.last(x + self.inner(x))


class SelfAttention(nn.Module):
    """Attention by hand, over (rows, positions, width)."""

    def __init__(self, program: Program, heads: int = 4) -> None:
        super().__init__()
        self.heads, self.over_rows = heads, program.attention_axis == "batch"
        self.is_causal = program.task == "next_token"
        width = program.width
        self.queries, self.keys, self.values = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        rows, length, width = x.shape
        q, k, v = (
            part(x).reshape(rows, length, self.heads, width // self.heads).transpose(1, 2)
            for part in (self.queries, self.keys, self.values)
        )
        scores = q @ k.transpose(2, 3) / (width // self.heads) ** 0.5
        if self.is_causal:
            scores = scores.masked_fill(torch.ones(length, length).triu(1).bool(), -1e4)
        weights = torch.softmax(scores, dim=0 if self.over_rows else -1)
        return self.out((weights @ v).transpose(1, 2).reshape(rows, length, width))


class Encoder(nn.Module):
    """A layer of `nn.TransformerEncoderLayer`, masked where the next token is to be foretold."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        activation = "gelu" if program.activation in ("gelu", "silu") else "relu"
        is_pre = program.norm_position == "pre"
        self.layer = nn.TransformerEncoderLayer(
            program.width, 4, 2 * program.width, program.dropout, activation, batch_first=True, norm_first=is_pre
        )
        self.is_causal = program.task == "next_token"

    def forward(self, x: Tensor) -> Tensor:
        """The same shape, (rows, positions, width)."""
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1]) if self.is_causal else None
        return self.layer(x, src_mask=mask)


class Embedded(nn.Module):
    """Tokens or numbers as vectors; with places where an attention needs them."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        if program.norm_over_one:
            self.norm: nn.Module = nn.LayerNorm(1)
        else:
            self.norm = nn.Identity()
        if program.data == "tokens":
            self.words: nn.Module = nn.Embedding(program.features, program.width)
            with torch.no_grad():
                self.words.weight *= program.embedding_gain
        else:
            self.words = nn.Linear(program.features, program.width)
        has_places = program.architecture == "attention"
        self.places = nn.Parameter(0.1 * torch.randn(program.length, program.width)) if has_places else None

    def forward(self, x: Tensor) -> Tensor:
        """(rows, positions, width)."""
        h = self.words(self.norm(x))
        return h if self.places is None else h + self.places


class Recurrent(nn.Module):
    """A recurrent layer whose last or mean state goes on, or all of them."""

    def __init__(self, program: Program, inputs: int) -> None:
        super().__init__()
        kind = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}[program.cell]
        self.cell, self.pooling = kind(inputs, program.width, batch_first=True), program.pooling

    def forward(self, x: Tensor) -> Tensor:
        """(rows, width), or (rows, positions, width)."""
        states, _ = self.cell(x)
        return {"last": lambda: states[:, -1], "mean": lambda: states.mean(1), "none": lambda: states}[self.pooling]()


class Pooled(nn.Module):
    """The mean over positions, plain or weighted by an attention."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.axis = program.attention_axis
        self.scores = None
        if program.pooling == "attention":
            self.scores = nn.Sequential(nn.Linear(program.width, program.width), nn.Tanh(), nn.Linear(program.width, 1))

    def forward(self, h: Tensor) -> Tensor:
        """(rows, width)."""
        if self.scores is None:
            return h.mean(1)
        scores = self.scores(h)
        weights = torch.softmax(scores, dim=2 if self.axis == "one" else 1)
        return (weights * h).sum(1)


class ChannelsFirst(nn.Module):
    """(rows, positions, channels) to (rows, channels, positions)."""

    def forward(self, x: Tensor) -> Tensor:
        """The axes swapped."""
        return x.transpose(1, 2)


class PositionMean(nn.Module):
    """The mean over all axes behind the channels, or over positions."""

    def __init__(self, *axes: int) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, x: Tensor) -> Tensor:
        """(rows, channels)."""
        return x.mean(self.axes)


class Net(nn.Module):
    """Blocks one after another, then the last layer."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program = program
        blocks, width = BUILDERS[program.architecture](program)
        head = _head(program, width)
        _initialize(program, blocks, head)
        self.blocks = blocks if program.wiring == "list" else nn.ModuleList(blocks)
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        """Scores or probabilities, (rows, outputs); (rows, tokens, positions) of next tokens."""
        autocast = self.program.precision == "autocast"
        with torch.autocast("cpu", dtype=torch.float16) if autocast else contextlib.nullcontext():
            h = x
            for block in self.blocks:
                h = block(h)
            if self.program.wiring == "detached":
                h = h.detach()
            output = self.head(h)
        return self._finished(output.float() if autocast else output, x)

    def _finished(self, output: Tensor, x: Tensor) -> Tensor:
        if self.program.task == "next_token":
            return output.movedim(-1, 1)
        if self.program.task == "reconstruction":
            output = output.reshape(x.shape)
        kind = self.program.output
        if kind in ("softmax", "log_softmax"):
            output = torch.softmax(output, 1) if kind == "softmax" else torch.log_softmax(output, 1)
        elif kind == "batch_softmax":
            output = torch.log_softmax(output, 0)
        elif kind != "scores":
            output = {"sigmoid": torch.sigmoid, "relu": torch.relu, "tanh": torch.tanh}[kind](output)
        return output.squeeze(-1) if self.program.squeezed else output


def _activation(program: Program) -> nn.Module:
    return ACTIVATIONS[program.activation]()


def _dense_blocks(program: Program, inputs: int, depth: int) -> list[nn.Module]:
    return [
        nn.Sequential(
            nn.Linear(inputs if number == 0 else program.width, program.width),
            _normalized(program, program.width),
            _activation(program),
            nn.Dropout(program.dropout),
        )
        for number in range(depth)
    ]


def _inputs(program: Program) -> int:
    """Numbers of an example."""
    return program.features**2 if program.data == "image" else program.features


def _dense(program: Program) -> tuple[list[nn.Module], int]:
    return [nn.Flatten(), *_dense_blocks(program, _inputs(program), program.depth)], program.width


def _residual(program: Program) -> tuple[list[nn.Module], int]:
    width = program.width
    blocks: list[nn.Module] = [nn.Linear(program.features, width)]
    for _ in range(program.depth):
        inner = nn.Sequential(nn.Linear(width, width), _activation(program), nn.Linear(width, width))
        blocks.append(Branch(program, width, inner))
    blocks.append(_normalized(program, width) if program.norm_position == "pre" else nn.Identity())
    return blocks, width


def _autoencoder(program: Program) -> tuple[list[nn.Module], int]:
    """Dense to a code of a few numbers and back; of an image, with strided convolutions."""
    if program.data == "table":
        there = _dense_blocks(program, program.features, program.depth)
        code: list[nn.Module] = [nn.Linear(program.width, 4)]
        return [*there, *code, *_dense_blocks(program, 4, program.depth)], program.width
    width, side = program.width // 2, program.features // 2
    down = [nn.Conv2d(1, width, 3, 2, 1), _normalized(program, width, 2), _activation(program), nn.Flatten()]
    code = [nn.Linear(width * side**2, 8), nn.Linear(8, width * side**2), _activation(program)]
    up = [nn.Unflatten(1, (width, side, side)), nn.ConvTranspose2d(width, width, 4, 2, 1), _activation(program)]
    return [*down, *code, *up], width


def _convolution(program: Program) -> tuple[list[nn.Module], int]:
    blocks: list[nn.Module] = []
    channels, side = 1, program.features
    for number in range(program.depth):
        layers = [nn.Conv2d(channels, program.width, 3, padding=1), _normalized(program, program.width, 2)]
        layers.append(_activation(program))
        if number < 2:
            layers.append(nn.MaxPool2d(2))
            side //= 2
        blocks.append(nn.Sequential(*layers))
        channels = program.width
    if program.pooling == "mean":
        return [*blocks, PositionMean(2, 3), nn.Dropout(program.dropout)], program.width
    return [*blocks, nn.Flatten(), nn.Dropout(program.dropout)], program.width * side**2


def _residual_convolution(program: Program) -> tuple[list[nn.Module], int]:
    width = program.width
    stem = nn.Sequential(nn.Conv2d(1, width, 3, padding=1), _normalized(program, width, 2), _activation(program))
    branches = [ConvolutionBranch(program, width) for _ in range(program.depth)]
    return [
        stem,
        nn.MaxPool2d(2),
        *branches,
        nn.Dropout(program.dropout),
        nn.AdaptiveMaxPool2d(2),
        nn.Flatten(),
    ], 4 * width


def _convolution_1d(program: Program) -> tuple[list[nn.Module], int]:
    blocks: list[nn.Module] = [*_norm_of_one(program), ChannelsFirst()]
    channels = program.features
    for _ in range(program.depth):
        layers = [nn.Conv1d(channels, program.width, 3, padding=1), _normalized(program, program.width, 1)]
        blocks.append(nn.Sequential(*layers, _activation(program)))
        channels = program.width
    return [*blocks, nn.Flatten(), nn.Dropout(program.dropout)], program.width * program.length


def _norm_of_one(program: Program) -> list[nn.Module]:
    return [nn.LayerNorm(1)] if program.norm_over_one else []


def _recurrent(program: Program) -> tuple[list[nn.Module], int]:
    first: list[nn.Module] = [Embedded(program)] if program.data == "tokens" else _norm_of_one(program)
    inputs = program.width if program.data == "tokens" else program.features
    return [
        *first,
        Recurrent(program, inputs),
        _normalized(program, program.width),
        nn.Dropout(program.dropout),
    ], program.width


def _pooled(program: Program) -> tuple[list[nn.Module], int]:
    blocks = [Embedded(program), Pooled(program)]
    return [*blocks, *_dense_blocks(program, program.width, program.depth)], program.width


def _attention(program: Program) -> tuple[list[nn.Module], int]:
    width = program.width
    blocks: list[nn.Module] = [Embedded(program)]
    for _ in range(program.depth):
        if program.attention == "library" and program.normalization == "layer":
            blocks.append(Encoder(program))
            continue
        inner = nn.Sequential(nn.Linear(width, 2 * width), _activation(program), nn.Linear(2 * width, width))
        blocks += [Branch(program, width, SelfAttention(program)), Branch(program, width, inner)]
    blocks.append(_normalized(program, width) if program.norm_position == "pre" else nn.Identity())
    return blocks if program.pooling == "none" else [*blocks, Pooled(program)], width


BUILDERS: dict[str, Callable[[Program], tuple[list[nn.Module], int]]] = {
    "dense": _dense,
    "residual": _residual,
    "autoencoder": _autoencoder,
    "convolution": _convolution,
    "residual_convolution": _residual_convolution,
    "convolution_1d": _convolution_1d,
    "recurrent": _recurrent,
    "pooled": _pooled,
    "attention": _attention,
}


def _head(program: Program, width: int) -> nn.Module:
    if program.task != "reconstruction":
        return nn.Linear(width, program.outputs)
    return nn.Linear(width, program.features) if program.data == "table" else nn.Conv2d(width, 1, 3, padding=1)


# --- Where the weights start ------------------------------------------------------------------------------------------

INITIALIZERS: dict[str, Callable[[Tensor], Tensor]] = {
    "he_normal": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
    "he_uniform": partial(nn.init.kaiming_uniform_, nonlinearity="relu"),
    "glorot_uniform": nn.init.xavier_uniform_,
    "glorot_normal": nn.init.xavier_normal_,
    "lecun_normal": partial(nn.init.kaiming_normal_, nonlinearity="linear"),
    "orthogonal": nn.init.orthogonal_,
    "tiny": partial(nn.init.normal_, std=1e-3),
    "huge": partial(nn.init.normal_, std=2.0),
    "zeros": nn.init.zeros_,
    "constant": partial(nn.init.constant_, val=0.05),
}


def _initialize(program: Program, blocks: list[nn.Module], head: nn.Module) -> None:
    """Kernels by the initializer and biases 0, or all as PyTorch draws them; embeddings and scales stay."""
    for block in [*blocks, head]:
        for part in block.modules():
            if isinstance(part, nn.Embedding):
                continue
            for name, tensor in part.named_parameters(recurse=False):
                is_kernel = tensor.ndim > 1 and name != "places"
                if is_kernel and program.kernel_initializer != "default":
                    INITIALIZERS[program.kernel_initializer](tensor)
                elif "bias" in name and program.kernel_initializer != "default":
                    nn.init.zeros_(tensor)
    kernels = (nn.Linear, nn.Conv1d, nn.Conv2d)
    if program.bias:
        for part in (part for block in blocks for part in block.modules() if isinstance(part, kernels)):
            nn.init.constant_(part.bias, program.bias)
    if program.output_gain != 1:
        with torch.no_grad():
            head.weight *= program.output_gain


def _in_its_format(program: Program, model: nn.Module) -> nn.Module:
    return model.half() if program.precision == "half" else model


# --- Loss and optimizer -----------------------------------------------------------------------------------------------


def _loss(program: Program) -> Loss:
    named: dict[str, Callable[[], Loss]] = {
        "cross_entropy": lambda: nn.CrossEntropyLoss(
            label_smoothing=program.label_smoothing, reduction=program.reduction
        ),
        "nll": lambda: nn.NLLLoss(reduction=program.reduction),
        "bce_logits": lambda: nn.BCEWithLogitsLoss(reduction=program.reduction),
        "bce": lambda: nn.BCELoss(reduction=program.reduction),
        "mse": lambda: nn.MSELoss(reduction=program.reduction),
        "l1": lambda: nn.L1Loss(reduction=program.reduction),
        "huber": nn.HuberLoss,
        "log_of_scores": lambda: log_of_scores,
    }
    loss = named[program.loss]()
    return loss if program.sign > 0 else lambda output, targets: -loss(output, targets)


def log_of_scores(output: Tensor, targets: Tensor) -> Tensor:
    """The cross-entropy as if raw scores were probabilities."""
    return -(functional.one_hot(targets, output.shape[1]) * torch.log(output)).sum(1).mean()


def _optimizer(program: Program, model: nn.Module) -> torch.optim.Optimizer:
    held = model.head.parameters() if program.wiring == "head_optimized" else model.parameters()
    options = {"lr": program.learning_rate, "weight_decay": program.weight_decay}
    optim = torch.optim
    return {
        "sgd": lambda: optim.SGD(held, **options),
        "momentum": lambda: optim.SGD(held, momentum=program.momentum, **options),
        "nesterov": lambda: optim.SGD(held, momentum=program.momentum, nesterov=True, **options),
        "adam": lambda: optim.Adam(held, **options),
        "adamw": lambda: optim.AdamW(held, **options),
        "nadam": lambda: optim.NAdam(held, **options),
        "adamax": lambda: optim.Adamax(held, **options),
        "rmsprop": lambda: optim.RMSprop(held, **options),
        "adagrad": lambda: optim.Adagrad(held, **options),
    }[program.optimizer]()


def _factor(program: Program, call: int) -> float:
    return FACTORS[program.schedule](call, program.updates)
