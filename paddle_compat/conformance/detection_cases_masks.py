"""Snippets of the masks that regions of interest learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

CALL = "layers.generate_mask_labels(im, c, k, s, r, l, {})"

Objects = Sequence[Sequence[Any]]
"""An image's objects: each a list of polygons, each a list of corners."""


def _star(random: np.random.RandomState, corners: int, size: float = 40.0) -> Array:
    """Return a polygon around some middle, with corners nearer and farther."""
    angle = np.sort(random.uniform(0, 2 * np.pi, corners))
    length = random.uniform(0.2, 1.0, corners) * size / 2
    middle = random.uniform(0, size, 2)
    return np.stack([np.cos(angle) * length, np.sin(angle) * length], 1) + middle


def _scene(
    images: Sequence[Objects],
    rois: Sequence[Array],
    labels: Sequence[Sequence[int]],
    *,
    crowd: tuple[int, ...] = (),
    background: tuple[int, ...] = (),
    scales: Sequence[float] = (1.0, 1.5, 0.5),
) -> dict[str, Any]:
    """Return a snippet's inputs and levels of detail."""
    objects = [objects for image in images for objects in image]
    polygons = [np.asarray(polygon) for parts in objects for polygon in parts]
    total = len(objects)
    classes = (np.arange(total, dtype="int32") % 3 + 1)[:, None]
    classes[list(background)] = 0
    is_crowd = np.zeros((total, 1), "int32")
    is_crowd[list(crowd)] = 1
    per_image = [[len(image) for image in images]]
    regions = [[len(boxes) for boxes in rois]]
    return {
        "inputs": {
            "im": np.array([[50 * x, 60 * x, x] for x in scales[: len(images)]], "float32"),
            "c": classes,
            "k": is_crowd,
            "s": np.concatenate(polygons).astype("float32"),
            "r": np.concatenate(list(rois)).astype("float32"),
            "l": np.array([n for row in labels for n in row], "int32")[:, None],
        },
        "lods": {
            "c": per_image,
            "k": per_image,
            "s": [*per_image, [len(parts) for parts in objects], [len(p) for p in polygons]],
            "r": regions,
            "l": regions,
        },
    }


def _around(random: np.random.RandomState, image: Objects, count: int) -> Array:
    """Return regions near an image's objects."""
    boxes = []
    for index in range(count):
        corners = np.concatenate([np.asarray(part) for part in image[index % len(image)]])
        box = np.concatenate([corners.min(0), corners.max(0)])
        boxes.append(box + random.uniform(-6, 6, 4))
    return np.array(boxes)


def _random(seed: int, images: int = 2, size: float = 40.0) -> dict[str, Any]:
    random = np.random.RandomState(seed)
    scales = (1.0, 1.5, 0.5)
    every = [
        [
            [_star(random, random.randint(3, 12), size) for _ in range(random.randint(1, 4))]
            for _ in range(random.randint(1, 5))
        ]
        for _ in range(images)
    ]
    rois = [_around(random, image, 6) * scale for image, scale in zip(every, scales, strict=False)]
    labels = [random.randint(0, 4, 6).tolist() for _ in range(images)]
    return _scene(every, rois, labels)


