"""Tensors of one value."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid import unique_name
from paddle_compat.fluid._dtypes import as_torch_dtype
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import (
    check_number,
    check_tensor,
    check_type,
    dtypes,
    read_dtype,
)
from paddle_compat.fluid.layers._numbers import whole_numbers
from paddle_compat.fluid.layers._shapes import is_tensor
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = [
    "fill_constant",
    "fill_constant_batch_size_like",
    "ones",
    "ones_like",
    "zeros",
    "zeros_like",
]

_FILLED = dtypes("bool", "float16", "float32", "float64", "int32", "int64")
_LIKE = dtypes("bool", "float32", "float64", "int32", "int64")


def _check_dtype(layer: str, dtype: Any) -> torch.dtype:
    wanted = as_torch_dtype(read_dtype(dtype))
    check_tensor(layer, "dtype", torch.empty(0, dtype=wanted, device="meta"), _FILLED)
    return wanted


def _check_fill(shape: Any, dtype: Any, value: Any) -> torch.dtype:
    """Check the arguments, in the real layer's order."""
    if not is_tensor(value):
        check_number("fill_constant", "value", value)
    wanted = _check_dtype("fill_constant", dtype)
    if is_tensor(shape):
        check_tensor("fill_constant", "shape", stand_in(shape), dtypes("int32", "int64"))
        return wanted
    check_type("fill_constant", "shape", shape, (list, tuple), "a list or tuple of sizes")
    if not shape:
        raise AssertionError("fill_constant: shape must have at least one size; use [1]")
    for size in shape:
        if is_tensor(size):
            check_tensor("fill_constant", "a size", stand_in(size), dtypes("int32", "int64"))
            continue
        if not isinstance(size, Integral) and size != int(size):
            raise TypeError(f"fill_constant: sizes must be ints, but shape is {list(shape)}")
        if size < 0:
            raise ValueError(
                f"fill_constant: sizes must not be negative, but shape is {list(shape)}"
            )
    return wanted


def _fill_rule(arguments: dict[str, Any]) -> Signature:
    shape = arguments["shape"]
    wanted = _check_fill(shape, arguments["dtype"], arguments["value"])
    if is_tensor(shape):
        return (-1,) * max(shape.shape[0], 1), wanted
    return tuple(-1 if is_tensor(size) else int(size) for size in shape), wanted


def _fill_names(arguments: dict[str, Any], temporary: Callable[[], str]) -> None:
    shape = arguments["shape"]
    if isinstance(shape, (list, tuple)) and any(map(is_tensor, shape)):
        for size in shape:
            if not is_tensor(size):
                unique_name.generate(unique_name.generate("fill_constant") + ".tmp")


