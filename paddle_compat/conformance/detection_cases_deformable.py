"""Snippets of deformable convolution."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from paddle_compat.conformance.snippet_tables import FLOATS, floats, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

# Windows of 3 x 3 on maps of 4 channels, 6 x 7, without padding: 4 x 5 places.
PLAIN = """
layers.deformable_conv(x, o, m, 2, 3, im2col_step=1)
layers.deformable_conv(input=x, offset=o, mask=m, num_filters=2, filter_size=3, im2col_step=1, modulated=True)
layers.deformable_conv(x, o, m, 4, [3, 3], 1, 0, 1, None, None, 1)
layers.deformable_conv(x, o, m, 4, (3, 3), [1, 1], (0, 0), [1, 1], im2col_step=1, name='moved')
layers.deformable_conv(x, o, m, 4, 3, groups=2, im2col_step=1)
layers.deformable_conv(x, o, m, 4, 3, groups=4, im2col_step=1)
layers.deformable_conv(x, o, m, 8, 3, groups=4, im2col_step=1)
layers.deformable_conv(x, o, m, 2, 3, im2col_step=1, deformable_groups=1, groups=1)
layers.deformable_conv(x, o, m, 2, 3, im2col_step=1, bias_attr=False)
layers.deformable_conv(x, o, m, 2, 3, im2col_step=1, param_attr=fluid.ParamAttr(name='f', initializer=fluid.initializer.Normal(0.0, 0.5)), bias_attr=fluid.ParamAttr(initializer=fluid.initializer.Constant(0.3)))
layers.deformable_conv(x, o, m, 2, 3, im2col_step=1, param_attr='f', bias_attr='b')
layers.deformable_conv(x, o, m, 2, 3, im2col_step=1, modulated=1)
layers.relu(layers.deformable_conv(x, o, m, 3, 3, im2col_step=1))
"""

FIRST = """
layers.deformable_conv(x, o, None, 2, 3, im2col_step=1, modulated=False)
layers.deformable_conv(x, o, m, 2, 3, im2col_step=1, modulated=False)
layers.deformable_conv(x, o, None, 4, 3, im2col_step=1, modulated=False, groups=2)
layers.deformable_conv(x, o, None, 4, 3, modulated=False, groups=4, bias_attr=False, im2col_step=1)
"""

# Filters that a difference's truth knows.
KNOWN = "2, 3, param_attr=fluid.initializer.Constant(0.1), bias_attr=False"

REFUSED = """
layers.deformable_conv(1, o, m, 2, 3)
layers.deformable_conv(x, 1, m, 2, 3)
layers.deformable_conv(x, o, 1, 2, 3)
layers.deformable_conv(x, o, None, 2, 3)
layers.deformable_conv(x, None, m, 2, 3)
layers.deformable_conv(x, o, m, 2)
layers.deformable_conv(x, o, m, 2, 3, param_attr=False)
layers.deformable_conv(x, o, m, 3, 3, groups=3)
layers.deformable_conv(x, o, m, 3, 3, groups=2)
layers.deformable_conv(x, o, m, 2, 3, groups=0)
layers.deformable_conv(x, o, m, 2, 3, groups=-1)
layers.deformable_conv(x, o, m, 0, 3)
layers.deformable_conv(x, o, m, -2, 3)
layers.deformable_conv(x, o, m, 2.5, 3)
layers.deformable_conv(x, o, m, 2, 2.5)
layers.deformable_conv(x, o, m, 2, [3, 3, 3])
layers.deformable_conv(x, o, m, 2, 'a')
layers.deformable_conv(x, o, m, 2, 0)
layers.deformable_conv(x, o, m, 2, 3, stride=0)
layers.deformable_conv(x, o, m, 2, 3, stride=-1)
layers.deformable_conv(x, o, m, 2, 3, stride=2)
layers.deformable_conv(x, o, m, 2, 3, stride='a')
layers.deformable_conv(x, o, m, 2, 3, stride=None)
layers.deformable_conv(x, o, m, 2, 3, padding=1)
layers.deformable_conv(x, o, m, 2, 3, padding=-1)
layers.deformable_conv(x, o, m, 2, 3, padding='SAME')
layers.deformable_conv(x, o, m, 2, 3, padding=[0, 0, 0, 0])
layers.deformable_conv(x, o, m, 2, 3, dilation=0)
layers.deformable_conv(x, o, m, 2, 3, dilation=2)
layers.deformable_conv(x, o, m, 2, 2)
layers.deformable_conv(x, o, m, 2, 9)
layers.deformable_conv(x, o, m, 2, 3, deformable_groups=2)
layers.deformable_conv(x, o, m, 2, 3, deformable_groups=3)
layers.deformable_conv(x, o, m, 2, 3, deformable_groups=0)
layers.deformable_conv(x, o, m, 2, 3, deformable_groups='a')
layers.deformable_conv(x, o, m, 2, 3, im2col_step=0)
layers.deformable_conv(x, o, m, 2, 3, im2col_step=-1)
layers.deformable_conv(x, o, m, 2, 3, im2col_step='a')
layers.deformable_conv(layers.cast(x, 'int32'), o, m, 2, 3)
layers.deformable_conv(x, layers.cast(o, 'float64'), m, 2, 3)
layers.deformable_conv(x, o, layers.cast(m, 'float64'), 2, 3)
layers.deformable_conv(x, o, layers.cast(m, 'int32'), 2, 3)
layers.deformable_conv(layers.reshape(x, [0, 0, -1]), o, m, 2, 3)
layers.deformable_conv(x, layers.reshape(o, [0, 0, -1]), m, 2, 3)
layers.deformable_conv(x, o, layers.reshape(m, [0, 0, -1]), 2, 3)
layers.deformable_conv(x, m, o, 2, 3)
layers.deformable_conv(x, o, o, 2, 3)
layers.deformable_conv(x, m, None, 2, 3, modulated=False)
"""


def _moved(
    images: int,
    channels: int,
    size: tuple[int, int],
    places: tuple[int, int],
    elements: int,
    moves: int = 1,
    dtype: str = "float32",
    seed: int = 0,
    far: float = 1.5,
) -> dict[str, Any]:
    return {
        "x": floats(images, channels, *size, dtype=dtype, seed=seed),
        "o": floats(
            images, 2 * moves * elements, *places, dtype=dtype, seed=seed, low=-far, high=far
        ),
        "m": floats(images, moves * elements, *places, dtype=dtype, seed=seed, low=0, high=1),
    }


def _both(rest: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the two versions, each with what it is differentiated by."""
    yield f"layers.deformable_conv(x, o, m, {rest})", ("x", "o", "m")
    yield f"layers.deformable_conv(x, o, None, {rest}, modulated=False)", ("x", "o")


