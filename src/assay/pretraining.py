"""Greedy layer-wise pre-training: what the initializer ``autoencoder`` learns from the training rows, without labels.

The first layer with such an initializer is the encoder of an autoencoder: a linear decoder of its own is to rebuild the
rows from its activations, under squared error. Its kernel and bias then stay as they are, its activations are what the
next layer sees and has to rebuild, and so on; nothing below a layer changes while it learns. The decoders are thrown
away. The output layer has no autoencoder: it is learnt from the targets.

An autoencoder is a network of two layers, so the engine trains it, from all seeds at once: seed s starts from its own
draws and passes over the rows in its own order, the same in every condition, as in any training.

References
----------
Bengio, Lamblin, Popovici and Larochelle, *Greedy layer-wise training of deep networks*, NIPS 2006.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

import jax
import numpy as np
from jax import Array

from assay.choices import Choice
from assay.engine.arguments import LayerParameters
from assay.engine.batching import batch_order
from assay.engine.layout import Member
from assay.engine.starting import Learnt
from assay.engine.trainer import Trainer
from assay.networks.activations import activate
from assay.networks.architecture import Layer
from assay.networks.initializers import INITIALIZERS, draw_bias, draw_decoder, draw_kernel

# Rows that seeds see in a hidden layer are their own; on all devices together they take no more than this, or one seed.
ROWS_BYTES = 2**30

Parameters = LayerParameters[np.ndarray]
"""Kernel (fan_in, units) and bias (units,)."""


def has_autoencoders(members: Sequence[Member]) -> bool:
    """Whether any layer is pre-trained."""
    return any(_has_autoencoder(layer) for member in members for layer in member.layers)


def learn_layers(
    members: Sequence[Member],
    seeds: Sequence[int],
    rows: np.ndarray,
    *,
    devices: Sequence[jax.Device] | None = None,
    epoch_ended: Callable[[], None] = lambda: None,
) -> Learnt:
    """Pre-train every layer that has an autoencoder; what `Trainer.start` takes.

    Parameters
    ----------
    members : sequence of Member, length C
    seeds : sequence of int, length S
    rows : array, shape (rows, F)
        The training rows, all of them and no others.
    devices : sequence of jax.Device, optional
        All of them when not given.
    epoch_ended : callable
        Called after each epoch of each autoencoder; may raise, to stop.

    Returns
    -------
    mapping of (condition, index of the seed, layer from 0) to kernel and bias
        Empty where no layer has an autoencoder.
    """
    devices = list(devices) if devices is not None else jax.devices()
    found: dict[tuple[int, int, int], Parameters] = {}
    conditions: dict[tuple[tuple[Layer, ...], int], list[int]] = {}
    for condition, member in enumerate(members):
        conditions.setdefault((_learning_part(member.layers), len(member.layers)), []).append(condition)
    for (layers, depth), alike in conditions.items():
        for first, piece in _pieces(layers, seeds, len(rows), len(devices)):
            for (index, at), parameters in _learn(layers, depth, piece, rows, devices, epoch_ended).items():
                found |= {(condition, first + index, at): parameters for condition in alike}
    return found


def _has_autoencoder(layer: Layer) -> bool:
    return layer.kernel_initializer.name == "autoencoder"


def _learning_part(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """The layers up to the last with an autoencoder, without what plays no part before the training."""
    depth = max((number for number, layer in enumerate(layers, start=1) if _has_autoencoder(layer)), default=0)
    return tuple(replace(layer, dropout=0.0, l2=0.0, learning_rate=None) for layer in layers[:depth])


def _pieces(
    layers: Sequence[Layer], seeds: Sequence[int], rows: int, num_devices: int
) -> Iterable[tuple[int, Sequence[int]]]:
    """The seeds in pieces, each with the index of its first, so that what they see fits into `ROWS_BYTES`."""
    widest = max((layer.outputs for layer in layers[:-1]), default=0)
    seed_bytes = 2 * 4 * rows * widest * num_devices  # as inputs and as targets
    most = max(1, min(len(seeds), ROWS_BYTES // max(1, seed_bytes)))
    return [(first, seeds[first : first + most]) for first in range(0, len(seeds), most)] if layers else []


def _learn(
    layers: Sequence[Layer],
    depth: int,
    seeds: Sequence[int],
    rows: np.ndarray,
    devices: Sequence[jax.Device],
    epoch_ended: Callable[[], None],
) -> dict[tuple[int, int], Parameters]:
    """(index of the seed, layer from 0) → parameters, of the layers with an autoencoder, from below upwards."""
    found: dict[tuple[int, int], Parameters] = {}
    seen = rows[None]  # by the layer: (1, rows, F) while all seeds see the same, else (S, rows, F)
    for at, layer in enumerate(layers):
        if _has_autoencoder(layer):
            parameters = _train_autoencoder(layer, at + 1, seeds, seen, devices, epoch_ended)
            found |= {(index, at): own for index, own in enumerate(parameters)}
        else:
            parameters = [drawn(layer, layer.kernel_initializer, at + 1, seed, depth) for seed in seeds]
        if at + 1 < len(layers):
            forward = _forward(layer.activation)
            shown = np.broadcast_to(seen, (len(seeds), *seen.shape[1:]))
            seen = np.stack([forward(x, *own) for x, own in zip(shown, parameters, strict=True)])
    return found


def drawn(layer: Layer, kernel_initializer: Choice, number: int, seed: int, depth: int) -> Parameters:
    """Kernel and bias as they are drawn, of layer `number` from 1 in a network of `depth` kernels."""
    place = {"seed": seed, "layer": number, "units": layer.units, "depth": depth}
    return Parameters(
        draw_kernel(kernel_initializer, fan_in=layer.fan_in, **place), draw_bias(layer.bias_initializer, **place)
    )


def _train_autoencoder(
    layer: Layer,
    number: int,
    seeds: Sequence[int],
    seen: np.ndarray,
    devices: Sequence[jax.Device],
    epoch_ended: Callable[[], None],
) -> list[Parameters]:
    """The encoder of each seed after the last epoch."""
    arguments = INITIALIZERS.arguments(layer.kernel_initializer)
    start, rows = Choice(arguments["start"]), seen.shape[1]
    encoder = replace(layer, kernel_initializer=start)
    decoder = Layer(layer.outputs, layer.fan_in, Choice("linear"), start, Choice("zeros"))
    trainer = Trainer(
        [
            Member(
                (encoder, decoder),
                Choice("mean_squared_error"),
                Choice("adam", {"learning_rate": arguments["learning_rate"]}),
            )
        ],
        seeds=seeds,
        batch_size=min(int(arguments["batch_size"]), rows),
        task="regression",
        devices=devices,
    )
    draws: dict[tuple[int, int, int], Parameters] = {}
    for index, seed in enumerate(seeds):
        back = draw_decoder(start, seed=seed, layer=number, fan_in=layer.fan_in, outputs=layer.outputs)
        draws[0, index, 0] = drawn(layer, start, number, seed, depth=1)
        draws[0, index, 1] = Parameters(back, np.zeros(layer.fan_in, np.float32))
    flat = seen.reshape(-1, seen.shape[-1])
    data, state = trainer.place(flat, flat, training_rows=rows), trainer.start(draws)
    first_rows = np.arange(len(seeds)) * rows % len(flat)  # each seed's own rows lie one after another
    for epoch in range(1, int(arguments["epochs"]) + 1):
        orders = np.stack([batch_order(seed, epoch, rows, trainer.batch_size) for seed in seeds])
        orders = np.where(orders < 0, orders, orders + first_rows[:, None, None])
        state, _ = trainer.train_steps(state, data, orders)
        epoch_ended()
    return [trainer.parameters(state, 0, index)[0] for index in range(len(seeds))]


@lru_cache(maxsize=64)
def _forward(activation: Choice) -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """``(x, kernel, bias) -> activations``, (rows, fan_in) to (rows, outputs)."""

    @jax.jit
    def forward(x: Array, kernel: Array, bias: Array) -> Array:
        return activate(activation, kernel.T @ x.T + bias[:, None]).T

    return lambda x, kernel, bias: np.asarray(forward(np.asarray(x, np.float32), kernel, bias))
