"""`paddle.fluid.layers.control_flow`: comparisons, and what loops count with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid import _publish
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import check_number, check_tensor, dtypes
from paddle_compat.fluid.layers._shapes import torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn.elementwise import align, aligned

__all__ = [
    "equal",
    "greater_equal",
    "greater_than",
    "increment",
    "is_empty",
    "less_equal",
    "less_than",
    "not_equal",
]

_COMPARED = dtypes("float32", "float64", "int32", "int64")
# Operators on variables skip the layers' checks.
_BY_OPERATOR = (*_COMPARED, *dtypes("bool"))
_NEAR = 1e-8


def _check(layer: str, x: Any, y: Any, allowed: tuple[torch.dtype, ...]) -> None:
    check_tensor(layer, "x", stand_in(x), allowed)
    check_tensor(layer, "y", stand_in(y), allowed)
    kinds = torch_dtype_of(x), torch_dtype_of(y)
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"{layer}: x and y must have one dtype, but x is {kinds[0]} and y is {kinds[1]}; use "
            "fluid.layers.cast on one"
        )
    if len(y.shape) > len(x.shape):
        raise ValueError(
            f"{layer}: y, {list(y.shape)}, must not have more dimensions than x, {list(x.shape)}; "
            "change their places and the comparison, or use fluid.layers.unsqueeze on x"
        )


def _shape(layer: str, x: Any, y: Any, axis: int) -> tuple[int, ...]:
    """Return the static shape: x's, but where y stretches it."""
    left, right = aligned(layer, tuple(x.shape), tuple(y.shape), axis)
    return tuple(b if a == 1 and b > 0 else a for a, b in zip(left, right, strict=True))


def _rule(
    layer: str, allowed: tuple[torch.dtype, ...] = _COMPARED
) -> Callable[[dict[str, Any]], Signature]:
    def rule(arguments: dict[str, Any]) -> Signature:
        x, y = arguments["x"], arguments["y"]
        _check(layer, x, y, allowed)
        return _shape(layer, x, y, arguments.get("axis", -1)), torch.bool

    return rule


def _near(x: Tensor, y: Tensor) -> Tensor:
    """Return where two are equal; floats so near that the real operator cannot tell are, too."""
    if not x.is_floating_point():
        return x == y
    return ((x - y).abs() < _NEAR) | (x == y)


COMPARISONS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "less_than": torch.lt,
    "less_equal": torch.le,
    "greater_than": torch.gt,
    "greater_equal": torch.ge,
    "equal": _near,
    "not_equal": lambda x, y: ~_near(x, y),
}
"""What these layers do to tensors whose dimensions meet as torch lets them meet."""


def _compare(
    layer: str,
    x: Tensor,
    y: Tensor,
    axis: int = -1,
    allowed: tuple[torch.dtype, ...] = _COMPARED,
) -> Tensor:
    _check(layer, x, y, allowed)
    return COMPARISONS[layer](*align(layer, x, y, axis))


def _operator(name: str) -> Callable[..., Tensor]:
    """Return the layer that an operator on variables records."""

    def compare(x: Tensor, y: Tensor, axis: int = -1) -> Tensor:
        return _compare(name, x, y, axis, _BY_OPERATOR)

    compare.__name__ = compare.__qualname__ = name
    return layer(name, infer=_rule(name, _BY_OPERATOR))(compare)


OPERATORS: Mapping[str, Callable[..., Tensor]] = {name: _operator(name) for name in COMPARISONS}
"""The comparisons as operators on variables record them, with an axis."""


@layer(infer=_rule("less_than"), stop_gradient=True, into="cond")
def less_than(
    x: Tensor, y: Tensor, force_cpu: bool | None = None, cond: Tensor | None = None
) -> Tensor:
    """Return where x is less than y, as bools.

    Args:
        x: float32, float64, int32 or int64.
        y: of x's dtype, with no more dimensions; sizes of 1 stretch.
        force_cpu: not used.
        cond: takes the result.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the dtypes or shapes do not fit.

    Source:
        ``paddle.fluid.layers.less_than``, PaddlePaddle 1.8.
    """
    return _compare("less_than", x, y)


