"""Snippets of regions of four corners."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippet_tables import floats, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

PLAIN = """
layers.roi_perspective_transform(x, r, 7, 7, 1.0)
layers.roi_perspective_transform(input=x, rois=r, transformed_height=4, transformed_width=9, spatial_scale=0.5)
layers.roi_perspective_transform(x, r, 8, 3)
layers.roi_perspective_transform(x, r, 1, 1)
layers.roi_perspective_transform(x, r, 1, 5, 0.7)
layers.roi_perspective_transform(x, r, 5, 1, 0.25)
layers.roi_perspective_transform(x, r, 2, 2, 2.0, 'straight')
layers.roi_perspective_transform(x, r, 16, 48, 0.9)
"""

REFUSED = """
layers.roi_perspective_transform(1, r, 7, 7)
layers.roi_perspective_transform(x, 1, 7, 7)
layers.roi_perspective_transform(x, None, 7, 7)
layers.roi_perspective_transform(x, r, 7)
layers.roi_perspective_transform(x, r, 7.0, 7)
layers.roi_perspective_transform(x, r, 7, 'a')
layers.roi_perspective_transform(x, r, 7, None)
layers.roi_perspective_transform(x, r, 7, 7, 1)
layers.roi_perspective_transform(x, r, 7, 7, None)
layers.roi_perspective_transform(x, r, 0, 7)
layers.roi_perspective_transform(x, r, 7, 0)
layers.roi_perspective_transform(x, r, -1, 7)
layers.roi_perspective_transform(x, r, 7, -2)
layers.roi_perspective_transform(x, r, 7, 7, 0.0)
layers.roi_perspective_transform(x, r, 7, 7, -1.0)
layers.roi_perspective_transform(layers.cast(x, 'float64'), layers.cast(r, 'float64'), 7, 7)
layers.roi_perspective_transform(layers.cast(x, 'int32'), r, 7, 7)
layers.roi_perspective_transform(x, layers.cast(r, 'float64'), 7, 7)
layers.roi_perspective_transform(layers.reshape(x, [0, 0, -1]), r, 7, 7)
layers.roi_perspective_transform(x, layers.reshape(r, [-1]), 7, 7)
layers.roi_perspective_transform(x, layers.reshape(r, [-1, 4]), 7, 7)
"""

# On a picture 8 high and 9 wide.
_ODD: Mapping[str, Sequence[Sequence[float]]] = {
    "squares": [
        [1, 1, 5, 1, 5, 5, 1, 5],
        [0, 0, 8, 0, 8, 7, 0, 7],
        [2.5, 1.5, 6.5, 1.5, 6.5, 5.5, 2.5, 5.5],
    ],
    "wide and narrow ones": [
        [0, 3, 8, 3, 8, 4, 0, 4],
        [3, 0, 4, 0, 4, 7, 3, 7],
        [0, 3, 8, 3, 8, 3.01, 0, 3.01],
    ],
    "turned ones": [
        [4, 0, 8, 4, 4, 7, 0, 4],
        [1, 4, 4, 1, 7, 4, 4, 7],
        [5, 1, 5, 5, 1, 5, 1, 1],
        [5, 5, 1, 5, 1, 1, 5, 1],
    ],
    "trapezia": [[2, 1, 6, 1, 8, 6, 0, 6], [0, 1, 8, 1, 6, 6, 2, 6], [1, 0, 7, 2, 7, 5, 1, 7]],
    "mirrored ones": [[5, 1, 1, 1, 1, 5, 5, 5], [1, 5, 5, 5, 5, 1, 1, 1]],
    "crossed ones": [[1, 1, 5, 5, 5, 1, 1, 5], [1, 1, 5, 1, 1, 5, 5, 5]],
    "hollow ones": [[1, 1, 7, 1, 4, 3, 1, 7], [0, 0, 8, 0, 1, 1, 0, 7]],
    "triangles": [[1, 1, 5, 1, 5, 5, 5, 5], [1, 1, 1, 1, 5, 5, 1, 5]],
    "a point": [[3, 3, 3, 3, 3, 3, 3, 3]],
    "lines": [[1, 3, 6, 3, 6, 3, 1, 3], [3, 1, 3, 1, 3, 6, 3, 6], [1, 1, 5, 5, 5, 5, 1, 1]],
    "beyond the edges": [
        [-3, -2, 12, -1, 11, 9, -2, 10],
        [-4, 2, 4, 2, 4, 5, -4, 5],
        [3, -5, 6, -5, 6, 4, 3, 4],
    ],
    "outside": [[20, 20, 25, 20, 25, 25, 20, 25], [-9, -9, -5, -9, -5, -5, -9, -5]],
    "about the edges": [
        [-0.5, -0.5, 8.5, -0.5, 8.5, 7.5, -0.5, 7.5],
        [-0.4999, -0.4999, 8.4999, -0.4999, 8.4999, 7.4999, -0.4999, 7.4999],
        [-0.5001, -0.5, 8.5001, -0.5, 8.5, 7.5001, -0.5, 7.5],
    ],
    "one region twice": [[1, 1, 5, 2, 6, 5, 1, 6], [1, 1, 5, 2, 6, 5, 1, 6]],
    "small ones": [
        [3, 3, 3.0001, 3, 3.0001, 3.0001, 3, 3.0001],
        [3, 3, 3.01, 3, 3.01, 3.01, 3, 3.01],
    ],
    "huge ones": [[-1e4, -1e4, 1e4, -1e4, 1e4, 1e4, -1e4, 1e4], [-1e6, 0, 1e6, 0, 1e6, 5, -1e6, 5]],
}

_CALLS = (
    "layers.roi_perspective_transform(x, r, 5, 6)",
    "layers.roi_perspective_transform(x, r, 9, 4)",
)


def corners(count: int, high: float, wide: float, seed: int = 0) -> Array:
    """Return regions of four corners about a middle each, some of which reach beyond a picture."""
    random = np.random.RandomState(seed)
    size = np.array([wide, high])
    middle = random.uniform(0, 1, (count, 1, 2)) * size
    sides = random.uniform(0.05, 0.6, (count, 1, 2)) * size
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    moved = square + random.uniform(-0.5, 0.5, (count, 4, 2))
    found: Array = (middle + moved * sides).reshape(count, 8).astype("float32")
    return found


def _lods(lengths: Sequence[int]) -> dict[str, Any]:
    return {"lods": {"r": [list(lengths)]}, "terms": 4.0}


def _odd() -> Iterator[Snippet]:
    for name, rows in _ODD.items():
        given = {"x": floats(1, 2, 8, 9), "r": np.array(rows, "float32")}
        for call in _CALLS:
            yield Snippet(
                f"{call} of regions: {name}", f"out = {call}", given, ("x",), **_lods([len(rows)])
            )


def _images() -> Iterator[Snippet]:
    given = {"x": floats(3, 2, 8, 9), "r": corners(6, 8, 9)}
    for call in _CALLS:
        for lengths in ([2, 1, 3], [6, 0, 0], [0, 6, 0], [1, 0, 5]):
            yield Snippet(
                f"{call} of {lengths} regions", f"out = {call}", given, ("x",), **_lods(lengths)
            )
        for lengths in ([6], [3, 3], [1, 2, 2, 1]):
            yield Snippet(
                f"{call} of {lengths} regions, for 3 images",
                f"out = {call}",
                given,
                ("x",),
                **_lods(lengths),
            )
        yield Snippet(f"{call} without a level of detail", f"out = {call}", given, ("x",), lods={})
        yield Snippet(
            f"{call} of no regions",
            f"out = {call}",
            {**given, "r": np.zeros((0, 8), "float32")},
            **_lods([0, 0, 0]),
        )


def _random() -> Iterator[Snippet]:
    random = np.random.RandomState(8)
    for index in range(24):
        images, channels = random.randint(1, 4), random.randint(1, 5)
        high, wide = random.randint(1, 20), random.randint(1, 20)
        lengths = random.randint(0, 6, images).tolist()
        lengths[0] += 1
        scale = float(random.choice([0.0625, 0.25, 1.0, 0.3]))
        given = {
            "x": floats(images, channels, high, wide, seed=index),
            "r": corners(sum(lengths), high / scale, wide / scale, index),
        }
        call = f"layers.roi_perspective_transform(x, r, {random.randint(1, 12)}, {random.randint(1, 12)}, {scale})"
        yield Snippet(
            f"{call} at random, {index}: {images}x{channels}x{high}x{wide}, {lengths}",
            f"out = {call}",
            given,
            ("x",),
            **_lods(lengths),
        )


def _snippets() -> Iterator[Snippet]:
    given: dict[str, Any] = {"x": floats(2, 3, 8, 9), "r": corners(5, 8, 9)}
    options = _lods([2, 3])
    yield from over(PLAIN, wrt=("x",), options=options, **given)
    yield from over(
        PLAIN, wrt=("x",), unknown={"x": (0, 2, 3), "r": (0,)}, options=options, **given
    )
    yield from over(PLAIN, wrt=("x", "r"), only="both gradients", options=options, **given)
    yield from over(REFUSED, wrt=("x",), options=options, **given)
    yield from _odd()
    yield from _images()
    yield from _random()


SNIPPETS: tuple[Snippet, ...] = tuple(_snippets())