def _offsets() -> Iterator[Snippet]:
    for dtype in FLOATS:
        given = _moved(1, 2, (4, 5), (4, 5), 9, dtype=dtype)
        shape = given["o"].shape
        random = np.random.RandomState(4)
        made = {
            "none": np.zeros(shape),
            "whole": random.randint(-3, 4, shape),
            "halves": random.randint(-6, 7, shape) / 2,
            "small": random.uniform(-1e-3, 1e-3, shape),
            "far": random.uniform(-9, 9, shape),
            "farther": random.uniform(-1e6, 1e6, shape),
            "to the edge": np.full(shape, -1.0),
            "beyond the edge": np.full(shape, 5.0),
        }
        for source, wrt in _both("2, 3, padding=1, im2col_step=1"):
            if dtype == "float64" and "modulated" in source:
                continue
            for name, offset in made.items():
                yield Snippet(
                    f"{source}, offsets: {name} · {dtype}",
                    f"out = {source}",
                    {**given, "o": offset.astype(dtype)},
                    wrt,
                    terms=4.0,
                )
        call = "layers.deformable_conv(x, o, m, 2, 3, padding=1, im2col_step=1)"
        for name, mask in {"0": 0.0, "1": 1.0, "-2": -2.0}.items():
            yield Snippet(
                f"{call}, a mask of {name} · {dtype}",
                f"out = {call}",
                {**given, "m": np.full_like(given["m"], mask)},
                ("x", "o", "m"),
                terms=4.0,
            )


