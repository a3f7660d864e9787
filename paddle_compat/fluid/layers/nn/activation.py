"""Activations that Paddle keeps among the network layers."""

from __future__ import annotations

import torch
from torch import Tensor

from paddle_compat.fluid.layers._checks import FLOATS, check_tensor
from paddle_compat.fluid.layers._layer import layer

__all__ = ["leaky_relu", "relu", "softmax"]


@layer
def relu(x: Tensor, name: str | None = None) -> Tensor:
    """Return max(x, 0), element by element.

    Args:
        x: float16, float32 or float64.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.relu``, PaddlePaddle 1.8.
    """
    check_tensor("relu", "x", x, FLOATS)
    return torch.relu(x)


@layer
def leaky_relu(x: Tensor, alpha: float = 0.02, name: str | None = None) -> Tensor:
    """Return x where it is positive, and alpha x where it is not.

    Args:
        x: float16, float32 or float64.
        alpha: the slope below 0.
        name: names the result.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.leaky_relu``, PaddlePaddle 1.8.
    """
    check_tensor("leaky_relu", "x", x, FLOATS)
    return torch.nn.functional.leaky_relu(x, alpha)


@layer
def softmax(
    input: Tensor, use_cudnn: bool = False, name: str | None = None, axis: int = -1
) -> Tensor:
    """Return exp(x) over its sum along an axis.

    Args:
        input: float16, float32 or float64.
        use_cudnn: not used.
        name: names the result.
        axis: along which the results add up to 1.

    Raises:
        TypeError: the input is no tensor of floats.

    Source:
        ``paddle.fluid.layers.softmax``, PaddlePaddle 1.8.
    """
    check_tensor("softmax", "input", input, FLOATS)
    return torch.softmax(input, axis)
