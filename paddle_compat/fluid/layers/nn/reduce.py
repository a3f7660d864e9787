"""Reductions over the dimensions of a tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import check_tensor, dtypes

__all__ = [
    "reduce_all",
    "reduce_any",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
]

Dim = int | Sequence[int] | None
_REDUCED = dtypes("float32", "float64", "int32", "int64")


def _dims(layer: str, dim: Dim, rank: int) -> list[int]:
    """Return the reduced dimensions, counted from 0; all for None and for an empty list."""
    given = [dim] if isinstance(dim, int) else dim
    if given is not None and not isinstance(given, list):
        raise TypeError(f"{layer}: dim must be an int or a list of ints, but it is {dim!r}")
    if not given:
        return list(range(rank))
    for one in given:
        if not -rank <= one < rank:
            raise ValueError(
                f"{layer}: dim must be in [-{rank}, {rank}) for {rank} dimensions, but it is {one}"
            )
    return sorted({one % rank for one in given})


def _reduce(
    layer: str,
    function: Callable[[Tensor, list[int]], Tensor],
    input: Tensor,
    dim: Dim,
    keep_dim: bool,
    allowed: tuple[torch.dtype, ...] = _REDUCED,
) -> Tensor:
    """Reduce; a result without dimensions gets one, as Paddle 1.x has no others."""
    check_tensor(layer, "input", input, allowed)
    dims = _dims(layer, dim, input.ndim)
    result = function(input, dims) if dims else input
    if keep_dim:
        return result.reshape([1 if i in dims else n for i, n in enumerate(input.shape)])
    kept = [n for i, n in enumerate(input.shape) if i not in dims]
    return result.reshape(kept or [1])


def _product(x: Tensor, dims: list[int]) -> Tensor:
    for one in reversed(dims):
        x = x.prod(one, dtype=x.dtype)
    return x


def _mean(x: Tensor, dims: list[int]) -> Tensor:
    if x.is_floating_point():
        return x.mean(dims)
    count = 1
    for one in dims:
        count *= x.shape[one]
    return torch.div(x.sum(dims, dtype=x.dtype), count, rounding_mode="trunc")


class _Extreme(torch.autograd.Function):
    """The largest or smallest elements; all that are equal to one get its whole gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, dims: list[int], largest: bool) -> Tensor:
        best = x.amax(dims, keepdim=True) if largest else x.amin(dims, keepdim=True)
        ctx.save_for_backward(x == best)
        return best

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None, None]:
        (hit,) = ctx.saved_tensors
        return gradients[0] * hit, None, None


def _extreme(x: Tensor, dims: list[int], largest: bool) -> Tensor:
    if not x.requires_grad:
        return x.amax(dims) if largest else x.amin(dims)
    result: Tensor = _Extreme.apply(x, dims, largest)  # type: ignore[no-untyped-call]
    return result


def _max(x: Tensor, dims: list[int]) -> Tensor:
    return _extreme(x, dims, largest=True)


def _min(x: Tensor, dims: list[int]) -> Tensor:
    return _extreme(x, dims, largest=False)


def _fold(function: Callable[..., Tensor], x: Tensor, dims: list[int]) -> Tensor:
    for one in reversed(dims):
        x = function(x, one)
    return x


def _kept(arguments: dict[str, Any]) -> str | None:
    """Tell whose levels of detail a result keeps: the input's, unless its rows are reduced."""
    dim = arguments["dim"]
    dims = [dim] if isinstance(dim, int) else dim
    return (
        "input" if dims and 0 not in dims and -len(arguments["input"].shape) not in dims else None
    )


@layer(shares=_kept)
def reduce_sum(
    input: Tensor, dim: Dim = None, keep_dim: bool = False, name: str | None = None
) -> Tensor:
    """Return the sum of elements over some dimensions.

    Args:
        input: float32, float64, int32 or int64.
        dim: the dimensions, an int or a list, negative ones from the end; None is all.
        keep_dim: whether they stay, with size 1.
        name: names the result.

    Returns:
        The result in the input's dtype (int32 sums wrap around); [1] where no dimension is left.

    Raises:
        TypeError: the input is no such tensor, or dim no int or list.
        ValueError: dim is out of range.

    Source:
        ``paddle.fluid.layers.reduce_sum``, PaddlePaddle 1.8.
    """
    return _reduce("reduce_sum", lambda x, d: x.sum(d, dtype=x.dtype), input, dim, keep_dim)


