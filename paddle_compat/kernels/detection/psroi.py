"""Pooling of regions whose every bin has channels of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from paddle_compat.kernels.detection.bags import add_rows_back, sum_rows
from paddle_compat.kernels.detection.rounding import round_away
from paddle_compat.kernels.detection.taps import Axis, Taps, as_pictures, as_table, outer, split

__all__ = ["psroi_pool"]


def psroi_pool(
    x: Tensor, rois: Tensor, images: Tensor, size: tuple[int, int], scale: float
) -> Tensor:
    """Return the mean of a bin's cells, in the channels that are that bin's.

    Args:
        x: [N, C * height * width, H, W] of floats.
        rois: [R, 4] in x's dtype: x1, y1, x2, y2; they are rounded to pixels, the last of which
            belongs to the region.
        images: [R] int64: the image that each region is in, ascending.
        size: how many bins a region has vertically, and horizontally.
        scale: what brings a region's coordinates to the map's.

    Returns:
        [R, C, height, width]; 0 in a bin that has no cell of the map. The gradient reaches x,
        once.
    """
    result: Tensor = _Pool.apply(x, rois, images, size, scale)  # type: ignore[no-untyped-call]
    return result


class _Pool(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, rois: Tensor, images: Tensor, size: tuple[int, int], scale: float
    ) -> Tensor:
        ctx.save_for_backward(rois, images)
        ctx.shape, ctx.size, ctx.scale = x.shape, size, scale
        count, channels, height, width = x.shape
        bins = size[0] * size[1]
        own = x.reshape(count, channels // bins, bins, height, width)
        # A row for each cell of each bin's plane.
        table = own.permute(0, 2, 3, 4, 1).reshape(-1, channels // bins)
        sums = [
            sum_rows(table, taps.rows, taps.weights, taps.starts)
            for _, taps in _chunks(rois, images, x.shape, size, scale)
        ]
        return as_pictures(sums, x, len(rois), channels // bins, *size)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        rois, images = ctx.saved_tensors
        count, channels, height, width = ctx.shape
        bins = ctx.size[0] * ctx.size[1]
        upstream = as_table(upstream)
        total = upstream.new_zeros(count * bins * height * width, channels // bins)
        for chunk, taps in _chunks(rois, images, ctx.shape, ctx.size, ctx.scale):
            part = upstream[chunk.start * bins : chunk.stop * bins]
            total += add_rows_back(part, taps.rows, taps.weights, taps.bags, len(total))
        own = total.reshape(count, bins, height, width, channels // bins).permute(0, 4, 1, 2, 3)
        return own.reshape(ctx.shape), None, None, None, None


def _chunks(
    rois: Tensor, images: Tensor, shape: torch.Size, size: tuple[int, int], scale: float
) -> Iterator[tuple[slice, Taps]]:
    """Yield the cells of some regions after the others'."""
    if not len(rois):
        return
    whole = round_away(rois)
    # As 1.8 does: the last pixel's far edge in double, but where it begins in the map's dtype.
    starts = whole[:, :2] * scale
    ends = ((whole[:, 2:].double() + 1) * scale).to(rois.dtype)
    sides = (ends - starts).clamp(min=0.1)
    bounds = [
        _bounds(starts[:, i], sides[:, i], bins, extent)
        for i, bins, extent in ((1, size[0], shape[2]), (0, size[1], shape[3]))
    ]
    most = [(last - first).amax(1).clamp(min=1) for first, last in bounds]
    bins = size[0] * size[1]
    planes = images[:, None] * bins + torch.arange(bins, device=images.device)
    map_shape = torch.Size((shape[0] * bins, *shape[2:]))
    for chunk in split(most[0] * most[1] * bins):
        axes = [
            _axis(first[chunk], last[chunk], counts[chunk], rois.dtype)
            for (first, last), counts in zip(bounds, most, strict=True)
        ]
        yield chunk, outer(axes[0], axes[1], planes[chunk], map_shape)


def _bounds(start: Tensor, side: Tensor, bins: int, extent: int) -> tuple[Tensor, Tensor]:
    """Return the first cell of each bin, and the one after its last: [R, bins] each."""
    number = torch.arange(bins + 1, device=start.device).to(start.dtype)
    at = number * (side / bins)[:, None] + start[:, None]
    at = at.nan_to_num(0).clamp(-1, extent + 1)
    first, last = at[:, :-1].floor().long(), at[:, 1:].ceil().long()
    return first.clamp(0, extent), last.clamp(0, extent)


def _axis(first: Tensor, last: Tensor, counts: Tensor, dtype: torch.dtype) -> Axis:
    """Return the cells of each bin, each with the same weight."""
    number = torch.arange(int(counts.max()), device=first.device)
    cells = first[..., None] + number
    real = cells < last[..., None]
    weights = real.to(dtype) / (last - first).clamp(min=1)[..., None].to(dtype)
    # Cells that are none of the bin's must not be read: they may hold an infinity.
    cells = torch.where(real, cells, (last - 1).clamp(min=0)[..., None])
    return Axis(cells, weights, counts)
