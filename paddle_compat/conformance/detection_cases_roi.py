"""Snippets of pooling over regions of interest."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippet_tables import FLOATS, floats, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["ODD_REGIONS", "SNIPPETS", "regions"]

ALIGN = """
layers.roi_align(x, r)
layers.roi_align(input=x, rois=r, pooled_height=7, pooled_width=7, spatial_scale=0.5, sampling_ratio=-1)
layers.roi_align(x, r, 2, 3, 0.25, 2)
layers.roi_align(x, r, 3, 2, 1.0, 0)
layers.roi_align(x, r, 2, 2, 0.3, 1, 'align')
layers.roi_align(x, r, 1, 4, 0.1, 3)
layers.roi_align(x, r, 5, 1, 2, -1)
layers.roi_align(x, r, 4, 4, 1.7, 4)
layers.roi_align(x, r, 2, 2, 0.25, -7)
layers.roi_align(x, r, 14, 14, 0.0625, 2)
"""

POOL = """
layers.roi_pool(x, r)
layers.roi_pool(input=x, rois=r, pooled_height=7, pooled_width=7, spatial_scale=0.5)
layers.roi_pool(x, r, 2, 3, 0.25)
layers.roi_pool(x, r, 3, 2, 1.0)
layers.roi_pool(x, r, 1, 4, 0.1)
layers.roi_pool(x, r, 5, 1, 2)
layers.roi_pool(x, r, 4, 4, 1.7)
layers.roi_pool(x, r, 14, 14, 0.0625)
"""

# With the regions' places in a tensor.
OFFSETS = """
layers.roi_align(x, r, 2, 2, 0.5, 2, rois_lod=o)
layers.roi_align(x, r, 3, 2, 0.5, rois_lod=o)
layers.roi_pool(x, r, 2, 2, 0.5, rois_lod=o)
layers.roi_pool(x, r, 3, 2, 0.5, o)
"""

REFUSED = """
layers.roi_align(1, r, 2, 2)
layers.roi_align(x, 1, 2, 2)
layers.roi_align(x, None, 2, 2)
layers.roi_align(x, r, 2, 2, rois_lod=1)
layers.roi_align(x, r, 2.5, 2)
layers.roi_align(x, r, 'a', 2)
layers.roi_align(x, r, 2, 'a')
layers.roi_align(x, r, 0, 2)
layers.roi_align(x, r, -1, 2)
layers.roi_align(x, r, 2, 0)
layers.roi_align(x, r, 2, 2, 'a')
layers.roi_align(x, r, 2, 2, 0.0)
layers.roi_align(x, r, 2, 2, -1.0)
layers.roi_align(x, r, 2, 2, 1.0, 1.5)
layers.roi_align(x, r, 2, 2, 1.0, 'a')
layers.roi_align(x, r, None, 2)
layers.roi_align(x, r, 2, 2, None)
layers.roi_align(x, r, 2, 2, 1.0, None)
layers.roi_align(layers.cast(x, 'int32'), r, 2, 2)
layers.roi_align(x, layers.cast(r, 'int32'), 2, 2)
layers.roi_align(x, layers.cast(r, 'float64'), 2, 2)
layers.roi_align(layers.reshape(x, [0, 0, -1]), r, 2, 2)
layers.roi_align(x, layers.reshape(r, [-1]), 2, 2)
layers.roi_align(x, layers.reshape(r, [-1, 2]), 2, 2)
layers.roi_align(x, layers.reshape(r, [-1, 1, 4]), 2, 2)
layers.roi_align(x)
layers.roi_pool(1, r, 2, 2)
layers.roi_pool(x, 1, 2, 2)
layers.roi_pool(x, None, 2, 2)
layers.roi_pool(x, r, 2, 2, rois_lod=1)
layers.roi_pool(x, r, 2.5, 2)
layers.roi_pool(x, r, 'a', 2)
layers.roi_pool(x, r, 2, 'a')
layers.roi_pool(x, r, 0, 2)
layers.roi_pool(x, r, -1, 2)
layers.roi_pool(x, r, 2, 0)
layers.roi_pool(x, r, 2, 2, 'a')
layers.roi_pool(x, r, 2, 2, 0.0)
layers.roi_pool(x, r, 2, 2, -1.0)
layers.roi_pool(x, r, None, 2)
layers.roi_pool(x, r, 2, 2, None)
layers.roi_pool(layers.cast(x, 'int32'), r, 2, 2)
layers.roi_pool(x, layers.cast(r, 'int32'), 2, 2)
layers.roi_pool(x, layers.cast(r, 'float64'), 2, 2)
layers.roi_pool(layers.reshape(x, [0, 0, -1]), r, 2, 2)
layers.roi_pool(x, layers.reshape(r, [-1]), 2, 2)
layers.roi_pool(x, layers.reshape(r, [-1, 2]), 2, 2)
layers.roi_pool(x, layers.reshape(r, [-1, 1, 4]), 2, 2)
layers.roi_pool(x)
"""

_CALLS = (
    "layers.roi_align(x, r, 2, 2, 1.0, 2)",
    "layers.roi_align(x, r, 3, 2, 1.0)",
    "layers.roi_pool(x, r, 2, 2)",
    "layers.roi_pool(x, r, 3, 4)",
)

# Of one picture, 6 high and 9 wide.
ODD_REGIONS: Mapping[str, Sequence[Sequence[float]]] = {
    "one cell": [[2, 3, 3, 4], [0, 0, 1, 1]],
    "no area": [[2, 3, 2, 3], [4.5, 2.5, 4.5, 2.5], [2, 3, 5, 3], [2, 3, 2, 5]],
    "ends before starts": [[5, 4, 2, 1], [5, 1, 2, 4], [2, 4, 5, 1]],
    "beyond the edges": [
        [-3, -2, 12, 9],
        [-3, 2, 4, 4],
        [2, -3, 4, 3],
        [5, 2, 13, 4],
        [3, 3, 5, 11],
    ],
    "outside": [
        [-9, -8, -4, -3],
        [12, 1, 15, 4],
        [2, 9, 4, 12],
        [100, 100, 120, 130],
        [-50, 2, -40, 4],
    ],
    "about one cell outside": [
        [-1, -1, 0, 0],
        [-1.5, -1.5, 0.5, 0.5],
        [-2, -2, 0, 0],
        [8, 5, 10, 7],
        [8.5, 5.5, 9.5, 6.5],
        [9, 6, 10, 7],
    ],
    "the whole picture": [[0, 0, 8, 5], [0, 0, 9, 6], [-0.5, -0.5, 8.5, 5.5]],
    "halves": [
        [0.5, 0.5, 1.5, 2.5],
        [1.5, 2.5, 3.5, 3.5],
        [-0.5, -1.5, 2.5, 1.5],
        [0.49999997, 2.4999998, 3.4999998, 4.5],
    ],
    "one region twice": [[1, 1, 5, 4], [1, 1, 5, 4], [2, 2, 4, 4]],
    "narrow ones": [[1, 1, 1.25, 5], [1, 1, 8, 1.25], [0, 2, 8, 2.001]],
    "huge ones": [[-400, -300, 500, 600], [0, 0, 1000, 5], [0, 0, 5, 700]],
}

_FEATURES: Mapping[str, Any] = {
    "equal elements": lambda dtype: np.ones((1, 2, 6, 9), dtype),
    "ties": lambda dtype: np.random.RandomState(3).randint(0, 3, (1, 2, 6, 9)).astype(dtype),
    "elements below 0": lambda dtype: floats(1, 2, 6, 9, dtype=dtype, low=-3, high=-1),
    "zeros": lambda dtype: np.zeros((1, 2, 6, 9), dtype),
}


def regions(count: int, high: float, wide: float, dtype: str = "float32", seed: int = 0) -> Array:
    """Return regions [x1, y1, x2, y2], some of which reach beyond a picture."""
    random = np.random.RandomState(seed)
    size = np.array([wide, high])
    start = random.uniform(-0.2, 0.9, (count, 2)) * size
    sides = np.exp(random.uniform(-2.5, 0.3, (count, 2))) * size
    return np.concatenate([start, start + sides], 1).astype(dtype)


def _lods(lengths: Sequence[int]) -> dict[str, Any]:
    return {"lods": {"r": [list(lengths)]}}


def _odd() -> Iterator[Snippet]:
    for dtype in FLOATS:
        picture = floats(1, 2, 6, 9, dtype=dtype)
        for name, rows in ODD_REGIONS.items():
            given = {"x": picture, "r": np.array(rows, dtype)}
            for call in _CALLS:
                yield Snippet(
                    f"{call} of regions: {name} · {dtype}",
                    f"out = {call}",
                    given,
                    ("x",),
                    terms=4.0,
                    **_lods([len(rows)]),
                )
        for name, make in _FEATURES.items():
            given = {
                "x": make(dtype),
                "r": np.concatenate(
                    [regions(5, 6, 9, dtype), np.array(ODD_REGIONS["halves"], dtype)]
                ),
            }
            for call in _CALLS:
                yield Snippet(
                    f"{call} of {name} · {dtype}",
                    f"out = {call}",
                    given,
                    ("x",),
                    terms=4.0,
                    **_lods([9]),
                )


def _largest() -> Iterator[Snippet]:
    """Yield what matters to the largest elements alone."""
    for dtype in FLOATS:
        # Sizes of bins that float32 rounds over the next cell, on elements that only grow.
        rows = np.array([[0, 0, 28, 28], [1, 2, 29, 32], [0, 0, 12, 14], [3, 1, 27, 30]], dtype)
        given = {"x": np.arange(34.0 * 34).reshape(1, 1, 34, 34).astype(dtype), "r": rows}
        for bins in ("7, 7", "11, 13", "14, 11"):
            call = f"layers.roi_pool(x, r, {bins})"
            yield Snippet(
                f"{call} of rounded bins · {dtype}", f"out = {call}", given, ("x",), **_lods([4])
            )
        picture = floats(1, 2, 6, 9, dtype=dtype)
        for value in (float("nan"), float("inf"), float("-inf"), np.finfo(dtype).min):
            x = picture.copy()
            x[0, 0, 1:3, :5] = x[0, 1, 4] = value
            given = {"x": x, "r": np.concatenate([regions(5, 6, 9, dtype), [[1, 1, 2, 2]]])}
            given["r"] = given["r"].astype(dtype)
            call = "layers.roi_pool(x, r, 3, 4)"
            yield Snippet(
                f"{call} with {value:g} · {dtype}", f"out = {call}", given, ("x",), **_lods([6])
            )


def _images() -> Iterator[Snippet]:
    picture = floats(3, 2, 5, 6)
    for lengths in ([2, 1, 3], [6, 0, 0], [0, 6, 0], [0, 0, 6], [1, 0, 5]):
        given = {"x": picture, "r": regions(6, 5, 6)}
        for call in _CALLS:
            yield Snippet(
                f"{call} of {lengths} regions",
                f"out = {call}",
                given,
                ("x",),
                terms=4.0,
                **_lods(lengths),
            )
        places = np.cumsum([0, *lengths]).astype("int64")
        for call in filter(None, OFFSETS.splitlines()):
            yield Snippet(
                f"{call} with places {places.tolist()}",
                f"out = {call}",
                {**given, "o": places},
                ("x",),
                terms=4.0,
            )
    given = {"x": picture, "r": regions(6, 5, 6)}
    for call in _CALLS:
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
            {**given, "r": np.zeros((0, 4), "float32")},
            **_lods([0, 0, 0]),
        )
        nested: dict[str, Any] = {"lods": {"r": [[2, 1], [1, 2, 3]]}}
        yield Snippet(
            f"{call} of two levels of detail", f"out = {call}", given, ("x",), terms=4.0, **nested
        )
    for wrong in (
        [0, 6],
        [0, 2, 4],
        [0, 2, 4, 5],
        [0, 2, 4, 7],
        [1, 2, 4, 6],
        [0, 4, 2, 6],
        [0, 1, 2, 3, 6],
    ):
        for call in filter(None, OFFSETS.splitlines()):
            yield Snippet(
                f"{call} with the wrong places {wrong}",
                f"out = {call}",
                {**given, "o": np.array(wrong, "int64")},
                ("x",),
            )
    both = {**given, "o": np.array([0, 1, 3, 6], "int64")}
    for call in filter(None, OFFSETS.splitlines()):
        yield Snippet(
            f"{call} and a level of detail",
            f"out = {call}",
            both,
            ("x",),
            terms=4.0,
            **_lods([3, 2, 1]),
        )
        yield Snippet(
            f"{call} of int32",
            f"out = {call}",
            {**given, "o": np.array([0, 1, 3, 6], "int32")},
            ("x",),
        )


def _random() -> Iterator[Snippet]:
    random = np.random.RandomState(8)
    for index in range(24):
        dtype = FLOATS[index % 2]
        images, channels = random.randint(1, 4), random.randint(1, 5)
        high, wide = random.randint(1, 20), random.randint(1, 20)
        lengths = random.randint(0, 6, images).tolist()
        lengths[0] += 1
        scale = float(random.choice([0.0625, 0.25, 1.0, 0.3]))
        bins = f"{random.randint(1, 8)}, {random.randint(1, 8)}, {scale}"
        given = {
            "x": floats(images, channels, high, wide, dtype=dtype, seed=index),
            "r": regions(sum(lengths), high / scale, wide / scale, dtype, index),
        }
        for call in (
            f"layers.roi_align(x, r, {bins}, {random.randint(0, 4)})",
            f"layers.roi_align(x, r, {bins})",
            f"layers.roi_pool(x, r, {bins})",
        ):
            yield Snippet(
                f"{call} at random, {index}: {images}x{channels}x{high}x{wide}, {lengths}, {dtype}",
                f"out = {call}",
                given,
                ("x",),
                terms=4.0,
                **_lods(lengths),
            )


def _snippets() -> Iterator[Snippet]:
    for dtype in FLOATS:
        given: dict[str, Any] = {
            "x": floats(2, 3, 8, 7, dtype=dtype),
            "r": regions(5, 16, 14, dtype),
        }
        options = {"terms": 4.0, **_lods([2, 3])}
        yield from over(ALIGN + POOL, wrt=("x",), options=options, **given)
        yield from over(
            ALIGN + POOL, wrt=("x",), unknown={"x": (0, 2, 3), "r": (0,)}, options=options, **given
        )
        for call in _CALLS:
            yield from over(call, wrt=("x", "r"), only="both gradients", options=options, **given)
    shapes: dict[str, Any] = {"x": floats(2, 3, 8, 7), "r": regions(5, 16, 14)}
    yield from over(REFUSED, wrt=("x",), options=_lods([2, 3]), **shapes)
    yield from _odd()
    yield from _largest()
    yield from _images()
    yield from _random()


SNIPPETS: tuple[Snippet, ...] = tuple(_snippets())
