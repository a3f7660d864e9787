"""How a kernel walks through tensors: along their memory, or by three strides of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

__all__ = ["Layout", "by_rows", "common"]

_LARGEST = 2**31 - 1
# In the place of the strides of tensors that are walked along their memory.
_NONE = (0, 0, 0)


@dataclass(frozen=True)
class Layout:
    """An order in which every element of some tensors of one shape is met once.

    Attributes:
        sizes: of three dimensions, the last one innermost.
        strides: three of each tensor.
        flat: the tensors' memory is in this order, without gaps: a count is an offset.
        wide: counts or offsets leave 32 bits.
        outer: the tensors' last dimension is the outermost here.
    """

    sizes: tuple[int, int, int]
    strides: tuple[tuple[int, int, int], ...]
    flat: bool
    wide: bool = True
    outer: bool = False


def common(tensors: Sequence[Tensor], slack: int) -> Layout | None:
    """Return a layout of tensors of one shape, in the memory order of the first.

    None where it takes more than three dimensions.

    Args:
        tensors: of one shape, not empty.
        slack: how many elements past the last one may be counted.
    """
    first = tensors[0]
    order = [dim for dim in range(first.ndim) if first.shape[dim] != 1]
    order.sort(key=first.stride, reverse=True)
    merged: list[tuple[int, tuple[int, ...]]] = []
    for dim in order:
        size, strides = first.shape[dim], tuple(t.stride(dim) for t in tensors)
        if merged and merged[-1][1] == tuple(size * stride for stride in strides):
            merged[-1] = merged[-1][0] * size, strides
        else:
            merged.append((size, strides))
    if not merged or (len(merged) == 1 and set(merged[0][1]) == {1}):
        return Layout((1, 1, first.numel()), (_NONE,) * len(tensors), True)
    if len(merged) > 3:
        return None
    merged = [(1, (0,) * len(tensors))] * (3 - len(merged)) + merged
    return _strided([size for size, _ in merged], [strides for _, strides in merged], slack)


def by_rows(logit: Tensor, column: Tensor, others: Sequence[Tensor], slack: int) -> Layout:
    """Return a layout of logits [N, C], a column [N, 1] beside them, and others like the logits.

    Args:
        logit: [N, C], not empty.
        column: [N, 1]; its second dimension's stride counts as 0.
        others: [N, C].
        slack: how many elements past the last one may be counted.
    """
    rows, classes = logit.shape
    tensors = [logit, column, *others]
    if all(tensor.is_contiguous() for tensor in tensors):
        return Layout((rows, 1, classes), (_NONE,) * len(tensors), True)
    of_row = [tensor.stride(0) for tensor in tensors]
    of_class = [0 if tensor is column else tensor.stride(1) for tensor in tensors]
    between = [0] * len(tensors)
    # Along the logits' smaller stride, so that neighbours in memory are read together.
    if classes > 1 and of_class[0] > of_row[0]:
        return _strided([classes, 1, rows], [of_class, between, of_row], slack, outer=True)
    return _strided([rows, 1, classes], [of_row, between, of_class], slack)


def _strided(
    sizes: Sequence[int], strides: Sequence[Sequence[int]], slack: int, outer: bool = False
) -> Layout:
    own = tuple((s0, s1, s2) for s0, s1, s2 in zip(*strides, strict=True))
    reach = [sum((n - 1) * s for n, s in zip(sizes, each, strict=True)) for each in own]
    # What is past the end is not loaded, but its count must not wrap round to a smaller one.
    wide = max(math.prod(sizes) + slack, *reach) > _LARGEST
    n0, n1, n2 = sizes
    return Layout((n0, n1, n2), own, False, wide, outer)
