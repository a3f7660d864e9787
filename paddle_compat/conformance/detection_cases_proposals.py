"""Snippets of region proposals, and of what they learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippet_tables import FLOATS, floats
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

PROPOSALS = "layers.generate_proposals(s, d, im, a, v{})"
LABELS = "layers.generate_proposal_labels(r, c, k, g, im{})"

SIEVES = (
    "",
    ", 20, 7",
    ", 20, 7, 0.7, 4.0",
    ", 0, 0, 0.3",
    ", -1, -5, 0.9, 12.5",
    ", 1000, 1",
    ", 1, 1000",
    ", 3000, 10, -1.0",
    ", 40, 15, 0.9, 0.1, 0.7",
    ", 40, 15, 0.6, 0.1, 0.0",
    ", 40, 15, 0.6, 0.1, -1.0",
    ", 40, 15, 1, 1, 2",
    ", 40, 15, 1.0, -3.0",
    ", 40, 15, float('nan')",
    ", 3000, 10, 0.0",
    ", 30, 10, 0.0",
    ", pre_nms_top_n=30, post_nms_top_n=9, nms_thresh=0.4, min_size=2.0, eta=0.9, name='p'",
)

CHOICES = (
    ", class_nums=4, use_random=False",
    ", class_nums=4, use_random=0, batch_size_per_im=16",
    ", 6, 0.5, 0.5, 0.5, 0.1, class_nums=4, use_random=False",
    ", 6, 0.34, 0.3, 0.6, 0.2, [1.0, 2.0, 3.0, 4.0], 4, False",
    ", 6, 0.0, class_nums=4, use_random=False",
    ", 6, 1.0, 0.2, class_nums=4, use_random=False",
    ", 1, 1.0, 0.5, class_nums=4, use_random=False",
    ", 0, class_nums=4, use_random=False",
    ", 8, 0.25, 0.0, 0.0, 0.0, class_nums=4, use_random=False",
    ", 8, 0.25, 1.0, 2.0, -2.0, class_nums=4, use_random=False",
    ", 8, 0.25, 1.5, 1.0, 0.0, class_nums=5, use_random=False",
    ", 6, class_nums=2, use_random=False, is_cls_agnostic=True",
    ", 6, class_nums=7, use_random=False, is_cls_agnostic=True",
    ", 64, class_nums=4, is_cascade_rcnn=True",
    ", 64, 0.5, 0.6, 0.6, class_nums=4, use_random=False, is_cascade_rcnn=True",
    ", class_nums=2, is_cls_agnostic=True, is_cascade_rcnn=True",
    ", bbox_reg_weights=(0.1, 0.1, 0.2, 0.2), class_nums=4, use_random=False",
    # So many may learn that nothing is drawn.
    ", 512, 0.5, class_nums=4",
)


def _heads(
    kinds: int, height: int, width: int, images: int = 2, seed: int = 0, spread: float = 0.3
) -> dict[str, Array]:
    """Return what a region proposal network predicts: scores that all differ."""
    random = np.random.RandomState(seed)
    cells = kinds * height * width
    scores = np.stack([random.permutation(cells) for _ in range(images)]) / (cells + 1.0)
    corner = np.stack(np.meshgrid(np.arange(width) * 8.0, np.arange(height) * 8.0), -1)
    extent = random.uniform(4, 40, (kinds, 2))
    corner = corner[:, :, None] - extent / 2
    return {
        "s": scores.reshape(images, kinds, height, width).astype("float32"),
        "d": (random.randn(images, 4 * kinds, height, width) * spread).astype("float32"),
        "im": np.array(
            [[8.0 * height, 8.0 * width - 3, 1 + image] for image in range(images)], "float32"
        ),
        "a": np.concatenate([corner, corner + extent], -1).astype("float32"),
        "v": random.uniform(0.5, 1.5, (height, width, kinds, 4)).astype("float32"),
    }


def _proposals() -> Iterator[Snippet]:
    scenes = {f"random {seed}": _heads(3, 5, 6, seed=seed) for seed in range(5)}
    scenes["one image"] = _heads(2, 4, 4, images=1)
    scenes["three images, wild deltas"] = _heads(1, 7, 3, images=3, spread=4.0)
    scenes["one cell"] = _heads(1, 1, 1)
    scenes["boxes as they are"] = _heads(9, 4, 4, spread=0.0)
    for number, (told, inputs) in enumerate(scenes.items()):
        part = slice(None) if number < 2 else slice(number % 2, None, 2)
        for sieve in SIEVES[part]:
            yield _proposal(sieve, told, inputs)
    base = _heads(2, 2, 4, images=1)
    ties = np.repeat([0.5, 0.25], 8).reshape(1, 2, 2, 4).astype("float32")
    deltas = base["d"].copy()
    deltas[0, ::4, 0, 1] = np.nan
    deltas[0, 2::4, 1, 2] = np.nan
    deltas[0, 3::4, 0, 3] = np.inf
    flat = base["a"].copy()
    flat[..., 2] = flat[..., 0]
    odd: Mapping[str, Mapping[str, Array]] = {
        "equal scores": {"s": ties},
        "all scores equal": {"s": np.full_like(ties, 0.5)},
        "scores of both infinities": {"s": np.where(ties > 0.3, np.inf, -np.inf).astype("f")},
        "deltas that are not numbers": {"d": deltas},
        "anchors without width": {"a": flat},
        "anchors turned inside out": {"a": base["a"][..., [2, 3, 0, 1]]},
        "an image of nothing": {"im": np.array([[0, 0, 1]], "float32")},
        "an image of one pixel": {"im": np.array([[1, 1, 1]], "float32")},
        "a scale of 0": {"im": np.array([[16, 32, 0]], "float32")},
        "a negative scale": {"im": np.array([[16, 32, -1]], "float32")},
        "anchors in one list": {"a": base["a"].reshape(-1, 4), "v": base["v"].reshape(-1, 4)},
        "anchors in a row": {"a": base["a"].ravel(), "v": base["v"].ravel()},
        "few anchors": {"a": base["a"][:1]},
        "few variances": {"v": base["v"][:1]},
        "im_info of 2": {"im": base["im"][:, :2]},
        "im_info of 5": {"im": np.concatenate([base["im"], base["im"][:, :2]], 1)},
        "im_info of more images": {"im": np.concatenate([base["im"], base["im"] / 2])},
        "flat im_info": {"im": base["im"].ravel()},
        "double im_info": {"im": base["im"].astype("float64")},
        "double scores": {"s": base["s"].astype("float64")},
        "double deltas": {"d": base["d"].astype("float64")},
        "double anchors": {"a": base["a"].astype("float64")},
        "double variances": {"v": base["v"].astype("float64")},
        "int scores": {"s": base["s"].astype("int32")},
        "few deltas": {"d": base["d"][:, :4]},
        "deltas of other cells": {"d": base["d"][:, :, :, :3]},
        "scores of 3 dimensions": {"s": base["s"][0]},
        "deltas of 3 dimensions": {"d": base["d"][0]},
        "no images": {"s": base["s"][:0], "d": base["d"][:0]},
    }
    for told, arrays in odd.items():
        for sieve in ("", ", 16, 7, 0.3", ", 99, 3, 0.2"):
            yield _proposal(sieve, told, {**base, **arrays})
    yield _proposal(", 99, 3, 0.0", "equal scores", {**base, "s": ties})
    two = _heads(2, 3, 4)
    yield _proposal("", "im_info of fewer images", {**two, "im": two["im"][:1]})
    yield _proposal("", "deltas of fewer images", {**two, "d": two["d"][:1]})
    yield _proposal("", "more than 16 equal scores", {**two, "s": np.full_like(two["s"], 0.5)})
    for seed, levels in enumerate((2, 3, 7, 20, 60)):
        many = _heads(3, 9, 8, seed=seed)
        many["s"] = np.round(many["s"] * levels) / np.float32(levels)
        for sieve in ("", ", 50, 20", ", 200, 100, 0.9", ", 17, 9, 0.1", ", 100, 10, 0.0"):
            yield _proposal(sieve, f"scores of {levels} kinds", many)
    yield _proposal(", 9, 5", "equal scores where only some are taken", {**base, "s": ties})
    unreal = two["s"].copy()
    unreal[0, 1, 1, 1] = np.nan
    yield _proposal("", "a score that is not a number", {**two, "s": unreal})
    yield _proposal(", 16, 8, -1.0", "without suppression", two)
    for rois_num in (", return_rois_num=True", ", 20, 5, return_rois_num=True, name='q'"):
        yield _proposal(rois_num, "counted", two)
    for sieve in (
        ", 'a'",
        ", 4.0",
        ", None",
        ", 10, 2.0",
        ", 10, 3, 'a'",
        ", 10, 3, None",
        ", 10, 3, 0.5, 'a'",
        ", 10, 3, 0.5, 0.1, 'a'",
    ):
        yield _proposal(sieve, "refused", two)
    unknown = {"s": (0, 2, 3), "d": (0, 2, 3), "im": (0,), "a": (0, 1), "v": (0, 1)}
    yield _proposal("", "unknown sizes", two, unknown)


def _proposal(
    sieve: str,
    told: str,
    inputs: Mapping[str, Array],
    unknown: Mapping[str, tuple[int, ...]] | None = None,
) -> Snippet:
    call = PROPOSALS.format(sieve)
    name = f"{call.removeprefix('layers.')} · {told}"
    return Snippet(name, f"out = {call}", inputs, lods={}, unknown=unknown or {})


def _boxes(count: int, seed: int, step: float = 0.0) -> Array:
    random = np.random.RandomState(seed)
    corner = random.uniform(-5, 45, (count, 2))
    boxes = np.concatenate([corner, corner + random.uniform(1, 30, (count, 2))], 1)
    return np.round(boxes / step) * step if step else boxes


def _scene(
    rois: Array,
    boxes: Array,
    counts: list[int],
    lengths: list[int],
    dtype: npt.DTypeLike = "float32",
    *,
    crowd: tuple[int, ...] = (),
    scales: tuple[float, ...] = (1.0, 1.3),
) -> dict[str, Any]:
    """Return a snippet's inputs and levels of detail."""
    total = len(boxes)
    is_crowd = np.zeros((total, 1), "int32")
    is_crowd[list(crowd)] = 1
    inputs = {
        "r": rois.astype(dtype),
        "c": (np.arange(total, dtype="int32") % 3 + 1)[:, None],
        "k": is_crowd,
        "g": boxes.astype(dtype),
        "im": np.array([[60 * x, 70 * x, x] for x in scales[: len(lengths)]], dtype),
    }
    return {"inputs": inputs, "lods": {"r": [counts], **{name: [lengths] for name in "ckg"}}}


