"""Areas and overlaps of boxes [x1, y1, x2, y2]."""

from __future__ import annotations

from torch import Tensor

__all__ = ["areas", "intersections"]


def areas(boxes: Tensor, offset: float = 0.0) -> Tensor:
    """Return the area of each box.

    Args:
        boxes: [..., 4].
        offset: what is added to a width and a height: 1 where coordinates name pixels that belong
            to the box, 0 where they are positions.

    Returns:
        [...]; negative sides are not looked at.
    """
    x1, y1, x2, y2 = boxes.unbind(-1)
    width, height = x2 - x1, y2 - y1
    return (width + offset) * (height + offset) if offset else width * height


def intersections(a: Tensor, b: Tensor, offset: float = 0.0) -> Tensor:
    """Return the area that each box of the one shares with each of the other.

    Args:
        a: [..., N, 4].
        b: [..., M, 4].
        offset: as in `areas`.

    Returns:
        [..., N, M]; 0 where the boxes are apart.
    """
    # One coordinate at a time, each in one piece of memory: many times as fast as pairs of them.
    x1, y1, x2, y2 = a.movedim(-1, 0).contiguous()[..., None]
    u1, v1, u2, v2 = b.movedim(-1, 0).contiguous()[..., None, :]
    width = x2.minimum(u2).sub_(x1.maximum(u1))
    height = y2.minimum(v2).sub_(y1.maximum(v1))
    if offset:
        width.add_(offset)
        height.add_(offset)
    shared: Tensor = width.clamp_(min=0) * height.clamp_(min=0)
    return shared
