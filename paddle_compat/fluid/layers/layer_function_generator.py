"""`paddle.fluid.layers.layer_function_generator`: the layers that are one function of one tensor.

Paddle makes them from its native operators; here the functions of torch are made layers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from paddle_compat.fluid import _publish
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import FLOATS, NUMBERS, check_tensor

__all__ = [
    "abs",
    "acos",
    "asin",
    "atan",
    "ceil",
    "cos",
    "exp",
    "floor",
    "logsigmoid",
    "reciprocal",
    "round",
    "rsqrt",
    "sigmoid",
    "sin",
    "softplus",
    "softsign",
    "sqrt",
    "square",
    "tanh",
    "tanh_shrink",
]


class Unary(Protocol):
    """A layer of one tensor."""

    def __call__(self, x: Tensor, name: str | None = None) -> Tensor:
        """Return the function of every element."""


_DOCUMENTATION = """Return {returns}, element by element.

    Args:
        x: a tensor of {dtypes}.
        name: names the result.

    Returns:
        A tensor of x's shape and dtype.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.{name}``, PaddlePaddle 1.8.
    """


def _make(
    op_type: str,
    function: Callable[[Tensor], Tensor],
    returns: str,
    allowed: tuple[torch.dtype, ...] = FLOATS,
) -> Unary:
    def apply(x: Tensor, name: str | None = None) -> Tensor:
        check_tensor(op_type, "x", x, allowed)
        return function(x)

    listed = "float16, float32 or float64" + (", int32 or int64" if allowed is NUMBERS else "")
    apply.__doc__ = _DOCUMENTATION.format(returns=returns, dtypes=listed, name=op_type)
    apply.__name__ = apply.__qualname__ = op_type
    return layer(apply)


def _softplus(x: Tensor) -> Tensor:
    # torch's own limit of 20 gives up digits of float64.
    return torch.nn.functional.softplus(x, threshold=40.0)


def _exp(x: Tensor) -> Tensor:
    return torch.exp(x) if x.is_floating_point() else torch.exp(x.double()).to(x.dtype)


abs = _make("abs", torch.abs, "|x|", NUMBERS)  # noqa: A001
acos = _make("acos", torch.acos, "the angle in [0, pi] whose cosine is x")
asin = _make("asin", torch.asin, "the angle in [-pi/2, pi/2] whose sine is x")
atan = _make("atan", torch.atan, "the angle in (-pi/2, pi/2) whose tangent is x")
ceil = _make("ceil", torch.ceil, "the least integer that is at least x")
cos = _make("cos", torch.cos, "cos x")
exp = _make("exp", _exp, "e^x (of integers, cut off to one)", NUMBERS)
floor = _make("floor", torch.floor, "the greatest integer that is at most x")
logsigmoid = _make("logsigmoid", torch.nn.functional.logsigmoid, "log(1 / (1 + e^-x))")
reciprocal = _make("reciprocal", torch.reciprocal, "1 / x")
round = _make("round", torch.round, "the nearest integer, of two the even one")  # noqa: A001
rsqrt = _make("rsqrt", torch.rsqrt, "1 / sqrt(x)")
sigmoid = _make("sigmoid", torch.sigmoid, "1 / (1 + e^-x)")
sin = _make("sin", torch.sin, "sin x")
softplus = _make("softplus", _softplus, "log(1 + e^x)")
softsign = _make("softsign", torch.nn.functional.softsign, "x / (1 + |x|)")
sqrt = _make("sqrt", torch.sqrt, "sqrt(x)")
square = _make("square", torch.square, "x^2", NUMBERS)
tanh = _make("tanh", torch.tanh, "tanh x")
tanh_shrink = _make("tanh_shrink", lambda x: x - torch.tanh(x), "x - tanh x")

__getattr__ = _publish.publish(__name__, globals(), __all__)
