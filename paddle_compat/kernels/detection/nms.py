"""Greedy non-maximum suppression, many groups of candidates at a time.

A candidate is kept unless its overlap with one that was kept before it is above the threshold.
That is sequential, but not much of it is. Blocks of the best candidates are taken one after the
other. Within a block, what is kept is the fixed point of "kept, unless a kept one before it
suppresses it": as no candidate depends on a later one there is one such point, and iterating from
"all are kept" reaches it in as many steps as the longest chain of suppressions has links. Then the
block's kept ones suppress everything behind the block, and what they suppress is not looked at
again. What is kept is the sequential algorithm's to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from paddle_compat.kernels.detection.groups import beside_each_other
from paddle_compat.kernels.detection.overlap import areas

__all__ = ["Overlap", "box_rows", "greedy_nms", "suppress"]

Overlap = Callable[[Tensor, Tensor], Tensor]
"""From rows of candidates and rows of kept ones, [D, ...] each, their overlaps, [...]."""

# How many candidates of a group are looked at at once, how many of all, and how many overlaps.
_BLOCK = 64
_ELEMENTS = 1 << 16
_PAIRS = 3 << 16


def greedy_nms(
    boxes: Tensor,
    threshold: float,
    *,
    eta: float = 1.0,
    offset: float = 0.0,
    lengths: Sequence[int] | None = None,
    most: int | None = None,
) -> Tensor:
    """Return which boxes are kept.

    Args:
        boxes: [N, 4] as x1, y1, x2, y2, the best first; float32 or float64.
        threshold: a box whose overlap with a kept one is above it, or is NaN, is not kept.
        eta: below 1, the threshold is multiplied by it after each kept box, as long as the
            threshold is above 0.5.
        offset: what is added to widths and heights: 1 for pixels that belong to the box, else 0.
        lengths: how many boxes each group has, one group behind the other, where there is more
            than one; boxes of different groups do not meet.
        most: how many boxes of a group are kept at most: the rest is not looked at.

    Returns:
        The indices of the boxes that are kept, [K] int64, ascending.

    Example:
        >>> import torch
        >>> boxes = torch.tensor([[0.0, 0, 4, 4], [0, 0, 4, 3], [5, 5, 6, 6]])
        >>> greedy_nms(boxes, 0.5).tolist()
        [0, 2]
    """
    rows, overlap = box_rows(boxes, offset)
    return suppress(rows, overlap, threshold, eta=eta, lengths=lengths, most=most)


def box_rows(boxes: Tensor, offset: float) -> tuple[Tensor, Overlap]:
    """Return boxes, [..., 4], as rows of coordinates and areas, [5, ...], and what overlaps them.

    The overlap is that of Paddle's NMS: boxes that are apart have 0, by less than the offset too;
    a box with a negative side has no area, but what it shares with others is multiplied out.
    """
    x1, y1, x2, y2 = boxes.unbind(-1)
    inverted = (x2 < x1) | (y2 < y1)
    area = areas(boxes, offset).masked_fill(inverted, 0)
    rows = torch.stack((x1, y1, x2, y2, area))
    # Also false for NaN.
    if not bool(((area > 0) & (area < math.inf)).all()):
        return rows, lambda a, b: _overlaps_of_any(a, b, offset)
    return rows, _overlaps_of_pixels if offset else _overlaps


def _overlaps(a: Tensor, b: Tensor) -> Tensor:
    """Overlaps of boxes that have finite areas."""
    width = a[2].minimum(b[2]).sub_(a[0].maximum(b[0])).clamp_(min=0)
    height = a[3].minimum(b[3]).sub_(a[1].maximum(b[1])).clamp_(min=0)
    shared = width.mul_(height)
    return shared.div_((a[4] + b[4]).sub_(shared))


def _overlaps_of_pixels(a: Tensor, b: Tensor) -> Tensor:
    """Overlaps of boxes that have finite areas, the last pixels included."""
    width = a[2].minimum(b[2]).sub_(a[0].maximum(b[0]))
    height = a[3].minimum(b[3]).sub_(a[1].maximum(b[1]))
    apart = width.minimum(height) < 0
    shared = width.add_(1).mul_(height.add_(1)).masked_fill_(apart, 0)
    return shared.div_((a[4] + b[4]).sub_(shared))


def _overlaps_of_any(a: Tensor, b: Tensor, offset: float) -> Tensor:
    """Overlaps of any boxes, with negative sides, without area, endless or NaN."""
    apart = (b[0] > a[2]) | (b[2] < a[0]) | (b[1] > a[3]) | (b[3] < a[1])
    # A maximum that is the first where one is NaN, as C++ has it.
    left, top = (torch.where(a[k] < b[k], b[k], a[k]) for k in (0, 1))
    right, bottom = (torch.where(b[k] < a[k], b[k], a[k]) for k in (2, 3))
    shared = (right - left + offset) * (bottom - top + offset)
    return (shared / (a[4] + b[4] - shared)).masked_fill_(apart, 0)


@torch.no_grad()
def suppress(
    rows: Tensor,
    overlap: Overlap,
    threshold: float,
    *,
    eta: float = 1.0,
    lengths: Sequence[int] | None = None,
    most: int | None = None,
) -> Tensor:
    """Return which candidates are kept, by any overlap: see `greedy_nms`.

    Args:
        rows: what `overlap` reads of the candidates, [D, N].
        overlap: gives the overlaps of candidates, rows [D, ...], with kept ones, alike.
        threshold: as in `greedy_nms`.
        eta: as in `greedy_nms`.
        lengths: as in `greedy_nms`.
        most: as in `greedy_nms`.
    """
    count = rows.shape[1]
    if lengths is None or len(lengths) == 1:
        sizes = torch.tensor([count], device=rows.device)
        keep = _suppress(rows[:, None], sizes, overlap, threshold, eta, most)
        return keep[0].nonzero().flatten()
    kept = rows.new_zeros(count, dtype=torch.bool)
    groups = beside_each_other(lengths, rows.device, elements=_ELEMENTS, short=_BLOCK)
    for grid, within in groups:
        dense = rows[:, grid.flatten()].reshape(len(rows), *grid.shape)
        keep = _suppress(dense, within.sum(1), overlap, threshold, eta, most)
        kept[grid[keep]] = True
    return kept.nonzero().flatten()


def _suppress(
    rows: Tensor,
    left: Tensor,
    overlap: Overlap,
    threshold: float,
    eta: float,
    most: int | None,
) -> Tensor:
    """Return which candidates of groups beside each other are kept.

    Args:
        rows: [D, G, N]; a group is filled up with anything.
        left: [G], how many candidates each group has.
        overlap: as in `suppress`.
        threshold: as in `greedy_nms`.
        eta: as in `greedy_nms`.
        most: as in `greedy_nms`.

    Returns:
        [G, N] bool.
    """
    groups, longest = rows.shape[1:]
    kept = rows.new_zeros((groups, longest), dtype=torch.bool)
    if most is not None and most < 1:
        return kept
    limits = _Limits(threshold, eta, rows)
    position = torch.arange(longest, device=rows.device).expand(groups, longest)
    # The largest overlap with a kept one so far; NaN is above everything.
    worst = rows.new_full((groups, longest), -math.inf)
    found = torch.zeros_like(left)
    while longest:
        size = longest if longest <= 2 * _BLOCK else _BLOCK
        block = rows[:, :, :size]
        inside = torch.arange(size, device=rows.device) < left[:, None]
        between = overlap(block[:, :, None, :], block[:, :, :, None])
        keep = _solve(between, inside, worst[:, :size], found, limits)
        group, column = keep.nonzero(as_tuple=True)
        kept[group, position[group, column]] = True
        if size == longest:
            break
        count = keep.sum(1)
        found = found + count
        # The first of a block is always kept, and fills up the kept ones of a group.
        widest = int(count.max())
        chosen = (~keep).to(torch.uint8).argsort(dim=1, stable=True)[:, :widest]
        chosen.masked_fill_(torch.arange(widest, device=rows.device) >= count[:, None], 0)
        best = block.gather(2, chosen.expand(rows.shape[0], -1, -1))
        rows, worst, position = rows[:, :, size:], worst[:, size:], position[:, size:]
        # A part of them at a time: what does not leave the cache is many times as fast.
        part = max(_PAIRS // (groups * (longest - size)), 1)
        for some in best.split_with_sizes(_parts(widest, part), 2):
            now = overlap(rows[:, :, None, :], some[:, :, :, None]).amax(1)
            worst = worst.maximum(now)
        alive = worst <= limits.at(found)[:, None]
        alive &= torch.arange(longest - size, device=rows.device) < (left - size)[:, None]
        if most is not None:
            alive &= (found < most)[:, None]
        left = alive.sum(1)
        rows, worst, position = _closed_up(alive, left, rows, worst, position)
        longest = rows.shape[2]
    return kept


def _parts(count: int, size: int) -> list[int]:
    """Return the sizes of parts that add up to a count."""
    return [min(size, count - start) for start in range(0, count, size)]


def _closed_up(
    alive: Tensor, left: Tensor, rows: Tensor, worst: Tensor, position: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what is alive of each group, moved to its front."""
    longest = int(left.max())
    if len(alive) == 1:
        where = alive[0].nonzero().flatten()
        return rows[:, :, where], worst[:, where], position[:, where]
    group, column = alive.nonzero(as_tuple=True)
    source = group.new_zeros((len(alive), longest))
    source[group, (alive.cumsum(1) - 1)[group, column]] = column
    moved = rows.gather(2, source.expand(rows.shape[0], -1, -1))
    return moved, worst.gather(1, source), position.gather(1, source)


