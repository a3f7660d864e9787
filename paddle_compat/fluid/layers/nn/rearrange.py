"""Layers that move a picture's elements between channels and places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import check_tensor, dtypes
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn import _windows

__all__ = ["pixel_shuffle", "unfold"]

_SINGLE_DOUBLE = dtypes("float32", "float64")


def _check_shuffle(x: Any, shape: Sequence[int], upscale_factor: Any) -> None:
    check_tensor("pixel_shuffle", "x", x, _SINGLE_DOUBLE)
    if not isinstance(upscale_factor, int):
        raise TypeError(
            f"pixel_shuffle: upscale_factor must be an int, but it is {upscale_factor!r}"
        )
    if len(shape) != 4:
        raise ValueError(f"pixel_shuffle: x must have 4 dimensions, but its shape is {list(shape)}")
    if upscale_factor < 1 or (shape[1] > 0 and shape[1] % upscale_factor**2):
        raise ValueError(
            f"pixel_shuffle: the square of upscale_factor, {upscale_factor}, must divide the "
            f"channels of x, {shape[1]}"
        )


def _shuffle_rule(arguments: dict[str, Any]) -> Signature:
    x, factor = arguments["x"], arguments["upscale_factor"]
    _check_shuffle(stand_in(x), x.shape, factor)
    batch, channels, *sizes = x.shape
    grown = [size * factor if size > 0 else -1 for size in sizes]
    return (batch, channels // factor**2 if channels > 0 else -1, *grown), x.torch_dtype


@layer(infer=_shuffle_rule, shares=None)
def pixel_shuffle(x: Tensor, upscale_factor: int) -> Tensor:
    """Return pictures that are larger by a factor r, each place filled from r^2 channels.

    Args:
        x: float32 or float64, [N, C r^2, H, W].
        upscale_factor: r.

    Returns:
        [N, C, H r, W r].

    Raises:
        TypeError: x is no such tensor, or r no int.
        ValueError: r^2 does not divide the channels.

    Source:
        ``paddle.fluid.layers.pixel_shuffle``, PaddlePaddle 1.8.
    """
    _check_shuffle(x, x.shape, upscale_factor)
    return torch.nn.functional.pixel_shuffle(x, upscale_factor)


def _both(name: str, value: Any) -> list[int]:
    if isinstance(value, int):
        return [value, value]
    if not isinstance(value, list) or len(value) != 2:
        raise AssertionError(f"unfold: {name} must be an int or a list of two, but it is {value!r}")
    return value


def _check_unfold(x: Any, arguments: dict[str, Any]) -> tuple[list[int], ...]:
    """Return window, stride, padding (top, left, bottom, right) and dilation."""
    check_tensor("unfold", "x", stand_in(x), _SINGLE_DOUBLE)
    if len(x.shape) != 4:
        raise AssertionError(f"unfold: x must have 4 dimensions, but its shape is {list(x.shape)}")
    window, stride, dilation = (
        _both(name, arguments[name]) for name in ("kernel_sizes", "strides", "dilations")
    )
    padding = arguments["paddings"]
    if isinstance(padding, int):
        padding = [padding] * 4
    if not isinstance(padding, list) or len(padding) not in (2, 4):
        raise ValueError(
            f"unfold: paddings must be an int or a list of 2 or 4, but it is {padding!r}"
        )
    return window, stride, padding * (4 // len(padding)), dilation


def _unfold_rule(arguments: dict[str, Any]) -> Signature:
    x = arguments["x"]
    window, stride, padding, dilation = _check_unfold(x, arguments)
    counts = [
        _windows.fit(
            "unfold",
            x.shape[2 + i],
            dilation[i] * (window[i] - 1) + 1,
            stride[i],
            padding[i],
            padding[2 + i],
        )
        for i in range(2)
    ]
    columns = -1 if min(counts) < 0 else counts[0] * counts[1]
    return (x.shape[0], x.shape[1] * window[0] * window[1], columns), x.torch_dtype


@layer(infer=_unfold_rule, shares=None)
def unfold(
    x: Tensor,
    kernel_sizes: int | list[int],
    strides: int | list[int] = 1,
    paddings: int | list[int] = 0,
    dilations: int | list[int] = 1,
    name: str | None = None,
) -> Tensor:
    """Return the windows of pictures as columns.

    Args:
        x: float32 or float64, [N, C, H, W].
        kernel_sizes: the window: an int, or [height, width]; likewise strides and dilations.
        strides: how far the window moves.
        paddings: zeros around: an int, [vertical, horizontal], or [top, left, bottom, right].
        dilations: how far apart the window's elements are.
        name: names the result.

    Returns:
        [N, C height width, windows].

    Raises:
        TypeError: x is no such tensor.
        AssertionError: x has not 4 dimensions, or sizes are neither ints nor lists of two.
        ValueError: paddings are not as above, or no window fits.

    Source:
        ``paddle.fluid.layers.unfold``, PaddlePaddle 1.8.
    """
    arguments = {
        "kernel_sizes": kernel_sizes,
        "strides": strides,
        "paddings": paddings,
        "dilations": dilations,
    }
    window, stride, (top, left, bottom, right), dilation = _check_unfold(x, arguments)
    padded = torch.nn.functional.pad(x, (left, right, top, bottom))
    return torch.nn.functional.unfold(padded, tuple(window), tuple(dilation), 0, tuple(stride))