def _scenes() -> Iterator[tuple[str, dict[str, Any]]]:
    for dtype in FLOATS:
        for seed in range(3 if dtype == "float32" else 1):
            rois, boxes = _boxes(40, seed), _boxes(7, 50 + seed)
            rois[:10] = boxes[np.arange(10) % 7] + np.random.RandomState(seed).randn(10, 4)
            yield f"random {seed} {dtype}", _scene(rois, boxes, [25, 15], [4, 3], dtype)
        grid = np.concatenate([_boxes(20, 7, 10.0), _boxes(6, 8, 10.0)])
        yield f"ties {dtype}", _scene(grid, grid[-6:], [13, 13], [3, 3], dtype, scales=(1.0, 1.0))
        few = _scene(_boxes(2, 1), _boxes(12, 2), [1, 1], [7, 5], dtype)
        yield f"more boxes than proposals {dtype}", few
    rois, boxes = _boxes(30, 21), _boxes(6, 22)
    yield "one image", _scene(rois, boxes, [30], [6])
    yield "three images", _scene(rois, boxes, [5, 15, 10], [3, 2, 1], scales=(1.0, 0.5, 2.0))
    yield "some crowd", _scene(rois, boxes, [20, 10], [3, 3], crowd=(0, 4))
    yield "all crowd", _scene(rois, boxes, [20, 10], [3, 3], crowd=(3, 4, 5))
    yield "boxes far off", _scene(rois, boxes + 500, [20, 10], [3, 3])
    flat = rois.copy()
    flat[::2, 2] = flat[::2, 0] - 1
    yield "proposals without an area", _scene(flat, boxes, [20, 10], [3, 3])
    yield "proposals turned inside out", _scene(rois[:, [2, 3, 0, 1]], boxes, [20, 10], [3, 3])
    narrow = boxes.copy()
    narrow[:, 2] = narrow[:, 0]
    yield "boxes without width", _scene(rois, narrow, [20, 10], [3, 3])


