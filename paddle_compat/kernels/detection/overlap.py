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
    sides = boxes[..., 2:] - boxes[..., :2]
    if offset:
        sides = sides + offset
    return sides[..., 0] * sides[..., 1]


def intersections(a: Tensor, b: Tensor, offset: float = 0.0) -> Tensor:
    """Return the area that each box of the one shares with each of the other.

    Args:
        a: [..., N, 4].
        b: [..., M, 4].
        offset: as in `areas`.

    Returns:
        [..., N, M]; 0 where the boxes are apart.
    """
    left = a[..., :, None, :2].maximum(b[..., None, :, :2])
    right = a[..., :, None, 2:].minimum(b[..., None, :, 2:])
    sides = right - left
    if offset:
        sides = sides + offset
    sides = sides.clamp_(min=0)
    return sides[..., 0] * sides[..., 1]
