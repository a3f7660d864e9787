"""The order in which the C++ library's `std::partial_sort` leaves what is equal.

1.8's matrix NMS takes its candidates with it, and the first of equal ones decays the others. It
works on a heap of those it has chosen, so that this follows from all of them: the heap is kept
here as libstdc++ keeps it. Where nothing is equal there is one order, and no heap.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["first_by_falling_key"]


def first_by_falling_key(keys: Tensor, most: int) -> Tensor:
    """Return which elements `std::partial_sort` by `a > b` brings to the front, in its order.

    Args:
        keys: [N]; NaN is above nothing and below nothing.
        most: how many, N at most.

    Returns:
        Indices, [most] int64.
    """
    if not most:
        return torch.zeros(0, dtype=torch.int64, device=keys.device)
    values, order = keys.sort(descending=True, stable=True)
    compared = values[: most + 1]
    # NaN, which comes first, is above nothing.
    if bool((compared[:-1] > compared[1:]).all()):
        return order[:most]
    chosen = _Heap(keys.tolist()).partial_sort(most)
    return torch.tensor(chosen, dtype=torch.int64, device=keys.device)


class _Heap:
    """A heap of indices with the smallest key on top."""

    def __init__(self, keys: list[float]) -> None:
        self.keys = keys
        self.items = list(range(len(keys)))

    def partial_sort(self, most: int) -> list[int]:
        keys, items = self.keys, self.items
        for parent in range((most - 2) // 2, -1, -1):
            self._put(parent, most, items[parent])
        smallest = keys[items[0]]
        for index in range(most, len(items)):
            if keys[items[index]] > smallest:
                item, items[index] = items[index], items[0]
                self._put(0, most, item)
                smallest = keys[items[0]]
        for last in range(most - 1, 0, -1):
            item, items[last] = items[last], items[0]
            self._put(0, last, item)
        return items[:most]

    def _put(self, hole: int, size: int, item: int) -> None:
        """Fill a hole: smaller children rise until it is at the bottom, then the item rises."""
        keys, items = self.keys, self.items
        top = hole
        child = hole
        while child < (size - 1) // 2:
            child = 2 * child + 2
            if keys[items[child]] > keys[items[child - 1]]:
                child -= 1
            items[hole] = items[child]
            hole = child
        if size % 2 == 0 and child == (size - 2) // 2:
            child = 2 * child + 1
            items[hole] = items[child]
            hole = child
        key = keys[item]
        while hole > top and keys[items[(hole - 1) // 2]] > key:
            items[hole] = items[(hole - 1) // 2]
            hole = (hole - 1) // 2
        items[hole] = item
