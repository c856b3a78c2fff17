"""The devices that populations are spread over, and where compiled programs are kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assay._lazy import lazy_module

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


def use_compilation_cache() -> Path:
    """Keep compiled programs in the user's own cache folder, so that a second study of the same shape starts at once.

    A shared folder would let others run code here (JAX's own warning), hence one per user. A folder that the user chose
    (`JAX_COMPILATION_CACHE_DIR`) stands.
    """
    chosen = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(chosen) if chosen else root / "assay" / "programs"
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return folder


def mesh_for(num_groups: int, devices: Sequence[jax.Device] | None = None) -> jax.sharding.Mesh:
    """A mesh with the axis ``groups`` over as many devices as there are groups to give them.

    One group alone gets one device, whose threads then share its matrix products.
    """
    devices = jax.devices() if devices is None else list(devices)
    return jax.sharding.Mesh(np.array(devices[: max(1, min(len(devices), num_groups))]), ("groups",))