def _solve(
    between: Tensor, inside: Tensor, worst: Tensor, found: Tensor, limits: _Limits
) -> Tensor:
    """Return which candidates of each group's block are kept.

    Args:
        between: overlaps, [G, kept one, candidate]; they are overwritten.
        inside: [G, B], which are candidates.
        worst: [G, B], overlaps with those kept before.
        found: [G], how many were kept before.
        limits: the thresholds.
    """
    most = torch.finfo(between.dtype).max
    between.nan_to_num_(most, most, -most)
    between += between.new_full(between.shape[1:], -math.inf).tril_()
    keep = inside
    while True:
        limit = limits.at(found)[:, None]
        if not limits.fixed:
            limit = limits.at(found[:, None] + keep.cumsum(1) - keep.to(found.dtype))
        left_out = torch.where(keep, 0.0, -math.inf).to(between.dtype)
        now = (between + left_out[:, :, None]).amax(1)
        following = inside & (worst.maximum(now) <= limit)
        if torch.equal(following, keep):
            return keep
        keep = following


class _Limits:
    """The threshold by how many are kept."""

    def __init__(self, threshold: float, eta: float, like: Tensor) -> None:
        # The first candidate is kept whatever the threshold.
        threshold = -math.inf if math.isnan(threshold) else threshold
        steps = [torch.tensor(threshold, dtype=like.dtype)]
        factor = torch.tensor(eta, dtype=like.dtype)
        while factor < 1 and steps[-1] > 0.5 and len(steps) <= like.shape[2]:
            steps.append(steps[-1] * factor)
        self.steps = torch.stack(steps).to(like.device)
        self.fixed = len(steps) == 1

    def at(self, count: Tensor) -> Tensor:
        """Return the threshold behind so many kept ones."""
        return self.steps[count.clamp(max=len(self.steps) - 1)]
