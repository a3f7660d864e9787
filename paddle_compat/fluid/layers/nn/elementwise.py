"""Arithmetic on two tensors, with Paddle's way of aligning their shapes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import NUMBERS, check_tensor
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = [
    "ALIGNED",
    "align",
    "aligned_shape",
    "elementwise_add",
    "elementwise_div",
    "elementwise_floordiv",
    "elementwise_max",
    "elementwise_min",
    "elementwise_mod",
    "elementwise_mul",
    "elementwise_pow",
    "elementwise_sub",
]


def align(layer: str, x: Tensor, y: Tensor, axis: int = -1) -> tuple[Tensor, Tensor]:
    """Return both with as many dimensions, for torch to broadcast.

    The one with fewer dimensions lies under the other's dimensions from `axis` on; -1 lets the
    last ones meet. Trailing sizes of 1 that reach beyond are dropped.

    Raises:
        ValueError: axis is out of range, or sizes that meet differ and none is 1.
    """
    shape_x, shape_y = aligned(layer, tuple(x.shape), tuple(y.shape), axis)
    for size_x, size_y in zip(shape_x, shape_y, strict=True):
        if size_x != size_y and size_x != 1 and size_y != 1:
            raise ValueError(
                f"{layer}: the shapes of x, {list(x.shape)}, and y, {list(y.shape)}, do not fit "
                f"with axis={axis}: {size_x} meets {size_y}; reshape one, or give the axis of x "
                "at which y begins"
            )
    if len(shape_x) != x.ndim:
        x = x.reshape(shape_x)
    elif len(shape_y) != y.ndim or shape_y != tuple(y.shape):
        y = y.reshape(shape_y)
    return x, y


def aligned(
    layer: str, x: tuple[int, ...], y: tuple[int, ...], axis: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return both shapes with as many dimensions."""
    rank = max(len(x), len(y))
    if x == y:
        return x, y
    if not -1 <= axis < max(rank, 1):
        raise ValueError(
            f"{layer}: axis must be -1 or a dimension of the larger shape, which has {rank}, but "
            f"it is {axis}"
        )
    first = abs(len(x) - len(y)) if axis == -1 else axis
    if len(x) < len(y):
        return _lay(x, first, rank), y
    return x, _lay(y, first, rank)


def _lay(shape: tuple[int, ...], first: int, rank: int) -> tuple[int, ...]:
    """Return a shape with ones before and after it."""
    while first + len(shape) > rank and shape and shape[-1] == 1:
        shape = shape[:-1]
    return (1,) * first + shape + (1,) * (rank - first - len(shape))


def aligned_shape(layer: str, x: Sequence[int], y: Sequence[int], axis: int) -> tuple[int, ...]:
    """Return the static shape of a result: a known size goes before an unknown one."""
    shape_x, shape_y = aligned(layer, tuple(x), tuple(y), axis)
    if len(shape_x) != len(shape_y):
        raise ValueError(
            f"{layer}: y, {list(y)}, reaches beyond x, {list(x)}, from axis {axis} on; give the "
            "axis of x at which y begins"
        )
    result = []
    for size_x, size_y in zip(shape_x, shape_y, strict=True):
        if 1 < size_x != size_y > 1:
            raise ValueError(
                f"{layer}: the shapes of x, {list(x)}, and y, {list(y)}, do not fit with "
                f"axis={axis}: {size_x} meets {size_y}; reshape one, or give the axis of x at "
                "which y begins"
            )
        known = size_x > 1 or size_y > 1 or size_x == size_y == 1
        result.append(max(size_x, size_y) if known else -1)
    return tuple(result)


def _check(layer: str, x: object, y: object) -> None:
    """Check that both are tensors of numbers, of one dtype."""
    check_tensor(layer, "x", x, NUMBERS)
    check_tensor(layer, "y", y, NUMBERS)
    assert isinstance(x, Tensor)
    assert isinstance(y, Tensor)
    if x.dtype != y.dtype:
        raise TypeError(
            f"{layer}: x and y must have one dtype, but x is {x.dtype} and y is {y.dtype}; use "
            "fluid.layers.cast on one"
        )


def _rule(layer: str, dtype: torch.dtype | None = None) -> Callable[[dict[str, Any]], Signature]:
    """Return the rule for static shapes: running the layer cannot align unknown sizes."""

    def rule(arguments: dict[str, Any]) -> Signature:
        _check(layer, *(stand_in(arguments[name]) for name in "xy"))
        x, y = arguments["x"], arguments["y"]
        return aligned_shape(layer, x.shape, y.shape, arguments["axis"]), dtype or x.torch_dtype

    return rule


