"""A random part of a list, as Paddle's detection operators draw it."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["sample"]


def sample(items: Tensor, count: int, random: bool) -> Tensor:
    """Return `count` of the items, or all where there are no more.

    Item i, from `count` on, takes the place floor(u i) for its own u, uniform in [0, 1), where
    that is below `count`. That is reservoir sampling but for a factor i that should be i + 1:
    later items are a little more likely than earlier ones, as they are in real Paddle.

    Args:
        items: [N].
        count: how many; below 0 all of them.
        random: whether to draw, by torch's generator; the first ones are taken otherwise.

    Returns:
        [min(N, count)].
    """
    size = items.shape[0]
    if count < 0 or size <= count:
        return items
    if not random or count == 0:
        return items[:count]
    late = torch.arange(count, size, device=items.device)
    # Paddle's numbers are float32 too, and so is what it floors.
    places = (torch.rand(size - count, device=items.device) * late).long()
    hit = places < count
    # Of those that take one place, the last stays.
    holders = torch.arange(count, device=items.device)
    holders.scatter_reduce_(0, places[hit], late[hit], "amax")
    return items[holders]
