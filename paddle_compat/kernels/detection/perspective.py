"""Regions of four corners, seen straight on: each is brought to a rectangle."""

from __future__ import annotations

import torch
from torch import Tensor

from paddle_compat.kernels.detection.bags import weighted_rows
from paddle_compat.kernels.detection.rounding import exact_sqrt, round_away

__all__ = ["roi_perspective_transform"]

# What the real operator takes as equal.
_CLOSE = 1e-4
# What it adds to the divisor of a region's perspective.
_TINY = 1e-5


def roi_perspective_transform(
    x: Tensor, corners: Tensor, images: Tensor, size: tuple[int, int], scale: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what regions of four corners look like from the front.

    Args:
        x: [N, C, H, W] of floats.
        corners: [R, 8] in x's dtype: x and y of the top left corner, then on clockwise.
        images: [R] int64: the image that each region is in.
        size: the height and width of the result.
        scale: what brings coordinates of corners to those of x.

    Returns:
        [R, C, height, width], [R, 1, height, width] of int32 and [R, 9]: the regions, 0 where
        their rectangle is wider than they are; where they are inside of both region and map; and
        the matrices that bring places of the rectangle to the map's. The gradient reaches x, once.
    """
    scaled = corners * scale
    # [R, 4] each: a shape whose kernel is the same for one region and for many.
    across, down = scaled[:, 0::2], scaled[:, 1::2]
    matrix = _matrices(across, down, size)
    at, row = _sources(matrix, size)
    inside = _in_quadrangle(at, row, across, down) & _in_map(at, row, x.shape)
    left, wide = _between(at, x.shape[3])
    top, deep = _between(row, x.shape[2])
    weights = (deep[..., :, None] * wide[..., None, :]).masked_fill(~inside[..., None, None], 0)
    cells = (images[:, None, None, None, None] * x.shape[2] + top[..., :, None]) * x.shape[3]
    rows = (cells + left[..., None, :]).to(torch.int32 if x.numel() < 2**31 else torch.int64)
    channels = x.shape[1]
    table = x.permute(0, 2, 3, 1).flatten(0, 2)
    places = len(corners) * size[0] * size[1]
    found = weighted_rows(table, rows.reshape(places, 4), weights.reshape(places, 4))
    pictures = found.reshape(len(corners), *size, channels).permute(0, 3, 1, 2).contiguous()
    mask = inside.reshape(len(corners), 1, *size).to(torch.int32)
    return pictures, mask, matrix


def _matrices(x: Tensor, y: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the matrix [R, 9] that brings each rectangle's corners to a region's."""
    height, width = size
    sides = exact_sqrt((x - x.roll(-1, 1)) ** 2 + (y - y.roll(-1, 1)) ** 2)
    tall, broad = (sides[:, 1] + sides[:, 3]) / 2, (sides[:, 0] + sides[:, 2]) / 2
    rows = max(2, height)
    ideal = round_away(broad * (rows - 1) / tall)
    # What no int holds becomes the least one in the real operator.
    ideal = torch.where(ideal < 2.0**31, ideal, 0)
    columns = (ideal + 1).clamp(max=width).clamp(min=2)
    x0, x1, x2, x3 = x.unbind(1)
    y0, y1, y2, y3 = y.unbind(1)
    dx1, dx2, dx3 = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, dy3 = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    # In double, as in the real operator: regions without area have a matrix too.
    spread = (dx1 * dy2 - dx2 * dy1).double() + _TINY
    last, lowest = columns - 1, rows - 1
    g = ((dx3 * dy2 - dx2 * dy3) / spread / last).to(x.dtype)
    h = ((dx1 * dy3 - dx3 * dy1) / spread / lowest).to(x.dtype)
    return torch.stack(
        [
            (x1 - x0 + g * last * x1) / last,
            (x3 - x0 + h * lowest * x3) / lowest,
            x0,
            (y1 - y0 + g * last * y1) / last,
            (y3 - y0 + h * lowest * y3) / lowest,
            y0,
            g,
            h,
            torch.ones_like(g),
        ],
        1,
    )


def _sources(matrix: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return where on the map each place of the rectangle is: column and row."""
    row = torch.arange(size[0], device=matrix.device).to(matrix.dtype)[:, None]
    column = torch.arange(size[1], device=matrix.device).to(matrix.dtype)
    a, b, c, d, e, f, g, h, i = matrix[:, :, None, None].unbind(1)
    depth = g * column + h * row + i
    return (a * column + b * row + c) / depth, (d * column + e * row + f) / depth


def _in_map(at: Tensor, row: Tensor, shape: torch.Size) -> Tensor:
    inside = torch.ones_like(at, dtype=torch.bool)
    for place, extent in ((at, shape[3]), (row, shape[2])):
        inside &= ~_at_most(place, -0.5) & ~_at_least(place, extent - 0.5)
    return inside


def _at_least(a: Tensor, b: Tensor | float) -> Tensor:
    return (a > b) | ((a - b).abs() < _CLOSE)


def _at_most(a: Tensor, b: Tensor | float) -> Tensor:
    return (a < b) | ((a - b).abs() < _CLOSE)


def _in_quadrangle(at: Tensor, row: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Tell which places are inside of their region, or on its border."""
    border = torch.zeros_like(at, dtype=torch.bool)
    odd = border.clone()
    for side in range(4):
        x0, y0, x1, y1 = (
            value[:, (side + step) % 4, None, None] for step in (0, 1) for value in (x, y)
        )
        low, high = y0.minimum(y1), y0.maximum(y1)
        flat = (y0 - y1).abs() < _CLOSE
        level = ((row - y0).abs() < _CLOSE) & ((row - y1).abs() < _CLOSE)
        level &= _at_least(at, x0.minimum(x1)) & _at_most(at, x0.maximum(x1))
        cut = (row - y0) * (x1 - x0) / (y1 - y0) + x0
        close = (cut - at).abs() < _CLOSE
        border |= torch.where(flat, level, close & _at_least(row, low) & _at_most(row, high))
        beyond = (row > high) & ((row - high).abs() > _CLOSE)
        crossed = ~flat & ~_at_most(row, low) & ~beyond
        odd ^= crossed & (cut > at) & ((cut - at).abs() > _CLOSE)
    return border | odd


def _between(place: Tensor, extent: int) -> tuple[Tensor, Tensor]:
    """Return the two cells that each place lies between, and their weights."""
    place = torch.where(_at_most(place, 0), 0, place).nan_to_num(0).clamp(max=extent)
    low = place.floor()
    last = low >= extent - 1
    low = torch.where(last, extent - 1, low)
    share = torch.where(last, 0, place - low)
    cells = torch.stack([low, (low + 1).clamp(max=extent - 1)], -1).long()
    return cells, torch.stack([1 - share, share], -1)
