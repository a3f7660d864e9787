"""Snippets of locality-aware and of matrix NMS."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.detection_cases_nms import (
    boxes_of,
    changed_boxes,
    changed_scores,
    over_boxes,
    polygons_of,
    scores_of,
)
from paddle_compat.conformance.snippet_tables import FLOATS, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

LOCALITY = """
layers.locality_aware_nms(b, s, 0.5, 400, 200)
layers.locality_aware_nms(bboxes=b, scores=s, score_threshold=0.5, nms_top_k=400, nms_threshold=0.3, keep_top_k=200, normalized=False)
layers.locality_aware_nms(b, s, 0.1, -1, -1)
layers.locality_aware_nms(b, s, 0.1, -1, -1, background_label=0)
layers.locality_aware_nms(b, s, 0.1, -1, -1, background_label=1)
layers.locality_aware_nms(b, s, 0.0, -1, -1, 0.0)
layers.locality_aware_nms(b, s, 0.1, -1, -1, 0.1)
layers.locality_aware_nms(b, s, 0.1, -1, -1, 0.7)
layers.locality_aware_nms(b, s, 0.1, -1, -1, 1.0)
layers.locality_aware_nms(b, s, 0.1, -1, -1, -1.0)
layers.locality_aware_nms(b, s, 0.1, -1, -1, 0.7, nms_eta=0.9)
layers.locality_aware_nms(b, s, 1.2, -1, -1, 0.2)
layers.locality_aware_nms(b, s, 99.0, -1, -1)
layers.locality_aware_nms(b, s, -1.0, -1, -1)
layers.locality_aware_nms(b, s, 0.1, 0, -1)
layers.locality_aware_nms(b, s, 0.1, 3, -1)
layers.locality_aware_nms(b, s, 0.1, -1, 0)
layers.locality_aware_nms(b, s, 0.1, -1, 2)
layers.locality_aware_nms(b, s, 0.1, -1, -1, name='detections')
"""
LOCALITY_FEW = """
layers.locality_aware_nms(b, s, 0.01, 400, 200)
layers.locality_aware_nms(b, s, 0.01, -1, 9, 0.1, False)
layers.locality_aware_nms(b, s, 0.01, 7, -1, 0.6, True, 0.9)
"""
LOCALITY_REFUSED = """
layers.locality_aware_nms(b, s, 1, -1, -1)
layers.locality_aware_nms(b, s, 0.1, 1.0, -1)
layers.locality_aware_nms(b, s, 0.1, -1, 2.0)
layers.locality_aware_nms(b, s, 0.1, -1, -1, 1)
layers.locality_aware_nms(b, s, 0.1, -1, -1, 0.3, 1)
layers.locality_aware_nms(b, s, 0.1, -1, -1, 0.3, True, 1)
layers.locality_aware_nms(b, s, 0.1, -1, -1, 0.3, True, 1.0, None)
layers.locality_aware_nms(b, s, 0.1, 2 ** 31, -1)
layers.locality_aware_nms(None, s, 0.1, -1, -1)
layers.locality_aware_nms(b, 0.5, 0.1, -1, -1)
layers.locality_aware_nms(layers.cast(b, 'int32'), s, 0.1, -1, -1)
layers.locality_aware_nms(b, layers.cast(s, 'int64'), 0.1, -1, -1)
layers.locality_aware_nms(layers.cast(b, 'float64'), s, 0.1, -1, -1)
layers.locality_aware_nms(b, layers.concat([s, s], 1), 0.1, -1, -1)
layers.locality_aware_nms(b, layers.reshape(s, [2, -1]), 0.1, -1, -1)
layers.locality_aware_nms(b[:, :3], s, 0.1, -1, -1)
layers.locality_aware_nms(b[:1], s, 0.1, -1, -1)
layers.locality_aware_nms(b[:, :, :3], s, 0.1, -1, -1)
layers.locality_aware_nms(layers.concat([b, b, b], 2), s, 0.1, -1, -1)
layers.locality_aware_nms(layers.reshape(b, [-1, 4]), s, 0.1, -1, -1)
layers.locality_aware_nms(b, s[:1], 0.1, -1, -1)
"""
MATRIX = """
layers.matrix_nms(bboxes=b, scores=s, background_label=0, score_threshold=0.5, post_threshold=0.1, nms_top_k=400, keep_top_k=200, normalized=False)
layers.matrix_nms(b, s, 0.1, 0.05, 400, 200, return_index=True)
layers.matrix_nms(b, s, 0.1, 0.05, -1, -1, background_label=-1, return_index=True)
layers.matrix_nms(b, s, 0.1, 0.05, -1, -1, background_label=1)
layers.matrix_nms(b, s, 0.1, 0.05, -1, -1, background_label=99)
layers.matrix_nms(b, s, 0.1, 0.05, -1, -1, True)
layers.matrix_nms(b, s, 0.1, 0.05, -1, -1, True, 0.5, return_index=True)
layers.matrix_nms(b, s, 0.1, 0.05, -1, -1, True, 10.0)
layers.matrix_nms(b, s, 0.1, 0.05, -1, -1, True, -1.0)
layers.matrix_nms(b, s, 0.1, 0.05, -1, -1, gaussian_sigma=-1.0)
layers.matrix_nms(b, s, 0.0, 0.0, -1, -1)
layers.matrix_nms(b, s, -1.0, -1.0, -1, -1)
layers.matrix_nms(b, s, 0.5, 0.3, -1, -1)
layers.matrix_nms(b, s, 0.1, 0.9, -1, -1)
layers.matrix_nms(b, s, 2.0, 0.1, -1, -1, return_index=True)
layers.matrix_nms(b, s, 0.1, 2.0, -1, -1, return_index=True)
layers.matrix_nms(b, s, 0.1, 0.05, 1, -1)
layers.matrix_nms(b, s, 0.1, 0.05, 2, -1)
layers.matrix_nms(b, s, 0.1, 0.05, 5, -1)
layers.matrix_nms(b, s, 0.1, 0.05, -7, -1)
layers.matrix_nms(b, s, 0.1, 0.05, -1, 0, return_index=True)
layers.matrix_nms(b, s, 0.1, 0.05, -1, 1)
layers.matrix_nms(b, s, 0.1, 0.05, -1, 8, return_index=True)
layers.matrix_nms(b, s, 0.1, 0.05, -1, -7)
layers.matrix_nms(b, s, 0.1, 0.05, 4, 6, True, 2.0, -1, False, True, 'detections')
"""
MATRIX_FEW = """
layers.matrix_nms(b, s, 0.01, 0.005, 400, 200, background_label=-1, return_index=True)
layers.matrix_nms(b, s, 0.01, 0.005, -1, 9, True, 0.7, return_index=True)
layers.matrix_nms(b, s, 0.01, 0.005, 7, -1, normalized=False, return_index=True)
"""
MATRIX_REFUSED = """
layers.matrix_nms(b, s, 1, 0.1, -1, -1)
layers.matrix_nms(b, s, 0.1, 1, -1, -1)
layers.matrix_nms(b, s, 0.1, 0.1, 1.0, -1)
layers.matrix_nms(b, s, 0.1, 0.1, -1, None)
layers.matrix_nms(b, s, 0.1, 0.1, -1, -1, 1)
layers.matrix_nms(b, s, 0.1, 0.1, -1, -1, True, 2)
layers.matrix_nms(b, s, 0.1, 0.1, -1, -1, True, 2.0, 0.0)
layers.matrix_nms(b, s, 0.1, 0.1, -1, -1, True, 2.0, 0, 1)
layers.matrix_nms(b, s, 0.1, 0.1, 2 ** 31, -1)
layers.matrix_nms(None, s, 0.1, 0.1, -1, -1)
layers.matrix_nms(b, [s], 0.1, 0.1, -1, -1)
layers.matrix_nms(layers.cast(b, 'int32'), s, 0.1, 0.1, -1, -1)
layers.matrix_nms(b, layers.cast(s, 'int64'), 0.1, 0.1, -1, -1)
layers.matrix_nms(layers.cast(b, 'float64'), s, 0.1, 0.1, -1, -1)
layers.matrix_nms(b, layers.cast(s, 'float64'), 0.1, 0.1, -1, -1)
layers.matrix_nms(b[:, :3], s, 0.1, 0.1, -1, -1)
layers.matrix_nms(b, s[:, :, :3], 0.1, 0.1, -1, -1)
layers.matrix_nms(b[:1], s, 0.1, 0.1, -1, -1)
layers.matrix_nms(b[:, :, :3], s, 0.1, 0.1, -1, -1)
layers.matrix_nms(layers.concat([b, b], 2), s, 0.1, 0.1, -1, -1)
layers.matrix_nms(layers.reshape(b, [-1, 4]), s, 0.1, 0.1, -1, -1)
layers.matrix_nms(b, layers.reshape(s, [2, -1]), 0.1, 0.1, -1, -1)
layers.matrix_nms(b, s[:1], 0.1, 0.1, -1, -1)
layers.matrix_nms(b, s, 0.1, 0.1, 0, -1)
"""


def _in_rows(count: int, seed: int = 0, images: int = 2) -> Array:
    """Return boxes that come in runs of neighbours, [images, count, 4] float64."""
    random = np.random.RandomState(seed)
    run = np.sort(random.randint(0, max(count // 4, 1), (images, count)), 1)
    corner = random.uniform(0, 60, (images, max(count // 4, 1), 4))
    corner[..., 2:] = corner[..., :2] + random.uniform(8, 25, corner[..., 2:].shape)
    first = np.take_along_axis(corner, run[..., None].repeat(4, -1), 1)
    return np.asarray(first + random.randn(*first.shape) * 2)


def _locality() -> Iterator[Snippet]:
    b, s = _in_rows(40), scores_of(1, 40)
    for dtype in FLOATS:
        yield from over_boxes(LOCALITY, b, s, dtype)
        yield from over_boxes(LOCALITY_FEW, _in_rows(400, 1), scores_of(1, 400, 1), dtype)
        for only, scores in changed_scores(s).items():
            yield from over_boxes(LOCALITY_FEW, b, scores, dtype, only)
        with np.errstate(over="ignore"):
            for only, boxes in changed_boxes(b).items():
                yield from over_boxes(LOCALITY_FEW, boxes, s, dtype, only)
    for corners in (4, 8, 12, 16):
        quads = polygons_of(10, corners, "convex").repeat(3, 1)
        quads = quads + np.random.RandomState(corners).randn(*quads.shape) * 0.3
        yield from over_boxes(LOCALITY_FEW, quads, scores_of(1, 30), "float64", "polygons")
        yield from over_boxes(LOCALITY_FEW, quads, scores_of(1, 30), "float32", "polygons")
    yield from over_boxes(LOCALITY_FEW, b[:0], s[:0], only="no images")
    yield from over_boxes(LOCALITY_FEW, b[:, :0], s[:, :, :0], only="no boxes")
    yield from over_boxes(LOCALITY_FEW, b[:, :1], s[:, :, :1], only="one box an image")
    yield from over_boxes(LOCALITY_REFUSED, b, s)
    yield from _unknown(LOCALITY_FEW, b, s)


def _matrix() -> Iterator[Snippet]:
    b, s = boxes_of(24), scores_of(3, 24)
    for dtype in FLOATS:
        yield from over_boxes(MATRIX, b, s, dtype)
        yield from over_boxes(MATRIX_FEW, boxes_of(300, 1), scores_of(5, 300, 1), dtype)
        for only, scores in changed_scores(s).items():
            yield from over_boxes(MATRIX_FEW, b, scores, dtype, only)
        with np.errstate(over="ignore"):
            for only, boxes in changed_boxes(b).items():
                yield from over_boxes(MATRIX_FEW, boxes, s, dtype, only)
        steps = np.round(scores_of(3, 200, 2) * 16) / 16
        yield from over_boxes(MATRIX_FEW, boxes_of(200, 2), steps, dtype, "scores in steps")
        apart = np.arange(200)[:, None] * np.array([10.0, 0, 10, 0]) + np.array([0, 0, 5, 5])
        apart = np.broadcast_to(apart, (2, 200, 4))
        yield from over_boxes(MATRIX_FEW, apart, steps, dtype, "boxes apart, scores in steps")
        yield from over_boxes(MATRIX_FEW, apart, steps * 0 + 0.5, dtype, "boxes apart, one score")
    yield from over_boxes(MATRIX_FEW, b[:0], s[:0], only="no images")
    yield from over_boxes(MATRIX_FEW, b[:, :0], s[:, :, :0], only="no boxes")
    yield from over_boxes(MATRIX_FEW, b, s[:, :0], only="no classes")
    yield from over_boxes(MATRIX_FEW, b[:, :1], s[:, :, :1], only="one box an image")
    yield from over_boxes(MATRIX_REFUSED, b, s)
    yield from _unknown(MATRIX_FEW, b, s)


def _unknown(lines: str, b: Array, s: Array) -> Iterator[Snippet]:
    unknown: Mapping[str, tuple[int, ...]] = {"b": (0, 1), "s": (0, 2)}
    options = {"lods": {}, "backward": False}
    arrays = {"b": b.astype("float32"), "s": s.astype("float32")}
    return over(lines, wrt=(), unknown=unknown, only="", options=options, **arrays)


SNIPPETS: tuple[Snippet, ...] = (*_locality(), *_matrix())
