"""Whether a layer still tells its inputs apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.palette import BLUE
from assay.probes.measuring import LayerProbe, array_module
from assay.probes.quantity import Quantity

if TYPE_CHECKING:
    from jax import Array

CORRELATION = Quantity(
    name="correlation",
    title="mean cosine between examples",
    meaning="the mean cosine between the pre-activations of different examples",
    unit="cosine",
    statistics=("mean",),
    size="mean",
    colour=BLUE,
    per="example",
    heading="corre-\nlation",
    order=120,
)


def mean_cosine(preactivations: Array) -> Array:
    """Mean cosine between the pre-activations of different examples, (M,), of (M, U, B).

    Towards 1 all inputs look the same (the ordered phase); towards 0 near inputs are torn apart (the chaotic phase) —
    Poole et al., NeurIPS 2016, Eq. 5. For B unit vectors v the mean over pairs is (‖Σ v‖² − B) / (B (B − 1)). An
    example whose vector is 0 counts as 0.
    """
    jnp = array_module(preactivations)
    z = jnp.nan_to_num(preactivations)
    scale = jnp.max(jnp.abs(z), axis=1, keepdims=True)
    z = z / jnp.where(scale > 0, scale, 1.0)
    norm = jnp.sqrt(jnp.sum(z**2, axis=1, keepdims=True))
    unit = z / jnp.where(norm > 0, norm, 1.0)
    count = z.shape[2]
    total = jnp.sum(jnp.sum(unit, axis=2) ** 2, axis=1) - jnp.sum(unit**2, axis=(1, 2))
    return total / max(count * (count - 1), 1)


PROBES = (LayerProbe(CORRELATION, mean_cosine, ("preactivations",)),)
