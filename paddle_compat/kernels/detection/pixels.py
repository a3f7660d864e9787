"""Boxes [x1, y1, x2, y2] whose corners name pixels that belong to them: a side is x2 - x1 + 1."""

from __future__ import annotations

import torch
from torch import Tensor

from paddle_compat.kernels.detection.overlap import areas, intersections

__all__ = ["pixel_deltas", "pixel_overlaps"]


def pixel_overlaps(a: Tensor, b: Tensor) -> Tensor:
    """Return each box's intersection over union with each of the other, [N, M].

    Args:
        a: [N, 4].
        b: [M, 4].

    Returns:
        0 where two boxes share nothing, and for what is not a number.
    """
    shared = intersections(a, b, 1.0)
    union = (areas(a, 1.0)[:, None] + areas(b, 1.0)).sub_(shared)
    return shared.div_(union).nan_to_num_(0.0, torch.inf, -torch.inf)


def pixel_deltas(anchors: Tensor, boxes: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return what moves each anchor to its box: dx / w, dy / h, and the logarithms of the growth.

    Args:
        anchors: [N, 4].
        boxes: [N, 4].
        weights: [4], that the deltas are divided by.

    Returns:
        [N, 4].
    """
    size = anchors[:, 2:] - anchors[:, :2] + 1
    wanted = boxes[:, 2:] - boxes[:, :2] + 1
    centre = anchors[:, :2] + 0.5 * size
    target = boxes[:, :2] + 0.5 * wanted
    deltas = anchors.new_empty((anchors.shape[0], 4))
    deltas[:, :2] = (target - centre) / size
    deltas[:, 2:] = (wanted / size).log()
    return deltas if weights is None else deltas.div_(weights)
