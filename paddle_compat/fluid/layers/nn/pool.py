"""Pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import FLOATS, check_tensor
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn import _windows

__all__ = ["pool2d"]


def _check_pool(
    input: Any,
    pool_size: Any,
    pool_type: Any,
    pool_stride: Any,
    pool_padding: Any,
    global_pooling: Any,
    use_cudnn: Any,
    ceil_mode: Any,
    data_format: Any,
) -> tuple[list[int], list[int], str, list[int]]:
    """Return the window, its stride, how padding is found, and the padding."""
    _windows.check_choice("pool2d", "pool_type", pool_type, ("max", "avg"))
    if not global_pooling and pool_size == -1:
        raise ValueError("pool2d: pool_size must be given, unless global_pooling is True")
    if not isinstance(use_cudnn, bool):
        raise TypeError(f"pool2d: use_cudnn must be True or False, but it is {use_cudnn!r}")
    _windows.check_choice("pool2d", "data_format", data_format, ("NCHW", "NHWC"))
    window = _windows.pair("pool2d", "pool_size", pool_size)
    stride = _windows.pair("pool2d", "pool_stride", pool_stride)
    algorithm, padding = _windows.paddings("pool2d", "pool_padding", pool_padding, data_format)
    if algorithm == "VALID" and ceil_mode:
        raise ValueError("pool2d: ceil_mode must be False with pool_padding='VALID'")
    check_tensor("pool2d", "input", stand_in(input), FLOATS)
    if len(input.shape) != 4:
        raise ValueError(
            f"pool2d: input must have 4 dimensions, {data_format}, but its shape is "
            f"{list(input.shape)}"
        )
    if not global_pooling:
        for what, sizes in (("pool_size", window), ("pool_stride", stride)):
            if min(sizes) < 1:
                raise ValueError(f"pool2d: {what} must be at least 1, but it is {sizes}")
    return window, stride, algorithm, padding


def _count(size: int, window: int, stride: int, before: int, after: int, ceil_mode: bool) -> int:
    """Return how many windows fit a size, none of them all padding; -1 where it is unknown."""
    count = _windows.fit("pool2d", size, window, stride, before, after, ceil=ceil_mode)
    if count > 0 and (before >= window or (count - 1) * stride - before >= size):
        raise ValueError(
            f"pool2d: a window of {window} with stride {stride} lies in the padding altogether, or "
            f"beyond it, for a size of {size} with padding of {before} and {after}; use less "
            "padding, or ceil_mode=False"
        )
    return count


def _pool_rule(arguments: dict[str, Any]) -> Signature:
    given = {name: value for name, value in arguments.items() if name != "exclusive"}
    window, stride, algorithm, padding = _check_pool(**given)
    shape = arguments["input"].shape
    first = 2 if arguments["data_format"] == "NCHW" else 1
    sizes = []
    for i in range(2):
        size = shape[first + i]
        if arguments["global_pooling"]:
            sizes.append(-1 if size < 0 else 1)
            continue
        before, after = padding[2 * i : 2 * i + 2]
        if algorithm == "SAME":
            before, after = _windows.same_padding(size, window[i], stride[i])
        ceil_mode = bool(arguments["ceil_mode"])
        sizes.append(_count(size, window[i], stride[i], before, after, ceil_mode))
    full = (shape[1], *sizes) if first == 2 else (*sizes, shape[3])
    return (shape[0], *full), arguments["input"].torch_dtype


@layer(infer=_pool_rule)
def pool2d(
    input: Tensor,
    pool_size: int | Sequence[int] = -1,
    pool_type: str = "max",
    pool_stride: int | Sequence[int] = 1,
    pool_padding: int | str | Sequence[Any] = 0,
    global_pooling: bool = False,
    use_cudnn: bool = True,
    ceil_mode: bool = False,
    name: str | None = None,
    exclusive: bool = True,
    data_format: str = "NCHW",
) -> Tensor:
    """Return the largest element, or the mean, of each window that slides over pictures.

    Args:
        input: floats, [N, C, H, W].
        pool_size: the window: an int, or [height, width].
        pool_type: ``'max'`` or ``'avg'``.
        pool_stride: how far the window moves.
        pool_padding: an int, [vertical, horizontal], [top, bottom, left, right], a pair for each
            dimension of the input, ``'SAME'`` or ``'VALID'``; less than the window.
        global_pooling: one window takes all; size, stride and padding are passed over.
        use_cudnn: not used.
        ceil_mode: whether a last window may reach beyond the padded picture.
        name: names the result.
        exclusive: whether a mean is over the picture's elements only; or else over the window's.
        data_format: ``'NHWC'`` has the channels last.

    Returns:
        [N, C, H', W'].

    Raises:
        TypeError: the input is no tensor of floats.
        ValueError: sizes do not fit, or an argument is not as above.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> x = torch.arange(16.0).reshape(1, 1, 4, 4)
        >>> fluid.layers.pool2d(x, 2, "max", 2).flatten().tolist()
        [5.0, 7.0, 13.0, 15.0]

    Source:
        ``paddle.fluid.layers.pool2d``, PaddlePaddle 1.8.
    """
    window, stride, algorithm, padding = _check_pool(
        input,
        pool_size,
        pool_type,
        pool_stride,
        pool_padding,
        global_pooling,
        use_cudnn,
        ceil_mode,
        data_format,
    )
    x = input.permute(0, 3, 1, 2) if data_format == "NHWC" else input
    if global_pooling:
        result = _pool_all(x, pool_type)
    else:
        result = _pool(x, window, stride, algorithm, padding, pool_type, ceil_mode, exclusive)
    return result.permute(0, 2, 3, 1) if data_format == "NHWC" else result


def _pool_all(x: Tensor, pool_type: str) -> Tensor:
    if pool_type == "max":
        return torch.nn.functional.max_pool2d(x, x.shape[2:])
    if x.dtype == torch.float64:
        return mean_of(x.sum((2, 3), keepdim=True), x.shape[2] * x.shape[3])
    return x.mean((2, 3), keepdim=True)


def mean_of(total: Tensor, count: int | Tensor) -> Tensor:
    """Return a float64 mean whose gradient is that of 1.8: it multiplies by a float32 1 / count."""
    if isinstance(count, int):
        factor: float | Tensor = single(1 / single(count)) if count else math.inf
    else:
        factor = count.float().reciprocal().double()
    scaled = total * factor
    return scaled + (total / count - scaled).detach()


def _pool(
    x: Tensor,
    window: list[int],
    stride: list[int],
    algorithm: str,
    padding: list[int],
    pool_type: str,
    ceil_mode: bool,
    exclusive: bool,
) -> Tensor:
    height, width = x.shape[2:]
    if algorithm == "SAME":
        padding = [
            *_windows.same_padding(height, window[0], stride[0]),
            *_windows.same_padding(width, window[1], stride[1]),
        ]
    top, bottom, left, right = padding
    simple = top == bottom and left == right and min(top, left) >= 0 and not ceil_mode
    if simple and 2 * top <= window[0] and 2 * left <= window[1]:
        if pool_type == "max":
            return torch.nn.functional.max_pool2d(x, window, stride, (top, left))
        if x.dtype != torch.float64:
            return torch.nn.functional.avg_pool2d(
                x, window, stride, (top, left), count_include_pad=not exclusive
            )
    rows = _count(height, window[0], stride[0], top, bottom, ceil_mode)
    columns = _count(width, window[1], stride[1], left, right, ceil_mode)
    # What the last windows reach beyond the padding is padding too.
    below = (rows - 1) * stride[0] + window[0] - height - top
    beside = (columns - 1) * stride[1] + window[1] - width - left
    around = (left, beside, top, below)
    if pool_type == "max":
        filled = torch.nn.functional.pad(x, around, value=float("-inf"))
        return torch.nn.functional.max_pool2d(filled, window, stride)
    filled = torch.nn.functional.pad(x, around)
    total = torch.nn.functional.avg_pool2d(filled, window, stride, divisor_override=1)
    count: int | Tensor = window[0] * window[1]
    if exclusive:
        vertical = _covered(height, window[0], stride[0], top, rows)
        horizontal = _covered(width, window[1], stride[1], left, columns)
        count = x.new_tensor(vertical)[:, None] * x.new_tensor(horizontal)
    return mean_of(total, count) if x.dtype == torch.float64 else total / count


def _covered(size: int, window: int, stride: int, before: int, count: int) -> list[int]:
    """Return how much of the picture is in each window."""
    starts = [k * stride - before for k in range(count)]
    return [min(start + window, size) - max(start, 0) for start in starts]
