"""Where ours is meant to differ from real Paddle 1.8.5 in deformable convolution."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import Differs
from paddle_compat.conformance.workers.fluid_program import cotangent

__all__ = ["DIFFERS"]

_FILTERS, _WINDOW = 2, 3


def _read(x: Array, y: Array, at: Array) -> tuple[Array, Array, list[tuple[Array, Array, Array]]]:
    """Return what a picture [C, H, W] is between its cells, its slopes, and the cells' weights."""
    height, width = x.shape[1:]
    value, slopes = np.zeros((len(x), *y.shape)), np.zeros((2, len(x), *y.shape))
    top, left = np.floor(y), np.floor(at)
    cells = []
    for down, right in itertools.product((0, 1), (0, 1)):
        row, column = (top + down).astype(int), (left + right).astype(int)
        here = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        row, column = row.clip(0, height - 1), column.clip(0, width - 1)
        vertical, horizontal = (1 - abs(y - top - down)) * here, 1 - abs(at - left - right)
        found = x[:, row, column]
        value += found * vertical * horizontal
        slopes[0] += found * here * horizontal * (2 * down - 1)
        slopes[1] += found * vertical * (2 * right - 1)
        cells.append((row, column, vertical * horizontal))
    return value, slopes, cells


def _truth(x: Array, o: Array, m: Array, *, masked: bool) -> Mapping[str, Array]:
    """Return the convolution with windows of 3 x 3 and filters of 0.1, and its gradients."""
    images, channels = x.shape[:2]
    high, wide = o.shape[2:]
    weight = float(np.array(0.1, "float32"))
    incoming = cotangent("out", (images, _FILTERS, high, wide), x.dtype).astype("float64")
    out, to_x, to_o, to_m = np.zeros_like(incoming), *(np.zeros(v.shape) for v in (x, o, m))
    to_filters = np.zeros((_FILTERS, channels, _WINDOW, _WINDOW))
    places = np.mgrid[:high, :wide]
    for image, k in itertools.product(range(images), range(_WINDOW**2)):
        row, column = divmod(k, _WINDOW)
        factor = m[image, k].astype("float64") if masked else np.ones((high, wide))
        y, at = places[0] + row + o[image, 2 * k], places[1] + column + o[image, 2 * k + 1]
        value, slopes, cells = _read(x[image].astype("float64"), y, at)
        out[image] += weight * (value * factor).sum(0)
        to_filters[:, :, row, column] += np.einsum("opq,cpq->oc", incoming[image], value * factor)
        spread = weight * incoming[image].sum(0)
        to_m[image, k] = (spread * value).sum(0)
        to_o[image, 2 * k : 2 * k + 2] = (spread * factor * slopes).sum(1)
        for rows, columns, share in cells:
            for channel in range(channels):
                np.add.at(to_x[image, channel], (rows, columns), spread * factor * share)
    found = {
        "value/out": out,
        "gradient/deformable_conv_0.w_0": to_filters,
        "gradient/x": to_x,
        "gradient/o": to_o,
        **({"gradient/m": to_m} if masked else {}),
    }
    return {name: array.astype(x.dtype) for name, array in found.items()}


def _second(x: Array, o: Array, m: Array) -> Mapping[str, Array]:
    return _truth(x, o, m, masked=True)


def _first(x: Array, o: Array, m: Array) -> Mapping[str, Array]:
    return _truth(x, o, m, masked=False)


def _moves(x: Array, o: Array, m: Array) -> Mapping[str, Array]:
    return {"gradient/o": _second(x, o, m)["gradient/o"]}


def _masks(x: Array, o: Array, m: Array) -> Mapping[str, Array]:
    return {"gradient/m": _second(x, o, m)["gradient/m"]}


def _nothing(x: Array, o: Array, m: Array) -> Mapping[str, Array]:
    return {"value/out": np.zeros((0, _FILTERS, *o.shape[2:]), x.dtype)}


_STEPS = (
    "more images at a time than there are give zeros, and several at a time are put together with "
    "images and filters in each other's place"
)
_ALONE = "the gradients of offsets and of the mask are computed if both are asked for"
_DOUBLE = "the first version is there for float32 alone"
_CRASH = "the number is divided by, without asking whether it is 0"

_TOGETHER = {
    f"deformable_conv of {n} images, {step} at a time: layers.deformable_conv(x, o, {m},": truth
    for n, step in ((1, 64), (2, 64), (2, 2), (4, 2))
    for m, truth in (("m", _second), ("None", _first))
}

DIFFERS: Mapping[str, Differs] = {
    **{name: Differs(_STEPS, truth=truth) for name, truth in _TOGETHER.items()},
    "deformable_conv by o alone": Differs(_ALONE, truth=_moves),
    "deformable_conv by x and o alone": Differs(_ALONE, truth=_moves),
    "deformable_conv by m alone": Differs(_ALONE, truth=_masks),
    "deformable_conv by x and m alone": Differs(_ALONE, truth=_masks),
    "deformable_conv without a mask": Differs(_DOUBLE, "EnforceNotMet at run", truth=_first),
    "deformable_conv of no images": Differs(_CRASH, "crash SIGFPE", truth=_nothing),
    "deformable_conv(x, o, m, 2, 3, deformable_groups=0)": Differs(
        _CRASH, "crash SIGFPE", "ValueError at build"
    ),
    "deformable_conv(x, o, m, 2, 3, im2col_step=0)": Differs(
        _CRASH, "crash SIGFPE", "ValueError at build"
    ),
}
