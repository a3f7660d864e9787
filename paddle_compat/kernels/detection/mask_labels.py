"""The masks that the foreground's regions of an image learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from paddle_compat.kernels.detection.pixels import pixel_overlaps
from paddle_compat.kernels.detection.rasters import rasterize

__all__ = ["Masks", "Polygons", "mask_labels", "polygons_of"]


@dataclass(frozen=True)
class Polygons:
    """The polygons of an image's objects, whose corners follow each other.

    Attributes:
        points: [K, 2].
        following: [K] int64: where each corner's next one is.
        polygon: [K] int64: which polygon each is of.
        first: [objects + 1] int64: where each object's corners begin.
    """

    points: Tensor
    following: Tensor
    polygon: Tensor
    first: Tensor

    def boxes(self) -> Tensor:
        """Return the box around each object, [objects, 4]."""
        sizes = self.first.diff()
        owner = torch.arange(len(sizes), device=sizes.device).repeat_interleave(sizes)
        index = owner[:, None].expand(-1, 2)
        shape = (len(sizes), 2)
        low = self.points.new_full(shape, torch.inf).scatter_reduce(0, index, self.points, "amin")
        high = self.points.new_full(shape, -torch.inf)
        return torch.cat([low, high.scatter_reduce(0, index, self.points, "amax")], 1)


@dataclass(frozen=True)
class Masks:
    """What is learnt.

    Attributes:
        rois: [P, 4].
        places: [P] int64: which of the image's regions they are.
        targets: [P, classes * side * side] of the labels' dtype: -1 where nothing is learnt.
    """

    rois: Tensor
    places: Tensor
    targets: Tensor


def polygons_of(points: Tensor, objects: Sequence[int], corners: Sequence[int]) -> Polygons:
    """Return an image's polygons.

    Args:
        points: [K, 2].
        objects: how many polygons each object has.
        corners: how many corners each polygon has.
    """
    device = points.device
    sizes = torch.tensor(corners, dtype=torch.int64, device=device)
    ends = sizes.cumsum(0)
    following = torch.arange(1, len(points) + 1, device=device)
    some = sizes > 0
    following[ends[some] - 1] = (ends - sizes)[some]
    polygon = torch.arange(len(sizes), device=device).repeat_interleave(sizes)
    bounds = torch.tensor([0, *corners], dtype=torch.int64, device=device).cumsum(0)
    first = torch.tensor([0, *objects], dtype=torch.int64, device=device).cumsum(0)
    return Polygons(points, following, polygon, bounds[first])


def mask_labels(
    classes: Tensor,
    crowd: Tensor,
    polygons: Polygons,
    rois: Tensor,
    labels: Tensor,
    scale: Tensor,
    count: int,
    side: int,
) -> Masks:
    """Return the masks of an image's regions whose label is above 0.

    Each learns the object whose polygons' box it overlaps most, at its label's place. Where no
    region has such a label the first one stands alone, and learns nothing.

    Args:
        classes: [G].
        crowd: [G]: objects with another number than 0 are left out, as those without a class.
        polygons: of the G objects, in the original image.
        rois: [R, 4], at least one, in the network's image.
        labels: [R], below `count`.
        scale: [], of the network's image.
        count: of the classes, the background among them.
        side: of the masks.
    """
    foreground = (labels > 0).nonzero().view(-1)
    places = foreground
    if not len(foreground):
        places = (labels == 0).nonzero().view(-1)[:1]
        foreground = foreground.new_zeros(len(places))
    original = rois[foreground] / scale
    targets = labels.new_full((len(foreground), count, side * side), -1)
    chosen = labels[places]
    objects = ((classes > 0) & (crowd == 0)).nonzero().view(-1)
    rows = (chosen > 0).nonzero().view(-1)
    if len(objects) and len(rows):
        overlaps = pixel_overlaps(original[rows], polygons.boxes()[objects])
        masks = _masks(polygons, objects[overlaps.argmax(1)], original[rows], side)
        targets[rows, chosen[rows].long()] = masks.flatten(1).to(targets.dtype)
    return Masks(original * scale, places, targets.flatten(1))


def _masks(polygons: Polygons, objects: Tensor, boxes: Tensor, side: int) -> Tensor:
    """Return each object as its box sees it, [P, side, side] bool.

    Args:
        polygons: of all objects.
        objects: [P].
        boxes: [P, 4].
        side: of the masks.
    """
    device = boxes.device
    start = polygons.first[objects]
    sizes = polygons.first[objects + 1] - start
    pair = torch.arange(len(objects), device=device).repeat_interleave(sizes)
    # Where a pair's corners begin among all of them, and there among the polygons' corners.
    shift = start - (sizes.cumsum(0) - sizes)
    corner = torch.arange(len(pair), device=device) + shift[pair]
    extent = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1)
    points = (polygons.points[corner] - boxes[pair, :2]) * side / extent[pair]
    following = polygons.following[corner] - shift[pair]
    # One number for each polygon of each pair, without gaps.
    new = torch.ones(len(pair), dtype=torch.bool, device=device)
    polygon = polygons.polygon[corner]
    new[1:] = (polygon[1:] != polygon[:-1]) | (pair[1:] != pair[:-1])
    number = new.cumsum(0) - 1
    owner = pair[new]
    covered = rasterize(points, following, number, len(owner), side)
    found = torch.zeros((len(objects), side, side), dtype=torch.int32, device=device)
    return found.index_add_(0, owner, covered.int()) > 0