def _divide(x: Tensor, y: Tensor) -> Tensor:
    return x / y if x.is_floating_point() else torch.div(x, y, rounding_mode="trunc")


# Of equals, y alone gets the gradient of the larger and of the smaller.
ALIGNED: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "elementwise_add": operator.add,
    "elementwise_sub": operator.sub,
    "elementwise_mul": operator.mul,
    "elementwise_max": lambda x, y: torch.where(x > y, x, y),
    "elementwise_min": lambda x, y: torch.where(x < y, x, y),
    "elementwise_pow": torch.pow,
    "elementwise_div": _divide,
}
"""What these layers do to tensors whose dimensions meet as torch lets them meet."""


def _apply(layer: str, x: Tensor, y: Tensor, axis: int) -> Tensor:
    return ALIGNED[layer](*_aligned(layer, x, y, axis))


def _aligned(layer: str, x: Tensor, y: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    _check(layer, x, y)
    return (x, y) if x.shape == y.shape else align(layer, x, y, axis)


@layer(infer=_rule("elementwise_add"), overwritable=True, shares="x")
def elementwise_add(
    x: Tensor, y: Tensor, axis: int = -1, act: str | None = None, name: str | None = None
) -> Tensor:
    """Return the sum x + y.

    Args:
        x: numbers of any shape: float16, float32, float64, int32 or int64.
        y: of x's dtype; its dimensions meet x's from `axis` on, and sizes of 1 stretch.
        axis: the dimension of x at which y begins; -1 lets the last ones meet.
        act: an activation of the result.
        name: names the result.

    Raises:
        TypeError: an argument is no tensor, or the dtypes differ.
        ValueError: the shapes do not fit, or axis is out of range.

    Source:
        ``paddle.fluid.layers.elementwise_add``, PaddlePaddle 1.8.
    """
    return _apply("elementwise_add", x, y, axis)


@layer(infer=_rule("elementwise_sub"), overwritable=True, shares="x")
def elementwise_sub(
    x: Tensor, y: Tensor, axis: int = -1, act: str | None = None, name: str | None = None
) -> Tensor:
    """Return the difference x - y.

    Args:
        x: numbers of any shape: float16, float32, float64, int32 or int64.
        y: of x's dtype; its dimensions meet x's from `axis` on, and sizes of 1 stretch.
        axis: the dimension of x at which y begins; -1 lets the last ones meet.
        act: an activation of the result.
        name: names the result.

    Raises:
        TypeError: an argument is no tensor, or the dtypes differ.
        ValueError: the shapes do not fit, or axis is out of range.

    Source:
        ``paddle.fluid.layers.elementwise_sub``, PaddlePaddle 1.8.
    """
    return _apply("elementwise_sub", x, y, axis)


@layer(infer=_rule("elementwise_mul"), shares="x")
def elementwise_mul(
    x: Tensor, y: Tensor, axis: int = -1, act: str | None = None, name: str | None = None
) -> Tensor:
    """Return the product x * y.

    Args:
        x: numbers of any shape: float16, float32, float64, int32 or int64.
        y: of x's dtype; its dimensions meet x's from `axis` on, and sizes of 1 stretch.
        axis: the dimension of x at which y begins; -1 lets the last ones meet.
        act: an activation of the result.
        name: names the result.

    Raises:
        TypeError: an argument is no tensor, or the dtypes differ.
        ValueError: the shapes do not fit, or axis is out of range.

    Source:
        ``paddle.fluid.layers.elementwise_mul``, PaddlePaddle 1.8.
    """
    return _apply("elementwise_mul", x, y, axis)


@layer(infer=_rule("elementwise_max"), shares="x")
def elementwise_max(
    x: Tensor, y: Tensor, axis: int = -1, act: str | None = None, name: str | None = None
) -> Tensor:
    """Return the larger of x and y.

    Args:
        x: numbers of any shape: float16, float32, float64, int32 or int64.
        y: of x's dtype; its dimensions meet x's from `axis` on, and sizes of 1 stretch.
        axis: the dimension of x at which y begins; -1 lets the last ones meet.
        act: an activation of the result.
        name: names the result.

    Raises:
        TypeError: an argument is no tensor, or the dtypes differ.
        ValueError: the shapes do not fit, or axis is out of range.

    Source:
        ``paddle.fluid.layers.elementwise_max``, PaddlePaddle 1.8.
    """
    return _apply("elementwise_max", x, y, axis)


@layer(infer=_rule("elementwise_min"), shares="x")
def elementwise_min(
    x: Tensor, y: Tensor, axis: int = -1, act: str | None = None, name: str | None = None
) -> Tensor:
    """Return the smaller of x and y.

    Args:
        x: numbers of any shape: float16, float32, float64, int32 or int64.
        y: of x's dtype; its dimensions meet x's from `axis` on, and sizes of 1 stretch.
        axis: the dimension of x at which y begins; -1 lets the last ones meet.
        act: an activation of the result.
        name: names the result.

    Raises:
        TypeError: an argument is no tensor, or the dtypes differ.
        ValueError: the shapes do not fit, or axis is out of range.

    Source:
        ``paddle.fluid.layers.elementwise_min``, PaddlePaddle 1.8.
    """
    return _apply("elementwise_min", x, y, axis)


@layer(infer=_rule("elementwise_pow"), shares="x")
def elementwise_pow(
    x: Tensor, y: Tensor, axis: int = -1, act: str | None = None, name: str | None = None
) -> Tensor:
    """Return the power x ** y.

    Args:
        x: numbers of any shape: float16, float32, float64, int32 or int64.
        y: of x's dtype; its dimensions meet x's from `axis` on, and sizes of 1 stretch.
        axis: the dimension of x at which y begins; -1 lets the last ones meet.
        act: an activation of the result.
        name: names the result.

    Raises:
        TypeError: an argument is no tensor, or the dtypes differ.
        ValueError: the shapes do not fit, or axis is out of range.

    Source:
        ``paddle.fluid.layers.elementwise_pow``, PaddlePaddle 1.8.
    """
    return _apply("elementwise_pow", x, y, axis)


@layer(infer=_rule("elementwise_div"), shares="x")
def elementwise_div(
    x: Tensor, y: Tensor, axis: int = -1, act: str | None = None, name: str | None = None
) -> Tensor:
    """Return the quotient x / y; of integers, rounded towards zero.

    Args:
        x: numbers of any shape: float16, float32, float64, int32 or int64.
        y: of x's dtype; its dimensions meet x's from `axis` on, and sizes of 1 stretch.
        axis: the dimension of x at which y begins; -1 lets the last ones meet.
        act: an activation of the result.
        name: names the result.

    Raises:
        TypeError: an argument is no tensor, or the dtypes differ.
        ValueError: the shapes do not fit, or axis is out of range.

    Source:
        ``paddle.fluid.layers.elementwise_div``, PaddlePaddle 1.8.
    """
    return _apply("elementwise_div", x, y, axis)


@layer(infer=_rule("elementwise_mod"), no_gradient=True, shares="x")
def elementwise_mod(
    x: Tensor, y: Tensor, axis: int = -1, act: str | None = None, name: str | None = None
) -> Tensor:
    """Return the remainder of x / y, with the sign of y; of integers, with that of x.

    Args:
        x: numbers of any shape: float16, float32, float64, int32 or int64.
        y: of x's dtype; its dimensions meet x's from `axis` on, and sizes of 1 stretch.
        axis: the dimension of x at which y begins; -1 lets the last ones meet.
        act: an activation of the result.
        name: names the result.

    Raises:
        TypeError: an argument is no tensor, or the dtypes differ.
        ValueError: the shapes do not fit, or axis is out of range.

    Convention:
        No gradient passes.

    Source:
        ``paddle.fluid.layers.elementwise_mod``, PaddlePaddle 1.8.
    """
    x, y = _aligned("elementwise_mod", x, y, axis)
    x, y = x.detach(), y.detach()
    return torch.remainder(x, y) if x.is_floating_point() else torch.fmod(x, y)


@layer(infer=_rule("elementwise_floordiv"), no_gradient=True, shares="x")
def elementwise_floordiv(
    x: Tensor, y: Tensor, axis: int = -1, act: str | None = None, name: str | None = None
) -> Tensor:
    """Return the quotient, rounded down; of integers, rounded towards zero.

    Args:
        x: numbers of any shape: float16, float32, float64, int32 or int64.
        y: of x's dtype; its dimensions meet x's from `axis` on, and sizes of 1 stretch.
        axis: the dimension of x at which y begins; -1 lets the last ones meet.
        act: an activation of the result.
        name: names the result.

    Raises:
        TypeError: an argument is no tensor, or the dtypes differ.
        ValueError: the shapes do not fit, or axis is out of range.

    Convention:
        No gradient passes.

    Source:
        ``paddle.fluid.layers.elementwise_floordiv``, PaddlePaddle 1.8.
    """
    x, y = _aligned("elementwise_floordiv", x, y, axis)
    rounding = "floor" if x.is_floating_point() else "trunc"
    return torch.div(x.detach(), y.detach(), rounding_mode=rounding)
