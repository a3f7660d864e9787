"""Sums of lists, scaling, and means."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from paddle_compat.fluid.layers._checks import FLOATS, NUMBERS, check_tensor, check_tensors, dtypes
from paddle_compat.fluid.layers._layer import layer

__all__ = ["mean", "scale", "sum"]


@layer
def sum(x: Tensor | Sequence[Tensor]) -> Tensor:  # noqa: A001 - Paddle's name
    """Return the sum of a list of tensors, element by element; a lone one as it is.

    Args:
        x: float16, float32, float64, int32 or int64, of one shape.

    Raises:
        TypeError: an item is no tensor, or has another dtype.
        ValueError: the list is empty, or the shapes differ.

    Convention:
        It adds up a list (``add_n``); `reduce_sum` adds up the elements of a tensor.

    Source:
        ``paddle.fluid.layers.sum``, PaddlePaddle 1.8.
    """
    items = [x] if isinstance(x, Tensor) else x
    check_tensors("sum", "x", items, NUMBERS)
    if not items:
        raise ValueError("sum: x must hold at least one tensor, but the list is empty")
    total = items[0]
    for item in items[1:]:
        if item.shape != total.shape:
            raise ValueError(
                f"sum: all of x must have one shape, but they have {list(total.shape)} and "
                f"{list(item.shape)}; use elementwise_add where one is to be stretched"
            )
        if item.dtype != total.dtype:
            raise TypeError(
                f"sum: all of x must have one dtype, but they have {total.dtype} and {item.dtype}; "
                "use fluid.layers.cast"
            )
        total = total + item
    return total.clone() if len(items) == 1 else total


@layer
def mean(x: Tensor, name: str | None = None) -> Tensor:
    """Return the mean of all elements, [1].

    Args:
        x: float16, float32 or float64, of any shape.
        name: names the result.

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
            [1].
        bias: a number, rounded likewise.
        bias_after_scale: which of the two it is.
        act: an activation of the result.
        name: names the result.

    Source:
        ``paddle.fluid.layers.scale``, PaddlePaddle 1.8.
    """
    check_tensor("scale", "x", x, (*NUMBERS, *dtypes("uint8", "int8", "int16")))
    factor = scale if isinstance(scale, Tensor) else _attribute(x, scale)
    summand = _attribute(x, bias)
    if bias_after_scale:
        result = x if isinstance(factor, (int, float)) and factor == 1 else x * factor
        return result + summand if summand else (result.clone() if result is x else result)
    return (x + summand) * factor


def _attribute(x: Tensor, value: float) -> float | int:
    """Return a number as the operator holds it: a float32, and then of x's dtype."""
    single = float(np.float32(value))
    return single if x.is_floating_point() else int(single)
