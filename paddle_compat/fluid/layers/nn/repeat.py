"""Layers that make a tensor larger: expand, expand_as, pad, pad2d, pad_constant_like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import attribute
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import NUMBERS, check_number, check_tensor, dtypes
from paddle_compat.fluid.layers._numbers import known_numbers, spend_constants, whole_numbers
from paddle_compat.fluid.layers._shapes import is_tensor, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["expand", "expand_as", "pad", "pad2d", "pad_constant_like"]

_REPEATED = dtypes("bool", "float32", "float64", "int32", "int64")


def _check_expand(x: Any, rank: int, times: Any) -> None:
    check_tensor("expand", "x", x, _REPEATED)
    if is_tensor(times):
        return
    if not isinstance(times, (list, tuple)):
        raise TypeError(f"expand: expand_times must be a list of ints or a tensor, not {times!r}")
    if any(number is not None and number <= 0 for number in known_numbers(times, 0)):
        raise AssertionError(f"expand: expand_times must be positive, but they are {times}")
    if len(times) != rank:
        raise ValueError(
            f"expand: expand_times must be as many as dimensions of x, {rank}, but they are "
            f"{len(times)}"
        )


def _expand_rule(arguments: dict[str, Any]) -> Signature:
    x, times = arguments["x"], arguments["expand_times"]
    _check_expand(stand_in(x), len(x.shape), times)
    sizes = tuple(
        -1 if size < 0 or number is None else size * number
        for size, number in zip(x.shape, known_numbers(times, len(x.shape)), strict=True)
    )
    return sizes, torch_dtype_of(x)


def _expand_names(arguments: dict[str, Any], temporary: Callable[[], str]) -> None:
    spend_constants(arguments["expand_times"], temporary)


@layer(before=_expand_names, infer=_expand_rule)
def expand(
    x: Tensor, expand_times: Sequence[int | Tensor] | Tensor, name: str | None = None
) -> Tensor:
    """Return a tensor, repeated along its dimensions.

    Args:
        x: bool, float32, float64, int32 or int64.
        expand_times: how often, for each dimension; some may be tensors [1], or the whole a
            tensor of int32.
        name: names the result.

    Raises:
        TypeError: an argument has the wrong type.
        AssertionError: a number is not positive.
        ValueError: there are not as many as dimensions.

    Source:
        ``paddle.fluid.layers.expand``, PaddlePaddle 1.8.
    """
    _check_expand(x, x.ndim, expand_times)
    times = whole_numbers(expand_times)
    _check_expand(x, x.ndim, times)
    return x.repeat(times)


def _times(shape: Sequence[int], target: Sequence[int]) -> list[int]:
    """Return how often a shape fits into another."""
    if len(shape) != len(target) or any(
        n <= 0 or t % n for n, t in zip(shape, target, strict=True)
    ):
        raise ValueError(
            f"expand_as: each size of target_tensor, {list(target)}, must be a multiple of x's, "
            f"{list(shape)}"
        )
    return [t // n for n, t in zip(shape, target, strict=True)]


def _expand_as_rule(arguments: dict[str, Any]) -> Signature:
    x, target = arguments["x"], arguments["target_tensor"]
    check_tensor("expand_as", "x", stand_in(x), _REPEATED)
    check_tensor("expand_as", "target_tensor", stand_in(target), _REPEATED)
    known = [(n, t) for n, t in zip(x.shape, target.shape, strict=False) if n > 0 and t > 0]
    if len(x.shape) != len(target.shape) or any(t % n for n, t in known):
        _times([1] * len(x.shape), target.shape)
        _times([n for n, _ in known], [t for _, t in known])
    return tuple(target.shape), torch_dtype_of(x)


@layer(infer=_expand_as_rule)
def expand_as(x: Tensor, target_tensor: Tensor, name: str | None = None) -> Tensor:
    """Return a tensor, repeated until it has another's shape.

    Args:
        x: bool, float32, float64, int32 or int64.
        target_tensor: a tensor whose sizes are multiples of x's.
        name: names the result.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the sizes are no multiples.

    Source:
        ``paddle.fluid.layers.expand_as``, PaddlePaddle 1.8.
    """
    check_tensor("expand_as", "x", x, _REPEATED)
    check_tensor("expand_as", "target_tensor", target_tensor, _REPEATED)
    return x.repeat(_times(x.shape, target_tensor.shape))


def _check_pad(x: Any, rank: int, paddings: Any) -> None:
    check_tensor("pad", "x", x, NUMBERS)
    if not isinstance(paddings, (list, tuple)) or len(paddings) != 2 * rank:
        raise ValueError(
            f"pad: paddings must be two for each of x's {rank} dimensions, before and after, but "
            f"they are {paddings!r}"
        )


def _pad_rule(arguments: dict[str, Any]) -> Signature:
    x, paddings = arguments["x"], arguments["paddings"]
    _check_pad(stand_in(x), len(x.shape), paddings)
    sizes = tuple(
        -1 if size < 0 else size + before + after
        for size, before, after in zip(x.shape, paddings[::2], paddings[1::2], strict=True)
    )
    return sizes, torch_dtype_of(x)


@layer(infer=_pad_rule)
def pad(
    x: Tensor, paddings: Sequence[int], pad_value: float = 0.0, name: str | None = None
) -> Tensor:
    """Return a tensor with a margin of one value.

    Args:
        x: float16, float32, float64, int32 or int64.
        paddings: for each dimension, from the first, how many before and how many after.
        pad_value: the value, rounded to float32.
        name: names the result.

    Raises:
        TypeError: x is no such tensor.
        ValueError: paddings are not two for each dimension.

    Source:
        ``paddle.fluid.layers.pad``, PaddlePaddle 1.8.
    """
    _check_pad(x, x.ndim, paddings)
    check_number("pad", "pad_value", pad_value)
    pairs = [list(paddings[i : i + 2]) for i in range(0, len(paddings), 2)]
    flat = [number for pair in reversed(pairs) for number in pair]
    return torch.nn.functional.pad(x, flat, value=attribute(pad_value, x.dtype))


def _pad_like_rule(arguments: dict[str, Any]) -> Signature:
    x, y = arguments["x"], arguments["y"]
    check_tensor("pad_constant_like", "x", stand_in(x))
    check_tensor("pad_constant_like", "y", stand_in(y), NUMBERS[1:])
    return tuple(x.shape), torch_dtype_of(y)


@layer(infer=_pad_like_rule)
def pad_constant_like(
    x: Tensor, y: Tensor, pad_value: float = 0.0, name: str | None = None
) -> Tensor:
    """Return y with a margin after it, until it has x's shape.

    Args:
        x: a tensor, none of whose sizes is smaller than y's.
        y: float32, float64, int32 or int64.
        pad_value: what the margin is filled with, rounded to float32.
        name: names the result.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: a size of y is larger.

    Source:
        ``paddle.fluid.layers.pad_constant_like``, PaddlePaddle 1.8.
    """
    check_tensor("pad_constant_like", "x", x)
    check_tensor("pad_constant_like", "y", y, NUMBERS[1:])
    if x.ndim != y.ndim or any(a < b for a, b in zip(x.shape, y.shape, strict=True)):
        raise ValueError(
            f"pad_constant_like: no size of y, {list(y.shape)}, may be larger than x's, "
            f"{list(x.shape)}"
        )
    after = [a - b for a, b in zip(x.shape, y.shape, strict=True)]
    flat = [number for more in reversed(after) for number in (0, more)]
    return torch.nn.functional.pad(y, flat, value=attribute(pad_value, y.dtype))


def _check_pad2d(x: Any, rank: int, paddings: Any, mode: Any, layout: Any) -> None:
    check_tensor("pad2d", "input", x, NUMBERS)
    if mode not in ("reflect", "edge", "constant"):
        raise AssertionError(f"pad2d: mode must be constant, reflect or edge, but it is {mode!r}")
    if rank != 4:
        raise ValueError(f"pad2d: input must have 4 dimensions, but it has {rank}")
    if layout not in ("NCHW", "NHWC"):
        raise ValueError(f"pad2d: data_format must be NCHW or NHWC, but it is {layout!r}")
    if not is_tensor(paddings) and (not isinstance(paddings, (list, tuple)) or len(paddings) != 4):
        raise ValueError(
            f"pad2d: paddings must be four, [top, bottom, left, right], but they are {paddings!r}"
        )


def _pad2d_rule(arguments: dict[str, Any]) -> Signature:
    x, paddings, layout = (arguments[name] for name in ("input", "paddings", "data_format"))
    _check_pad2d(stand_in(x), len(x.shape), paddings, arguments["mode"], layout)
    sizes = list(x.shape)
    known = known_numbers(paddings, 4)
    for dim, more in zip(_rows_and_columns(layout), (known[:2], known[2:]), strict=True):
        told = [number for number in more if number is not None]
        sizes[dim] = -1 if sizes[dim] < 0 or len(told) < 2 else sizes[dim] + sum(told)
    return tuple(sizes), torch_dtype_of(x)


def _rows_and_columns(layout: str) -> tuple[int, int]:
    return (2, 3) if layout == "NCHW" else (1, 2)


@layer(infer=_pad2d_rule)
def pad2d(
    input: Tensor,
    paddings: Sequence[int] | Tensor = [0, 0, 0, 0],  # noqa: B006 - Paddle's, and never changed
    mode: str = "constant",
    pad_value: float = 0.0,
    data_format: str = "NCHW",
    name: str | None = None,
) -> Tensor:
    """Return images with a margin.

    Args:
        input: [N, C, H, W], or [N, H, W, C]: float16, float32, float64, int32 or int64.
        paddings: [top, bottom, left, right]; may be a tensor of int32.
        mode: constant, reflect (the image mirrored at its outer pixels) or edge (the outer pixels
            again).
        pad_value: what a constant margin is filled with, rounded to float32.
        data_format: NCHW or NHWC.
        name: names the result.

    Raises:
        TypeError: the input is no such tensor.
        AssertionError: there is no such mode.
        ValueError: a shape, the layout or the paddings are not as above, or a mirror image is
            larger than the image.

    Source:
        ``paddle.fluid.layers.pad2d``, PaddlePaddle 1.8.
    """
    _check_pad2d(input, input.ndim, paddings, mode, data_format)
    top, bottom, left, right = whole_numbers(paddings)
    dims = _rows_and_columns(data_format)
    if mode == "constant":
        flat = [left, right, top, bottom]
        flat = flat if data_format == "NCHW" else [0, 0, *flat]
        return torch.nn.functional.pad(input, flat, value=attribute(pad_value, input.dtype))
    padded = input
    for dim, before, after in zip(dims, (top, left), (bottom, right), strict=True):
        size = input.shape[dim]
        if mode == "reflect" and max(before, after) >= size:
            raise ValueError(
                f"pad2d: a mirror image must be smaller than the image, but dimension {dim} of "
                f"{list(input.shape)} is padded by {before} and {after}"
            )
        if before or after:
            places = torch.arange(-before, size + after, device=input.device)
            if mode == "reflect":
                places = (size - 1) - ((size - 1) - places.abs()).abs()
            padded = padded.index_select(dim, places.clamp(0, size - 1))
    return padded
