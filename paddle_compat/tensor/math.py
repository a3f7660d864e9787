"""`paddle.tensor.math`: sum."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from paddle_compat.framework.dtype import reduction_dtype
from paddle_compat.tensor._arguments import require_tensor
from paddle_compat.tensor.manipulation import cast

__all__ = ["sum"]


def sum(  # noqa: A001 - Paddle's name
    x: torch.Tensor,
    axis: int | Sequence[int] | torch.Tensor | None = None,
    dtype: Any = None,
    keepdim: bool | None = False,
    name: str | None = None,
) -> torch.Tensor:
    """Return the sum over all elements, or over the given axes.

    Bool and int32 add up to int64; every other dtype is kept, so that int8, uint8 and int16 wrap
    around. The elements are converted to `dtype` before they are added. The sum of nothing is 0.

    Args:
        x: a tensor of any shape.
        axis: an axis or several; negative ones count from the end. None and an empty list mean
            all. A 0-D tensor has the axes 0 and -1.
        dtype: the dtype to add in and to return: a Paddle or torch dtype, its exact name, or a
            numpy type.
        keepdim: keep the summed axes, with length 1.
        name: ignored, as in Paddle's dynamic mode.

    Raises:
        ValueError: when `x` is no tensor, an axis is out of range or given twice, `dtype` is a
            string that names none, or `keepdim` is not a bool.
        TypeError: when `axis` is neither integers nor None, or `dtype` is no dtype.

    Example:
        >>> import paddle_compat as paddle
        >>> paddle.sum(paddle.to_tensor([[True, True], [False, True]]), axis=0)
        tensor([1, 2])
    """
    require_tensor("sum", "x", x)
    if keepdim not in (True, False, None):
        raise ValueError(f"sum(): keepdim must be a bool, but got {keepdim!r}")
    axes = _axes(axis, x.ndim)
    if dtype is not None:
        target = reduction_dtype(dtype)
        if x.is_complex() and not target.is_complex:
            x = cast(x, target)
    else:
        target = torch.int64 if x.dtype in (torch.bool, torch.int32) else x.dtype
    return torch.sum(x, dim=axes, keepdim=bool(keepdim), dtype=target)


def _axes(axis: object, ndim: int) -> tuple[int, ...]:
    """Return the axes to sum over as numbers from 0 on."""
    if axis is None:
        return tuple(range(ndim))
    if isinstance(axis, (torch.Tensor, np.ndarray)):
        axis = axis.tolist()
    given = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if not given:
        return tuple(range(ndim))
    axes = [_one_axis(a, ndim) for a in given]
    if len(set(axes)) != len(axes):
        raise ValueError(f"sum(): axis {given} names an axis twice")
    return tuple(axes) if ndim else ()


def _one_axis(axis: object, ndim: int) -> int:
    if isinstance(axis, torch.Tensor) and axis.numel() == 1:
        axis = axis.item()
    if not isinstance(axis, (int, np.integer)) or isinstance(axis, builtins.bool):
        raise TypeError(
            f"sum(): axis must be an int, a list or tuple of ints, or None, but got {axis!r}"
        )
    # A 0-D tensor still answers to axis 0 and -1.
    extent = max(ndim, 1)
    if not -extent <= axis < extent:
        raise ValueError(f"sum(): axis {axis} is out of range for a tensor of {ndim} dimensions")
    return int(axis) % extent
