"""Inputs for the tests of the ported head: random, and the corners that go wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IMAGES, SIZE, CHANNELS, CLASSES = 2, 3, 4, 3
ROWS = IMAGES * SIZE * SIZE

# What each function of the head takes.
INPUTS = {
    "head": ["features"],
    "class_loss": ["logits", "label", "fg_num"],
    "box_loss": ["deltas", "targets", "label", "fg_num"],
    "losses": ["features", "label", "targets", "fg_num"],
}

Inputs = dict[str, npt.NDArray[np.generic]]


def batch(seed: int, *names: str) -> Inputs:
    """Return a batch's inputs of those names; with seed 0 nothing is foreground."""
    random = np.random.RandomState(seed)
    label = random.randint(-1, CLASSES + 1 if seed else 1, (ROWS, 1)).astype("int32")
    inputs: Inputs = {
        "features": random.randn(IMAGES, CHANNELS, SIZE, SIZE).astype("float32"),
        "logits": (3 * random.randn(ROWS, CLASSES)).astype("float32"),
        "deltas": random.randn(ROWS, 4).astype("float32"),
        "targets": (random.randn(ROWS, 4) / 4).astype("float32"),
        "label": label,
        "fg_num": np.array([max(int((label > 0).sum()), 1)], "int32"),
    }
    return {name: inputs[name] for name in names}
