"""Synthetic data for `retinanet_fluid.py`, in numpy alone: images with the boxes on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from rectangles import draw_image


def scenes(random: np.random.RandomState, count: int, size: int) -> list[Any]:
    """Draw images, each with its boxes as x1 y1 x2 y2 and their classes."""
    return [draw_image(random, size) for _ in range(count)]


def stack_images(drawn: list[Any]) -> dict[str, Any]:
    """Return what the network reads: the images, and their height, width and scale."""
    images = np.stack([image for image, _, _ in drawn])
    size = images.shape[-1]
    return {"image": images, "im_info": np.array([[size, size, 1.0]] * len(drawn), "float32")}


def stack_truth(drawn: list[Any]) -> tuple[dict[str, Any], list[int]]:
    """Return the boxes of all images below each other, and how many each image has.

    A box reaches to its last pixel; a label is 1 + the class; nothing is a crowd.
    """
    boxes = np.concatenate([boxes for _, boxes, _ in drawn])
    kinds = np.concatenate([kinds for _, _, kinds in drawn])
    truth = {
        "gt_box": boxes - np.array([0, 0, 1, 1], "float32"),
        "gt_label": (kinds + 1).astype("int32").reshape(-1, 1),
        "is_crowd": np.zeros((len(kinds), 1), "int32"),
    }
    return truth, [len(kinds) for _, _, kinds in drawn]
