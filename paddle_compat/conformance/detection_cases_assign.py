"""Snippets of the assignment of ground truth to anchors: RetinaNet's and RPN's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippet_tables import FLOATS, floats
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

CLASSES = 3

RETINANET = "layers.retinanet_target_assign(b, c, a, v, g, l, k, im, 3{})"
RPN = "layers.rpn_target_assign(b, c, a, v, g, k, im{})"

RETINANET_RULES = (
    "",
    ", 0.7, 0.3",
    ", 0.5, 0.0",
    ", 0.0, 0.0",
    ", 1.0, 1.0",
    ", 0.3, 0.6",
    ", 1, 0",
)
RPN_RULES = (
    ", use_random=False",
    ", 6, use_random=False",
    ", 6, 0.0, 0.25, 0.5, 0.4, use_random=False",
    ", 6, 5.0, 0.5, 0.5, 0.4, False",
    ", 6, -1.0, 0.9, 0.5, 0.4, False",
    ", 1, -1, 1.0, use_random=False",
    ", 2, -1, 0.3, use_random=False",
    ", 50, -1.0, 0.0, use_random=False",
    ", 8, -1.0, 0.0, use_random=False",
    ", 4, -1.0, 2.5, 0.3, 0.3, use_random=False",
    ", 50, -1.0, 2.5, 0.3, 0.3, use_random=False",
    ", rpn_batch_size_per_im=6, rpn_straddle_thresh=100.0, rpn_fg_fraction=0.34, "
    "rpn_positive_overlap=0.2, rpn_negative_overlap=0.6, use_random=0",
)

# No more anchors learn than may, so that nothing is drawn.
RPN_UNDRAWN = (", 200", ", 4096, 1.0, 0.5, use_random=True", ", 8000, 5.0, 0.9, use_random=None")

# Scenes that meet every rule.
WHOLE = ("a box that is not a number", "overlaps that are almost one", "many anchors")


def _boxes(count: int, seed: int, size: float = 60.0, step: float = 0.0) -> Array:
    """Return boxes of many sizes, some beyond the image; on a grid where there is a step."""
    random = np.random.RandomState(seed)
    corner = random.uniform(-5, size - 10, (count, 2))
    boxes = np.concatenate([corner, corner + random.uniform(3, size / 2, (count, 2))], 1)
    return np.round(boxes / step) * step if step else boxes


def _scene(
    anchors: Array,
    boxes: Array,
    lengths: list[int],
    dtype: npt.DTypeLike = "float32",
    *,
    crowd: tuple[int, ...] = (),
    scales: tuple[float, ...] = (1.0, 1.3),
    size: float = 60.0,
) -> dict[str, Any]:
    """Return a snippet's inputs and levels of detail."""
    images, count, total = len(lengths), len(anchors), len(boxes)
    is_crowd = np.zeros((total, 1), "int32")
    is_crowd[list(crowd)] = 1
    sizes = [[size * scale, (size - 5) * scale, scale] for scale in scales[:images]]
    inputs = {
        "b": floats(images, count, 4, dtype=dtype),
        "c": floats(images, count, CLASSES, dtype=dtype),
        "a": anchors.astype(dtype),
        "v": np.ones((count, 4), dtype),
        "g": boxes.astype(dtype),
        "l": (np.arange(total, dtype="int32") % CLASSES + 1)[:, None],
        "k": is_crowd,
        "im": np.array(sizes, dtype),
    }
    rows = ("g", "l", "k")
    # The real results are declared with as many rows as there are boxes, where that is known.
    unknown = dict.fromkeys(rows, (0,))
    return {"inputs": inputs, "lods": {name: [lengths] for name in rows}, "unknown": unknown}


