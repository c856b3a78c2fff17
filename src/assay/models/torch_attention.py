"""What attention does with its positions: how widely it looks, and how large its scores are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch.nn import functional

from assay.diagnosis.facts import AttentionFacts

# Examples that are looked at: a share over all their heads and positions does not change with more.
EXAMPLES = 8
# Scores below this are masked, whichever large number was written for -∞.
MASKED = -1e4
# A row of weights that gives one position so much is saturated.
SATURATED = 0.99


def attention_of(name: str, scores: Any) -> AttentionFacts | None:
    """What a softmax over the last axis of scores (…, positions) does; None without two positions to choose from."""
    scores = scores.detach()[:EXAMPLES].double()
    is_open = scores > MASKED
    positions = is_open.sum(dim=-1)
    rows = positions > 1
    if not bool(rows.any()):
        return None
    weights = scores.masked_fill(~is_open, -math.inf).softmax(dim=-1)[rows]
    entropy = torch.special.entr(weights).sum(dim=-1) / positions[rows].double().log()
    return AttentionFacts(
        name=name,
        positions=int(positions.max()),
        entropy=float(entropy.mean()),
        scores_std=float(scores[is_open].std(correction=0)),
        saturated=float((weights.amax(dim=-1) > SATURATED).double().mean()),
    )


def scaled_scores(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The masked scores q · k / √d of a call of ``scaled_dot_product_attention``."""
    given = dict(zip(("query", "key", "value", "attn_mask", "dropout_p", "is_causal"), args, strict=False)) | dict(
        kwargs
    )
    q, k = (given[word].detach()[:EXAMPLES] for word in ("query", "key"))
    if q.ndim == 4 and q.shape[1] != k.shape[1]:  # several heads of queries share one of keys
        k = k.repeat_interleave(q.shape[1] // k.shape[1], dim=1)
    scale = given.get("scale")
    scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if given.get("is_causal"):
        scores = _masked(scores, torch.ones(scores.shape[-2:], dtype=torch.bool, device=q.device).tril())
    mask = given.get("attn_mask")
    if mask is not None:
        scores = _masked(scores, mask[:EXAMPLES] if mask.ndim == scores.ndim and len(mask) > 1 else mask)
    return scores


def scores_of_heads(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The masked scores (B, heads, T, T) of a call of ``multi_head_attention_forward`` with one matrix."""
    query, key, _, width, heads, weight, bias = args[:7]
    q, k = (part.detach()[:, :EXAMPLES] for part in (query, key))
    of_q, of_k, _ = weight.detach().split(width)
    bias_q, bias_k = (None, None) if bias is None else bias.detach().split(width)[:2]
    q, k = functional.linear(q, of_q, bias_q), functional.linear(k, of_k, bias_k)
    q, k = (part.unflatten(-1, (heads, -1)).permute(1, 2, 0, 3) for part in (q, k))
    scores = q @ k.transpose(-2, -1) / math.sqrt(width // heads)
    mask, padding = kwargs.get("attn_mask"), kwargs.get("key_padding_mask")
    if mask is not None and mask.ndim == 2:
        scores = _masked(scores, ~mask if mask.dtype == torch.bool else mask)
    if padding is not None:
        padding = padding[:EXAMPLES, None, None]
        scores = _masked(scores, ~padding if padding.dtype == torch.bool else padding)
    return scores


def _masked(scores: Any, mask: Any) -> Any:
    """Without the positions where a mask of yes and no says no; other masks are added."""
    return scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask
