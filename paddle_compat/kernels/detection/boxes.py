"""Overlaps, codes, clipping and decoding of boxes [x1, y1, x2, y2], as 1.8's operators do them."""

from __future__ import annotations

import torch
from torch import Tensor

from paddle_compat.kernels.detection.overlap import areas, intersections

__all__ = ["assign_decoded", "clip_boxes", "corners_of_cells", "decode", "encode", "overlaps"]

_NO_UNION = 1e-10
_CELL = 4


def overlaps(a: Tensor, b: Tensor, offset: float = 0.0) -> Tensor:
    """Return each box's intersection over union with each of the other, [N, M].

    Args:
        a: [N, 4].
        b: [M, 4].
        offset: what a width has beyond its coordinates' difference.
    """
    shared = intersections(a, b, offset)
    union = areas(a, offset)[:, None] + areas(b, offset)
    # A union of nothing is not 0, so that what it divides is.
    return shared / union.sub_(shared).add_(_NO_UNION)


def encode(targets: Tensor, priors: Tensor, variances: Tensor | None, offset: float) -> Tensor:
    """Return how each target lies on each prior, [N, M, 4].

    Args:
        targets: [N, 4].
        priors: [M, 4].
        variances: [4] or [M, 4], that the codes are divided by.
        offset: what a width has beyond its coordinates' difference.
    """
    size = _sides(priors, offset)
    centre = priors[:, :2] + size / 2
    middle = (targets[:, 2:] + targets[:, :2]) / 2
    place = (middle[:, None] - centre) / size
    extent = (_sides(targets, offset)[:, None] / size).abs().log()
    codes = torch.cat([place, extent], -1)
    return codes if variances is None else codes / variances


def decode(
    codes: Tensor, priors: Tensor, variances: Tensor | None, offset: float, axis: int = 0
) -> Tensor:
    """Return the boxes that codes tell, [N, M, 4].

    Args:
        codes: [N, M, 4].
        priors: [M, 4], or for axis 1 [N, 4].
        variances: [4], or like priors, that the codes are multiplied by.
        offset: what a width has beyond its coordinates' difference.
        axis: the dimension that all of a prior's boxes have in common.
    """
    size = _sides(priors, offset)
    centre = priors[:, :2] + size / 2
    if axis == 1:
        size, centre = size[:, None], centre[:, None]
        if variances is not None and variances.ndim == 2:
            variances = variances[:, None]
    return _decoded(codes, size, centre, variances, offset)


def _decoded(
    codes: Tensor,
    size: Tensor,
    centre: Tensor,
    variances: Tensor | None,
    offset: float,
    limit: float | None = None,
) -> Tensor:
    """Return the boxes that codes tell, [..., 4], of priors' sizes and centres, [..., 2]."""
    boxes = torch.empty_like(codes)
    for axis in (0, 1):
        place, growth = codes[..., axis], codes[..., 2 + axis]
        if variances is not None:
            place = variances[..., axis] * place
            growth = variances[..., 2 + axis] * growth
        if limit is not None:
            growth = growth.clamp(max=limit)
        side = size[..., axis]
        middle = (place * side).add_(centre[..., axis])
        half = growth.exp().mul_(side).div_(2)
        boxes[..., axis] = middle - half
        far = middle.add_(half)
        boxes[..., 2 + axis] = far.sub_(offset) if offset else far
    return boxes


def clip_boxes(boxes: Tensor, limits: Tensor) -> Tensor:
    """Return boxes inside their images.

    Args:
        boxes: [..., 4].
        limits: width and height, [..., 2].
    """
    high = torch.cat([limits, limits], -1) - 1
    # A limit that is no number is none, as for the real operator.
    return torch.where(high < boxes, high, boxes).clamp_(min=0)


def corners_of_cells(distances: Tensor) -> Tensor:
    """Return places from distances to cells of 4 pixels.

    Args:
        distances: [N, C, H, W]; along x in channels of even number, along y in the others.
    """
    height, width = distances.shape[2:]
    x = _CELL * torch.arange(width, device=distances.device).to(distances.dtype)
    y = _CELL * torch.arange(height, device=distances.device).to(distances.dtype)
    pairs = distances.reshape(len(distances), -1, 2, height, width)
    grid = torch.stack([x.expand(height, width), y[:, None].expand(height, width)])
    return (grid - pairs).flatten(1, 2)


def assign_decoded(
    codes: Tensor, priors: Tensor, variances: Tensor, scores: Tensor, limit: float
) -> tuple[Tensor, Tensor]:
    """Return each class's box of each region, and the box of its best class.

    Args:
        codes: [N, 4 C].
        priors: [N, 4], whose sides have a pixel more than their coordinates' difference.
        variances: [4].
        scores: [N, C]; class 0, the background, is nobody's best.
        limit: of the logarithm of a side's growth.

    Returns:
        [N, 4 C], and [N, 4]: the prior itself where no score is above -1.
    """
    count = scores.shape[1]
    size = _sides(priors, 1.0)[:, None]
    centre = priors[:, None, :2] + size / 2
    decoded = _decoded(codes.reshape(-1, count, 4), size, centre, variances, 1.0, limit)
    if count < 2:
        return decoded.flatten(1), priors.clone()
    seen = torch.where(scores > -1, scores, -1)[:, 1:]
    best, index = seen.max(1)
    chosen = decoded.gather(1, (index + 1)[:, None, None].expand(-1, 1, 4))[:, 0]
    return decoded.flatten(1), torch.where(best[:, None] > -1, chosen, priors)


def _sides(boxes: Tensor, offset: float) -> Tensor:
    sides = boxes[..., 2:] - boxes[..., :2]
    return sides + offset if offset else sides
