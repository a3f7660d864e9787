"""`paddle.fluid.layers.control_flow`: comparisons and counters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid.layers import _publish
from paddle_compat.fluid.layers._checks import check_tensor, dtypes
from paddle_compat.fluid.layers._layer import layer
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn.elementwise import align, aligned_shape

__all__ = ["equal", "greater_equal", "greater_than", "less_equal", "less_than", "not_equal"]

_COMPARED = dtypes("bool", "float16", "float32", "float64", "int32", "int64")


def _check(layer: str, x: Any, y: Any) -> None:
    check_tensor(layer, "x", x, _COMPARED)
    check_tensor(layer, "y", y, _COMPARED)
    if x.dtype != y.dtype:
        raise ValueError(
            f"{layer}: x and y must have one dtype, but x is {x.dtype} and y is {y.dtype}; use "
            "fluid.layers.cast on one"
        )


def _rule(layer: str) -> Callable[[dict[str, Any]], Signature]:
    def rule(arguments: dict[str, Any]) -> Signature:
        x, y = arguments["x"], arguments["y"]
        _check(layer, stand_in(x), stand_in(y))
        return aligned_shape(layer, x.shape, y.shape, arguments.get("axis", -1)), torch.bool

    return rule


@layer(infer=_rule("less_than"), stop_gradient=True)
def less_than(x: Tensor, y: Tensor, force_cpu: bool | None = None, cond: Any = None) -> Tensor:
    """Return where x is less than y, as bools.

    Args:
        x: bool, float16, float32, float64, int32 or int64.
        y: of x's dtype; sizes of 1 stretch.
        force_cpu: not used.
        cond: a variable that takes the result, in a program.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the dtypes or shapes do not fit.

    Source:
        ``paddle.fluid.layers.less_than``, PaddlePaddle 1.8.
    """
    _check("less_than", x, y)
    x, y = align("less_than", x, y)
    return x < y


@layer(infer=_rule("less_equal"), stop_gradient=True)
def less_equal(x: Tensor, y: Tensor, cond: Any = None) -> Tensor:
    """Return where x is at most y, as bools.

    Args:
        x: bool, float16, float32, float64, int32 or int64.
        y: of x's dtype; sizes of 1 stretch.
        cond: a variable that takes the result, in a program.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the dtypes or shapes do not fit.

    Source:
        ``paddle.fluid.layers.less_equal``, PaddlePaddle 1.8.
    """
    _check("less_equal", x, y)
    x, y = align("less_equal", x, y)
    return x <= y


@layer(infer=_rule("greater_than"), stop_gradient=True)
def greater_than(x: Tensor, y: Tensor, cond: Any = None) -> Tensor:
    """Return where x is greater than y, as bools.

    Args:
        x: bool, float16, float32, float64, int32 or int64.
        y: of x's dtype; sizes of 1 stretch.
        cond: a variable that takes the result, in a program.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the dtypes or shapes do not fit.

    Source:
        ``paddle.fluid.layers.greater_than``, PaddlePaddle 1.8.
    """
    _check("greater_than", x, y)
    x, y = align("greater_than", x, y)
    return x > y


@layer(infer=_rule("greater_equal"), stop_gradient=True)
def greater_equal(x: Tensor, y: Tensor, cond: Any = None) -> Tensor:
    """Return where x is at least y, as bools.

    Args:
        x: bool, float16, float32, float64, int32 or int64.
        y: of x's dtype; sizes of 1 stretch.
        cond: a variable that takes the result, in a program.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the dtypes or shapes do not fit.

    Source:
        ``paddle.fluid.layers.greater_equal``, PaddlePaddle 1.8.
    """
    _check("greater_equal", x, y)
    x, y = align("greater_equal", x, y)
    return x >= y


@layer(infer=_rule("equal"), stop_gradient=True)
def equal(x: Tensor, y: Tensor, cond: Any = None) -> Tensor:
    """Return where x equals y, as bools.

    Args:
        x: bool, float16, float32, float64, int32 or int64.
        y: of x's dtype; sizes of 1 stretch.
        cond: a variable that takes the result, in a program.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the dtypes or shapes do not fit.

    Source:
        ``paddle.fluid.layers.equal``, PaddlePaddle 1.8.
    """
    _check("equal", x, y)
    x, y = align("equal", x, y)
    return x == y


@layer(infer=_rule("not_equal"), stop_gradient=True)
def not_equal(x: Tensor, y: Tensor, cond: Any = None) -> Tensor:
    """Return where x differs from y, as bools.

    Args:
        x: bool, float16, float32, float64, int32 or int64.
        y: of x's dtype; sizes of 1 stretch.
        cond: a variable that takes the result, in a program.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the dtypes or shapes do not fit.

    Source:
        ``paddle.fluid.layers.not_equal``, PaddlePaddle 1.8.
    """
    _check("not_equal", x, y)
    x, y = align("not_equal", x, y)
    return x != y


__getattr__ = _publish.publish(__name__, globals(), __all__)
