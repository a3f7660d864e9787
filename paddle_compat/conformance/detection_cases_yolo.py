"""Snippets of YOLOv3's loss and boxes."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippet_tables import FLOATS, floats, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

_NINE = "[10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326]"

LOSS = """
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23, 30, 61], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x=x, gt_box=b, gt_label=l, anchors=[10, 13, 16, 30, 33, 23], anchor_mask=[0, 1, 2], class_num=4, ignore_thresh=0.5, downsample_ratio=16)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23, 62, 45, 59, 119], [2, 3, 4], 4, 0.3, 32)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23, 62, 45, 59, 119], [4, 0, 2], 4, 0.1, 32, use_label_smooth=False)
layers.yolov3_loss(x, b, l, (10, 13, 16, 30, 33, 23), (1, 0, 2), 4, 0.0, 32)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [1, 1, 2], 4, 0.5, 32)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.2, 32, scale_x_y=1.05)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.1, 16, scale_x_y=2.0, use_label_smooth=False)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.4, 32, gt_score=s)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.4, 8, s, False, 'loss', 1.2)
layers.yolov3_loss(x, b, l, [10, 13, 10, 13, 10, 13], [0, 1, 2], 4, 0.4, 8)
layers.yolov3_loss(x, b, l, [10, 13, 10, 13, 10, 13], [2, 1, 0], 4, 0.4, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 1.0, 32)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, -0.5, 32)
"""

LOSS_REFUSED = """
layers.yolov3_loss(1, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, 1, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, 1, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8, gt_score=1)
layers.yolov3_loss(x, b, l, 10, [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], 0, 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4.0, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 1, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8, use_label_smooth=1)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 3], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 5, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 0, 0.7, 8)
layers.yolov3_loss(x, b, l, [10.5, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, ['a', 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2.5], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8.5)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 'a')
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8, scale_x_y='a')
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7)
layers.yolov3_loss(x, layers.reshape(b, [0, -1]), l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, layers.reshape(b, [0, -1, 2]), l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, layers.reshape(l, [-1]), [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, layers.reshape(l, [-1, 1]), [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, layers.cast(l, 'int64'), [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, layers.cast(l, 'float32'), [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, layers.cast(b, 'float64'), l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(layers.cast(x, 'int32'), b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8, gt_score=layers.reshape(s, [-1]))
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8, gt_score=layers.reshape(s, [-1, 1]))
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8, gt_score=layers.cast(s, 'float64'))
layers.yolov3_loss(layers.reshape(x, [0, 0, -1]), b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(layers.reshape(x, [0, 0, 1, -1]), b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, -13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [0, 0, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, -1], 4, 0.7, 8)
layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 0)
"""

BOX = """
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 0.01, 32)
layers.yolo_box(x=x, img_size=z, anchors=[10, 13, 16, 30, 33, 23], class_num=4, conf_thresh=0.5, downsample_ratio=8)
layers.yolo_box(x, z, (10, 13, 16, 30, 33, 23), 4, 0.6, 16, clip_bbox=False)
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 0.005, 16, False, 'box', 1.1)
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 0.005, 16, scale_x_y=2.0)
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 0.0, 16, scale_x_y=0.5)
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, -1.0, 16)
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 1.0, 16)
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 0.1, 16, clip_bbox=0)
layers.yolo_box(x, z, [373, 326, 373, 326, 373, 326], 4, 0.1, 32)
layers.yolo_box(x, z, [1, 1, 1000, 1, 1, 1000], 4, 0.1, 32)
"""

BOX_REFUSED = """
layers.yolo_box(1, z, [10, 13, 16, 30, 33, 23], 4, 0.01, 32)
layers.yolo_box(x, 1, [10, 13, 16, 30, 33, 23], 4, 0.01, 32)
layers.yolo_box(x, z, 10, 4, 0.01, 32)
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4.0, 0.01, 32)
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 1, 32)
layers.yolo_box(x, z, [10, 13, 16, 30, 33], 4, 0.01, 32)
layers.yolo_box(x, z, [], 4, 0.01, 32)
layers.yolo_box(x, z, [10, 13, 16, 30], 4, 0.01, 32)
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 5, 0.01, 32)
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 0, 0.01, 32)
layers.yolo_box(x, z, [10.5, 13, 16, 30, 33, 23], 4, 0.01, 32)
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 0.01, 3.5)
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 0.01, 32, scale_x_y='a')
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 0.01, 32, clip_bbox='a')
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 0.01, 32, clip_bbox=None)
layers.yolo_box(x, layers.reshape(z, [-1]), [10, 13, 16, 30, 33, 23], 4, 0.01, 32)
layers.yolo_box(x, layers.reshape(z, [1, -1]), [10, 13, 16, 30, 33, 23], 4, 0.01, 32)
layers.yolo_box(x, layers.reshape(z, [-1, 1]), [10, 13, 16, 30, 33, 23], 4, 0.01, 32)
layers.yolo_box(x, layers.cast(z, 'int64'), [10, 13, 16, 30, 33, 23], 4, 0.01, 32)
layers.yolo_box(x, layers.cast(z, 'float32'), [10, 13, 16, 30, 33, 23], 4, 0.01, 32)
layers.yolo_box(layers.cast(x, 'int32'), z, [10, 13, 16, 30, 33, 23], 4, 0.01, 32)
layers.yolo_box(layers.reshape(x, [0, 0, -1]), z, [10, 13, 16, 30, 33, 23], 4, 0.01, 32)
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 0.01)
layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 0.01, 0)
layers.yolo_box(x, z, [10, -13, 16, 30, 33, 23], 4, 0.01, 32)
"""


def boxes(images: int, count: int, dtype: str = "float32", seed: int = 0) -> Array:
    """Return boxes [x, y, w, h] in units of the image; the last of each image is padding."""
    random = np.random.RandomState(seed)
    centre = random.uniform(0, 0.999, (images, count, 2))
    sides = np.exp(random.uniform(np.log(0.02), np.log(0.9), (images, count, 2)))
    found = np.concatenate([centre, sides], 2)
    if count > 1:
        found[:, -1] = 0
    return found.astype(dtype)


def labels(images: int, count: int, classes: int = 4, seed: int = 0) -> Array:
    """Return classes."""
    return np.random.RandomState(seed).randint(0, classes, (images, count)).astype("int32")


def _inputs(images: int, count: int, size: int, dtype: str, seed: int) -> dict[str, Any]:
    return {
        "x": floats(images, 27, size, size, dtype=dtype, seed=seed),
        "b": boxes(images, count, dtype, seed),
        "l": labels(images, count, seed=seed),
        "s": floats(images, count, dtype=dtype, seed=seed, low=0, high=1),
    }


_PLAIN = "layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 4, {thresh}, 32, use_label_smooth={smooth})"


def _crafted(
    name: str,
    rows: Any,
    *,
    size: int = 4,
    thresh: float = 0.5,
    score: Any = None,
    label: Any = None,
    x: Any = None,
    smooth: bool = False,
    dtype: str = "float32",
) -> Snippet:
    """Make a case of chosen boxes, of one image."""
    b = np.array([rows], dtype)
    count = b.shape[1]
    l = labels(1, count) if label is None else np.array([label], "int32")  # noqa: E741
    inputs = {
        "x": floats(1, 27, size, size, dtype=dtype)
        if x is None
        else np.full((1, 27, size, size), x, dtype),
        "b": b,
        "l": l,
    }
    source = _PLAIN.format(thresh=thresh, smooth=smooth)
    if score is not None:
        inputs["s"] = np.array([score], dtype)
        source = source.replace(", use_label", ", gt_score=s, use_label")
    return Snippet(f"yolov3_loss of {name} · {dtype}", f"out = {source}", inputs, ("x",))


def _adversarial() -> Iterator[Snippet]:
    box = [0.3, 0.4, 0.1, 0.2]
    for dtype in FLOATS:

        def case(name: str, rows: Any, dtype: str = dtype, **options: Any) -> Snippet:
            return _crafted(name, rows, dtype=dtype, **options)

        yield case("two boxes at one prediction", [box, [0.31, 0.41, 0.11, 0.19]])
        yield case(
            "three boxes at one prediction, with scores",
            [box, box, [0.31, 0.41, 0.11, 0.19]],
            score=[0.3, 0.9, 0.5],
        )
        yield case("one box twice", [box, box], label=[1, 1])
        yield case("one box with two labels", [box, box], label=[1, 2], smooth=True)
        yield case("a score of 0 behind one of 1", [box, box], score=[1.0, 0.0])
        yield case("a score of 1 behind one of 0", [box, box], score=[0.0, 1.0])
        yield case("scores below 0", [box, [0.8, 0.8, 0.2, 0.2]], score=[-1.0, -0.3])
        yield case("scores beyond 1", [box, [0.8, 0.8, 0.2, 0.2]], score=[3.0, 1.5])
        yield case(
            "scores about the smallest that counts",
            [box, [0.8, 0.8, 0.2, 0.2], [0.6, 0.1, 0.2, 0.2]],
            score=[1e-5, 0.9e-5, 1.1e-5],
        )
        yield case("padding alone", [[0, 0, 0, 0], [0, 0, 0, 0]])
        yield case("padding first", [[0, 0, 0, 0], box])
        yield case("boxes without width, or height", [[0.3, 0.4, 0, 0.2], [0.7, 0.4, 0.2, 0], box])
        yield case("boxes of negative sides", [[0.3, 0.4, -0.1, 0.2], [0.7, 0.4, -0.2, -0.2], box])
        yield case(
            "boxes about the smallest sides",
            [[0.3, 0.4, 1e-6, 0.2], [0.7, 0.4, 1.1e-6, 0.2], [0.7, 0.9, 0.9e-6, 0.2]],
            thresh=0.9,
        )
        yield case("a box as large as the image", [[0.5, 0.5, 1, 1]], thresh=0.1)
        yield case(
            "boxes larger than the image", [[0.5, 0.5, 1.5, 2], [0.2, 0.2, 1.5, 1]], thresh=0.1
        )
        yield case(
            "boxes at the edges of cells",
            [[0.25, 0.5, 0.2, 0.2], [0.75, 0.75, 0.1, 0.1], [0, 0, 0.1, 0.1]],
        )
        yield case("a centre on the right edge", [[1.0, 0.3, 0.2, 0.2]])
        yield case("a centre a little left of the image", [[-0.1, 0.3, 0.2, 0.2]])
        yield case("a centre a little above the image", [[0.3, -0.1, 0.2, 0.2]])
        yield case("a centre in pixels", [[56.0, 30.0, 20.0, 30.0]])
        yield case("a centre far outside of the image", [[0.3, -3.0, 0.2, 0.2], box])
        yield case("a centre that is no number", [[float("nan"), 0.3, 0.2, 0.2], box])
        yield case("a centre on the lower edge of the last prediction", [[0.3, 1.0, 0.2, 0.2]])
        yield case(
            "labels that are no class",
            [box, [0.8, 0.8, 0.2, 0.2], [0.6, 0.1, 0.2, 0.2]],
            label=[-1, 4, 100],
        )
        yield case("logits of 0", [box, [0.8, 0.8, 0.2, 0.2]], x=0.0)
        yield case("large logits", [box, [0.8, 0.8, 0.2, 0.2]], x=80.0)
        yield case("very negative logits", [box, [0.8, 0.8, 0.2, 0.2]], x=-80.0)
        yield case("sides that overflow", [box], x=800.0)
        yield case("sides that underflow", [box], x=-800.0)
        yield case("NaN", [box], x=float("nan"))
        yield case("infinity", [box], x=float("inf"))
        # Predictions of 16 x 30 in 128 pixels at the cells' centres, and a box just there.
        exact = [0.125, 0.375, 16 / 128, 30 / 128]
        for thresh in (0.99, 1.0):
            yield case(
                f"an overlap of 1 and a threshold of {thresh}", [exact], x=0.0, thresh=thresh
            )
        half = [0.625, 0.625, 16 / 128, 15 / 128]
        for thresh in (0.25, 0.4999, 0.5, 0.5001):
            yield case(
                f"an overlap of 1/2 and a threshold of {thresh}",
                [half, [0.125, 0.125, 33 / 128, 23 / 128]],
                x=0.0,
                thresh=thresh,
            )
        yield case(
            "a box as like two anchors",
            [[0.4, 0.4, 13 / 128, 20 / 128], [0.6, 0.6, 23 / 128, 25 / 128]],
        )
        yield case(
            "anchors' own sizes",
            [[0.4, 0.4, 10 / 128, 13 / 128], [0.6, 0.6, 33 / 128, 23 / 128]],
            x=0.0,
        )


def _random() -> Iterator[Snippet]:
    random = np.random.RandomState(5)
    for index in range(24):
        images, count, size = random.randint(1, 4), random.randint(1, 30), random.randint(1, 14)
        dtype = FLOATS[index % 2]
        chosen = sorted(random.choice(9, 3, replace=False).tolist())
        options = [
            f"use_label_smooth={bool(random.randint(2))}",
            f"scale_x_y={random.choice([1.0, 1.05, 1.2])}",
        ]
        if random.randint(2):
            options.append("gt_score=s")
        thresh, ratio = round(float(random.uniform(0, 0.9)), 2), random.choice([8, 16, 32])
        inputs = _inputs(images, count, size, dtype, index)
        if not random.randint(3):
            inputs["b"][0] = 0
        yield Snippet(
            f"yolov3_loss at random, {index}: {images} images, {count} boxes, {size}x{size}, {dtype}",
            f"out = layers.yolov3_loss(x, b, l, {_NINE}, {chosen}, 4, {thresh}, {ratio}, {', '.join(options)})",
            inputs,
            ("x",),
            terms=4.0,
        )


def _boxes_at_random() -> Iterator[Snippet]:
    random = np.random.RandomState(6)
    for index in range(12):
        images, high, wide = random.randint(1, 4), random.randint(1, 9), random.randint(1, 9)
        dtype = FLOATS[index % 2]
        inputs = {
            "x": floats(images, 27, high, wide, dtype=dtype, seed=index, low=-4, high=4),
            "z": random.randint(1, 900, (images, 2)).astype("int32"),
        }
        thresh = round(float(random.uniform(0, 0.9)), 2)
        options = (
            f"clip_bbox={bool(random.randint(2))}, scale_x_y={random.choice([1.0, 1.05, 1.2])}"
        )
        yield Snippet(
            f"yolo_box at random, {index}: {images} images, {high}x{wide}, {dtype}",
            f"out = layers.yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, {thresh}, {random.choice([8, 16, 32])}, {options})",
            inputs,
            ("x",),
        )


def _snippets() -> Iterator[Snippet]:
    for dtype in FLOATS:
        given = _inputs(2, 6, 5, dtype, 3)
        yield from over(LOSS, wrt=("x",), **given)
        yield from over(
            LOSS, wrt=("x",), unknown={"x": (0,), "b": (0,), "l": (0,), "s": (0,)}, **given
        )
        yield from over(LOSS.splitlines()[1], wrt=("x", "b", "s"), only="all gradients", **given)
    yield from over(
        LOSS.splitlines()[1],
        wrt=("x",),
        unknown={"x": (0, 2, 3), "b": (0, 1), "l": (0, 1)},
        **_inputs(2, 6, 5, "float32", 4),
    )
    many = {**_inputs(2, 6, 5, "float64", 3), "x": floats(2, 165, 5, 5, dtype="float64")}
    yield from over(
        "layers.yolov3_loss(x, b, l, [10, 13, 16, 30, 33, 23], [0, 1, 2], 50, 0.7, 8)",
        wrt=("x",),
        only="50 classes",
        **many,
    )
    yield from over(LOSS_REFUSED, wrt=("x",), **_inputs(2, 6, 4, "float32", 3))
    yield from _adversarial()
    yield from _random()
    shapes: dict[str, Any] = {
        "x": floats(2, 27, 5, 5),
        "z": np.array([[160, 160], [415, 416]], "int32"),
    }
    for dtype in FLOATS:
        given = {**shapes, "x": shapes["x"].astype(dtype)}
        yield from over(BOX, **given)
        yield from over(BOX, unknown={"x": (0,), "z": (0,)}, **given)
        for axes in ((0, 2, 3), (2,), (3,)):
            yield from over(
                BOX.splitlines()[1], unknown={"x": axes}, options={"backward": False}, **given
            )
        yield from over(BOX.splitlines()[1], **{**given, "x": floats(2, 27, 4, 6, dtype=dtype)})
        for value in (0.0, 100.0, -100.0, 1000.0, float("nan"), float("inf"), float("-inf")):
            filled = np.full((2, 27, 3, 3), value, dtype)
            for line in BOX.splitlines()[1:4]:
                yield from over(line, only=f"{value} alone", **{**given, "x": filled})
    yield from over(BOX_REFUSED, **shapes)
    yield from _boxes_at_random()


SNIPPETS: tuple[Snippet, ...] = tuple(_snippets())
