"""The devices that populations are spread over."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from assay._lazy import lazy_module
from assay.errors import DeviceError

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


def available_cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def use_all_cores() -> None:
    """Make every core a JAX device of its own, if JAX has not started yet.

    One device per core runs a group of members on each, 1.4 to 2 times as fast on two cores as one device that divides
    each product among its threads (`benchmarks/`).
    """
    if "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", ""):
        return  # the user has chosen a number; JAX refuses two
    try:
        jax.config.update("jax_num_cpu_devices", available_cores())
    except RuntimeError:
        return  # the program that imported us has already used JAX; its number of devices stands


def use_devices(device: str | None = None, *, tf32: bool = False) -> list[jax.Device]:
    """The devices that train; every core of a CPU is one of its own.

    Parameters
    ----------
    device : {"cpu", "gpu"}, optional
        What JAX prefers when not given: a GPU where its plugin is installed and finds one.
    tf32 : bool
        Let a GPU round the factors of matrix products to the 10 bits of TensorFloat-32. Without it products are of
        float32, as on a CPU.

    Raises
    ------
    DeviceError
        If it is not there.
    """
    use_all_cores()
    try:
        devices = jax.devices(device)
    except RuntimeError:
        raise DeviceError(
            f"expected a {(device or 'device').upper()}, but JAX finds only: {jax.default_backend()}. "
            "Install JAX for it (for NVIDIA: pip install 'jax[cuda12]'), or leave the device to JAX."
        ) from None
    if not on_cpu(devices):
        jax.config.update("jax_default_matmul_precision", "tensorfloat32" if tf32 else "highest")
    return devices


def on_cpu(devices: Sequence[jax.Device]) -> bool:
    """Whether devices are cores rather than a GPU."""
    return devices[0].platform == "cpu"


def memory_limit(devices: Sequence[jax.Device]) -> int | None:
    """Bytes of a GPU that programs may use; None where they use the machine's memory, or the GPU does not tell."""
    return None if on_cpu(devices) else (devices[0].memory_stats() or {}).get("bytes_limit")


def mesh_for(num_groups: int, devices: Sequence[jax.Device] | None = None) -> jax.sharding.Mesh:
    """A mesh with the axis ``groups`` over as many devices as there are groups to give them.

    One group alone gets one device, whose threads then share its matrix products.
    """
    devices = jax.devices() if devices is None else list(devices)
    return jax.sharding.Mesh(np.array(devices[: max(1, min(len(devices), num_groups))]), ("groups",))
