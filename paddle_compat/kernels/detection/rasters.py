"""Polygons on a grid, as the COCO mask API fills them.

A polygon's corners are rounded to fifths of a pixel. Each of its edges is walked step by step, in
whole fifths along its longer direction; where the walk passes from one fifth to the next at the
middle of a column of pixels, the height is noted. Down the columns, one behind the other, each
height noted changes inside to outside and back.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["rasterize"]

_FIFTHS = 5
_ELEMENTS = 1 << 22


def rasterize(points: Tensor, following: Tensor, polygon: Tensor, count: int, side: int) -> Tensor:
    """Return which pixels of a square each polygon covers.

    Args:
        points: [K, 2], in pixels of the square; float32 or float64.
        following: [K] int64: where each corner's next one is; a polygon's last one has its first.
        polygon: [K] int64: which polygon each corner is of.
        count: how many polygons there are.
        side: of the square.

    Returns:
        [count, side, side] bool: by row and column.
    """
    corners = points.double().mul(_FIFTHS).add(0.5).trunc()
    toggles = torch.zeros(count * (side * side + 1), dtype=torch.int32, device=points.device)
    for part in torch.split(torch.arange(len(points), device=points.device), _ELEMENTS // side):
        edge, column, height = _crossings(corners[part], corners[following[part]], side)
        place = polygon[part[edge]] * (side * side + 1) + column * side + height
        toggles += torch.bincount(place, minlength=len(toggles)).int()
    inside = toggles.reshape(count, -1)[:, :-1].cumsum(1) & 1
    return inside.bool().reshape(count, side, side).mT


def _crossings(start: Tensor, end: Tensor, side: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return where edges pass the middles of columns: the edge, the column, and the height.

    Args:
        start: [E, 2], whole numbers.
        end: [E, 2], likewise.
        side: how many columns and rows there are.
    """
    extent = (end - start).abs()
    flat = extent[:, 0] >= extent[:, 1]
    longer = (~flat).long()[:, None]
    # Walks go up along the longer direction.
    turned = start.gather(1, longer) > end.gather(1, longer)
    first, last = torch.where(turned, end, start), torch.where(turned, start, end)
    # The last fifth before the middle of each column.
    fifth = torch.arange(side, device=start.device) * _FIFTHS + _FIFTHS // 2
    left = first[:, :1] > fifth
    slope = (last - first).gather(1, 1 - longer) / extent.gather(1, longer)
    slope = slope.nan_to_num(0.0)
    x, y = first[:, :1], first[:, 1:]
    right = (
        torch.where(flat[:, None], last[:, :1], (x + slope * extent[:, 1:] + 0.5).trunc()) > fifth
    )
    edge, column = (left != right).nonzero(as_tuple=True)
    x, y, slope, fifth = x[edge, 0], y[edge, 0], slope[edge, 0], fifth[column]
    # Along the columns, the heights on both sides; the smaller one is meant.
    along = fifth - x
    near = (y + slope * along + 0.5).trunc().minimum((y + slope * (along + 1) + 0.5).trunc())
    # Across them, the step before the one that is beyond the fifth: guessed, and then looked at.
    rising = right[edge, column]
    step = ((fifth + 0.5 - x) / slope).ceil()
    for _ in range(2):
        earlier = ((x + slope * (step - 1) + 0.5) >= fifth + 1) == rising
        step = torch.where(earlier, step - 1, step)
    for _ in range(2):
        late = ((x + slope * step + 0.5) >= fifth + 1) != rising
        step = torch.where(late, step + 1, step)
    height = torch.where(flat[edge], near, y + step - 1)
    pixel = ((height + 0.5) / _FIFTHS - 0.5).clamp(0, side).ceil()
    return edge, column, pixel.long()
