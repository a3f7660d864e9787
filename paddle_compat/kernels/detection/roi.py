"""Pooling over regions of interest: sampled between cells (align), and by the largest (pool)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from paddle_compat.kernels.detection.bags import add_rows_back, sum_rows
from paddle_compat.kernels.detection.rounding import round_away
from paddle_compat.kernels.detection.taps import Axis, Taps, as_pictures, as_table, outer, split

__all__ = ["Pooling", "roi_align", "roi_pool"]

_MAX = 2
# Beyond, a region is no region but a mistake: its samples would not fit any memory.
_LARGEST_GRID = 1 << 14


@dataclass(frozen=True)
class Pooling:
    """How regions are pooled.

    Attributes:
        height: how many bins a region has vertically.
        width: how many horizontally.
        scale: what brings a region's coordinates to the map's.
        ratio: how many samples a bin has in each direction; 0 or less for as many as it has cells.
    """

    height: int
    width: int
    scale: float
    ratio: int = 0


def roi_align(x: Tensor, rois: Tensor, images: Tensor, pooling: Pooling) -> Tensor:
    """Return the mean of samples, taken between cells, in each bin of each region.

    Args:
        x: [N, C, H, W] of floats.
        rois: [R, 4] in x's dtype: x1, y1, x2, y2; a region is at least one cell wide and high.
        images: [R] int64: the image that each region is in, ascending.
        pooling: the bins.

    Returns:
        [R, C, height, width]. Samples more than one cell outside count as 0. The gradient reaches
        x, once; regions have none.

    Raises:
        ValueError: a region's samples are too many to take.
    """
    result: Tensor = _Align.apply(x, rois, images, pooling)  # type: ignore[no-untyped-call]
    return result


class _Align(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, rois: Tensor, images: Tensor, pooling: Pooling) -> Tensor:
        ctx.save_for_backward(rois, images)
        ctx.shape, ctx.pooling = x.shape, pooling
        table = as_table(x)
        sums = [
            sum_rows(table, taps.rows, taps.weights, taps.starts)
            for _, taps in _chunks(rois, images, x.shape, pooling)
        ]
        return as_pictures(sums, x, len(rois), x.shape[1], pooling.height, pooling.width)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, None, None, None]:
        rois, images = ctx.saved_tensors
        count, channels, height, width = ctx.shape
        bins = ctx.pooling.height * ctx.pooling.width
        upstream = as_table(upstream)
        size = count * height * width
        total: Tensor | None = None
        for chunk, taps in _chunks(rois, images, ctx.shape, ctx.pooling):
            part = upstream[chunk.start * bins : chunk.stop * bins]
            found = add_rows_back(part, taps.rows, taps.weights, taps.bags, size)
            total = found if total is None else total.add_(found)
        if total is None:
            total = upstream.new_zeros(size, channels)
        return total.reshape(count, height, width, channels).permute(0, 3, 1, 2), None, None, None


def _chunks(
    rois: Tensor, images: Tensor, shape: torch.Size, pooling: Pooling
) -> Iterator[tuple[slice, Taps]]:
    """Yield the taps of some regions after the others'."""
    if not len(rois):
        return
    corners = rois * pooling.scale
    map_shape = torch.Size((shape[0], *shape[2:]))
    starts = corners[:, :2]
    sizes = (corners[:, 2:] - starts).clamp(min=1)
    per_bin = sizes / sizes.new_tensor([pooling.width, pooling.height])
    if pooling.ratio > 0:
        grids = torch.full_like(per_bin, pooling.ratio, dtype=torch.int64)
        costs = grids.prod(1) * 4
    else:
        if not bool((per_bin <= _LARGEST_GRID).all()):
            largest = sizes.amax(0).tolist()
            raise ValueError(
                f"a region of interest is {largest[0]:g} cells wide, or {largest[1]:g} high, and "
                "sampled at each; clip the regions to the image, or tell a sampling_ratio above 0"
            )
        grids = per_bin.ceil().long()
        costs = (grids + 2).prod(1)
    for chunk in split(costs * pooling.height * pooling.width):
        axes = [
            _axis(starts[chunk, i], per_bin[chunk, i], grids[chunk, i], bins, extent, pooling.ratio)
            for i, bins, extent in ((1, pooling.height, shape[2]), (0, pooling.width, shape[3]))
        ]
        yield chunk, outer(axes[0], axes[1], images[chunk, None], map_shape)


def _axis(start: Tensor, per_bin: Tensor, grid: Tensor, bins: int, extent: int, ratio: int) -> Axis:
    """Return the cells of one axis that the samples of each bin lie between."""
    most = ratio if ratio > 0 else int(grid.max())
    sample = torch.arange(most, device=start.device)
    size = per_bin[:, None, None]
    first = start[:, None, None] + torch.arange(bins, device=start.device)[:, None] * size
    at = first + (sample.to(start.dtype) + 0.5) * size / grid[:, None, None].to(start.dtype)
    absent = (at < -1) | (at > extent) | (sample >= grid[:, None, None])
    at = at.clamp(min=0)
    low = at.nan_to_num(0).clamp(max=extent - 1).long()
    share = torch.where(low == extent - 1, at * 0, at - low)
    weights = torch.stack([1 - share, share], -1) / grid[:, None, None, None]
    weights = weights.masked_fill(absent[..., None], 0).flatten(2)
    cells = torch.stack([low, (low + 1).clamp(max=extent - 1)], -1).flatten(2)
    if ratio > 0:
        return Axis(cells, weights, torch.full_like(grid, 2 * ratio))
    return _merge(cells, weights, extent)


