"""`paddle.fluid.layers.ops`: functions of one tensor, element by element."""

from __future__ import annotations

import torch
from torch import Tensor

from paddle_compat.fluid.layers import _publish
from paddle_compat.fluid.layers._checks import FLOATS, check_tensor
from paddle_compat.fluid.layers._layer import layer

__all__ = [
    "abs",
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
]


@layer
def abs(x: Tensor, name: str | None = None) -> Tensor:
    """Return |x|, element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.abs``, PaddlePaddle 1.8.
    """
    check_tensor("abs", "x", x, FLOATS)
    return torch.abs(x)


@layer
def ceil(x: Tensor, name: str | None = None) -> Tensor:
    """Return the least integer that is at least x, element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.ceil``, PaddlePaddle 1.8.
    """
    check_tensor("ceil", "x", x, FLOATS)
    return torch.ceil(x)


@layer
def cos(x: Tensor, name: str | None = None) -> Tensor:
    """Return cos x, element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.cos``, PaddlePaddle 1.8.
    """
    check_tensor("cos", "x", x, FLOATS)
    return torch.cos(x)


@layer
def exp(x: Tensor, name: str | None = None) -> Tensor:
    """Return e^x, element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.exp``, PaddlePaddle 1.8.
    """
    check_tensor("exp", "x", x, FLOATS)
    return torch.exp(x)


@layer
def floor(x: Tensor, name: str | None = None) -> Tensor:
    """Return the greatest integer that is at most x, element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.floor``, PaddlePaddle 1.8.
    """
    check_tensor("floor", "x", x, FLOATS)
    return torch.floor(x)


@layer
def logsigmoid(x: Tensor, name: str | None = None) -> Tensor:
    """Return log(1 / (1 + e^-x)), element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.logsigmoid``, PaddlePaddle 1.8.
    """
    check_tensor("logsigmoid", "x", x, FLOATS)
    return torch.nn.functional.logsigmoid(x)


@layer
def reciprocal(x: Tensor, name: str | None = None) -> Tensor:
    """Return 1 / x, element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.reciprocal``, PaddlePaddle 1.8.
    """
    check_tensor("reciprocal", "x", x, FLOATS)
    return torch.reciprocal(x)


@layer
def round(x: Tensor, name: str | None = None) -> Tensor:
    """Return the nearest integer, of two the one farther from 0, element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.round``, PaddlePaddle 1.8.
    """
    check_tensor("round", "x", x, FLOATS)
    return torch.copysign(torch.floor(torch.abs(x) + 0.5), x)


@layer
def rsqrt(x: Tensor, name: str | None = None) -> Tensor:
    """Return 1 / sqrt(x), element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.rsqrt``, PaddlePaddle 1.8.
    """
    check_tensor("rsqrt", "x", x, FLOATS)
    return torch.rsqrt(x)


@layer
def sigmoid(x: Tensor, name: str | None = None) -> Tensor:
    """Return 1 / (1 + e^-x), element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.sigmoid``, PaddlePaddle 1.8.
    """
    check_tensor("sigmoid", "x", x, FLOATS)
    return torch.sigmoid(x)


@layer
def sin(x: Tensor, name: str | None = None) -> Tensor:
    """Return sin x, element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.sin``, PaddlePaddle 1.8.
    """
    check_tensor("sin", "x", x, FLOATS)
    return torch.sin(x)


@layer
def softplus(x: Tensor, name: str | None = None) -> Tensor:
    """Return log(1 + e^x), element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.softplus``, PaddlePaddle 1.8.
    """
    check_tensor("softplus", "x", x, FLOATS)
    return torch.nn.functional.softplus(x)


@layer
def softsign(x: Tensor, name: str | None = None) -> Tensor:
    """Return x / (1 + |x|), element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.softsign``, PaddlePaddle 1.8.
    """
    check_tensor("softsign", "x", x, FLOATS)
    return torch.nn.functional.softsign(x)


@layer
def sqrt(x: Tensor, name: str | None = None) -> Tensor:
    """Return sqrt(x), element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.sqrt``, PaddlePaddle 1.8.
    """
    check_tensor("sqrt", "x", x, FLOATS)
    return torch.sqrt(x)


@layer
def square(x: Tensor, name: str | None = None) -> Tensor:
    """Return x^2, element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.square``, PaddlePaddle 1.8.
    """
    check_tensor("square", "x", x, FLOATS)
    return torch.square(x)


@layer
def tanh(x: Tensor, name: str | None = None) -> Tensor:
    """Return tanh x, element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.tanh``, PaddlePaddle 1.8.
    """
    check_tensor("tanh", "x", x, FLOATS)
    return torch.tanh(x)


__getattr__ = _publish.publish(__name__, globals(), __all__)
