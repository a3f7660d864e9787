"""Snippets of non-maximum suppression of many classes."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippet_tables import FLOATS, over
from paddle_compat.conformance.snippets import Snippet

__all__ = [
    "SNIPPETS",
    "boxes_of",
    "changed_boxes",
    "changed_scores",
    "over_boxes",
    "polygons_of",
    "scores_of",
]

ALL = """
layers.multiclass_nms(b, s, 0.01, 400, 200)
layers.multiclass_nms(bboxes=b, scores=s, background_label=0, score_threshold=0.5, nms_top_k=400, nms_threshold=0.3, keep_top_k=200, normalized=False)
layers.multiclass_nms(b, s, 0.1, -1, -1, background_label=-1)
layers.multiclass_nms(b, s, 0.1, -1, -1, background_label=1)
layers.multiclass_nms(b, s, 0.1, -1, -1, background_label=-2)
layers.multiclass_nms(b, s, 0.1, -1, -1, background_label=99)
layers.multiclass_nms(b, s, 0.0, -1, -1)
layers.multiclass_nms(b, s, -1.0, -1, -1)
layers.multiclass_nms(b, s, 0.5, -1, -1)
layers.multiclass_nms(b, s, 2.0, -1, -1)
layers.multiclass_nms(b, s, float('nan'), -1, -1)
layers.multiclass_nms(b, s, 0.1, 0, -1)
layers.multiclass_nms(b, s, 0.1, 1, -1)
layers.multiclass_nms(b, s, 0.1, True, -1)
layers.multiclass_nms(b, s, 0.1, 5, -1)
layers.multiclass_nms(b, s, 0.1, -9, -1)
layers.multiclass_nms(b, s, 0.1, -1, 0)
layers.multiclass_nms(b, s, 0.1, -1, 1)
layers.multiclass_nms(b, s, 0.1, -1, 7)
layers.multiclass_nms(b, s, 0.1, -1, -9)
layers.multiclass_nms(b, s, 0.1, 3, 4, background_label=-1)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.0)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.5)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.7, False)
layers.multiclass_nms(b, s, 0.1, -1, -1, 1.0)
layers.multiclass_nms(b, s, 0.1, -1, -1, 2.0)
layers.multiclass_nms(b, s, 0.1, -1, -1, -1.0)
layers.multiclass_nms(b, s, 0.1, -1, -1, float('nan'))
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.9, nms_eta=0.9)
layers.multiclass_nms(b, s, 0.1, -1, 9, 0.99, nms_eta=0.99)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.5, nms_eta=0.1)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.6, nms_eta=0.0)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.6, nms_eta=-1.0)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.9, nms_eta=1.5)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.9, nms_eta=float('nan'))
layers.multiclass_nms(b, s, 0.1, -1, -1, name='detections')
"""
FEW = """
layers.multiclass_nms(b, s, 0.01, 400, 200, background_label=-1)
layers.multiclass_nms(b, s, 0.01, -1, 12, 0.5, background_label=-1)
layers.multiclass_nms(b, s, 0.01, 15, -1, 0.5, False)
layers.multiclass_nms(b, s, 0.01, -1, -1, 0.8, nms_eta=0.95)
"""
REFUSED = """
layers.multiclass_nms(b, s, 1, -1, -1)
layers.multiclass_nms(b, s, 0.1, 1.0, -1)
layers.multiclass_nms(b, s, 0.1, np.int64(3), -1)
layers.multiclass_nms(b, s, np.float32(0.1), -1, -1)
layers.multiclass_nms(b, s, 0.1, -1, 2.0)
layers.multiclass_nms(b, s, 0.1, -1, None)
layers.multiclass_nms(b, s, 0.1, -1, -1, 1)
layers.multiclass_nms(b, s, 0.1, -1, -1, '0.3')
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.3, 1)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.3, True, 1)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.3, True, 1.0, 0.0)
layers.multiclass_nms(b, s)
layers.multiclass_nms(b, s, 0.1, 2 ** 31, -1)
layers.multiclass_nms(b, s, 0.1, -1, -2 ** 31 - 1)
layers.multiclass_nms(None, s, 0.1, -1, -1)
layers.multiclass_nms(b, 0.5, 0.1, -1, -1)
layers.multiclass_nms([b], s, 0.1, -1, -1)
layers.multiclass_nms(layers.cast(b, 'int32'), s, 0.1, -1, -1)
layers.multiclass_nms(layers.cast(b, 'float16'), s, 0.1, -1, -1)
layers.multiclass_nms(b, layers.cast(s, 'int64'), 0.1, -1, -1)
layers.multiclass_nms(layers.cast(b, 'float64'), s, 0.1, -1, -1)
layers.multiclass_nms(b, layers.cast(s, 'float64'), 0.1, -1, -1)
layers.multiclass_nms(b[:, :3], s, 0.1, -1, -1)
layers.multiclass_nms(b, s[:, :, :3], 0.1, -1, -1)
layers.multiclass_nms(b[:1], s, 0.1, -1, -1)
layers.multiclass_nms(b[:, :, :3], s, 0.1, -1, -1)
layers.multiclass_nms(layers.concat([b, b, b], 2), s, 0.1, -1, -1)
layers.multiclass_nms(layers.reshape(b, [-1, 4]), s, 0.1, -1, -1)
layers.multiclass_nms(layers.unsqueeze(b, [0]), s, 0.1, -1, -1)
layers.multiclass_nms(b, layers.unsqueeze(s, [0]), 0.1, -1, -1)
layers.multiclass_nms(b, layers.reshape(s, [-1]), 0.1, -1, -1)
"""
MORE_IMAGES = "layers.multiclass_nms(b, s[:1], 0.1, -1, -1)"
REGIONS = """
layers.multiclass_nms(b, s, 0.01, 400, 200)
layers.multiclass_nms(b, s, 0.1, -1, -1, background_label=-1)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.5, False, background_label=2)
layers.multiclass_nms(b, s, 0.1, -1, 5, 0.5, background_label=-1)
layers.multiclass_nms(b, s, 0.1, 4, 6, 0.5, background_label=-1)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.9, nms_eta=0.8)
layers.multiclass_nms(b, s, 2.0, -1, -1)
layers.multiclass_nms(b, s, 0.1, -1, 0)
"""
REGIONS_REFUSED = """
layers.multiclass_nms(b[:, :2], s, 0.1, -1, -1)
layers.multiclass_nms(b[:3], s, 0.1, -1, -1)
layers.multiclass_nms(layers.concat([b, b], 2), s, 0.1, -1, -1)
"""
# Two stars share 0.35 of what they cover: the rest are holes.
HOLES = """
layers.multiclass_nms(b, s, 0.0, -1, -1, 0.3, background_label=-1)
layers.multiclass_nms(b, s, 0.0, -1, -1, 0.38, background_label=-1)
layers.multiclass_nms(b, s, 0.0, -1, -1, 0.5, background_label=-1)
"""
UNEVEN = "layers.multiclass_nms(b, s, 0.1, -1, 9, 0.5, True, 1.0, 2)"
ONE_THRESHOLD = """
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.25, background_label=-1)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.33333334, background_label=-1)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.3333333, background_label=-1)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.5, background_label=-1)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.2, False, background_label=-1)
layers.multiclass_nms(b, s, 0.1, -1, -1, 0.6, False, background_label=-1)
"""


def boxes_of(count: int, seed: int = 0, images: int = 2, clusters: int = 4) -> Array:
    """Return boxes in clusters, [images, count, 4] float64."""
    random = np.random.RandomState(seed)
    centers = random.uniform(20, 80, (images, clusters, 2))
    which = random.randint(0, clusters, (images, count))
    center = np.take_along_axis(centers, which[..., None].repeat(2, -1), 1)
    center = center + random.randn(images, count, 2) * 4
    size = random.uniform(8, 30, (images, count, 2))
    return np.concatenate((center - size / 2, center + size / 2), -1)


def polygons_of(count: int, corners: int, kind: str, seed: int = 0, images: int = 2) -> Array:
    """Return polygons in clusters, [images, count, 2 * corners] float64."""
    random = np.random.RandomState(seed)
    angles = np.sort(random.uniform(0, 2 * np.pi, (images, count, corners)), -1)
    if kind == "any":
        angles = angles[..., random.permutation(corners)]
    radius = random.uniform(4, 15, (images, count, corners if kind == "concave" else 1))
    if kind == "clockwise":
        angles = angles[..., ::-1]
    center = random.uniform(20, 50, (images, count, 1, 2))
    directions = np.stack((np.cos(angles), np.sin(angles)), -1)
    corner: Array = center + radius[..., None] * directions
    return corner.reshape(images, count, 2 * corners)


def scores_of(classes: int, count: int, seed: int = 0, images: int = 2) -> Array:
    """Return scores of all sizes, [images, classes, count] float64."""
    return np.random.RandomState(100 + seed).uniform(0, 1, (images, classes, count)) ** 2


def over_boxes(
    lines: str,
    b: Array,
    s: Array,
    dtype: npt.DTypeLike = "float32",
    only: str = "",
    lengths: Sequence[int] | None = None,
) -> Iterator[Snippet]:
    """Make a snippet of every line, over boxes and scores."""
    lods = {} if lengths is None else {"b": [list(lengths)], "s": [list(lengths)]}
    options: Mapping[str, Any] = {"lods": lods, "backward": False}
    arrays = {"b": b.astype(dtype), "s": s.astype(dtype)}
    return over(lines, wrt=(), unknown=False, only=only, options=options, **arrays)


def changed_scores(s: Array) -> Mapping[str, Array]:
    """Return adversarial scores, by what they are."""
    near = np.float64(np.float32(0.4))
    return {
        "all scores equal": s * 0 + 0.5,
        "scores in steps": np.round(s * 4) / 4,
        "equal scores across classes": np.broadcast_to(s[:, :1], s.shape),
        "scores equal in float32": near + np.round(s * 8) * 1e-12,
        "no scores": s * 0,
        "nothing in the first image": s * np.array([0, 1])[:, None, None],
        "nothing in the second image": s * np.array([1, 0])[:, None, None],
        "NaN scores": np.where(s > 0.5, np.nan, s),
        "infinite scores": np.where(s > 0.5, np.inf, s),
        "negative scores": s - 0.99,
    }


def changed_boxes(b: Array) -> Mapping[str, Array]:
    """Return adversarial boxes, by what they are."""
    odd = np.arange(b.shape[1]) % 2 == 1
    whole = np.round(b / 8) * 8
    return {
        "boxes on a grid": whole,
        "one box": b * 0 + b[:, :1],
        "boxes without width": np.where(odd[:, None], b[..., [0, 1, 0, 3]], b),
        "boxes without area": b[..., [0, 1, 0, 1]],
        "points on a grid": whole[..., [0, 1, 0, 1]],
        "inverted boxes": np.where(odd[:, None], b[..., [2, 3, 0, 1]], b),
        "boxes inverted one way": np.where(odd[:, None], whole[..., [2, 1, 0, 3]], whole),
        "all boxes inverted": whole[..., [2, 3, 0, 1]],
        "corners in no order": np.random.RandomState(3).randint(0, 6, b.shape) * 1.0,
        "NaN boxes": np.where(np.arange(b.shape[1])[:, None] % 5 == 0, np.nan, b),
        "a NaN coordinate": np.where(odd[:, None] & (np.arange(4) == 2), np.nan, whole),
        "infinite boxes": np.where(odd[:, None] & (np.arange(4) == 2), np.inf, b),
        "huge boxes": b * 1e18,
        "tiny boxes": b * 1e-21,
        "boxes less than a pixel apart": np.round(b * 2) / 2 * np.array([1, 0, 1, 0]),
    }


def _snippets() -> Iterator[Snippet]:
    b, s = boxes_of(24), scores_of(3, 24)
    for dtype in FLOATS:
        yield from over_boxes(ALL, b, s, dtype)
        yield from over_boxes(FEW, boxes_of(300, 1), scores_of(5, 300, 1), dtype)
        for only, scores in changed_scores(s).items():
            yield from over_boxes(FEW, b, scores, dtype, only)
        with np.errstate(over="ignore"):
            for only, boxes in changed_boxes(b).items():
                yield from over_boxes(FEW, boxes, s, dtype, only)
        steps = np.array([[[0, 0, 4, 4], [2, 0, 6, 4], [0, 0, 4, 2], [0, 2, 2, 4], [0, 0, 2, 2]]])
        falling = np.array([[[0.9, 0.8, 0.7, 0.6, 0.5], [0.5, 0.6, 0.7, 0.8, 0.9]]])
        yield from over_boxes(ONE_THRESHOLD, steps, falling, dtype)
        yield from _regions(dtype)
    yield from over_boxes(FEW, boxes_of(2000, 2, 1, 9), scores_of(4, 2000, 2, 1), only="many")
    yield from over_boxes(FEW, b[:0], s[:0], only="no images")
    yield from over_boxes(FEW, b[:, :0], s[:, :, :0], only="no boxes")
    yield from over_boxes(FEW, b, s[:, :0], only="no classes")
    yield from over_boxes(FEW, b[:, :1], s[:, :, :1], only="one box an image")
    yield from over_boxes(REFUSED + MORE_IMAGES, b, s)
    unknown = {"b": (0, 1), "s": (0, 2)}
    yield from over(
        FEW,
        wrt=(),
        unknown=unknown,
        only="",
        options={"lods": {}, "backward": False},
        b=b.astype("float32"),
        s=s.astype("float32"),
    )
    yield from _polygons()


def _regions(dtype: str) -> Iterator[Snippet]:
    b = boxes_of(14 * 4, 3, 1).reshape(14, 4, 4)
    s = scores_of(1, 14 * 4, 3, 1).reshape(14, 4)
    for lengths in ([14], [6, 8], [1, 12, 1]):
        yield from over_boxes(REGIONS, b, s, dtype, f"regions {lengths}", lengths)
    steps = np.round(s * 4) / 4
    yield from over_boxes(REGIONS, b, steps, dtype, "regions, scores in steps", [6, 8])
    nothing = s * (np.arange(14) > 5)[:, None]
    yield from over_boxes(REGIONS, b, nothing, dtype, "regions, nothing in the first", [6, 8])
    if dtype == "float32":
        yield from over_boxes(UNEVEN, b, s, dtype, "an image without regions", [6, 0, 8])
        yield from over_boxes(UNEVEN, b, s, dtype, "no level of detail")
        yield from over_boxes(REGIONS_REFUSED, b, s, dtype, "regions", [6, 8])


def _polygons() -> Iterator[Snippet]:
    s = scores_of(2, 30)
    for corners in (4, 8, 12, 16):
        for kind in ("convex", "clockwise", "concave"):
            b = polygons_of(30, corners, kind)
            yield from over_boxes(FEW, b, s, "float64", f"{kind} polygons")
            yield from over_boxes(FEW, b, s, "float32", f"{kind} polygons")
    quads = polygons_of(30, 4, "any")
    yield from over_boxes(FEW, quads, s, "float64", "quadrilaterals that cross themselves")
    yield from over_boxes(FEW, np.round(quads / 4) * 4, s, "float64", "quadrilaterals on a grid")
    yield from over_boxes(FEW, quads * np.array([1, 0] * 4), s, "float64", "flat polygons")
    holed = np.where(np.arange(30)[:, None] % 4 == 0, np.nan, quads)
    yield from over_boxes(FEW, holed, s, "float64", "NaN polygons")
    yield from over_boxes(FEW, polygons_of(30, 8, "any"), s, "float64", "tangled polygons")
    turns = np.arange(8)[[0, 3, 6, 1, 4, 7, 2, 5]] * np.pi / 4
    octagram = np.stack((np.cos(turns), np.sin(turns)), -1).reshape(1, 1, 16).repeat(2, 1)
    yield from over_boxes(HOLES, octagram, s[:1, :, :2], "float64", "octagrams")


SNIPPETS: tuple[Snippet, ...] = tuple(_snippets())