def _merge(cells: Tensor, weights: Tensor, extent: int) -> Axis:
    """Return each cell of a bin once, where samples are no further apart than cells are."""
    idle = weights == 0
    first = cells.masked_fill(idle, extent - 1).amin(2)
    last = cells.masked_fill(idle, 0).amax(2)
    counts = (last - first + 1).amax(1).clamp(min=1)
    most = int(counts.max())
    merged = weights.new_zeros(*first.shape, most)
    merged.scatter_add_(2, (cells - first[..., None]).masked_fill_(idle, 0), weights)
    reached = first[..., None] + torch.arange(most, device=first.device)
    # A cell that no sample touches must not be read: it may hold an infinity.
    reached = torch.where(merged == 0, first[..., None], reached)
    return Axis(reached, merged, counts)


def roi_pool(x: Tensor, rois: Tensor, images: Tensor, pooling: Pooling) -> Tensor:
    """Return the largest element in each bin of each region, whose ends are rounded to cells.

    Args:
        x: [N, C, H, W] of floats.
        rois: [R, 4] of floats: x1, y1, x2, y2; the last cell belongs to the region.
        images: [R] int64: the image that each region is in, ascending.
        pooling: the bins; its ratio is not used.

    Returns:
        [R, C, height, width]; 0 in a bin that has no cell of the map. Among equals the gradient
        reaches the first; where nothing in a bin exceeds the lowest finite number, NaN included,
        the result is that number and the gradient reaches none.
    """
    result: Tensor = _Pool.apply(x, rois, images, pooling)  # type: ignore[no-untyped-call]
    return result


class _Pool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, rois: Tensor, images: Tensor, pooling: Pooling) -> Tensor:
        lowest = torch.finfo(x.dtype).min
        table = as_table(x).nan_to_num(nan=lowest, posinf=float("inf"), neginf=lowest)
        values, chosen = [], []
        for taps, empty in _cells(rois, images, x.shape, pooling):
            largest, _, _, where = torch.embedding_bag(table, taps.rows, taps.starts, mode=_MAX)
            values.append(largest.masked_fill_(empty[:, None], 0))
            chosen.append(where.masked_fill_((largest == lowest) | empty[:, None], -1))
        ctx.save_for_backward(*chosen)
        ctx.shape = x.shape
        return as_pictures(values, x, len(rois), x.shape[1], pooling.height, pooling.width)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:
        count, channels, height, width = ctx.shape
        upstream = as_table(upstream)
        total = upstream.new_zeros(count * height * width, channels)
        first = 0
        for chosen in ctx.saved_tensors:
            part = upstream[first : first + len(chosen)].masked_fill(chosen < 0, 0)
            total.scatter_add_(0, chosen.clamp(min=0).long(), part)
            first += len(chosen)
        return total.reshape(count, height, width, channels).permute(0, 3, 1, 2), None, None, None


def _cells(
    rois: Tensor, images: Tensor, shape: torch.Size, pooling: Pooling
) -> Iterator[tuple[Taps, Tensor]]:
    """Yield the cells of the bins of some regions after the others', and which bins have none."""
    if not len(rois):
        return
    corners = _whole(rois * pooling.scale)
    map_shape = torch.Size((shape[0], *shape[2:]))
    starts = corners[:, :2]
    sizes = (corners[:, 2:] - starts + 1).clamp(min=1)
    bounds = [
        _bounds(starts[:, i], sizes[:, i], bins, extent)
        for i, bins, extent in ((1, pooling.height, shape[2]), (0, pooling.width, shape[3]))
    ]
    counts = [(last - first).amax(1).clamp(min=1) for first, last in bounds]
    for chunk in split(counts[0] * counts[1] * pooling.height * pooling.width):
        axes, holes = [], []
        for (first, last), count in zip(bounds, counts, strict=True):
            first, last, count = first[chunk, :, None], last[chunk, :, None], count[chunk]
            cells = first + torch.arange(int(count.max()), device=first.device)
            cells = cells.minimum(last - 1).clamp_(min=0)
            axes.append(Axis(cells, torch.ones_like(cells), count))
            holes.append(first >= last)
        empty = holes[0] | holes[1].transpose(1, 2)
        yield outer(axes[0], axes[1], images[chunk, None], map_shape), empty.flatten()


def _whole(value: Tensor) -> Tensor:
    """Return rounded coordinates as integers, which stay in an int32's range."""
    return round_away(value).nan_to_num(0).double().clamp(-(2.0**30), 2.0**30).long()


def _bounds(start: Tensor, size: Tensor, bins: int, extent: int) -> tuple[Tensor, Tensor]:
    """Return the first cell of each bin, and the one after its last: [R, bins] each."""
    per_bin = size.float() / torch.tensor(bins, dtype=torch.float32, device=size.device)
    number = torch.arange(bins + 1, device=size.device).float()
    at = number * per_bin[:, None]
    first = at[:, :-1].floor().long() + start[:, None]
    last = at[:, 1:].ceil().long() + start[:, None]
    return first.clamp(0, extent), last.clamp(0, extent)