@layer(shares=_kept)
def reduce_mean(
    input: Tensor, dim: Dim = None, keep_dim: bool = False, name: str | None = None
) -> Tensor:
    """Return the mean of elements over some dimensions; of integers, rounded towards zero.

    Args:
        input: float32, float64, int32 or int64.
        dim: the dimensions, an int or a list, negative ones from the end; None is all.
        keep_dim: whether they stay, with size 1.
        name: names the result.

    Returns:
        The result in the input's dtype; [1] where no dimension is left.

    Raises:
        TypeError: the input is no such tensor, or dim no int or list.
        ValueError: dim is out of range.

    Source:
        ``paddle.fluid.layers.reduce_mean``, PaddlePaddle 1.8.
    """
    return _reduce("reduce_mean", _mean, input, dim, keep_dim)


@layer(shares=_kept)
def reduce_max(
    input: Tensor, dim: Dim = None, keep_dim: bool = False, name: str | None = None
) -> Tensor:
    """Return the largest element over some dimensions; equals get its whole gradient each.

    Args:
        input: float32, float64, int32 or int64.
        dim: the dimensions, an int or a list, negative ones from the end; None is all.
        keep_dim: whether they stay, with size 1.
        name: names the result.

    Returns:
        The result in the input's dtype; [1] where no dimension is left.

    Raises:
        TypeError: the input is no such tensor, or dim no int or list.
        ValueError: dim is out of range.

    Source:
        ``paddle.fluid.layers.reduce_max``, PaddlePaddle 1.8.
    """
    return _reduce("reduce_max", _max, input, dim, keep_dim)


@layer(shares=_kept)
def reduce_min(
    input: Tensor, dim: Dim = None, keep_dim: bool = False, name: str | None = None
) -> Tensor:
    """Return the smallest element over some dimensions; equals get its whole gradient each.

    Args:
        input: float32, float64, int32 or int64.
        dim: the dimensions, an int or a list, negative ones from the end; None is all.
        keep_dim: whether they stay, with size 1.
        name: names the result.

    Returns:
        The result in the input's dtype; [1] where no dimension is left.

    Raises:
        TypeError: the input is no such tensor, or dim no int or list.
        ValueError: dim is out of range.

    Source:
        ``paddle.fluid.layers.reduce_min``, PaddlePaddle 1.8.
    """
    return _reduce("reduce_min", _min, input, dim, keep_dim)


@layer(shares=_kept)
def reduce_prod(
    input: Tensor, dim: Dim = None, keep_dim: bool = False, name: str | None = None
) -> Tensor:
    """Return the product of elements over some dimensions.

    Args:
        input: float32, float64, int32 or int64.
        dim: the dimensions, an int or a list, negative ones from the end; None is all.
        keep_dim: whether they stay, with size 1.
        name: names the result.

    Returns:
        The result in the input's dtype; [1] where no dimension is left.

    Raises:
        TypeError: the input is no such tensor, or dim no int or list.
        ValueError: dim is out of range.

    Source:
        ``paddle.fluid.layers.reduce_prod``, PaddlePaddle 1.8.
    """
    return _reduce("reduce_prod", _product, input, dim, keep_dim)


@layer(shares=_kept)
def reduce_all(
    input: Tensor, dim: Dim = None, keep_dim: bool = False, name: str | None = None
) -> Tensor:
    """Return whether every element is true over some dimensions.

    Args:
        input: bool.
        dim: the dimensions, an int or a list, negative ones from the end; None is all.
        keep_dim: whether they stay, with size 1.
        name: names the result.

    Returns:
        bool; [1] where no dimension is left.

    Raises:
        TypeError: the input is no such tensor, or dim no int or list.
        ValueError: dim is out of range.

    Source:
        ``paddle.fluid.layers.reduce_all``, PaddlePaddle 1.8.
    """
    return _reduce(
        "reduce_all", lambda x, d: _fold(torch.all, x, d), input, dim, keep_dim, dtypes("bool")
    )


@layer(shares=_kept)
def reduce_any(
    input: Tensor, dim: Dim = None, keep_dim: bool = False, name: str | None = None
) -> Tensor:
    """Return whether any element is true over some dimensions.

    Args:
        input: bool.
        dim: the dimensions, an int or a list, negative ones from the end; None is all.
        keep_dim: whether they stay, with size 1.
        name: names the result.

    Returns:
        bool; [1] where no dimension is left.

    Raises:
        TypeError: the input is no such tensor, or dim no int or list.
        ValueError: dim is out of range.

    Source:
        ``paddle.fluid.layers.reduce_any``, PaddlePaddle 1.8.
    """
    return _reduce(
        "reduce_any", lambda x, d: _fold(torch.any, x, d), input, dim, keep_dim, dtypes("bool")
    )
