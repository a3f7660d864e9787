"""The best candidates in Paddle's order: by score, and what comes first where scores are equal."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["best", "ranked"]


def ranked(scores: Tensor, groups: Tensor | None = None) -> Tensor:
    """Return the order of falling scores, [N] int64; what is equal stays in its order.

    Scores are compared as float32, float64 ones too: Paddle's comparison takes pairs of a float.

    Args:
        scores: [N], without NaN.
        groups: [N] int64; those of a low group go before those of a high one.
    """
    # Sorting whole numbers takes a fraction of the time. Adding 0 makes -0 a 0.
    bits = (scores.to(torch.float32) + 0.0).view(torch.int32)
    falling = ~torch.where(bits < 0, bits ^ 0x7FFFFFFF, bits)
    if groups is not None:
        falling = (groups << 32) + falling
    return falling.sort(stable=True).indices


def best(scores: Tensor, threshold: float, most: int = -1) -> Tensor:
    """Return the indices of the scores above a threshold, the best first.

    Args:
        scores: [N], float32 or float64; NaN is above nothing.
        threshold: what a score must be above.
        most: how many at most; any number where it is negative.

    Returns:
        [K] int64.
    """
    found = (scores > threshold).nonzero().flatten()
    key = scores[found].to(torch.float32)
    if 0 < most < len(found):
        # Sorting all of them takes longer than finding out which ones may be among the best.
        among = key >= key.topk(most, sorted=False).values.amin()
        found, key = found[among], key[among]
    order = ranked(key)
    return found[order[:most] if most >= 0 else order]
