r"""Overlaps of polygons, as Paddle's NMS takes them from a polygon clipper.

A point belongs to a polygon that it lies in an odd number of times. The area that two share is
found from pairs of their edges. Let the winding number of a polygon be w; it is the sum of the
signed strips under its edges, so that the integral of a product of two is

.. math::
    \int w_a w_b = -\frac{1}{2} \sum_{e \in a, f \in b} \pm \int |y_e(x) - y_f(x)| dx

over what the edges e and f have in common of the x axis. For polygons that do not cross
themselves that is the shared area, up to its sign; they are those for which the integral of the
square of w is that of w, up to its sign. Others are cut into strips, at all heights where edges
begin or cross: within a strip, edges only have to be sorted.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["polygon_overlaps", "polygon_rows"]

# How many numbers are worked on at once.
_ELEMENTS = 1 << 18
# The share of a polygon's area that rounding may make up.
_ROUNDING = 1e-9
# The share of the areas between edges that rounding may leave of nothing.
_NOTHING = 1e-13
# Behind the coordinates: the bounding box, the area, and whether the polygon crosses itself.
_MORE = 6


def polygon_rows(polygons: Tensor) -> Tensor:
    """Return what `polygon_overlaps` reads of polygons, [D + 6, N].

    Args:
        polygons: [N, D], the corners x1, y1, x2, y2, ...
    """
    finite = polygons.isfinite().all(1)
    area = _area(polygons).masked_fill(~finite, 0)
    corners = polygons.to(torch.float64).masked_fill(~finite[:, None], 0)
    corners = corners - corners[:, :2].repeat(1, corners.shape[1] // 2)
    squared = _shared_untangled(corners, corners)
    tangled = (squared - _area(corners)).abs() > _ROUNDING * squared
    x, y = polygons[:, 0::2], polygons[:, 1::2]
    box = (x.amin(1), y.amin(1), x.amax(1), y.amax(1)) if len(polygons) else x.new_empty((4, 0))
    return torch.cat((polygons.t(), torch.stack((*box, area, tangled.to(area.dtype)))))


def _area(polygons: Tensor) -> Tensor:
    """Return the absolute sum of signed areas, [N]."""
    x, y = polygons[:, 0::2], polygons[:, 1::2]
    terms = x * y.roll(-1, 1) - y * x.roll(-1, 1)
    area = terms[:, 0]
    # One by one, as the real op rounds them.
    for k in range(1, terms.shape[1]):
        area = area + terms[:, k]
    return (area / 2).abs()


def polygon_overlaps(a: Tensor, b: Tensor) -> Tensor:
    """Return the shared area of polygons over that of both: 0 where a polygon has no area.

    Args:
        a: `polygon_rows`, [D, ...].
        b: alike; their shapes broadcast.
    """
    size = len(a) - _MORE
    x1, y1, x2, y2, area, crossed = range(size, size + _MORE)
    meet = (a[x1] < b[x2]) & (b[x1] < a[x2]) & (a[y1] < b[y2]) & (b[y1] < a[y2])
    meet &= (a[area] != 0) & (b[area] != 0)
    where = meet.reshape(-1).nonzero().flatten()
    a, b = _broadcast(a, meet, where), _broadcast(b, meet, where)
    shared = a.new_empty(a.shape[1], dtype=torch.float64)
    either = (a[crossed] != 0) | (b[crossed] != 0)
    # How many numbers a pair takes: its pairs of edges; or the edges in each strip.
    untangled = (~either, _shared_untangled, (size // 2) ** 2)
    tangled = (either, _shared_tangled, size * size * (size + 1) // 2)
    for chosen, areas, each in (untangled, tangled):
        pairs = chosen.nonzero().flatten()
        step = max(_ELEMENTS // each, 1)
        for start in range(0, len(pairs), step):
            part = pairs[start : start + step]
            corners = (rows[:size, part].t().to(torch.float64) for rows in (a, b))
            shared[part] = areas(*corners)
    result = a.new_zeros(meet.numel())
    both = shared.to(a.dtype)
    result[where] = both / (a[area] + b[area] - both)
    return result.view(meet.shape)


def _broadcast(rows: Tensor, meet: Tensor, where: Tensor) -> Tensor:
    """Return the rows that some elements of a tensor take, if they are broadcast to its shape."""
    flat = rows.reshape(len(rows), -1)
    number = torch.arange(flat.shape[1], device=rows.device).view(rows.shape[1:])
    return flat[:, number.expand_as(meet).reshape(-1)[where]]


def _edges(corners: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return where edges begin and end, [P, n] each."""
    x, y = corners[:, 0::2], corners[:, 1::2]
    return x, y, x.roll(-1, 1), y.roll(-1, 1)


