"""`paddle.fluid.layers.ops`: functions of one tensor, element by element."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid import _publish
from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers import layer_function_generator
from paddle_compat.fluid.layers._checks import FLOATS, check_tensor, dtypes
from paddle_compat.fluid.layers.layer_function_generator import *  # noqa: F403

__all__ = [
    *layer_function_generator.__all__,
    "cumsum",
    "erf",
    "gelu",
    "hard_shrink",
    "softshrink",
    "thresholded_relu",
]

_SUMMED = dtypes("float32", "float64", "int32", "int64")


@layer
def softshrink(x: Tensor, alpha: float | None = None) -> Tensor:
    """Return x moved towards 0 by alpha, and 0 where it is no farther than that.

    Args:
        x: float16, float32 or float64.
        alpha: not negative, rounded to float32; None is 0.5.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.softshrink``, PaddlePaddle 1.8.
    """
    check_tensor("softshrink", "x", x, FLOATS)
    limit = single(0.5 if alpha is None else alpha)
    none = x.new_zeros(())
    return torch.where(x > limit, x - limit, none) + torch.where(x < -limit, x + limit, none)


@layer
def hard_shrink(x: Tensor, threshold: float | None = None) -> Tensor:
    """Return x where it is farther from 0 than a threshold, and 0 elsewhere.

    Args:
        x: float16, float32 or float64.
        threshold: rounded to float32; None is 0.5.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.hard_shrink``, PaddlePaddle 1.8.
    """
    check_tensor("hard_shrink", "x", x, FLOATS)
    limit = single(0.5 if threshold is None else threshold)
    return torch.where((x > limit) | (x < -limit), x, x.new_zeros(()))


@layer
def thresholded_relu(x: Tensor, threshold: float | None = None) -> Tensor:
    """Return x where it is above a threshold, and 0 elsewhere.

    Args:
        x: float16, float32 or float64.
        threshold: rounded to float32; None is 1.

    Raises:
        TypeError: x is no tensor of floats.

    Source:
        ``paddle.fluid.layers.thresholded_relu``, PaddlePaddle 1.8.
    """
    check_tensor("thresholded_relu", "x", x, FLOATS)
    limit = single(1.0 if threshold is None else threshold)
    return torch.where(x > limit, x, x.new_zeros(()))


@layer
def cumsum(
    x: Tensor, axis: int | None = None, exclusive: bool | None = None, reverse: bool | None = None
) -> Tensor:
    """Return the sums of the elements up to each one along an axis.

    Args:
        x: float32, float64, int32 or int64.
        axis: None is the last.
        exclusive: whether an element's own value is left out of its sum.
        reverse: whether to add up from the end.

    Raises:
        TypeError: x is no such tensor.
        ValueError: there is no such axis.

    Source:
        ``paddle.fluid.layers.cumsum``, PaddlePaddle 1.8.
    """
    check_tensor("cumsum", "x", x, _SUMMED)
    axis = -1 if axis is None else axis
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(
            f"cumsum: axis must be in [{-x.ndim}, {x.ndim}) for {x.ndim} dimensions, but it is "
            f"{axis}"
        )
    if reverse:
        x = x.flip(axis)
    total = x.cumsum(axis, dtype=x.dtype)
    if exclusive:
        first = torch.zeros_like(total.narrow(axis, 0, min(1, total.shape[axis])))
        total = torch.cat((first, total.narrow(axis, 0, max(total.shape[axis] - 1, 0))), axis)
    return total.flip(axis) if reverse else total


def _check_float(layer: str, x: Any) -> None:
    # What is no tensor at all is a ValueError, where 1.8 generates the layer.
    if not isinstance(x, Tensor):
        raise ValueError(f"{layer}: x must be a variable or a tensor, but it is {x!r}")
    check_tensor(layer, "x", x, FLOATS)


@layer
def gelu(x: Tensor, approximate: bool = False) -> Tensor:
    """Return x times the normal distribution's share below x.

    Args:
        x: float16, float32 or float64.
        approximate: by tanh instead of erf.

    Raises:
        ValueError: x is no tensor.
        TypeError: it is none of floats.

    Source:
        ``paddle.fluid.layers.gelu``, PaddlePaddle 1.8.
    """
    _check_float("gelu", x)
    return torch.nn.functional.gelu(x, approximate="tanh" if approximate else "none")


@layer
def erf(x: Tensor) -> Tensor:
    """Return the error function of every element.

    Args:
        x: float16, float32 or float64.

    Raises:
        ValueError: x is no tensor.
        TypeError: it is none of floats.

    Source:
        ``paddle.fluid.layers.erf``, PaddlePaddle 1.8.
    """
    _check_float("erf", x)
    return torch.erf(x)


__getattr__ = _publish.publish(__name__, globals(), __all__)