def _scenes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what assignment may meet, by name."""
    for dtype in FLOATS:
        for seed in range(4 if dtype == "float32" else 1):
            lengths = [1 + seed, 6 - seed]
            yield (
                f"random {seed} {dtype}",
                _scene(_boxes(50, seed), _boxes(7, 100 + seed, 50.0), lengths, dtype),
            )
        grid = _boxes(40, 7, step=5.0)
        yield f"ties on a grid {dtype}", _scene(grid, _boxes(6, 8, step=5.0), [3, 3], dtype)
        twice = np.concatenate([grid[:10], grid[:10], grid[:10]])
        same = np.concatenate([grid[:3], grid[:3]])
        yield f"equal anchors and equal boxes {dtype}", _scene(twice, same, [3, 3], dtype)
        few = _scene(_boxes(3, 1), _boxes(12, 2), [7, 5], dtype)
        yield f"more boxes than anchors {dtype}", few
        yield f"one anchor {dtype}", _scene(_boxes(1, 1), _boxes(2, 2), [1, 1], dtype)
    anchors, boxes = _boxes(50, 21), _boxes(6, 22)
    yield "one image", _scene(anchors, boxes, [6])
    yield "three images", _scene(anchors, boxes, [1, 3, 2], scales=(1.0, 0.5, 2.0))
    yield "some crowd", _scene(anchors, boxes, [4, 2], crowd=(0, 2, 5))
    yield "boxes far off", _scene(anchors, boxes + 500, [4, 2])
    yield "one box far off", _scene(anchors, np.concatenate([boxes[:3], boxes[3:] + 500]), [4, 2])
    flat = boxes.copy()
    flat[:, 2] = flat[:, 0]
    yield "boxes without width", _scene(anchors, flat, [4, 2])
    yield "boxes turned inside out", _scene(anchors, boxes[:, [2, 3, 0, 1]], [4, 2])
    inside_out = np.concatenate([anchors[:25], anchors[25:, [2, 3, 0, 1]]])
    yield "anchors turned inside out", _scene(inside_out, boxes, [4, 2])
    near = np.concatenate([boxes, boxes + 2e-5, boxes + 2e-4, boxes - 1e-3])
    yield "anchors that are almost the boxes", _scene(near, boxes, [4, 2], scales=(1.0, 1.0))
    sides = 100 - np.array([0, 4e-4, 8e-4, 9.8e-4, 1.03e-3, 1.2e-3, 2e-3])
    almost = np.stack([0 * sides, 0 * sides, sides - 1, 0 * sides + 99], 1)
    square = np.array([[0.0, 0, 99, 99]] * 2)
    one = _scene(almost, square, [1, 1], "float64", scales=(1.0, 1.0), size=120.0)
    yield "overlaps that are almost one", one
    outside = anchors + 100
    yield "anchors outside the image", _scene(outside, boxes, [4, 2])
    halves = np.array([[0, 0, 9, 9], [0, 0, 9, 4], [0, 0, 4, 9], [0, 0, 9, 3], [0, 0, 3, 9]])
    whole = np.array([[0, 0, 9, 9], [0, 0, 9, 9]])
    exact = _scene(halves * 1.0, whole * 1.0, [1, 1], scales=(1.0, 1.0))
    yield "overlaps of just the thresholds", exact
    unreal = boxes.copy()
    unreal[0] = np.nan
    yield "a box that is not a number", _scene(anchors, unreal, [4, 2])
    large = _scene(_boxes(5000, 31, 900.0), _boxes(40, 32, 900.0), [15, 25], size=900.0)
    yield "many anchors", large


def _snippets() -> Iterator[Snippet]:
    for number, (told, scene) in enumerate(_scenes()):
        # Every rule meets every other scene, and the first ones all of them.
        whole = number < 2 or told in WHOLE
        part = slice(None) if whole else slice(number % 2, None, 2)
        for rules in RETINANET_RULES[part]:
            yield Snippet(
                f"{RETINANET.format(rules).removeprefix('layers.')} · {told}",
                f"out = {RETINANET.format(rules)}",
                wrt=("b", "c"),
                **scene,
            )
        rpn = {**scene["inputs"], "c": scene["inputs"]["c"][:, :, :1]}
        rpn.pop("l")
        lods = {"g": scene["lods"]["g"], "k": scene["lods"]["k"]}
        unknown = {"g": (0,), "k": (0,)}
        undrawn = () if told == "many anchors" else RPN_UNDRAWN
        for rules in (*RPN_RULES, *undrawn)[part]:
            yield Snippet(
                f"{RPN.format(rules).removeprefix('layers.')} · {told}",
                f"out = {RPN.format(rules)}",
                inputs=rpn,
                wrt=("b", "c"),
                lods=lods,
                unknown=unknown,
            )


def _odd() -> Iterator[Snippet]:
    """Yield snippets of one call each: what is refused, and what ends real Paddle."""
    scene = _scene(_boxes(6, 41), _boxes(3, 42, 40.0), [2, 1])
    inputs, lods = scene["inputs"], scene["lods"]
    boxes, crowd = inputs["g"], inputs["k"]
    doubles = {name: array.astype("float64") for name, array in inputs.items() if name in "avg im"}
    changes: Mapping[str, tuple[Mapping[str, Array], Mapping[str, list[list[int]]]]] = {
        "flat is_crowd": ({"k": crowd[:, 0]}, {}),
        "no levels": ({}, {"g": [], "l": [], "k": []}),
        "boxes without level": ({}, {"g": []}),
        "crowd without level": ({}, {"k": []}),
        "two levels": ({}, {"g": [[1, 1], [2, 1]]}),
        "more images than im_info": ({}, {"g": [[1, 1, 1]], "l": [[1, 1, 1]], "k": [[1, 1, 1]]}),
        "fewer images than im_info": ({}, {"g": [[3]], "l": [[3]], "k": [[3]]}),
        "levels that differ": ({}, {"g": [[2, 1]], "l": [[1, 2]], "k": [[1, 2]]}),
        "last image empty": ({}, {"g": [[3, 0]], "l": [[3, 0]], "k": [[3, 0]]}),
        "first image empty": ({}, {"g": [[0, 3]], "l": [[0, 3]], "k": [[0, 3]]}),
        "all crowd": ({"k": np.array([[0], [0], [1]], "int32")}, {}),
        "crowd of other numbers": ({"k": np.array([[2], [0], [0]], "int32")}, {}),
        "double im_info": ({"im": doubles["im"]}, {}),
        "double boxes": ({"g": doubles["g"]}, {}),
        "double anchors": ({"a": doubles["a"]}, {}),
        "double anchor_var": ({"v": doubles["v"]}, {}),
        "double but the predictions": (doubles, {}),
        "int anchors": ({"a": inputs["a"].astype("int32")}, {}),
        "int64 crowd": ({"k": crowd.astype("int64")}, {}),
        "float crowd": ({"k": crowd.astype("float32")}, {}),
        "int logits": ({"c": inputs["c"].astype("int32")}, {}),
        "boxes of 5": ({"g": floats(3, 5)}, {}),
        "anchors of 5": ({"a": floats(6, 5)}, {}),
        "anchors of 4 dimensions": ({"a": inputs["a"][None, None]}, {}),
        "boxes of 3 dimensions": ({"g": boxes[:, None]}, {}),
        "im_info of 2": ({"im": inputs["im"][:, :2]}, {}),
        "im_info of 5": ({"im": np.concatenate([inputs["im"], inputs["im"][:, :2]], 1)}, {}),
        "flat im_info": ({"im": inputs["im"].ravel()}, {}),
        "boxes predicted for fewer anchors": ({"b": inputs["b"][:, :4]}, {}),
        "logits of fewer anchors": ({"c": inputs["c"][:, :4]}, {}),
        "fewer anchors": ({"a": inputs["a"][:4]}, {}),
        "no anchors": ({"a": inputs["a"][:0]}, {}),
    }
    for told, (arrays, levels) in changes.items():
        yield from _both(told, scene, {**inputs, **arrays}, {**lods, **levels})
    labels = {"flat labels": inputs["l"][:, 0], "int64 labels": inputs["l"].astype("int64")}
    for told, array in labels.items():
        yield next(_both(told, scene, {**inputs, "l": array}, lods))
    for rules in ("'a'", "0.5, 'a'", "[0.5]"):
        yield from _one(RETINANET.format(f", {rules}"), "rules", inputs, lods)
    yield from _one(RETINANET.format("").replace("im, 3", "im, 5"), "5 classes", inputs, lods)
    yield from _one(RETINANET.format("").replace("(b,", "(None,"), "nothing", inputs, lods)
    yield from _one(RETINANET.format(""), "known numbers of boxes", inputs, lods, unknown={})
    crossed = "layers.retinanet_target_assign(c, b, a, v, g, l, k, im, 4)"
    yield from _one(crossed, "heads exchanged", inputs, lods)
    logits = {**inputs, "c": inputs["c"][:, :, :1]}
    for rules in (
        "'a'",
        "8.0",
        "0",
        "-3",
        "8, 'a'",
        "8, 0.0, 'a'",
        "8, 0, 1, 1, 0, 'a'",
        "8, 0, 1",
    ):
        yield from _one(RPN.format(f", {rules}"), "rules", logits, lods)
    many = RPN.format(", 4, use_random=False")
    yield from _one(many, "known numbers of boxes", logits, lods, unknown={})


def _both(
    told: str,
    scene: Mapping[str, Any],
    inputs: Mapping[str, Array],
    lods: Mapping[str, list[list[int]]],
) -> Iterator[Snippet]:
    yield from _one(RETINANET.format(""), told, inputs, lods)
    column = {**inputs, "c": inputs["c"][:, :, :1]}
    yield from _one(RPN.format(", use_random=False"), told, column, lods)


def _one(
    source: str,
    told: str,
    inputs: Mapping[str, Array],
    lods: Mapping[str, list[list[int]]],
    unknown: Mapping[str, tuple[int, ...]] | None = None,
) -> Iterator[Snippet]:
    if unknown is None:
        unknown = dict.fromkeys(("g", "l", "k"), (0,))
    yield Snippet(
        f"{source.removeprefix('layers.')} · {told}",
        f"out = {source}",
        inputs=inputs,
        wrt=("b", "c") if inputs["c"].dtype.kind == "f" else (),
        lods={name: levels for name, levels in lods.items() if levels},
        unknown=unknown,
    )


SNIPPETS: tuple[Snippet, ...] = (*_snippets(), *_odd())
