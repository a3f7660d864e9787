"""The best candidates in Paddle's order: by score, and what comes first where scores are equal."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["best", "ranked"]


def ranked(scores: Tensor) -> Tensor:
    """Return the order of falling scores, [N] int64.

    Scores are compared as float32, float64 ones too: Paddle's comparison takes pairs of a float.
    """
    return scores.to(torch.float32).sort(descending=True, stable=True).indices


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
