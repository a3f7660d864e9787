"""Synthetic images with one coloured square each, and labels for a detector head. Numpy only.

Both `train_head.py` (PyTorch) and `record_head.py` (real Paddle 1.8.5, Python 3.8) use it, so
that they start from the same pixels and the same weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np

IMAGES, SIZE, STRIDE, CLASSES = 32, 32, 4, 3
STEPS, LEARNING_RATE, MOMENTUM = 60, 0.01, 0.9
GAMMA, ALPHA, PRIOR = 2.0, 0.25, 0.01
# Output channels, input channels, stride of each 3 x 3 convolution of the head.
LAYERS = ((16, 3, 2), (32, 16, 2), (CLASSES, 32, 1))


def images_and_labels() -> tuple[Any, Any, Any]:
    """Return images [B, 3, H, W], labels [B * cells, 1] int32 and fg_num [1] int32.

    A cell's label is 1 + the class of the square whose centre it holds, -1 (ignored) beside
    that cell, and 0 (background) elsewhere.
    """
    random = np.random.RandomState(0)
    images = random.uniform(0, 0.3, (IMAGES, 3, SIZE, SIZE)).astype("float32")
    cells = SIZE // STRIDE
    labels = np.zeros((IMAGES, cells, cells), "int32")
    for image, label in zip(images, labels):  # noqa: B905 - Python 3.8 runs this too
        kind, (row, column) = random.randint(CLASSES), random.randint(1, cells - 1, 2)
        label[row - 1 : row + 2, column - 1 : column + 2] = -1
        label[row, column] = kind + 1
        top, left = row * STRIDE - 2, column * STRIDE - 2
        image[kind, top : top + 8, left : left + 8] += 0.7
    return images, labels.reshape(-1, 1), np.array([IMAGES], "int32")


def weights() -> list[tuple[Any, Any]]:
    """Return the initial weight and bias of each convolution."""
    random = np.random.RandomState(1)
    parameters = []
    for out_channels, in_channels, _ in LAYERS:
        scale = np.sqrt(2 / (in_channels * 9))
        weight = random.normal(0, scale, (out_channels, in_channels, 3, 3)).astype("float32")
        parameters.append((weight, np.zeros(out_channels, "float32")))
    # The usual start of a focal-loss head: every class is improbable.
    parameters[-1][1].fill(-np.log((1 - PRIOR) / PRIOR))
    return parameters