# Shapes that a raster may get wrong, in a box from 0 to 14.
SHAPES: Mapping[str, Sequence[Sequence[float]]] = {
    "a square": [[2, 2], [10, 2], [10, 10], [2, 10]],
    "a square, the other way round": [[2, 2], [2, 10], [10, 10], [10, 2]],
    "a square at fifths": [[2.1, 2.1], [10.3, 2.1], [10.3, 10.3], [2.1, 10.3]],
    "a square at tenths and halves": [[2.5, 2.3], [10.5, 2.7], [10.5, 10.5], [2.7, 10.1]],
    "the whole box": [[0, 0], [14, 0], [14, 14], [0, 14]],
    "more than the box": [[-9, -7], [30, -5], [33, 44], [-3, 21]],
    "a diamond": [[7, 0], [14, 7], [7, 14], [0, 7]],
    "a triangle": [[1.3, 12.7], [6.1, 0.4], [13.2, 9.9]],
    "a needle": [[0.1, 0.1], [13.9, 13.6], [13.9, 13.9]],
    "a bow tie": [[1, 1], [13, 13], [13, 1], [1, 13]],
    "a comb": [[0, 0], [14, 0], [14, 9], [11, 3], [9, 12], [7, 3], [5, 12], [3, 3], [0, 9]],
    "a steep zigzag": [[3, -4], [4, 19], [5, -4], [6, 19], [7, -4], [8, 19]],
    "outside, above": [[2, -9], [10, -9], [10, -3], [2, -3]],
    "outside, below": [[2, 19], [10, 19], [10, 26], [2, 26]],
    "outside, left": [[-12, 2], [-3, 2], [-3, 10], [-12, 10]],
    "outside, right": [[17, 2], [25, 2], [25, 10], [17, 10]],
    "across the left edge": [[-6.3, 3.1], [5.2, 1.9], [4.8, 11.7], [-7.1, 9.2]],
    "across the top edge": [[3.1, -6.3], [1.9, 5.2], [11.7, 4.8], [9.2, -7.1]],
    "across the bottom edge": [[3.1, 21.3], [1.9, 9.2], [11.7, 8.8], [9.2, 19.1]],
    "an edge of rounded steps": [[8, 2], [11, 7.2], [8, 7.2]],
    "a corner twice": [[2, 2], [10, 2], [10, 2], [10, 10], [2, 10], [2, 2]],
    "a line": [[2, 2], [12, 9]],
    "a point": [[5, 5]],
    "a flat line": [[1, 5], [13, 5], [4, 5]],
    "an upright line": [[5, 1], [5, 13], [5, 4]],
    "less than a pixel": [[5.1, 5.2], [5.4, 5.3], [5.3, 5.6]],
    "a small square over a middle": [[5.4, 5.4], [5.6, 5.4], [5.6, 5.6], [5.4, 5.6]],
}


def _snippets() -> Iterator[Snippet]:
    for seed in range(12):
        for call in ("4, 14", "4, 7", "9, 28"):
            yield _one(call, f"random {seed}", _random(seed, 1 + seed % 3))
    for seed in range(3):
        yield _one("4, 14", f"large {seed}", _random(20 + seed, 2, 500.0))
        yield _one("4, 14", f"small {seed}", _random(30 + seed, 2, 3.0))
    random = np.random.RandomState(0)
    for told, shape in SHAPES.items():
        boxes = np.concatenate([[[0, 0, 14, 14], [3, 2, 11, 12]], random.uniform(0, 8, (4, 4))])
        boxes[2:, 2:] += boxes[2:, :2]
        scene = _scene([[[shape]]], [boxes], [[1] * 6])
        for call in ("2, 14", "2, 5", "2, 1", "num_classes=2, resolution=28"):
            yield _one(call, told, scene)
    square: Any = SHAPES["a square"]
    hole: Any = [[4, 4], [8, 4], [8, 8], [4, 8]]
    box = np.array([[0.0, 0, 14, 14]])
    two: Any = [[square], [hole]]
    boxes = np.array([[2.0, 2, 10, 10], [4, 4, 8, 8], [0, 0, 14, 14]])
    scenes = {
        "two polygons that overlap": _scene([[[square, hole]]], [box], [[1]]),
        "no foreground": _scene([two], [boxes], [[0, 0, 0]]),
        "no foreground, the first ignored": _scene([two], [boxes], [[-1, 0, 0]]),
        "no foreground in the second image": _scene([two, two], [boxes, boxes], [[1, 2, 0]] * 2),
        "labels below 0": _scene([two], [boxes], [[-1, 2, -3]]),
        "some crowd": _scene([two], [boxes], [[1, 2, 3]], crowd=(0,)),
        "an object without class": _scene([two], [boxes], [[1, 2, 3]], background=(1,)),
        "all crowd": _scene([two], [boxes], [[1, 2, 3]], crowd=(0, 1)),
        "no foreground, all crowd": _scene([two], [boxes], [[0, 0, 0]], crowd=(0, 1)),
        "labels of nothing": _scene([two], [boxes], [[-1, -1, -2]]),
        "regions far off": _scene([two], [boxes + 900], [[1, 2, 3]]),
        "regions without width": _scene([two], [boxes[:, [0, 1, 0, 3]]], [[1, 2, 3]]),
        "regions turned inside out": _scene([two], [boxes[:, [2, 3, 0, 1]]], [[1, 2, 3]]),
        "objects that are equal": _scene([[[square], [square]]], [boxes], [[1, 2, 3]]),
        "boxes that are equal": _scene([[[square], [hole, square]]], [boxes], [[1, 2, 3]]),
        "a label too high": _scene([two], [boxes], [[1, 2, 9]]),
        "a scale of 0": _scene([two], [boxes], [[1, 2, 3]], scales=[0.0]),
    }
    for told, scene in scenes.items():
        yield _one("4, 14", told, scene)
    yield from _odd(_scene([two, two], [boxes, boxes], [[1, 0, 2], [3, 0, 0]]))


