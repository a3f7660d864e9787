"""Pooling of regions by integrals: their edges may be anywhere, and learn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from paddle_compat.kernels.detection.bags import add_rows_back, dots, sum_rows
from paddle_compat.kernels.detection.taps import Axis, Taps, as_pictures, as_table, outer, split

__all__ = ["prroi_pool"]


def prroi_pool(
    x: Tensor, rois: Tensor, images: Tensor, size: tuple[int, int], scale: float
) -> Tensor:
    """Return the mean of the map, interpolated between cells, over each bin's area.

    Args:
        x: [N, C, H, W] of floats.
        rois: [R, 4] in x's dtype: x1, y1, x2, y2.
        images: [R] int64: the image that each region is in, ascending.
        size: how many bins a region has vertically, and horizontally.
        scale: what brings a region's coordinates to the map's.

    Returns:
        [R, C, height, width]; 0 where a region has no area. The gradient reaches x and rois, once.
    """
    result: Tensor = _Pool.apply(x, rois, images, size, scale)  # type: ignore[no-untyped-call]
    return result


class _Pool(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, rois: Tensor, images: Tensor, size: tuple[int, int], scale: float
    ) -> Tensor:
        ctx.save_for_backward(x, rois, images)
        ctx.size, ctx.scale = size, scale
        table = as_table(x)
        sums = [
            sum_rows(table, taps.rows, taps.weights, taps.starts)
            for _, taps in _chunks(rois, images, x.shape, size, scale)
        ]
        return as_pictures(sums, x, len(rois), x.shape[1], *size)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        x, rois, images = ctx.saved_tensors
        count, channels, height, width = x.shape
        bins = ctx.size[0] * ctx.size[1]
        upstream, table = as_table(upstream), as_table(x)
        to_rois = torch.zeros_like(rois)
        total = torch.zeros_like(table)
        leaf = rois.detach().requires_grad_(ctx.needs_input_grad[1])
        with torch.enable_grad():
            for chunk, taps in _chunks(leaf, images, x.shape, ctx.size, ctx.scale):
                part = upstream[chunk.start * bins : chunk.stop * bins]
                weights = taps.weights.detach()
                if ctx.needs_input_grad[0]:
                    total += add_rows_back(part, taps.rows, weights, taps.bags, len(total))
                if leaf.requires_grad:
                    slopes = dots(part, table, taps.rows, taps.bags, taps.starts)
                    to_rois += torch.autograd.grad(taps.weights, leaf, slopes)[0]
        pictures = total.reshape(count, height, width, channels).permute(0, 3, 1, 2)
        return pictures, to_rois, None, None, None


def _chunks(
    rois: Tensor, images: Tensor, shape: torch.Size, size: tuple[int, int], scale: float
) -> Iterator[tuple[slice, Taps]]:
    """Yield the cells of some regions after the others', whose weights the regions' edges tell."""
    if not len(rois):
        return
    extents = shape[2:]
    with torch.no_grad():
        _, per_bin = _bins(rois, size, scale)
        cells = (per_bin + 3).minimum(per_bin.new_tensor([extents[1], extents[0]]) + 2)
        costs = cells.nan_to_num(1).prod(1).long() * (size[0] * size[1])
    map_shape = torch.Size((shape[0], *extents))
    for chunk in split(costs):
        # Each chunk's own: its gradient is taken before the next one's.
        starts, per_bin = _bins(rois[chunk], size, scale)
        axes = [
            _axis(starts[:, i], per_bin[:, i], bins, extent)
            for i, bins, extent in ((1, size[0], extents[0]), (0, size[1], extents[1]))
        ]
        yield chunk, outer(axes[0], axes[1], images[chunk, None], map_shape)


def _bins(rois: Tensor, size: tuple[int, int], scale: float) -> tuple[Tensor, Tensor]:
    """Return where regions start, and how wide and high their bins are: [R, 2] each."""
    corners = rois * scale
    starts = corners[:, :2]
    sides = (corners[:, 2:] - starts).clamp(min=0)
    return starts, sides / sides.new_tensor([size[1], size[0]])


def _axis(start: Tensor, per_bin: Tensor, bins: int, extent: int) -> Axis:
    """Return the cells that matter to each bin, and their shares of its length."""
    low = start[:, None] + per_bin[:, None] * torch.arange(bins, device=start.device)
    high = low + per_bin[:, None]
    first = low.detach().nan_to_num(0).clamp(-1, extent).floor().long()
    last = high.detach().nan_to_num(0).clamp(-1, extent).ceil().long()
    counts = (last - first + 1).amax(1)
    number = torch.arange(int(counts.max()), device=start.device)
    cells = first[..., None] + number
    inside = (cells >= 0) & (cells < extent) & (cells <= last[..., None])
    # How much of the bin lies on either side of the cell: a cell's weight falls to 0 in one step.
    before, after = low[..., None] - cells, high[..., None] - cells
    weights = _area(after) - _area(before)
    # A region without any length counts nothing.
    length = per_bin[:, None, None]
    weights = torch.where(length > 0, weights / torch.where(length > 0, length, 1), 0)
    weights = weights.masked_fill(~inside, 0)
    near = first.clamp(0, extent - 1)[..., None]
    return Axis(torch.where(inside, cells, near), weights, counts)


def _area(at: Tensor) -> Tensor:
    """Return the area under a tent of height 1 over [-1, 1], to the left of a place."""
    at = at.clamp(-1, 1)
    return torch.where(at < 0, 0.5 + at + 0.5 * at * at, 0.5 + at - 0.5 * at * at)
