"""Snippets of RetinaNet's detections."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippet_tables import FLOATS, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

_OPTIONS: Mapping[str, Any] = {"lods": {}, "backward": False}

TWO_LEVELS = """
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im)
layers.retinanet_detection_output(bboxes=[b0, b1], scores=[s0, s1], anchors=[a0, a1], im_info=im, score_threshold=0.05, nms_top_k=1000, keep_top_k=100, nms_threshold=0.45, nms_eta=1.)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, score_threshold=0.5)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, score_threshold=2.0)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, score_threshold=1)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, score_threshold=-1.0)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_top_k=1)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_top_k=7)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_top_k=True)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_top_k=-1)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_top_k=-3)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_top_k=0)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, keep_top_k=0)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, keep_top_k=1)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, keep_top_k=5)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, keep_top_k=3, nms_top_k=4)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_threshold=0.0)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_threshold=0.7)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_threshold=1)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_threshold=-1.0)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_threshold=0.9, nms_eta=0.5)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_eta='of no use')
layers.retinanet_detection_output([b1, b0], [s1, s0], [a1, a0], im, score_threshold=0.6)
layers.retinanet_detection_output([b0], [s0], [a0], im)
layers.retinanet_detection_output([b0], [s0], [a0], im, score_threshold=0.9)
layers.retinanet_detection_output([b0, b0, b1], [s0, s0, s1], [a0, a0, a1], im)
"""
FEW = """
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, keep_top_k=4)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_top_k=5, nms_threshold=1.0)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, score_threshold=0.0, nms_threshold=0.5)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, score_threshold=-1.0, nms_threshold=0.5)
"""
REFUSED = """
layers.retinanet_detection_output(b0, [s0], [a0], im)
layers.retinanet_detection_output((b0, b1), [s0, s1], [a0, a1], im)
layers.retinanet_detection_output([b0, b1], (s0, s1), [a0, a1], im)
layers.retinanet_detection_output([b0, b1], [s0, s1], (a0, a1), im)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], [im])
layers.retinanet_detection_output([b0, 1.0], [s0, s1], [a0, a1], im)
layers.retinanet_detection_output([b0, b1], [s0, None], [a0, a1], im)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, 'a1'], im)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], None)
layers.retinanet_detection_output([], [], [], im)
layers.retinanet_detection_output([b0, b1], [s0], [a0, a1], im)
layers.retinanet_detection_output([b0], [s0, s1], [a0, a1], im)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0], im)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_top_k=1.0)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_top_k='a')
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, keep_top_k=2.0)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, keep_top_k=None)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, score_threshold='0.5')
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, nms_threshold=None)
layers.retinanet_detection_output([layers.cast(b0, 'int32'), b1], [s0, s1], [a0, a1], im)
layers.retinanet_detection_output([b0, b1], [s0, layers.cast(s1, 'int64')], [a0, a1], im)
layers.retinanet_detection_output([b0, b1], [s0, s1], [layers.cast(a0, 'int32'), a1], im)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], layers.cast(im, 'int32'))
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], layers.cast(im, 'float64'))
layers.retinanet_detection_output([b0, b1], [layers.cast(s0, 'float64'), layers.cast(s1, 'float64')], [a0, a1], im)
layers.retinanet_detection_output([b0, b1], [s0, layers.cast(s1, 'float64')], [a0, a1], im)
layers.retinanet_detection_output([b0, b1], [s0, s1], [layers.cast(a0, 'float64'), a1], im)
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], layers.reshape(im, [-1]))
layers.retinanet_detection_output([layers.reshape(b0, [-1, 4]), b1], [s0, s1], [a0, a1], im)
layers.retinanet_detection_output([b0, b1], [layers.reshape(s0, [-1, 3]), s1], [a0, a1], im)
layers.retinanet_detection_output([b0, b1], [s0, s1], [layers.reshape(a0, [1, -1, 4]), a1], im)
"""
# Real Paddle reads beyond a tensor, or one tensor as another's.
MISFITS = """
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im[:, :2])
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im[:1])
layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1[:1]], im)
layers.retinanet_detection_output([b0, b1], [s0, s1[:, :1]], [a0, a1], im)
layers.retinanet_detection_output([b0, b1], [s0, s1[:1]], [a0, a1], im)
layers.retinanet_detection_output([b0, b1], [s0, s1[:, :, :2]], [a0, a1], im)
layers.retinanet_detection_output([b0, b1[:, :, :3]], [s0, s1], [a0, a1], im)
layers.retinanet_detection_output([b0, b1[:1]], [s0, s1], [a0, a1], im)
"""
KEEPS_ALL = "layers.retinanet_detection_output([b0, b1], [s0, s1], [a0, a1], im, keep_top_k=-1)"


def _heads(
    dtype: npt.DTypeLike, counts: tuple[int, ...] = (12, 5), classes: int = 3, seed: int = 0
) -> dict[str, Array]:
    """Return two images' heads: boxes in clusters, scores of all sizes, two scales."""
    random = np.random.RandomState(seed)
    arrays: dict[str, Array] = {}
    for level, count in enumerate(counts):
        corners = random.randint(0, 6, (count, 2)) * 20.0
        sizes = random.randint(1, 5, (count, 2)) * 12.0 * (level + 1)
        arrays[f"a{level}"] = np.concatenate((corners, corners + sizes - 1), 1).astype(dtype)
        arrays[f"b{level}"] = (random.randn(2, count, 4) * 0.2).astype(dtype)
        arrays[f"s{level}"] = random.uniform(0, 1, (2, count, classes)).astype(dtype)
    arrays["im"] = np.array([[100, 120, 1.0], [81, 95, 1.5]], dtype)
    return arrays


