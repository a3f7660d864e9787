"""Synthetic images for detectors, in numpy alone: rectangles before dim noise.

The class of a rectangle is the colour channel that it brightens.
"""

from __future__ import annotations

from typing import Any

import numpy as np

CLASSES = 3
MOST_BOXES = 3
# Of the levels of a detector's pyramid, P3 to P7.
STRIDES = (8, 16, 32, 64, 128)


def level_sizes(size: int) -> list[int]:
    """Return the width of each pyramid level; the size of an image is a multiple of 32."""
    sizes = [size // stride for stride in STRIDES[:3]]
    for _ in STRIDES[3:]:
        sizes.append((sizes[-1] + 1) // 2)
    return sizes


def draw_image(random: np.random.RandomState, size: int) -> tuple[Any, Any, Any]:
    """Return an image [3, size, size], its boxes [M, 4] as x1 y1 x2 y2, and their classes [M]."""
    image = random.uniform(-0.5, 0.5, (3, size, size))
    boxes, kinds = [], []
    for _ in range(random.randint(1, MOST_BOXES + 1)):
        width, height = random.randint(size // 6, size // 2, 2)
        left, top = random.randint(0, size - width), random.randint(0, size - height)
        kind = random.randint(CLASSES)
        image[:, top : top + height, left : left + width] *= 0.3
        image[kind, top : top + height, left : left + width] += 1.5
        boxes.append((left, top, left + width, top + height))
        kinds.append(kind)
    return image.astype("float32"), np.array(boxes, "float32"), np.array(kinds, "int32")
