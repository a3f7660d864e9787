"""Regions of interest, spread over a pyramid's levels by their size, and collected again."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from paddle_compat.kernels.detection.overlap import areas

__all__ = ["collect", "levels_of", "spread"]

# What is added to a ratio of sides, so that none has a logarithm of minus infinity.
_LEAST = 1e-6


def levels_of(rois: Tensor, lowest: int, highest: int, level: int, scale: float) -> Tensor:
    """Return the level of each region, [R] int64.

    Args:
        rois: [R, 4], whose sides have a pixel more than their coordinates' difference. Where a
            side is negative, infinite or not a number, the level is the lowest.
        lowest: the first level.
        highest: the last one.
        level: of a square of the side `scale`.
        scale: the side.
    """
    area = areas(rois, 1.0).masked_fill((rois[:, 2:] < rois[:, :2]).any(1), 0)
    ratio = area.sqrt() / scale + _LEAST
    # Rounded once, as by C's log2f; torch's own may be off by a bit, and so by a level.
    fine = ratio.double().log2().to(rois.dtype) + level
    # C++ makes the smallest int of what no int is.
    fine = fine.floor().nan_to_num(-torch.inf, -torch.inf)
    return fine.clamp(lowest, highest).long()


def spread(
    rois: Tensor, lengths: Sequence[int], levels: Tensor, lowest: int, highest: int
) -> tuple[list[Tensor], list[list[int]], Tensor]:
    """Return the regions of each level, in their order.

    Args:
        rois: [R, 4].
        lengths: how many each image has.
        levels: [R], from lowest to highest.
        lowest: the first level.
        highest: the last one.

    Returns:
        The regions of each level; how many each image has of these; and where each region is
        among all of them, one level behind the other, [R] int64.
    """
    order = levels.sort(stable=True).indices
    place = torch.empty_like(order)
    place[order] = torch.arange(order.shape[0], device=order.device)
    image = torch.repeat_interleave(torch.tensor(lengths, dtype=torch.int64)).to(levels.device)
    count = highest - lowest + 1
    cells = (levels - lowest) * len(lengths) + image
    counts = torch.bincount(cells, minlength=count * len(lengths))
    found: list[list[int]] = counts.reshape(count, len(lengths)).tolist()
    parts = torch.split(rois[order], [sum(row) for row in found])
    return list(parts), found, place


def collect(
    rois: Sequence[Tensor],
    scores: Sequence[Tensor],
    lengths: Sequence[Sequence[int]],
    count: int,
) -> tuple[Tensor, list[int]]:
    """Return the regions with the best scores, image by image, the best first.

    Of equal scores that of the later level goes first, and within a level the later one.

    Args:
        rois: [R, 4] of each level.
        scores: [R] of each level.
        lengths: for each level how many regions each image has; for as many images in each.
        count: how many are taken at most, of all images together.

    Returns:
        The regions, and how many each image has of them.
    """
    images = len(lengths[0])
    sizes = torch.tensor(lengths, dtype=torch.int64)
    image = torch.repeat_interleave(torch.arange(images).repeat(len(lengths)), sizes.flatten())
    regions, every = torch.cat(list(rois)), torch.cat(list(scores))
    known = every.nan_to_num(-torch.inf, torch.inf, -torch.inf).flip(0)
    best = known.sort(descending=True, stable=True).indices[:count]
    best = every.shape[0] - 1 - best
    theirs = image.to(regions.device)[best]
    grouped = theirs.sort(stable=True).indices
    found: list[int] = torch.bincount(theirs, minlength=images).tolist()
    return regions[best[grouped]], found
