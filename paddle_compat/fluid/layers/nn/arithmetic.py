"""Sums of lists, scaling, and means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import attribute
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import (
    FLOATS,
    NUMBERS,
    check_number,
    check_tensor,
    check_tensors,
    dtypes,
)
from paddle_compat.fluid.layers._shapes import is_tensor, merge, shape_of, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["add_up", "mean", "scale", "sum", "sum_rule"]

_ADDED = dtypes("float32", "float64", "int32", "int64")


def _items(layer: str, name: str, x: Any) -> list[Any]:
    """Return what is added up, after checking it."""
    items = [x] if is_tensor(x) else x
    if isinstance(items, (list, tuple)):
        items = list(items)
        check_tensors(layer, name, [stand_in(item) for item in items], _ADDED)
    else:
        check_tensors(layer, name, items)
    if not items:
        raise ValueError(f"{layer}: {name} must hold at least one tensor, but the list is empty")
    kinds = {torch_dtype_of(item): None for item in items}
    if len(kinds) > 1:
        raise ValueError(
            f"{layer}: all of {name} must have one dtype, but they have "
            f"{' and '.join(map(str, kinds))}; use fluid.layers.cast"
        )
    return items


def sum_rule(layer: str, name: str, arguments: dict[str, Any]) -> Signature:
    """Return what a list adds up to."""
    items = _items(layer, name, arguments[name])
    return merge(layer, name, map(shape_of, items)), torch_dtype_of(items[0])


def add_up(layer: str, name: str, x: Tensor | Sequence[Tensor]) -> Tensor:
    """Return the sum of a list of tensors of one shape, added from the first on."""
    items = _items(layer, name, x)
    merge(layer, name, map(shape_of, items))
    total: Tensor = items[0]
    for item in items[1:]:
        total = total + item
    return total.clone() if len(items) == 1 else total


@layer(infer=lambda arguments: sum_rule("sum", "x", arguments))
def sum(x: Tensor | Sequence[Tensor]) -> Tensor:  # noqa: A001 - Paddle's name
    """Return the sum of a list of tensors, element by element; a lone one as it is.

    Args:
        x: float32, float64, int32 or int64, of one shape.

    Raises:
        TypeError: an item is no such tensor.
        ValueError: the list is empty, or the shapes or dtypes differ.

    Convention:
        It adds up a list (``add_n``); `reduce_sum` adds up the elements of a tensor.

    Source:
        ``paddle.fluid.layers.sum``, PaddlePaddle 1.8.
    """
    return add_up("sum", "x", x)


@layer
def mean(x: Tensor, name: str | None = None) -> Tensor:
    """Return the mean of all elements, [1].

    Args:
        x: float16, float32 or float64, of any shape.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.mean``, PaddlePaddle 1.8.
    """
    check_tensor("mean", "x", x, FLOATS)
    return torch.mean(x).reshape(1)


@layer
def scale(
    x: Tensor,
    scale: float | Tensor = 1.0,
    bias: float = 0.0,
    bias_after_scale: bool = True,
    act: str | None = None,
    name: str | None = None,
) -> Tensor:
    """Return scale * x + bias, or scale * (x + bias).

    Args:
        x: float16, float32, float64, uint8, int8, int16, int32 or int64.
        scale: a number, rounded to float32 (and then to x's dtype, as 1.8 does it); or a tensor
            [1] of x's dtype.
        bias: a number, rounded likewise.
        bias_after_scale: which of the two it is.
        act: an activation of the result.
        name: names the result.

    Raises:
        TypeError: x is no such tensor, or scale or bias no number.
        ValueError: scale or bias is text that is no number, or scale has another dtype.

    Source:
        ``paddle.fluid.layers.scale``, PaddlePaddle 1.8.
    """
    check_tensor("scale", "x", x, (*NUMBERS, *dtypes("uint8", "int8", "int16")))
    check_number("scale", "bias", bias)
    summand = attribute(bias, x.dtype)
    if isinstance(scale, Tensor):
        if scale.dtype != x.dtype:
            raise ValueError(
                f"scale: scale must have x's dtype, {x.dtype}, but it has {scale.dtype}; use "
                "fluid.layers.cast"
            )
        factor: Tensor | float = scale
    else:
        check_number("scale", "scale", scale)
        factor = attribute(scale, x.dtype)
    if not bias_after_scale:
        return (x + summand) * factor
    result = x if isinstance(factor, (int, float)) and factor == 1 else x * factor
    if summand:
        return result + summand
    return result.clone() if result is x else result
