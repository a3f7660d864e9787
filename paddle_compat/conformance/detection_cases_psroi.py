"""Snippets of pooling over regions with channels for each bin, and of pooling by integrals."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from paddle_compat.conformance.detection_cases_roi import ODD_REGIONS, regions
from paddle_compat.conformance.snippet_tables import FLOATS, floats, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

# Of 12 channels.
PLAIN = """
layers.psroi_pool(x, r, 2, 1.0, 2, 3)
layers.psroi_pool(input=x, rois=r, output_channels=3, spatial_scale=0.5, pooled_height=2, pooled_width=2)
layers.psroi_pool(x, r, 12, 0.25, 1, 1, 'own')
layers.psroi_pool(x, r, 2, 0.3, 3, 2)
layers.psroi_pool(x, r, 3, 2.0, 4, 1)
"""

INTEGRALS = """
layers.prroi_pool(x, r)
layers.prroi_pool(input=x, rois=r, spatial_scale=0.5, pooled_height=2, pooled_width=2)
layers.prroi_pool(x, r, 0.25, 1, 4, None, 'own')
layers.prroi_pool(x, r, 0.3, 3, 2)
layers.prroi_pool(x, r, 2.0, 7, 7)
"""

REFUSED = """
layers.psroi_pool(1, r, 2, 1.0, 2, 3)
layers.psroi_pool(x, 1, 2, 1.0, 2, 3)
layers.psroi_pool(x, r, 2.0, 1.0, 2, 3)
layers.psroi_pool(x, r, 2, 1, 2, 3)
layers.psroi_pool(x, r, 2, 1.0, 2.0, 3)
layers.psroi_pool(x, r, 2, 1.0, 2, None)
layers.psroi_pool(x, r, 2, 1.0, 2)
layers.psroi_pool(x, r, 3, 1.0, 2, 3)
layers.psroi_pool(x, r, 0, 1.0, 2, 3)
layers.psroi_pool(x, r, 1, 1.0, 3, 4)
layers.psroi_pool(x, r, 2, 1.0, 0, 3)
layers.psroi_pool(x, r, 2, 1.0, 2, -3)
layers.psroi_pool(x, r, 2, 0.0, 2, 3)
layers.psroi_pool(x, r, 2, -1.0, 2, 3)
layers.psroi_pool(layers.cast(x, 'int32'), r, 2, 1.0, 2, 3)
layers.psroi_pool(x, layers.cast(r, 'float64'), 2, 1.0, 2, 3)
layers.psroi_pool(x, layers.reshape(r, [-1, 2]), 2, 1.0, 2, 3)
layers.psroi_pool(x, layers.reshape(r, [-1]), 2, 1.0, 2, 3)
layers.psroi_pool(layers.reshape(x, [0, 0, -1]), r, 2, 1.0, 2, 3)
layers.prroi_pool(1, r)
layers.prroi_pool(x, 1)
layers.prroi_pool(x, r, 1)
layers.prroi_pool(x, r, 1.0, 2.0)
layers.prroi_pool(x, r, 1.0, 2, 'a')
layers.prroi_pool(x, r, 1.0, 0, 2)
layers.prroi_pool(x, r, 1.0, 2, -2)
layers.prroi_pool(x, r, 0.0)
layers.prroi_pool(x, r, -1.0)
layers.prroi_pool(layers.cast(x, 'int32'), r)
layers.prroi_pool(x, layers.cast(r, 'float64'))
layers.prroi_pool(x, layers.reshape(r, [-1, 2]))
layers.prroi_pool(x, layers.reshape(r, [-1]))
layers.prroi_pool(layers.reshape(x, [0, 0, -1]), r)
"""

_CALLS = (
    ("layers.psroi_pool(x, r, 2, 1.0, 2, 3)", ("x",)),
    ("layers.prroi_pool(x, r, 1.0, 3, 2)", ("x", "r")),
)


def _lods(lengths: Sequence[int]) -> dict[str, Any]:
    return {"lods": {"r": [list(lengths)]}, "terms": 8.0}


def _compared(call: str, told: str, given: dict[str, Any], lengths: Sequence[int]) -> Snippet:
    """Return a case, with what gradient real Paddle has.

    That of integrals it has by both inputs or none, and by regions in float32 alone.
    """
    single = given["x"].dtype == "float32"
    wrt = ("x",) if "psroi" in call else ("x", "r") if single else ()
    return Snippet(
        f"{call} {told}", f"out = {call}", given, wrt, backward=bool(wrt), **_lods(lengths)
    )


def _odd() -> Iterator[Snippet]:
    for dtype in FLOATS:
        picture = floats(1, 12, 6, 9, dtype=dtype)
        for name, rows in ODD_REGIONS.items():
            given = {"x": picture, "r": np.array(rows, dtype)}
            for call, _ in _CALLS:
                # Differences of nearly equal numbers: neither side has many digits there.
                if not (name == "narrow ones" and "prroi" in call):
                    yield _compared(call, f"of regions: {name} · {dtype}", given, [len(rows)])


def _images() -> Iterator[Snippet]:
    given = {"x": floats(3, 12, 5, 6), "r": regions(6, 5, 6)}
    for call, wrt in _CALLS:
        for lengths in ([2, 1, 3], [6, 0, 0], [1, 0, 5]):
            yield Snippet(
                f"{call} of {lengths} regions", f"out = {call}", given, wrt, **_lods(lengths)
            )
        for lengths in ([6], [3, 3], [1, 2, 2, 1]):
            yield Snippet(
                f"{call} of {lengths} regions, for 3 images",
                f"out = {call}",
                given,
                wrt,
                **_lods(lengths),
            )
        yield Snippet(f"{call} without a level of detail", f"out = {call}", given, wrt, lods={})
        yield Snippet(
            f"{call} of no regions",
            f"out = {call}",
            {**given, "r": np.zeros((0, 4), "float32")},
            **_lods([0, 0, 0]),
        )
    counted = "layers.prroi_pool(x, r, 1.0, 2, 2, batch_roi_nums=n)"
    for lengths in (
        [2, 1, 3],
        [6, 0, 0],
        [1, 0, 5],
        [6],
        [2, 3],
        [2, 1, 2],
        [3, 3, 3],
        [2, 1, 2, 1],
        [-1, 3, 4],
    ):
        counts = np.array(lengths, "int64")
        yield Snippet(
            f"{counted} of {lengths} regions",
            f"out = {counted}",
            {**given, "n": counts},
            ("x", "r"),
            terms=8.0,
        )
    yield Snippet(
        f"{counted} of int32",
        f"out = {counted}",
        {**given, "n": np.array([2, 1, 3], "int32")},
        ("x", "r"),
    )


def _random() -> Iterator[Snippet]:
    random = np.random.RandomState(18)
    for index in range(16):
        dtype = FLOATS[index % 2]
        images, channels = random.randint(1, 4), random.randint(2, 4)
        high, wide = random.randint(1, 20), random.randint(1, 20)
        rows, columns = random.randint(1, 5), random.randint(1, 5)
        lengths = random.randint(0, 6, images).tolist()
        lengths[0] += 1
        scale = float(random.choice([0.0625, 0.25, 1.0, 0.3]))
        given = {
            "x": floats(images, channels * rows * columns, high, wide, dtype=dtype, seed=index),
            "r": regions(sum(lengths), high / scale, wide / scale, dtype, index),
        }
        for call in (
            f"layers.psroi_pool(x, r, {channels}, {scale}, {rows}, {columns})",
            f"layers.prroi_pool(x, r, {scale}, {rows}, {columns})",
        ):
            told = f"at random, {index}: {images}x{high}x{wide}, {lengths}, {dtype}"
            yield _compared(call, told, given, lengths)


def _alone() -> Iterator[Snippet]:
    """Yield gradients of integrals that are known without computing them."""
    call = "layers.prroi_pool(x, r)"
    ramp = np.broadcast_to(np.arange(9.0), (1, 1, 6, 9))
    for dtype in FLOATS:
        given = {"x": ramp.astype(dtype), "r": np.array([[2, 1, 4, 3]], dtype)}
        for wrt in (("x",), ("r",)):
            yield Snippet(
                f"prroi_pool by {wrt[0]} alone · {dtype}", f"out = {call}", given, wrt, **_lods([1])
            )
    given = {"x": ramp.astype("float64"), "r": np.array([[2.3, 1.1, 4.7, 3.9]])}
    yield Snippet("prroi_pool by both · float64", f"out = {call}", given, ("x", "r"), **_lods([1]))


def _snippets() -> Iterator[Snippet]:
    for dtype in FLOATS:
        given: dict[str, Any] = {
            "x": floats(2, 12, 8, 7, dtype=dtype),
            "r": regions(5, 16, 14, dtype),
        }
        options = _lods([2, 3])
        unknown = {"x": (0, 2, 3), "r": (0,)}
        yield from over(PLAIN, wrt=("x",), options=options, **given)
        yield from over(PLAIN, wrt=("x",), unknown=unknown, options=options, **given)
        yield from over(PLAIN.splitlines()[1], only="both gradients", options=options, **given)
        both: dict[str, Any] = {**options, "backward": dtype == "float32"}
        yield from over(INTEGRALS, options=both, **given)
        yield from over(INTEGRALS, unknown=unknown, options=both, **given)
    # Inverted, and just before a cell: how wide a region is at the least.
    least: dict[str, Any] = {
        "x": floats(1, 12, 4, 4),
        "r": np.array([[19, 19, 10, 10], [39, 18, 5, 2]], "float32"),
    }
    yield from over(
        "layers.psroi_pool(x, r, 2, 0.05, 2, 3)",
        wrt=("x",),
        only="the least",
        options=_lods([2]),
        **least,
    )
    shapes: dict[str, Any] = {"x": floats(2, 12, 8, 7), "r": regions(5, 16, 14)}
    yield from over(REFUSED, wrt=("x",), options=_lods([2, 3]), **shapes)
    yield from _odd()
    yield from _images()
    yield from _random()
    yield from _alone()


SNIPPETS: tuple[Snippet, ...] = tuple(_snippets())
