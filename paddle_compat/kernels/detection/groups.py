"""Groups of all lengths, one behind the other, brought beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

__all__ = ["beside_each_other"]


def beside_each_other(
    lengths: Sequence[int], device: torch.device, *, elements: int, short: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Give groups of about the same length together, so that little is filled up.

    Args:
        lengths: how many elements each group has.
        device: where the indices are wanted.
        elements: how many elements are given at a time, unless one group has more.
        short: groups up to this length count as of the same length.

    Yields:
        grid: [G, N] int64, the index of each group's elements; then any other index.
        within: [G, N] bool, which are the group's own.
    """
    starts = [0]
    for length in lengths:
        starts.append(starts[-1] + length)
    for batch in _batches(lengths, elements, short):
        first = torch.tensor([starts[group] for group in batch], device=device)[:, None]
        size = torch.tensor([lengths[group] for group in batch], device=device)[:, None]
        column = torch.arange(lengths[batch[0]], device=device)
        yield (first + column).clamp_(max=starts[-1] - 1), column < size


def _batches(lengths: Sequence[int], elements: int, short: int) -> Iterator[list[int]]:
    batch: list[int] = []
    longest = 0
    for group in sorted(range(len(lengths)), key=lambda group: -lengths[group]):
        length = lengths[group]
        if not length:
            break
        full = (len(batch) + 1) * longest > elements
        if batch and (full or (2 * length < longest and longest > short)):
            yield batch
            batch = []
        longest = longest if batch else length
        batch.append(group)
    if batch:
        yield batch
