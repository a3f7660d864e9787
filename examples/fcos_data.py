"""Synthetic data for `fcos_fluid.py`, in numpy alone: images with the targets of FCOS."""

from __future__ import annotations

from typing import Any

import numpy as np
from rectangles import STRIDES, draw_image, level_sizes

# A level is responsible for boxes whose farthest side, seen from the location, lies in its range.
RANGES = ((0, 32), (32, 64), (64, 128), (128, 256), (256, 1e8))
# How many strides from the middle of a box a location may be and still be foreground.
RADIUS = 1.5


def targets(boxes: Any, kinds: Any, width: int, level: int) -> tuple[Any, Any, Any]:
    """Return one level's labels [H, W, 1], distances [H, W, 4] and centerness [H, W, 1].

    A label is 1 + the class, and 0 for background. The distances are those to the left, top,
    right and bottom side of the smallest box that the location is responsible for, in strides.
    """
    stride = STRIDES[level]
    middle = (np.arange(width, dtype="float32") + 0.5) * stride
    x, y = np.meshgrid(middle, middle)
    x, y = x[..., None], y[..., None]
    x1, y1, x2, y2 = boxes.T
    sides = np.stack([x - x1, y - y1, x2 - x, y2 - y], axis=-1)  # [H, W, M, 4]
    farthest = sides.max(axis=-1)
    reach = stride * RADIUS
    chosen = (
        (sides.min(axis=-1) > 0)
        & (farthest > RANGES[level][0])
        & (farthest <= RANGES[level][1])
        & (abs(x - (x1 + x2) / 2) < reach)
        & (abs(y - (y1 + y2) / 2) < reach)
    )
    area = np.where(chosen, (x2 - x1) * (y2 - y1), np.inf)
    smallest = area.argmin(axis=-1)[..., None]
    foreground = chosen.any(axis=-1, keepdims=True)
    label = np.where(foreground, kinds[smallest] + 1, 0).astype("int32")
    distance = np.take_along_axis(sides, smallest[..., None], axis=2)[:, :, 0]
    distance = np.where(foreground, distance / stride, 0).astype("float32")
    low = np.minimum(distance[..., :2], distance[..., 2:])
    high = np.maximum(distance[..., :2], distance[..., 2:])
    ratio = low / np.where(foreground, high, 1)
    centerness = np.sqrt(ratio[..., :1] * ratio[..., 1:]).astype("float32")
    return label, distance, centerness


def make_batch(random: np.random.RandomState, batch: int, size: int) -> dict[str, Any]:
    """Return the feed of one step: images, and for each level its stacked targets."""
    drawn = [draw_image(random, size) for _ in range(batch)]
    feed = {"image": np.stack([image for image, _, _ in drawn])}
    for level, width in enumerate(level_sizes(size)):
        found = [targets(boxes, kinds, width, level) for _, boxes, kinds in drawn]
        for name, arrays in zip(("label", "distance", "centerness"), zip(*found)):  # noqa: B905
            feed[f"{name}_{level}"] = np.stack(arrays)
    return feed