def _shared_untangled(a: Tensor, b: Tensor) -> Tensor:
    """Return the areas that polygons share, [P], none of which crosses itself.

    Args:
        a: [P, D] float64.
        b: alike.
    """
    origin = a[:, :2].repeat(1, a.shape[1] // 2)
    a, b = a - origin, b - origin
    ax1, ay1, ax2, ay2 = (part[:, :, None] for part in _edges(a))
    bx1, by1, bx2, by2 = (part[:, None, :] for part in _edges(b))
    left = ax1.minimum(ax2).maximum(bx1.minimum(bx2))
    right = ax1.maximum(ax2).minimum(bx1.maximum(bx2))
    width = (right - left).clamp_(min=0)
    # An upright edge has no width, whatever its slope.
    a_run, b_run = ax2 - ax1, bx2 - bx1
    a_slope = ((ay2 - ay1) / a_run).masked_fill_(a_run == 0, 0)
    b_slope = ((by2 - by1) / b_run).masked_fill_(b_run == 0, 0)
    first = (ay1 + (left - ax1) * a_slope) - (by1 + (left - bx1) * b_slope)
    last = (ay1 + (right - ax1) * a_slope) - (by1 + (right - bx1) * b_slope)
    crossing = first * last < 0
    sides = first.abs() + last.abs()
    between = width * torch.where(crossing, (first * first + last * last) / sides, sides)
    shared = (between * a_run.sign() * b_run.sign()).sum((1, 2)).abs_()
    # Of polygons that are apart nothing but rounding is left.
    return (shared / 4).masked_fill_(shared <= _NOTHING * between.sum((1, 2)), 0)


def _shared_tangled(a: Tensor, b: Tensor) -> Tensor:
    """Return the areas that any polygons share, [P].

    Args:
        a: [P, D] float64.
        b: alike.
    """
    x1, y1, x2, y2 = (torch.cat(parts, 1) for parts in zip(_edges(a), _edges(b), strict=True))
    one, other = torch.triu_indices(x1.shape[1], x1.shape[1], 1, device=a.device)
    u, v = x2 - x1, y2 - y1
    cross = u[:, one] * v[:, other] - v[:, one] * u[:, other]
    apart_x, apart_y = x1[:, other] - x1[:, one], y1[:, other] - y1[:, one]
    along = (apart_x * v[:, other] - apart_y * u[:, other]) / cross
    # Any height is a good one to cut at; where edges do not cross, none is needed.
    crossings = y1[:, one] + along * v[:, one]
    crossings = torch.where((along > 0) & (along < 1), crossings, y1[:, one])
    heights = torch.cat((y1, crossings), 1).sort(1).values
    x1, y1, y2, u, v = (part[:, None, :] for part in (x1, y1, y2, u, v))
    middle = ((heights[:, 1:] + heights[:, :-1]) / 2)[:, :, None]
    met = (y1 < middle) != (y2 < middle)
    x, order = torch.where(met, x1 + (middle - y1) / v * u, torch.inf).sort(2)
    hit = met.gather(2, order)
    of_a = order < order.shape[2] // 2
    in_a = (hit & of_a).cumsum(2) % 2 == 1
    in_b = (hit & ~of_a).cumsum(2) % 2 == 1
    # Between the edges that the strip does not meet, which come last, there is nothing.
    gaps = x.diff(dim=2).nan_to_num_(0, 0, 0) * (in_a & in_b)[:, :, :-1]
    return (gaps.sum(2) * heights.diff(dim=1)).sum(1)