def _labels() -> Iterator[Snippet]:
    for number, (told, scene) in enumerate(_scenes()):
        # Every choice meets every other scene, and the first ones all of them.
        part = slice(None) if number < 2 else slice(number % 2, None, 2)
        for choice in CHOICES[part]:
            yield _label(choice, told, scene["inputs"], scene["lods"])
    scene = _scene(_boxes(9, 41), _boxes(5, 42), [5, 4], [3, 2])
    inputs, lods = scene["inputs"], scene["lods"]
    doubles = {name: inputs[name].astype("float64") for name in ("r", "g", "im")}
    changes: Mapping[str, tuple[Mapping[str, Array], Mapping[str, list[list[int]]]]] = {
        "flat classes and crowd": ({"c": inputs["c"][:, 0], "k": inputs["k"][:, 0]}, {}),
        "no levels": ({}, {"r": [], "c": [], "k": [], "g": []}),
        "proposals without level": ({}, {"r": []}),
        "classes without level": ({}, {"c": []}),
        "crowd without level": ({}, {"k": []}),
        "boxes without level": ({}, {"g": []}),
        "levels that differ": ({}, {"c": [[2, 3]], "k": [[2, 3]]}),
        "more images than im_info": (
            {},
            {"r": [[3, 3, 3]], **{name: [[2, 2, 1]] for name in "ckg"}},
        ),
        "fewer images than im_info": ({}, {"r": [[9]], **{name: [[5]] for name in "ckg"}}),
        "proposals of more images": ({}, {"r": [[3, 3, 3]]}),
        "an image without proposals": ({}, {"r": [[0, 9]]}),
        "double boxes": ({"g": doubles["g"]}, {}),
        "double proposals": ({"r": doubles["r"]}, {}),
        "double im_info": ({"im": doubles["im"]}, {}),
        "int proposals": ({"r": inputs["r"].astype("int32")}, {}),
        "int64 classes": ({"c": inputs["c"].astype("int64")}, {}),
        "int64 crowd": ({"k": inputs["k"].astype("int64")}, {}),
        "classes too high": ({"c": inputs["c"] + 7}, {}),
        "classes of 0": ({"c": inputs["c"] * 0}, {}),
        "classes below 0": ({"c": inputs["c"] - 3}, {}),
        "boxes of 5": ({"g": floats(5, 5)}, {}),
        "proposals of 5": ({"r": floats(9, 5)}, {}),
        "im_info of 2": ({"im": inputs["im"][:, :2]}, {}),
        "flat im_info": ({"im": inputs["im"].ravel()}, {}),
        "a scale of 0": ({"im": inputs["im"] * np.array([1, 1, 0], "float32")}, {}),
    }
    for told, (arrays, levels) in changes.items():
        for choice in (", class_nums=4, use_random=False", ", class_nums=4, is_cascade_rcnn=True"):
            yield _label(choice, told, {**inputs, **arrays}, {**lods, **levels})
    empty = {**lods, **{name: [[5, 0]] for name in "ckg"}}
    yield _label(", class_nums=4, use_random=False", "an image without boxes", inputs, empty)
    for choice in (
        ", 2, 2.5, 0.0, class_nums=4, use_random=False",
        ", 6, class_nums=4, is_cascade_rcnn=True",
        "",
        ", class_nums='a'",
        ", class_nums=4.0",
        ", class_nums=0",
        ", 8.0, class_nums=4",
        ", 8, 'a', class_nums=4",
        ", 8, 0.5, 0.5, 'a', class_nums=4",
        ", 8, bbox_reg_weights=[0.1, 0.1], class_nums=4, use_random=False",
        ", 8, bbox_reg_weights=0.1, class_nums=4",
        ", 8, bbox_reg_weights=['a', 1.0, 1.0, 1.0], class_nums=4",
        ", 8, bbox_reg_weights=[1, 1, 1, 1], class_nums=4, use_random=False",
        ", 8, class_nums=4, use_random='a'",
    ):
        yield _label(choice, "arguments", inputs, lods)


