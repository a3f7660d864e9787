"""Layers that search a tensor: where its extremes stand, its order, whether it is finite."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import check_tensor, dtypes
from paddle_compat.fluid.layers._shapes import axis_of

__all__ = ["argmax", "argmin", "argsort", "has_inf", "has_nan", "isfinite"]

_SEARCHED = dtypes("float32", "float64", "uint8", "int16", "int32", "int64")
_FINITE = dtypes("float32", "float64", "int32", "int64")


def _extreme(layer: str, x: Tensor, axis: int, largest: bool) -> Tensor:
    """Return the first place of the extremes along an axis."""
    check_tensor(layer, "x", x, _SEARCHED)
    dim = axis_of(layer, "axis", axis, x.ndim)
    if x.is_meta:
        return x.argmax(dim)
    if x.is_floating_point():
        # To the real operator nothing is better than nan, nor nan than anything.
        x = torch.where(torch.isnan(x), -math.inf if largest else math.inf, x.detach())
    # torch promises no place among equals; Paddle takes the first.
    best = x.amax(dim, keepdim=True) if largest else x.amin(dim, keepdim=True)
    size = x.shape[dim]
    shape = [size if i == dim else 1 for i in range(x.ndim)]
    places = torch.arange(size, device=x.device).reshape(shape)
    return torch.where(x == best, places, size - 1).amin(dim)


@layer("arg_max", stop_gradient=True, shares=None)
def argmax(x: Tensor, axis: int = 0) -> Tensor:
    """Return where the largest elements stand along an axis, the first of equals; nan is none.

    Args:
        x: float32, float64, uint8, int16, int32 or int64.
        axis: the dimension that is searched.

    Returns:
        int64, without that dimension.

    Raises:
        TypeError: x is no such tensor.
        ValueError: there is no such axis.

    Source:
        ``paddle.fluid.layers.argmax``, PaddlePaddle 1.8.
    """
    return _extreme("argmax", x, axis, largest=True)


@layer("arg_min", stop_gradient=True, shares=None)
def argmin(x: Tensor, axis: int = 0) -> Tensor:
    """Return where the smallest elements stand along an axis, the first of equals; nan is none.

    Args:
        x: float32, float64, uint8, int16, int32 or int64.
        axis: the dimension that is searched.

    Returns:
        int64, without that dimension.

    Raises:
        TypeError: x is no such tensor.
        ValueError: there is no such axis.

    Source:
        ``paddle.fluid.layers.argmin``, PaddlePaddle 1.8.
    """
    return _extreme("argmin", x, axis, largest=False)


@layer(stop_gradient=True)
def argsort(
    input: Tensor, axis: int = -1, descending: bool = False, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Return the elements in order along an axis, and where they stood.

    Args:
        input: float32, float64, int16, int32, int64 or uint8.
        axis: the dimension that is sorted.
        descending: from the largest on.
        name: names the results.

    Returns:
        The elements, in the input's dtype, and their places, int64. Equals keep their order.

    Raises:
        TypeError: the input is no such tensor.
        ValueError: there is no such axis.

    Source:
        ``paddle.fluid.layers.argsort``, PaddlePaddle 1.8.
    """
    check_tensor("argsort", "input", input, _SEARCHED)
    dim = axis_of("argsort", "axis", axis, input.ndim)
    values, places = torch.sort(input, dim=dim, descending=descending, stable=True)
    return values, places


@layer("isnan", key="isnan")
def has_nan(x: Tensor) -> Tensor:
    """Return whether a tensor holds a NaN, [1].

    Args:
        x: float32, float64, int32 or int64.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.has_nan``, PaddlePaddle 1.8.
    """
    check_tensor("has_nan", "x", x, _FINITE)
    return torch.isnan(x).any().reshape(1)


@layer("isinf", key="isinf")
def has_inf(x: Tensor) -> Tensor:
    """Return whether a tensor holds an infinity, [1].

    Args:
        x: float32, float64, int32 or int64.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.has_inf``, PaddlePaddle 1.8.
    """
    check_tensor("has_inf", "x", x, _FINITE)
    return torch.isinf(x).any().reshape(1)


@layer
def isfinite(x: Tensor) -> Tensor:
    """Return whether all of a tensor is finite, [1].

    Args:
        x: float32, float64, int32 or int64.

    Raises:
        TypeError: x is no such tensor.

    Source:
        ``paddle.fluid.layers.isfinite``, PaddlePaddle 1.8.
    """
    check_tensor("isfinite", "x", x, _FINITE)
    return torch.isfinite(x).all().reshape(1)