@layer(infer=_rule("less_equal"), stop_gradient=True, into="cond")
def less_equal(x: Tensor, y: Tensor, cond: Tensor | None = None) -> Tensor:
    """Return where x is at most y, as bools.

    Args:
        x: float32, float64, int32 or int64.
        y: of x's dtype, with no more dimensions; sizes of 1 stretch.
        cond: takes the result.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the dtypes or shapes do not fit.

    Source:
        ``paddle.fluid.layers.less_equal``, PaddlePaddle 1.8.
    """
    return _compare("less_equal", x, y)


@layer(infer=_rule("greater_than"), stop_gradient=True, into="cond")
def greater_than(x: Tensor, y: Tensor, cond: Tensor | None = None) -> Tensor:
    """Return where x is greater than y, as bools.

    Args:
        x: float32, float64, int32 or int64.
        y: of x's dtype, with no more dimensions; sizes of 1 stretch.
        cond: takes the result.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the dtypes or shapes do not fit.

    Source:
        ``paddle.fluid.layers.greater_than``, PaddlePaddle 1.8.
    """
    return _compare("greater_than", x, y)


@layer(infer=_rule("greater_equal"), stop_gradient=True, into="cond")
def greater_equal(x: Tensor, y: Tensor, cond: Tensor | None = None) -> Tensor:
    """Return where x is at least y, as bools.

    Args:
        x: float32, float64, int32 or int64.
        y: of x's dtype, with no more dimensions; sizes of 1 stretch.
        cond: takes the result.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the dtypes or shapes do not fit.

    Source:
        ``paddle.fluid.layers.greater_equal``, PaddlePaddle 1.8.
    """
    return _compare("greater_equal", x, y)


@layer(infer=_rule("equal"), stop_gradient=True, into="cond")
def equal(x: Tensor, y: Tensor, cond: Tensor | None = None) -> Tensor:
    """Return where x equals y, as bools; floats closer than 1e-8 count as equal, as in 1.8.

    Args:
        x: float32, float64, int32 or int64.
        y: of x's dtype, with no more dimensions; sizes of 1 stretch.
        cond: takes the result.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the dtypes or shapes do not fit.

    Source:
        ``paddle.fluid.layers.equal``, PaddlePaddle 1.8.
    """
    return _compare("equal", x, y)


@layer(infer=_rule("not_equal"), stop_gradient=True, into="cond")
def not_equal(x: Tensor, y: Tensor, cond: Tensor | None = None) -> Tensor:
    """Return where x differs from y, as bools; floats closer than 1e-8 do not, as in 1.8.

    Args:
        x: float32, float64, int32 or int64.
        y: of x's dtype, with no more dimensions; sizes of 1 stretch.
        cond: takes the result.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: the dtypes or shapes do not fit.

    Source:
        ``paddle.fluid.layers.not_equal``, PaddlePaddle 1.8.
    """
    return _compare("not_equal", x, y)


def _check_increment(x: Any, value: Any) -> None:
    check_tensor("increment", "x", stand_in(x), _COMPARED)
    check_number("increment", "value", value)
    if any(size not in (1, -1) for size in x.shape):
        raise ValueError(
            f"increment: x must have one element, but its shape is {list(x.shape)}; use x + {value}"
        )


def _increment_rule(arguments: dict[str, Any]) -> Signature:
    x = arguments["x"]
    _check_increment(x, arguments["value"])
    return tuple(x.shape), torch_dtype_of(x)


@layer("increment", infer=_increment_rule, into="out")
def _increment(x: Tensor, value: float, out: Tensor | None = None) -> Tensor:
    _check_increment(x, value)
    return x + (float(value) if x.is_floating_point() else int(value))


def increment(x: Any, value: float = 1.0, in_place: bool = True) -> Any:
    """Add a number to a tensor of one element, and return it.

    Args:
        x: [1] of float32, float64, int32 or int64.
        value: the number.
        in_place: whether x itself holds the sum from here on.

    Raises:
        TypeError: x is no such tensor, or value no number.
        ValueError: x has more than one element.

    Source:
        ``paddle.fluid.layers.increment``, PaddlePaddle 1.8.
    """
    return _increment(x, value, x if in_place else None)


@layer(stop_gradient=True, into="cond")
def is_empty(x: Tensor, cond: Tensor | None = None) -> Tensor:
    """Return whether a tensor has no elements, [1].

    Args:
        x: float32, float64, int32 or int64.
        cond: takes the result.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.is_empty``, PaddlePaddle 1.8.
    """
    check_tensor("is_empty", "x", x, _COMPARED)
    return torch.tensor([x.numel() == 0])


__getattr__ = _publish.publish(__name__, globals(), __all__)