def _label(
    choice: str, told: str, inputs: Mapping[str, Array], lods: Mapping[str, list[list[int]]]
) -> Snippet:
    call = LABELS.format(choice)
    return Snippet(
        f"{call.removeprefix('layers.')} · {told}",
        f"out = {call}",
        inputs,
        lods={name: levels for name, levels in lods.items() if levels},
        unknown=dict.fromkeys("rckg", (0,)),
    )


TRAINING = """
layers = fluid.layers
image, info = fluid.data('image', [None, 3, 32, 32]), fluid.data('info', [None, 3])
features = layers.conv2d(image, 8, 3, stride=4, padding=1, act='relu')
scores, deltas = layers.conv2d(features, 3, 1), layers.conv2d(features, 12, 1)
ratios, spread, step = [0.5, 1.0, 2.0], [1.0] * 4, [4.0] * 2
anchors, spreads = layers.anchor_generator(features, [12.0], ratios, spread, step)
probabilities = layers.sigmoid(scores)
rois, kept = layers.generate_proposals(
    probabilities, deltas, info, anchors, spreads, 40, 12, 0.7, 1.0
)
pooled = layers.roi_align(features, rois, 3, 3, 0.25, 2)
loss = layers.reduce_mean(layers.fc(pooled, 2)) + layers.reduce_mean(deltas)
fluid.optimizer.Momentum(0.01, 0.9).minimize(loss)
exe.run(fluid.default_startup_program())
facts['lengths'] = []
for step in range(2):
    feed = {'image': images[step], 'info': infos}
    results = exe.run(feed=feed, fetch_list=[loss, rois, kept, pooled], return_numpy=False)
    facts['lengths'] += [result.recursive_sequence_lengths() for result in results]
    for name, result in zip(('loss', 'rois', 'kept', 'pooled'), results):
        answers[name + str(step)] = np.array(result)
"""


def _training() -> Iterator[Snippet]:
    yield Snippet(
        "what a step proposes is fetched with its levels while it trains",
        TRAINING,
        {
            "images": np.random.RandomState(3).randn(2, 2, 3, 32, 32).astype("float32"),
            "infos": np.array([[32, 32, 1], [32, 24, 1]], "float32"),
        },
        mode="script",
        terms=8,
    )


SNIPPETS: tuple[Snippet, ...] = (*_proposals(), *_labels(), *_training())