def _random() -> Iterator[Snippet]:
    random = np.random.RandomState(9)
    index = 0
    while index < 40:
        dtype = FLOATS[index % 2]
        images, moves = random.randint(1, 5), int(random.choice([1, 1, 2, 3]))
        groups = int(random.choice([1, 1, 2, 3]))
        channels, filters = (
            moves * groups * random.randint(1, 3),
            moves * groups * random.randint(1, 3),
        )
        window, stride, padding, dilation = (
            random.randint(low, high, 2).tolist() for low, high in ((1, 4), (1, 3), (0, 3), (1, 3))
        )
        size = random.randint(1, 9, 2).tolist()
        high, wide = (
            (size[i] + 2 * padding[i] - dilation[i] * (window[i] - 1) - 1) // stride[i] + 1
            for i in range(2)
        )
        if min(high, wide) < 1:
            continue
        given = _moved(
            images,
            channels,
            (size[0], size[1]),
            (high, wide),
            window[0] * window[1],
            moves,
            dtype,
            index,
        )
        for source, wrt in _both(
            f"{filters}, {window}, {stride}, {padding}, {dilation}, {groups}, {moves}, 1"
        ):
            if dtype == "float32" or "modulated" not in source:
                yield Snippet(
                    f"{source} at random, {index}: {images}x{channels}x{size}, {dtype}",
                    f"out = {source}",
                    given,
                    wrt,
                    terms=8.0,
                )
        index += 1


def _known() -> Iterator[Snippet]:
    """Yield what real Paddle gets wrong, with filters that are all 0.1."""
    for dtype in FLOATS:
        for images, step in ((1, None), (2, None), (2, 64), (2, 2), (4, 2)):
            for source, wrt in _both(f"{KNOWN}, im2col_step={step}" if step else KNOWN):
                if dtype == "float64" and "modulated" in source:
                    continue
                given = _moved(images, 2, (5, 4), (3, 2), 9, dtype=dtype)
                yield Snippet(
                    f"deformable_conv of {images} images, {step or 64} at a time: {source} · {dtype}",
                    f"out = {source}",
                    given,
                    wrt,
                    terms=4.0,
                )
        given = _moved(2, 2, (5, 4), (3, 2), 9, dtype=dtype)
        for wrt in (("o",), ("x", "o"), ("m",), ("x", "m")):
            source = f"layers.deformable_conv(x, o, m, {KNOWN}, im2col_step=1)"
            yield Snippet(
                f"deformable_conv by {' and '.join(wrt)} alone: {source} · {dtype}",
                f"out = {source}",
                given,
                wrt,
                terms=4.0,
            )
    (first, wrt) = list(_both(f"{KNOWN}, im2col_step=1"))[1]
    yield Snippet(
        f"deformable_conv without a mask: {first} · float64",
        f"out = {first}",
        given,
        wrt,
        terms=4.0,
    )
    for source, wrt in _both(KNOWN):
        empty = _moved(0, 2, (5, 4), (3, 2), 9)
        yield Snippet(
            f"deformable_conv of no images: {source}",
            f"out = {source}",
            empty,
            wrt,
            dict.fromkeys(empty, (0,)),
        )


def _snippets() -> Iterator[Snippet]:
    options = {"terms": 4.0}
    unknown = dict.fromkeys("xom", (0, 2, 3))
    for dtype in FLOATS:
        given = _moved(2, 4, (6, 7), (4, 5), 9, dtype=dtype)
        yield from over(PLAIN, options=options, **given)
        yield from over(PLAIN, unknown=unknown, options=options, **given)
    given = _moved(2, 4, (6, 7), (4, 5), 9)
    yield from over(FIRST, wrt=("x", "o"), options=options, **given)
    yield from over(FIRST, wrt=("x", "o"), unknown=unknown, options=options, **given)
    yield from over(REFUSED, wrt=("x",), **given)
    yield from over("layers.deformable_conv(x, o, m, 2, 3)", unknown={"x": (1,)}, **given)
    yield from over(
        "layers.deformable_conv(x, o, m, 2, 3, im2col_step=2)",
        only="three images",
        **_moved(3, 4, (6, 7), (4, 5), 9),
    )
    yield from over(
        "layers.deformable_conv(x, o, m, 2, 3)",
        unknown=True,
        only="65 images",
        **_moved(65, 4, (3, 3), (1, 1), 9),
    )
    yield from _offsets()
    yield from _random()
    yield from _known()


SNIPPETS: tuple[Snippet, ...] = tuple(_snippets())
