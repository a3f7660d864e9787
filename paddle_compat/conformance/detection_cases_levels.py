"""Snippets of regions of interest that are spread over a pyramid's levels, and collected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippet_tables import FLOATS, floats
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

Lods = Mapping[str, list[list[int]]]

SPREAD = "levels, place = layers.distribute_fpn_proposals({}); out = levels + [place]"
COLLECT = "out = layers.collect_fpn_proposals({})"


def _boxes(count: int, seed: int, longest: float = 900.0) -> Array:
    """Return boxes of all sizes."""
    random = np.random.RandomState(seed)
    corner = random.uniform(-5, 300, (count, 2))
    sides = np.exp(random.uniform(0, np.log(longest), (count, 2)))
    return np.concatenate([corner, corner + sides], 1)


def _one(call: str, template: str, told: str, inputs: Mapping[str, Array], lods: Lods) -> Snippet:
    what = "distribute_fpn_proposals" if template is SPREAD else "collect_fpn_proposals"
    return Snippet(
        f"{what}({call}) · {told}",
        template.format(call),
        inputs,
        wrt=tuple(name for name, array in inputs.items() if array.dtype.kind == "f"),
        lods={name: levels for name, levels in lods.items() if levels},
        unknown=dict.fromkeys(inputs, (0,)),
    )


def _spread() -> Iterator[Snippet]:
    calls = (
        "r, 2, 5, 4, 224",
        "r, min_level=2, max_level=5, refer_level=4, refer_scale=224",
        "r, 3, 7, 5, 100",
        "r, 0, 9, 4, 56, name='p'",
        "r, 3, 3, 4, 224",
        "r, 2, 5, -3, 224",
        "r, 2, 5, 40, 224",
        "r, 2, 5, 4, 1",
        "r, 2, 5, 4, 0",
        "r, 2, 5, 4, -7",
    )
    near = 512 - np.outer([1, 3, 9], 10.0 ** np.arange(-8, -1)).ravel()
    close = np.stack([0 * near, 0 * near, near - 1, near - 1], 1)
    edges = np.array([[0, 0, 28 * 2**k / 2 - 1, 28 * 2**k / 2 - 1] for k in range(9)])
    nearly = np.concatenate(
        [edges, np.nextafter(edges, 0, dtype="f4"), np.nextafter(edges, 9999, dtype="f4")]
    )
    odd = np.array(
        [
            [0, 0, -5, 3],
            [0, 0, 3, -1],
            [0, 0, 0, 0],
            [5, 5, 5, 300],
            [0, 0, np.nan, 3],
            [np.nan, 0, 10, 300],
            [0, 0, np.inf, 5],
            [-np.inf, 0, np.inf, 300],
            [0, 0, 1e30, 1e30],
            [300, 300, 0, 0],
        ]
    )
    for kind in FLOATS:
        scenes = {
            "random": (_boxes(40, 1), [[25, 15]]),
            "one image": (_boxes(20, 2), [[20]]),
            "three images": (_boxes(20, 3), [[1, 12, 7]]),
            "at the levels' edges": (nearly, [[9, 18]]),
            "boxes that are none": (odd, [[4, 6]]),
            "one box": (_boxes(1, 4), [[1]]),
        }
        for told, (boxes, lod) in scenes.items():
            for call in calls:
                yield _one(call, SPREAD, f"{told} {kind}", {"r": boxes.astype(kind)}, {"r": lod})
        boxes = close.astype(kind)
        yield _one(
            "r, 0, 9, 4, 1024", SPREAD, f"just below a level {kind}", {"r": boxes}, {"r": [[9, 12]]}
        )
    rois = _boxes(6, 5).astype("float32")
    lod = [[4, 2]]
    plain = calls[0]
    for told, array, levels in (
        ("no level", rois, []),
        ("two levels", rois, [[1, 1], [4, 2]]),
        ("an image without regions", rois, [[4, 0, 2]]),
        ("no regions", rois[:0], [[0, 0]]),
        ("boxes of 5", floats(6, 5), lod),
        ("three dimensions", rois[:, None], lod),
        ("ints", rois.astype("int32"), lod),
    ):
        yield _one(plain, SPREAD, told, {"r": array}, {"r": levels})
    for call in (
        "r, 5, 2, 4, 224",
        "r, -1, 1, 0, 10",
        "r, 2, 5, 4, 224.0",
        "r, 2, 5, 'a', 224",
        "r, 2, 'b', 4, 224",
        "r, 2.0, 5, 4, 224",
        "r, 2, 5, 4",
        "None, 2, 5, 4, 224",
        "np.ones((3, 4), 'float32'), 2, 5, 4, 224",
    ):
        yield _one(call, SPREAD, "arguments", {"r": rois}, {"r": lod})


def _collected(
    sizes: list[list[int]], seed: int, kind: str = "float32", ties: bool = False
) -> tuple[dict[str, Array], dict[str, list[list[int]]]]:
    """Return inputs and levels of detail: a, b, c are the regions, s, t, u their scores."""
    random = np.random.RandomState(seed)
    total = sum(map(sum, sizes))
    scores = random.permutation(total) / (total + 1.0)
    if ties:
        scores = np.round(scores * 3) / 3
    inputs: dict[str, Array] = {}
    lods: dict[str, list[list[int]]] = {}
    start = 0
    for level, lengths in enumerate(sizes):
        count = sum(lengths)
        regions, values = "abc"[level], "stu"[level]
        inputs[regions] = _boxes(count, seed + level).astype(kind)
        inputs[values] = scores[start : start + count, None].astype(kind)
        start += count
        lods[regions] = lods[values] = [lengths]
    return inputs, lods


def _collect() -> Iterator[Snippet]:
    three = "[a, b, c], [s, t, u], 2, 4, {}"
    for kind in FLOATS:
        for ties in (False, True):
            told = f"{'ties' if ties else 'random'} {kind}"
            for seed, sizes in enumerate(
                ([[9, 4], [7, 6], [3, 3]], [[30], [1], [9]], [[2, 1, 5], [4, 4, 1], [1, 9, 2]])
            ):
                inputs, lods = _collected(sizes, seed, kind, ties)
                for count in ("7", "15", "100", "1", "0"):
                    told_all = f"{told} {sizes}"
                    # An image that none is taken of at the end is a matter of its own.
                    if count not in ("1", "0") or len(sizes[0]) == 1:
                        yield _one(three.format(count), COLLECT, told_all, inputs, lods)
                named = "[a, b], [s, t], 3, 4, 9, name='q'"
                yield _one(named, COLLECT, f"{told} {sizes}", inputs, lods)
    equal = {"a": np.arange(160.0).reshape(40, 4), "s": np.full((40, 1), 0.5)}
    whole = {"a": [[40]], "s": [[40]]}
    for most in (40, 30):
        yield _one(f"[a], [s], 2, 2, {most}", COLLECT, "all equal", equal, whole)
    inputs, lods = _collected([[3, 2], [2, 2]], 9)
    two = "[a, b], [s, t], 2, 3, 5"
    for call in (
        "[a, b, a], [s, t, s], 2, 3, 5",
        "[a, b], [s, t], 2, 5, 5",
        "[a, b], [s], 2, 3, 5",
        "[a], [s], 2, 2, 5",
        "[a, b], [s, t], 3, 2, 5",
        "[], [], 2, 3, 5",
        "a, s, 2, 2, 5",
        "(a, b), (s, t), 2, 3, 5",
        "[a, b], [s, t], 2, 3, 'a'",
        "[a, b], [s, t], 2, 3, 5.0",
        "[a, b], [s, t], 2, 3, -1",
        "[a, b], [s, t], 2, 3",
        "[a, b], [a, b], 2, 3, 5",
        "[s, t], [s, t], 2, 3, 5",
        "[a, b], [t, s], 2, 3, 5",
    ):
        yield _one(call, COLLECT, "arguments", inputs, lods)
    changes: Mapping[str, tuple[Mapping[str, Array], Lods]] = {
        "no levels": ({}, {"a": [], "b": [], "s": [], "t": []}),
        "scores without level": ({}, {"s": [], "t": []}),
        "regions without level": ({}, {"a": [], "b": []}),
        "levels that differ": ({}, {"s": [[2, 3]]}),
        "other numbers of images": ({}, {"b": [[1, 2, 1]], "t": [[1, 2, 1]]}),
        "first image empty": ({}, {name: [[0, 5 - 1 * (name in "bt")]] for name in "abst"}),
        "an image empty in one level": ({}, {"b": [[0, 4]], "t": [[0, 4]]}),
        "an empty level": (
            {"b": inputs["b"][:0], "t": inputs["t"][:0]},
            {"b": [[0, 0]], "t": [[0, 0]]},
        ),
        "last image empty": ({}, {name: [[5 - 1 * (name in "bt"), 0]] for name in "abst"}),
        "two images empty": (
            {},
            {"a": [[2, 0, 0, 3]], "s": [[2, 0, 0, 3]], "b": [[1, 0, 0, 3]], "t": [[1, 0, 0, 3]]},
        ),
        "double regions": ({name: inputs[name].astype("float64") for name in "ab"}, {}),
        "one level of doubles": ({name: inputs[name].astype("float64") for name in "bt"}, {}),
        "int scores": ({name: inputs[name].astype("int32") for name in "st"}, {}),
        "flat scores": ({name: inputs[name][:, 0] for name in "st"}, {}),
        "a score that is infinite": ({"s": np.array([[1], [np.inf], [0], [0], [0]], "f")}, {}),
    }
    for told, (arrays, levels) in changes.items():
        yield _one(two, COLLECT, told, {**inputs, **arrays}, {**lods, **levels})
    unreal = {**inputs, "s": np.array([[0.1], [np.nan], [0.5], [0.9], [0.3]], "f")}
    yield _one(two, COLLECT, "a score that is not a number", unreal, lods)
    yield _one("[a, b], [s, t], 2, 3, 0", COLLECT, "none taken", inputs, lods)
    ranked = {**inputs, "s": np.array([[0.9], [0.8], [0.7], [0.1], [0.1]], "f")}
    yield _one("[a], [s], 2, 2, 3", COLLECT, "none of the last image", ranked, lods)


SNIPPETS: tuple[Snippet, ...] = (*_spread(), *_collect())
