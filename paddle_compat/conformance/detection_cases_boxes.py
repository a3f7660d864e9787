"""Snippets of boxes: overlap, codes, clipping, decoding; and of matching and targets."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippet_tables import FLOATS, floats, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS", "boxes"]

OVERLAPS = """
layers.iou_similarity(x, y)
layers.iou_similarity(x=x, y=y, box_normalized=False)
layers.iou_similarity(y, x, True, 'iou')
layers.iou_similarity(x, x)
layers.iou_similarity(x, x, False)
"""
OVERLAPS_REFUSED = """
layers.iou_similarity(x, layers.cast(y, 'float64'))
layers.iou_similarity(layers.cast(x, 'int32'), layers.cast(y, 'int32'))
layers.iou_similarity(x, layers.reshape(y, [-1, 2]))
layers.iou_similarity(layers.reshape(x, [-1, 2]), y)
layers.iou_similarity(layers.unsqueeze(x, [0]), y)
layers.iou_similarity(x, layers.unsqueeze(y, [0]))
layers.iou_similarity(x[0], y)
layers.iou_similarity(np.ones([2, 4], 'float32'), y)
layers.iou_similarity(x, np.ones([2, 4], 'float32'))
layers.iou_similarity(x, y, 'a')
layers.iou_similarity(x, y, None)
"""
ENCODED = """
layers.box_coder(p, v, t)
layers.box_coder(prior_box=p, prior_box_var=[0.1, 0.1, 0.2, 0.2], target_box=t, code_type='encode_center_size')
layers.box_coder(p, v, t, box_normalized=False)
layers.box_coder(p, [.1, .2, .3, .4], t, 'encode_center_size', False, 'code')
layers.box_coder(p, [1., 1., 1., 1.], t, axis=1)
layers.box_coder(p, [], t)
"""
DECODED = """
layers.box_coder(p, v, t, 'decode_center_size')
layers.box_coder(p, [.1, .2, .3, .4], t, 'decode_center_size', False)
layers.box_coder(p, v, t, code_type='decode_center_size', box_normalized=False, axis=0)
layers.box_coder(p, [1., 1., 1., 1.], t, 'decode_center_size', True, 'code')
layers.box_coder(p, [], t, 'decode_center_size')
"""
CODER_REFUSED = """
layers.box_coder(p, None, t)
layers.box_coder(p, (.1, .1, .2, .2), t)
layers.box_coder(p, .1, t)
layers.box_coder(p, np.ones([3, 4], 'float32'), t)
layers.box_coder(p, [.1, .1], t)
layers.box_coder(p, [.1, .1, .2, .2, .2], t)
layers.box_coder(p, [1, 1, 1, 1], t)
layers.box_coder(p, ['a', 'b', 'c', 'd'], t)
layers.box_coder(p, v, t, 'nonsense')
layers.box_coder(p, v, t, None)
layers.box_coder(p, v, t, axis=2)
layers.box_coder(p, v, t, axis=-1)
layers.box_coder(p, v, t, axis=None)
layers.box_coder(p, v, t, 'decode_center_size')
layers.box_coder(p, v[0:2], t)
layers.box_coder(p, layers.cast(v, 'float64'), t)
layers.box_coder(p, v, layers.cast(t, 'float64'))
layers.box_coder(layers.cast(p, 'int32'), v, t)
layers.box_coder(layers.cast(p, 'int32'), layers.cast(v, 'int32'), layers.cast(t, 'int32'))
layers.box_coder(p, v, layers.unsqueeze(t, [0]))
layers.box_coder(p, v, layers.unsqueeze(t, [0]), 'decode_center_size')
layers.box_coder(p, v, layers.unsqueeze(t, [1]), 'decode_center_size')
layers.box_coder(p, v, layers.unsqueeze(t, [0]), 'decode_center_size', axis=1)
layers.box_coder(layers.unsqueeze(p, [0]), v, t)
layers.box_coder(p, v, layers.reshape(t, [-1, 2]))
layers.box_coder(np.ones([3, 4], 'float32'), v, t)
layers.box_coder(p, v, np.ones([3, 4], 'float32'))
layers.box_coder(p, v, t, box_normalized='a')
"""
POLYGONS = """
layers.polygon_box_transform(x)
layers.polygon_box_transform(input=x, name='corners')
"""
POLYGONS_REFUSED = """
layers.polygon_box_transform(x[0])
layers.polygon_box_transform(layers.cast(x, 'int32'))
layers.polygon_box_transform(x[:, 0:3])
layers.polygon_box_transform(np.ones([1, 2, 3, 4], 'float32'))
layers.polygon_box_transform([x])
"""
CLIPPED = """
layers.box_clip(x, info)
layers.box_clip(input=x, im_info=info, name='clipped')
"""
CLIP_REFUSED = """
layers.box_clip(layers.cast(x, 'int32'), info)
layers.box_clip(x, layers.cast(info, 'int32'))
layers.box_clip(x, layers.cast(info, 'float64'))
layers.box_clip(x, info[0])
layers.box_clip(x, layers.reshape(info, [-1, 1]))
layers.box_clip(layers.reshape(x, [-1, 2]), info)
layers.box_clip(np.ones([2, 4], 'float32'), info)
layers.box_clip(x, np.ones([2, 3], 'float32'))
"""
ASSIGNED = """
layers.box_decoder_and_assign(p, v, t, s, 4.135)
layers.box_decoder_and_assign(prior_box=p, prior_box_var=v, target_box=t, box_score=s, box_clip=0.1, name='best')
layers.box_decoder_and_assign(p, v, t, s, 2)
layers.box_decoder_and_assign(p, v, t, s, -1.0)
"""
ASSIGN_REFUSED = """
layers.box_decoder_and_assign(p, v, t, s, None)
layers.box_decoder_and_assign(p, v, t, s, 'a')
layers.box_decoder_and_assign(p, v, t, s[0:2], 4.1)
layers.box_decoder_and_assign(p, v, t, s[:, 0:2], 4.1)
layers.box_decoder_and_assign(p[0:2], v, t, s, 4.1)
layers.box_decoder_and_assign(p, layers.unsqueeze(v, [0]), t, s, 4.1)
layers.box_decoder_and_assign(p, v[0:3], t, s, 4.1)
layers.box_decoder_and_assign(layers.unsqueeze(p, [0]), v, t, s, 4.1)
layers.box_decoder_and_assign(p, v, layers.unsqueeze(t, [0]), s, 4.1)
layers.box_decoder_and_assign(p, v, t, layers.unsqueeze(s, [0]), 4.1)
layers.box_decoder_and_assign(layers.cast(p, 'float64'), v, t, s, 4.1)
layers.box_decoder_and_assign(p, layers.cast(v, 'float64'), t, s, 4.1)
layers.box_decoder_and_assign(p, v, t, layers.cast(s, 'float64'), 4.1)
layers.box_decoder_and_assign(np.ones([5, 4], 'float32'), v, t, s, 4.1)
"""


def boxes(
    count: int, seed: int = 0, size: float = 100.0, dtype: npt.DTypeLike = "float32"
) -> Array:
    """Return boxes [x1, y1, x2, y2] of all sizes, some of which have no area, or a negative one."""
    random = np.random.RandomState(100 * seed + count)
    corner = random.uniform(-0.1 * size, size, (count, 2))
    extent = random.uniform(0, size / 2, (count, 2)) ** random.choice([0.3, 1], (count, 1))
    extent[3::7] = 0
    extent[5::11, 0] *= -1
    return np.concatenate([corner, corner + extent], 1).astype(dtype)


def _levels(**lods: list[list[int]]) -> Mapping[str, Any]:
    return {"lods": lods}


def _overlaps() -> Iterator[Snippet]:
    for dtype in FLOATS:
        x, y = boxes(7, 1, dtype=dtype), boxes(9, 2, dtype=dtype)
        yield from over(OVERLAPS, wrt=(), options=_levels(x=[[3, 0, 4]]), x=x, y=y)
        x, y = boxes(23, 3, 1.0, dtype), boxes(50, 4, 1.0, dtype)
        yield from over(OVERLAPS, wrt=(), unknown=True, options=_levels(y=[[40, 10]]), x=x, y=y)
        odd = boxes(6, 5, dtype=dtype)
        odd[0, 1], odd[1], odd[2, 2], odd[3] = np.nan, np.inf, -np.inf, 0
        yield from over(
            OVERLAPS, wrt=(), only="odd", options=_levels(), x=odd, y=boxes(4, dtype=dtype)
        )
    small = boxes(4, 5)
    yield from over(OVERLAPS_REFUSED, wrt=(), x=small, y=boxes(3))
    yield from over("layers.iou_similarity(x, y)", only="gradient", x=small, y=boxes(3, 8))
    nothing = np.zeros((0, 4), "float32")
    for x, y in ((nothing, small), (small, nothing), (nothing, nothing)):
        yield from over("layers.iou_similarity(x, y)", wrt=(), unknown=True, x=x, y=y)
    twice = np.repeat(small, 2, 0)
    yield from over("layers.iou_similarity(x, y)", wrt=(), only="ties", x=twice, y=twice)


def _codes() -> Iterator[Snippet]:
    for dtype in FLOATS:
        v = floats(6, 4, dtype=dtype, low=0.1, high=2)
        p, t = boxes(6, 1, dtype=dtype), boxes(5, 2, dtype=dtype)
        for options in (_levels(t=[[2, 0, 3]]), _levels(p=[[1, 5]])):
            told = ", ".join(options["lods"])
            yield from over(ENCODED, wrt=(), only=told, options=options, p=p, v=v, t=t)
        yield from over(ENCODED, wrt=(), unknown=True, options=_levels(), p=p, v=v, t=t)
        codes = floats(5, 6, 4, dtype=dtype)
        for options in (_levels(t=[[2, 3]]), _levels(p=[[1, 5]])):
            told = ", ".join(options["lods"])
            yield from over(DECODED, wrt=(), only=told, options=options, p=p, v=v, t=codes)
        yield from over(
            DECODED, wrt=(), unknown={"p": (0,), "v": (0,), "t": (0, 1)}, p=p, v=v, t=codes
        )
        across = (
            DECODED.replace("axis=0", "axis=1")
            .replace("e')", "e', axis=1)")
            .replace("False)", "False, axis=1)")
            .replace("'code')", "'code', 1)")
            .replace("axis=1, axis=1", "axis=1")
        )
        turned = floats(6, 5, 4, dtype=dtype)
        for options in (_levels(t=[[2, 4]]), _levels(p=[[1, 5]], t=[[3, 3]])):
            told = ", ".join(options["lods"])
            yield from over(across, wrt=(), only=told, options=options, p=p, v=v, t=turned)
        yield from over(
            across, wrt=(), unknown={"p": (0,), "v": (0,), "t": (0, 1)}, p=p, v=v, t=turned
        )
    p, v, t = boxes(3), floats(3, 4, low=0.1), boxes(3, 8)
    yield from over(CODER_REFUSED, wrt=(), p=p, v=v, t=t)
    unknown = {"p": (0,), "v": (0,), "t": (0, 1)}
    line = "layers.box_coder(p, v, t, 'decode_center_size')"
    for count in (2, 4):
        yield from over(line, wrt=(), unknown=unknown, p=p, v=v, t=floats(2, count, 4))
    yield from over(line, wrt=(), only="short", p=p, v=v[:2], t=floats(2, 3, 4))
    yield from over(line, only="gradient", p=p, v=v, t=floats(2, 3, 4))
    yield from over("layers.box_coder(p, v, t)", only="gradient", p=p, v=v, t=t)
    odd = floats(1, 3, 4) * 50
    odd[0, 1, 2], odd[0, 2, 1] = np.inf, np.nan
    yield from over(line, wrt=(), only="odd", p=p, v=v, t=odd)
    flat = np.array([[1, 1, 1, 1], [2, 2, 2, 3], [3, 3, 1, 1]], "float32")
    yield from over("layers.box_coder(p, v, t)", wrt=(), only="no area", p=flat, v=v, t=flat)
    yield from over(
        "layers.box_coder(p, v, t, box_normalized=False)",
        wrt=(),
        only="no area",
        p=flat,
        v=v,
        t=flat,
    )
    nothing = np.zeros((0, 4), "float32")
    yield from over(
        "layers.box_coder(p, v, t)",
        wrt=(),
        unknown=True,
        options=_levels(t=[[0, 0]]),
        p=p,
        v=v,
        t=nothing,
    )


def _others() -> Iterator[Snippet]:
    for dtype in FLOATS:
        x = floats(2, 8, 3, 5, dtype=dtype)
        yield from over(POLYGONS, wrt=(), x=x)
        levels = _levels(x=[[1, 0, 1]])
        yield from over(POLYGONS, wrt=(), only="a level", options=levels, x=x)
        yield from over(
            POLYGONS, wrt=(), unknown={"x": (0, 1, 2, 3)}, x=floats(3, 2, 4, 1, dtype=dtype)
        )
        x = boxes(9, 1, dtype=dtype)
        info = np.array([[60, 80, 1], [50.5, 33.4, 1.3], [20, 20, 0.7], [1, 1, 1]], dtype)
        for lengths in ([4, 3, 1, 1], [2, 3, 4], [3, 0, 2, 4]):
            yield from over(
                CLIPPED, wrt=(), options=_levels(x=[lengths]), x=x, info=info, only=str(lengths)
            )
        for lengths in ([9], [4, 5]):
            yield from over(
                CLIPPED, wrt=(), options=_levels(x=[lengths]), x=x, info=info, only=str(lengths)
            )
        many = floats(4, 3, 4, dtype=dtype, low=-10, high=90)
        yield from over(
            CLIPPED, wrt=(), unknown=True, options=_levels(x=[[1, 1, 1, 1]]), x=many, info=info
        )
        halves = np.array([[5, 7, 2], [3, 9, 2], [1, 1, 2], [0, 0, 1]], dtype)
        yield from over(
            CLIPPED, wrt=(), only="halves", options=_levels(x=[[3, 3, 2, 1]]), x=x, info=halves
        )
        odd = boxes(4, 3, dtype=dtype)
        odd[0, 1], odd[1, 2], odd[2, 0] = np.nan, np.inf, -np.inf
        yield from over(CLIPPED, wrt=(), only="odd", options=_levels(x=[[4]]), x=odd, info=info)
        odd_info = np.array([[60, 80, 0], [np.nan, 40, 1], [-5, -6, 1]], dtype)
        yield from over(
            CLIPPED, wrt=(), only="odd images", options=_levels(x=[[4, 3, 2]]), x=x, info=odd_info
        )
        p, t, s = boxes(5, 1, dtype=dtype), floats(5, 12, dtype=dtype), floats(5, 3, dtype=dtype)
        v = np.array([0.1, 0.2, 0.3, 0.7], dtype)
        yield from over(ASSIGNED, wrt=(), options=_levels(), p=p, v=v, t=t, s=s)
        unknown = {"p": (0,), "t": (0,), "s": (0,)}
        ties = np.array(
            [[1, 1, 1], [0, 0.5, 0.5], [3, -1, -2], [0, -1, -0.5], [np.nan, np.nan, 0]], dtype
        )
        options = _levels(p=[[2, 3]], t=[[1, 4]], s=[[5]])
        yield from over(
            ASSIGNED, wrt=(), unknown=unknown, options=options, p=p, v=v, t=t * 9, s=ties
        )
        yield from over(
            ASSIGNED, wrt=(), options=_levels(p=[[2, 3]]), p=p, v=v, t=t[:, :4], s=s[:, :1]
        )
    yield from over(POLYGONS_REFUSED, wrt=(), x=floats(2, 4, 3, 5))
    yield from over("layers.polygon_box_transform(x)", only="gradient", x=floats(2, 4, 3, 5))
    x, info = boxes(4), np.array([[60, 80, 1], [50, 30, 2]], "float32")
    yield from over(CLIP_REFUSED, wrt=(), options=_levels(x=[[3, 1]]), x=x, info=info)
    yield from over(
        "layers.box_clip(x, info)", only="gradient", x=x, info=info, options=_levels(x=[[3, 1]])
    )
    yield from over(
        "layers.box_clip(x, info)",
        only="too many images",
        wrt=(),
        x=x,
        info=info,
        options=_levels(x=[[2, 1, 1]]),
    )
    yield from over(
        "layers.box_clip(x, info)",
        only="two levels",
        wrt=(),
        x=x,
        info=info,
        options=_levels(x=[[1, 1], [2, 2]]),
    )
    for count in (1, 2):
        given = info[:count]
        yield from over("layers.box_clip(x, info)", wrt=(), only="no level", x=x, info=given)
    p, t, s = boxes(5, 1), floats(5, 12), floats(5, 3)
    v = np.array([0.1, 0.2, 0.3, 0.7], "float32")
    yield from over(ASSIGN_REFUSED, wrt=(), p=p, v=v, t=t, s=s)
    yield from over(
        "layers.box_decoder_and_assign(p, v, t, s, 4.1)", only="gradient", p=p, v=v, t=t, s=s
    )


SNIPPETS = (*_overlaps(), *_codes(), *_others())