def _odd(scene: dict[str, Any]) -> Iterator[Snippet]:
    inputs, lods = scene["inputs"], scene["lods"]
    segments = lods["s"]
    changes: Mapping[str, tuple[Mapping[str, Array], Mapping[str, list[list[int]]]]] = {
        "flat classes, crowd and labels": ({name: inputs[name][:, 0] for name in "ckl"}, {}),
        "no levels": ({}, {name: [] for name in "cksrl"}),
        "classes without level": ({}, {"c": []}),
        "crowd without level": ({}, {"k": []}),
        "corners without level": ({}, {"s": []}),
        "corners with one level": ({}, {"s": segments[2:]}),
        "regions without level": ({}, {"r": []}),
        "labels without level": ({}, {"l": []}),
        "other labels' levels": ({}, {"l": [[2, 4]]}),
        "other crowd's levels": ({}, {"k": [[1, 3]]}),
        "other objects": ({}, {"s": [[1, 3], *segments[1:]]}),
        "an object without polygons": ({}, {"s": [[2, 2], [1, 0, 2, 1], segments[2]]}),
        "a polygon without corners": ({}, {"s": [[2, 2], [1, 2, 1, 1], [4, 4, 0, 4, 4]]}),
        "an image without objects": (
            {},
            {"c": [[4, 0]], "k": [[4, 0]], "s": [[4, 0], *segments[1:]]},
        ),
        "an image without regions": ({}, {"r": [[6, 0]], "l": [[6, 0]]}),
        "more images than im_info": ({"im": inputs["im"][:1]}, {}),
        "double im_info": ({"im": inputs["im"].astype("float64")}, {}),
        "double corners": ({"s": inputs["s"].astype("float64")}, {}),
        "double regions": ({"r": inputs["r"].astype("float64")}, {}),
        "int64 classes": ({"c": inputs["c"].astype("int64")}, {}),
        "int64 crowd": ({"k": inputs["k"].astype("int64")}, {}),
        "int64 labels": ({"l": inputs["l"].astype("int64")}, {}),
        "float labels": ({"l": inputs["l"].astype("float32")}, {}),
        "corners of 3": ({"s": np.repeat(inputs["s"], [1, 2], 1)}, {}),
        "regions of 5": ({"r": np.repeat(inputs["r"], [1, 1, 1, 2], 1)}, {}),
        "im_info of 2": ({"im": inputs["im"][:, :2]}, {}),
        "flat im_info": ({"im": inputs["im"].ravel()}, {}),
    }
    for told, (arrays, levels) in changes.items():
        changed = {"inputs": {**inputs, **arrays}, "lods": {**lods, **levels}}
        yield _one("4, 14", told, changed)
    for call in ("4, 14.0", "'a', 14", "4.0, 14", "4", "4, 0", "0, 14", "4, -3", "1, 14"):
        yield _one(call, "arguments", scene)


def _one(call: str, told: str, scene: Mapping[str, Any]) -> Snippet:
    return Snippet(
        f"generate_mask_labels({call}) · {told}",
        f"out = {CALL.format(call)}",
        scene["inputs"],
        lods={name: levels for name, levels in scene["lods"].items() if levels},
        unknown=dict.fromkeys("ckslr", (0,)),
    )


SNIPPETS: tuple[Snippet, ...] = tuple(_snippets())
