"""Functions of every element that Paddle keeps among the network layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paddle_compat.fluid._attributes import attribute, single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import (
    FLOATS,
    check_tensor,
    check_type,
    dtypes,
)
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["clip", "clip_by_norm", "log", "logical_and", "logical_not", "logical_or", "logical_xor"]
__all__ += ["pow", "sign"]

_BOOL = dtypes("bool")


@layer
def log(x: Tensor, name: str | None = None) -> Tensor:
    """Return the natural logarithm of every element.

    Args:
        x: float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.log``, PaddlePaddle 1.8.
    """
    check_tensor("log", "x", x, dtypes("float32", "float64"))
    return torch.log(x)


@layer
def pow(x: Tensor, factor: float | Tensor = 1.0, name: str | None = None) -> Tensor:  # noqa: A001 - Paddle's name
    """Return every element to the power of `factor`.

    Args:
        x: float32, float64, int32 or int64.
        factor: a number, rounded to float32; or a tensor [1] of float32, through which no gradient
            passes.
        name: names the result.

    Raises:
        TypeError: x is no such tensor, or factor no number.
        ValueError: factor is negative, and x of integers.

    Source:
        ``paddle.fluid.layers.pow``, PaddlePaddle 1.8.
    """
    check_tensor("pow", "x", x, dtypes("float32", "float64", "int32", "int64"))
    if isinstance(factor, Tensor):
        check_tensor("pow", "factor", factor, dtypes("float32"))
        return torch.pow(x, factor.detach().to(x.dtype))
    if not isinstance(factor, Real):
        raise TypeError(f"pow: factor must be a number or a tensor, but it is {factor!r}")
    exponent = attribute(float(factor), x.dtype)
    if not x.is_floating_point() and exponent < 0:
        raise ValueError(
            f"pow: factor must not be negative for {x.dtype}, but it is {factor}; use "
            "fluid.layers.cast(x, 'float32')"
        )
    return torch.pow(x, exponent)


@layer("sign")
def _sign(x: Tensor) -> Tensor:
    check_tensor("sign", "x", x, FLOATS)
    return torch.sign(x)


def sign(x: Any) -> Any:
    """Return 1, 0 or -1, as every element is above, at or below 0.

    Args:
        x: float16, float32 or float64; or an array of float32.

    Raises:
        TypeError: x is neither.

    Source:
        ``paddle.fluid.layers.sign``, PaddlePaddle 1.8.
    """
    from paddle_compat.fluid.layers.tensor import assign

    return _sign(assign(x) if isinstance(x, np.ndarray) else x)


@layer(plain_name=True)
def clip(x: Tensor, min: float, max: float, name: str | None = None) -> Tensor:
    """Return every element, moved into [min, max].

    Args:
        x: float16, float32 or float64.
        min: rounded to float32.
        max: rounded to float32.
        name: the result's name.

    Raises:
        TypeError: x is no tensor of floats, or a limit no number.
        ValueError: min is above max.

    Convention:
        The gradient passes strictly between the limits only; torch's passes at them too.

    Source:
        ``paddle.fluid.layers.clip``, PaddlePaddle 1.8.
    """
    check_tensor("clip", "x", x, FLOATS)
    for what, limit in (("min", min), ("max", max)):
        if not isinstance(limit, Real):
            raise TypeError(f"clip: {what} must be a number, but it is {limit!r}")
    low, high = single(min), single(max)
    if low > high:
        raise ValueError(f"clip: min must be at most max, but they are {min} and {max}")
    clipped = torch.clamp(x, low, high)
    if not x.requires_grad:
        return clipped
    return torch.where((x > low) & (x < high), x, clipped.detach())


@layer(plain_name=True, no_gradient=True)
def clip_by_norm(x: Tensor, max_norm: float, name: str | None = None) -> Tensor:
    """Return a tensor scaled down to a norm, where its own is larger.

    Args:
        x: float32.
        max_norm: a float.
        name: the result's name.

    Raises:
        TypeError: x is no such tensor, or max_norm no float.

    Convention:
        No gradient passes.

    Source:
        ``paddle.fluid.layers.clip_by_norm``, PaddlePaddle 1.8.
    """
    check_tensor("clip_by_norm", "x", x, dtypes("float32"))
    check_type("clip_by_norm", "max_norm", max_norm, float, "a float")
    limit, x = single(max_norm), x.detach()
    norm = torch.sqrt(torch.sum(x * x))
    return torch.where(norm > limit, x * (limit / norm), x)


def _check_bools(layer: str, x: Any, y: Any) -> None:
    check_tensor(layer, "x", stand_in(x), _BOOL)
    check_tensor(layer, "y", stand_in(y), _BOOL)
    if -1 not in (*x.shape, *y.shape) and math.prod(x.shape) != math.prod(y.shape):
        raise ValueError(
            f"{layer}: x and y must have as many elements, but their shapes are {list(x.shape)} "
            f"and {list(y.shape)}"
        )


def _bools_rule(layer: str) -> Callable[[dict[str, Any]], Signature]:
    def rule(arguments: dict[str, Any]) -> Signature:
        _check_bools(layer, arguments["x"], arguments["y"])
        return tuple(arguments["x"].shape), torch.bool

    return rule


@layer(infer=_bools_rule("logical_and"), into="out")
def logical_and(x: Tensor, y: Tensor, out: Tensor | None = None, name: str | None = None) -> Tensor:
    """Return where both are true.

    Args:
        x: bool.
        y: bool, with as many elements; the result has x's shape.
        out: takes the result.
        name: names the result.

    Raises:
        TypeError: an argument is no tensor of bools.
        ValueError: there are not as many elements.

    Source:
        ``paddle.fluid.layers.logical_and``, PaddlePaddle 1.8.
    """
    _check_bools("logical_and", x, y)
    return torch.logical_and(x, y.reshape(x.shape))


@layer(infer=_bools_rule("logical_or"), into="out")
def logical_or(x: Tensor, y: Tensor, out: Tensor | None = None, name: str | None = None) -> Tensor:
    """Return where at least one is true.

    Args:
        x: bool.
        y: bool, with as many elements; the result has x's shape.
        out: takes the result.
        name: names the result.

    Raises:
        TypeError: an argument is no tensor of bools.
        ValueError: there are not as many elements.

    Source:
        ``paddle.fluid.layers.logical_or``, PaddlePaddle 1.8.
    """
    _check_bools("logical_or", x, y)
    return torch.logical_or(x, y.reshape(x.shape))


@layer(infer=_bools_rule("logical_xor"), into="out")
def logical_xor(x: Tensor, y: Tensor, out: Tensor | None = None, name: str | None = None) -> Tensor:
    """Return where exactly one is true.

    Args:
        x: bool.
        y: bool, with as many elements; the result has x's shape.
        out: takes the result.
        name: names the result.

    Raises:
        TypeError: an argument is no tensor of bools.
        ValueError: there are not as many elements.

    Source:
        ``paddle.fluid.layers.logical_xor``, PaddlePaddle 1.8.
    """
    _check_bools("logical_xor", x, y)
    return torch.logical_xor(x, y.reshape(x.shape))


@layer(into="out")
def logical_not(x: Tensor, out: Tensor | None = None, name: str | None = None) -> Tensor:
    """Return where a tensor is false.

    Args:
        x: bool.
        out: takes the result.
        name: names the result.

    Raises:
        TypeError: x is no tensor of bools.

    Source:
        ``paddle.fluid.layers.logical_not``, PaddlePaddle 1.8.
    """
    check_tensor("logical_not", "x", x, _BOOL)
    return torch.logical_not(x)
