"""How a PyTorch module's parameters were initialized, beside PyTorch's defaults and what theory asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

from assay.diagnosis.facts import AuditEntry, LayerFacts, NetworkFacts
from assay.models.audit import collapsed, is_odd
from assay.models.torch_parameters import unregistered

_CONVOLUTIONS = torch.nn.modules.conv._ConvNd
_NORMALIZATIONS = (
    torch.nn.modules.batchnorm._NormBase,
    torch.nn.LayerNorm,
    torch.nn.GroupNorm,
    torch.nn.RMSNorm,
)
# The size that GPT and BERT give all matrices (Radford et al., 2018; Devlin et al., 2019): none of them is odd.
OF_WORDS = 0.02
Usual = tuple[str, float] | None
_RECTIFIERS = ("relu", "leaky_relu", "relu6", "elu", "celu", "gelu", "silu", "mish", "softplus")
_SIGMOIDS = ("tanh", "sigmoid", "hard_tanh", "hard_sigmoid", "softsign")


def torch_audit(module: torch.nn.Module, facts: NetworkFacts) -> tuple[AuditEntry, ...]:
    """One entry for each parameter array, or for several that agree.

    Parameters
    ----------
    module : torch.nn.Module
    facts : NetworkFacts
        Its layers say what a place asks for, its parameters which of them a gradient reaches.

    Returns
    -------
    tuple of AuditEntry
    """
    known = {parameter.name: parameter for parameter in facts.parameters}
    layers = {layer.name: layer for layer in facts.layers}
    has_words = any(layer.kind == "embedding" for layer in facts.layers)
    residual = _residual_rule(module, facts.layers)
    names: dict[int, str] = {}
    entries = []
    for name, owner, tensor in _owned(module):
        if id(tensor) in names:
            entries.append(_entry(name, tensor, None, None, (f"tied to {names[id(tensor)]}",)))
            continue
        names[id(tensor)] = name
        facts_of = known.get(name)
        remarks = []
        if facts_of is not None and not facts_of.is_registered:
            remarks.append("used, and not among the module's parameters")
        elif facts_of is not None and facts_of.is_trained and facts_of.gradient == 0:
            remarks.append("no gradient reaches it")
        layer = layers.get(name.removesuffix(".weight")) if name.endswith(".weight") else None
        theory = residual.get(name) or (_theory(layer) if layer is not None else None)
        default = _default(owner, name.rpartition(".")[2], tensor)
        is_of_words = has_words and tensor.ndim == 2 and name not in residual
        entries.append(_entry(name, tensor, default, theory, tuple(remarks), (OF_WORDS,) if is_of_words else ()))
    return collapsed(entries)


def _owned(module: torch.nn.Module) -> Iterator[tuple[str, Any, Any]]:
    """Every parameter with its name and the module that holds it; tied ones under each of their names."""
    for prefix, part in module.named_modules():
        for name, tensor in part.named_parameters(recurse=False, remove_duplicate=False):
            yield f"{prefix}.{name}".removeprefix("."), part, tensor
    for name, tensor in unregistered(module):
        yield name, None, tensor


def _entry(
    name: str, tensor: Any, default: Usual, theory: Usual, remarks: tuple[str, ...], usual: tuple[float, ...] = ()
) -> AuditEntry:
    mean, std = 0.0, 0.0
    if tensor.numel():
        std, mean = (float(size) for size in torch.std_mean(tensor.detach().float(), correction=0))
    usual = (*usual, *(size for _, size in filter(None, (default, theory))))
    return AuditEntry(name, 1, mean, std, default, theory, remarks, is_odd(std, tensor.numel(), usual))


def _default(owner: Any, name: str, tensor: Any) -> tuple[str, float] | None:
    """What PyTorch 2 gives a new layer of the owner's class: words, and the standard deviation."""
    if isinstance(owner, _NORMALIZATIONS):
        return ("a new layer has all 1, std" if name == "weight" else "a new layer has all 0, std"), 0.0
    size: float | None = None
    if isinstance(owner, torch.nn.Linear | _CONVOLUTIONS):
        if name in ("weight", "bias"):
            size = 1 / math.sqrt(3 * max(int(np.prod(owner.weight.shape[1:])), 1))
    elif isinstance(owner, torch.nn.Embedding | torch.nn.EmbeddingBag):
        size = 1.0
    elif isinstance(owner, torch.nn.RNNBase | torch.nn.RNNCellBase):
        size = 1 / math.sqrt(3 * owner.hidden_size)
    elif isinstance(owner, torch.nn.MultiheadAttention) and name.endswith("weight"):
        size = math.sqrt(2 / sum(tensor.shape))  # Glorot
    return None if size is None else ("PyTorch's default is", size)


def _theory(layer: LayerFacts) -> tuple[str, float] | None:
    """What the activation behind a dense layer or a convolution asks for."""
    if layer.kind not in ("dense", "convolution") or layer.activation is None:
        return None
    name = layer.activation.name
    if name in _RECTIFIERS:
        return f"He's rule for {name} asks √(2/{layer.fan_in}) =", math.sqrt(2 / layer.fan_in)
    if name in _SIGMOIDS:
        both = layer.fan_in + layer.units
        return f"Glorot's rule for {name} asks √(2/{both}) =", math.sqrt(2 / both)
    return f"LeCun's rule asks √(1/{layer.fan_in}) =", math.sqrt(1 / layer.fan_in)


def _residual_rule(module: torch.nn.Module, layers: tuple[LayerFacts, ...]) -> Mapping[str, tuple[str, float]]:
    """Of the last projection of each branch of a residual stream: 1/√N of the other kernels' size, for N branches.

    N is 2L for L blocks of attention and a dense pair each (Radford et al., *Language Models are Unsupervised Multitask
    Learners*, 2019). A stream is told by four branches or more.
    """
    ending = [f"{layer.name}.weight" for layer in layers if layer.ends_branch and layer.kind == "dense"]
    parameters = dict(module.named_parameters())
    others = [f"{layer.name}.weight" for layer in layers if layer.is_residual and not layer.ends_branch]
    sizes = [float(parameters[name].detach().float().std(correction=0)) for name in others if name in parameters]
    if len(ending) < 4 or not sizes or not np.median(sizes) > 0:
        return {}
    usual = float(np.median(sizes))
    rule = f"the residual rule asks {usual:.2g}/√{len(ending)} =", usual / math.sqrt(len(ending))
    return dict.fromkeys(ending, rule)