def _over(lines: str, only: str, arrays: Mapping[str, Array]) -> Iterator[Snippet]:
    return over(lines, wrt=(), unknown=False, only=only, options=_OPTIONS, **arrays)


def _adversarial(dtype: str) -> Iterator[Snippet]:
    """Give ties, nothing to detect, levels without anchors, and boxes without limits."""
    heads = _heads(dtype)
    scores = {name: array for name, array in heads.items() if name.startswith("s")}
    boxes = {name: array for name, array in heads.items() if name.startswith("b")}
    second = np.array([0, 1], dtype)[:, None, None]
    with np.errstate(over="ignore", invalid="ignore"):
        changes: Mapping[str, Mapping[str, Array]] = {
            f"{dtype}, all scores equal": {k: v * 0 + 0.5 for k, v in scores.items()},
            f"{dtype}, scores in steps": {k: np.round(v * 4) / 4 for k, v in scores.items()},
            f"{dtype}, no scores": {k: v * 0 for k, v in scores.items()},
            f"{dtype}, negative scores": {k: v - 2 for k, v in scores.items()},
            f"{dtype}, nothing in the first image": {k: v * second for k, v in scores.items()},
            f"{dtype}, nothing in the second image": {
                k: v * second[::-1] for k, v in scores.items()
            },
            f"{dtype}, NaN scores": {"s0": np.where(scores["s0"] > 0.5, np.nan, scores["s0"])},
            f"{dtype}, infinite scores": {"s0": np.where(scores["s0"] > 0.5, np.inf, 0.3)},
            f"{dtype}, no moves": {k: v * 0 for k, v in boxes.items()},
            f"{dtype}, NaN boxes": {"b0": np.where(boxes["b0"] > 0.2, np.nan, boxes["b0"])},
            f"{dtype}, huge boxes": {k: v * 1000 for k, v in boxes.items()},
            f"{dtype}, infinite boxes": {"b1": boxes["b1"] * np.inf},
            f"{dtype}, tiny boxes": {k: v - 20 for k, v in boxes.items()},
            f"{dtype}, inverted anchors": {"a0": heads["a0"][:, [2, 3, 0, 1]]},
            f"{dtype}, one anchor": {"a0": heads["a0"] * 0 + heads["a0"][:1]},
            f"{dtype}, halves of pixels": {"im": np.array([[25, 35, 2], [45, 55, 10]])},
            f"{dtype}, a scale of 0": {"im": np.array([[25, 35, 0], [45, 55, 1]])},
            f"{dtype}, more of each image": {
                "im": np.array([[100, 120, 1.5, 9], [81, 95, 1.0, 7]])
            },
        }
    for only, changed in changes.items():
        arrays = {**heads, **{k: v.astype(dtype) for k, v in changed.items()}}
        yield from _over(FEW, only, arrays)


def _snippets() -> Iterator[Snippet]:
    for dtype in FLOATS:
        yield from _over(TWO_LEVELS, "", _heads(dtype))
        yield from _over(FEW, "many", _heads(dtype, (150, 40), 4, seed=1))
        yield from _adversarial(dtype)
    heads = _heads("float32")
    yield from _over(FEW, "a level without anchors", _heads("float32", (0, 5)))
    yield from _over(FEW, "a coarsest level without anchors", _heads("float32", (12, 0)))
    yield from _over(FEW, "one class", _heads("float32", classes=1))
    yield from _over(REFUSED + MISFITS + KEEPS_ALL, "", heads)
    unknown = {name: (0, 1) if array.ndim == 3 else (0,) for name, array in heads.items()}
    yield from over(FEW, wrt=(), unknown=unknown, only="", options=_OPTIONS, **heads)


SNIPPETS: tuple[Snippet, ...] = tuple(_snippets())