@layer(
    infer=_fill_rule, before=_fill_names, stop_gradient=True, creates=True, into="out", shares=None
)
def fill_constant(
    shape: Sequence[int | Tensor] | Tensor,
    dtype: Any,
    value: float | Tensor,
    force_cpu: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Return a tensor of one value.

    Args:
        shape: sizes; some may be tensors [1], or the whole a tensor of int32 or int64.
        dtype: bool, float16, float32, float64, int32 or int64, in any way to write a dtype.
        value: a number (truncated for integers), or a tensor [1].
        force_cpu: not used.
        out: takes the result.

    Raises:
        TypeError: an argument has the wrong type.
        AssertionError: shape is empty.
        ValueError: a size is negative, or value is text that tells no number.

    Example:
        >>> from paddle_compat import fluid
        >>> with fluid.dygraph.guard():
        ...     fluid.layers.fill_constant([2], "int32", 3)
        tensor([3, 3], dtype=torch.int32)

    Source:
        ``paddle.fluid.layers.fill_constant``, PaddlePaddle 1.8.
    """
    wanted = _check_fill(shape, dtype, value)
    sizes = whole_numbers(shape)
    if isinstance(value, Tensor):
        return value.to(wanted).reshape(-1)[0].expand(sizes).clone()
    return _full(sizes, wanted, value)


def _full(sizes: Sequence[int], dtype: torch.dtype, value: Any) -> Tensor:
    if dtype == torch.bool:
        return torch.full(sizes, bool(int(float(value))), dtype=dtype)
    if dtype.is_floating_point:
        return torch.full(sizes, float(value), dtype=dtype)
    number = int(value)
    # An attribute that is too large wraps around.
    limits = torch.iinfo(dtype)
    number = (number - limits.min) % 2**limits.bits + limits.min
    return torch.full(sizes, number, dtype=dtype)


def _batch_rule(arguments: dict[str, Any]) -> Signature:
    x, shape = arguments["input"], list(arguments["shape"])
    wanted = _check_batch(stand_in(x), shape, arguments["dtype"], arguments["value"])
    shape[arguments["output_dim_idx"]] = x.shape[arguments["input_dim_idx"]]
    return tuple(shape), wanted


def _check_batch(x: Any, shape: Any, dtype: Any, value: Any) -> torch.dtype:
    check_tensor("fill_constant_batch_size_like", "input", x)
    check_type("fill_constant_batch_size_like", "shape", shape, (list, tuple), "a list of sizes")
    check_number("fill_constant_batch_size_like", "value", value)
    return _check_dtype("fill_constant_batch_size_like", dtype)


@layer(infer=_batch_rule, stop_gradient=True, shares=None)
def fill_constant_batch_size_like(
    input: Tensor,
    shape: Sequence[int],
    dtype: Any,
    value: float,
    input_dim_idx: int = 0,
    output_dim_idx: int = 0,
    force_cpu: bool = False,
) -> Tensor:
    """Return a tensor of one value, as many times as another has rows.

    Args:
        input: gives the size.
        shape: sizes; the one at `output_dim_idx` is the input's.
        dtype: bool, float16, float32, float64, int32 or int64.
        value: a number.
        input_dim_idx: which of the input's dimensions counts.
        output_dim_idx: which of the result's takes its size.
        force_cpu: not used.

    Raises:
        TypeError: an argument has the wrong type.

    Source:
        ``paddle.fluid.layers.fill_constant_batch_size_like``, PaddlePaddle 1.8.
    """
    wanted = _check_batch(input, shape, dtype, value)
    sizes = list(shape)
    sizes[output_dim_idx] = input.shape[input_dim_idx]
    return _full(sizes, wanted, value)


def _check_shape(layer: str, shape: Any, dtype: Any) -> None:
    check_type(layer, "shape", shape, (list, tuple), "a list or tuple of sizes")
    _check_dtype(layer, dtype)


def zeros(shape: Sequence[int], dtype: Any, force_cpu: bool = False) -> Any:
    """Return a tensor of zeros.

    Args:
        shape: sizes.
        dtype: bool, float16, float32, float64, int32 or int64.
        force_cpu: not used.

    Raises:
        TypeError: an argument has the wrong type.

    Source:
        ``paddle.fluid.layers.zeros``, PaddlePaddle 1.8.
    """
    _check_shape("zeros", shape, dtype)
    return fill_constant(shape, dtype, 0.0, force_cpu)


def ones(shape: Sequence[int], dtype: Any, force_cpu: bool = False) -> Any:
    """Return a tensor of ones.

    Args:
        shape: positive sizes.
        dtype: bool, float16, float32, float64, int32 or int64.
        force_cpu: not used.

    Raises:
        TypeError: an argument has the wrong type.
        AssertionError: there would be no element.

    Source:
        ``paddle.fluid.layers.ones``, PaddlePaddle 1.8.
    """
    _check_shape("ones", shape, dtype)
    if not all(map(is_tensor, shape)) and math.prod(n for n in shape if not is_tensor(n)) <= 0:
        raise AssertionError(f"ones: sizes must be positive, but shape is {list(shape)}")
    return fill_constant(shape, dtype, 1.0, force_cpu)


@layer("fill_zeros_like", key="zeros_like", stop_gradient=True, into="out")
def zeros_like(x: Tensor, out: Tensor | None = None) -> Tensor:
    """Return zeros in a tensor's shape and dtype.

    Args:
        x: bool, float32, float64, int32 or int64.
        out: takes the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.zeros_like``, PaddlePaddle 1.8.
    """
    check_tensor("zeros_like", "x", x, _LIKE)
    return torch.zeros_like(x)


@layer("fill_any_like", key="ones_like", into="out", no_gradient=True)
def ones_like(x: Tensor, out: Tensor | None = None) -> Tensor:
    """Return ones in a tensor's shape and dtype.

    Args:
        x: bool, float32, float64, int32 or int64.
        out: takes the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.ones_like``, PaddlePaddle 1.8.
    """
    check_tensor("ones_like", "x", x, _LIKE)
    return torch.ones_like(x)
