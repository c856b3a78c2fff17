"""Functions of Keras' tensors on any backend: compiled where it compiles, and their gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


def without_gradients(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled on JAX; on the others as it is, without the memory that gradients need."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    if keras.backend.backend() == "torch":
        import torch

        return torch.no_grad()(function)
    return function


def shapes_only(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same calls on tensors that, on JAX, have shapes and no numbers."""
    if keras.backend.backend() == "jax":
        import jax

        return lambda x: jax.eval_shape(function, x)
    return without_gradients(function)


def differentiated(objective: Callable[..., Any]) -> Callable[..., Any]:
    """From ``(parameters, offsets, …) -> loss, kept`` to loss, kept, and the gradients of both lists of tensors."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        gradients = jax.jit(jax.value_and_grad(objective, argnums=(0, 1), has_aux=True))

        def on_jax(*arguments: Any) -> Any:
            (value, kept), found = gradients(*arguments)
            return value, kept, *found

        return on_jax
    if backend == "torch":
        import torch

        def on_torch(parameters: Any, offsets: Any, *others: Any) -> Any:
            with torch.enable_grad():
                leaves = [tensor.detach().clone().requires_grad_() for tensor in (*parameters, *offsets)]
                value, kept = objective(leaves[: len(parameters)], leaves[len(parameters) :], *others)
                found = torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)
            return value, kept, found[: len(parameters)], found[len(parameters) :]

        return on_torch
    import tensorflow as tf

    def on_tensorflow(parameters: Any, offsets: Any, *others: Any) -> Any:
        leaves = [tf.identity(tensor) for tensor in (*parameters, *offsets)]
        with tf.GradientTape() as tape:
            tape.watch(leaves)
            value, kept = objective(leaves[: len(parameters)], leaves[len(parameters) :], *others)
        found = tape.gradient(value, leaves, unconnected_gradients="zero")
        return value, kept, found[: len(parameters)], found[len(parameters) :]

    return on_tensorflow
