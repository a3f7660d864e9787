"""`paddle.tensor.manipulation`: cast."""

from __future__ import annotations

from typing import Any

import torch

from paddle_compat.framework.dtype import numpy_dtype
from paddle_compat.tensor._arguments import require_tensor

__all__ = ["cast"]


def cast(x: torch.Tensor, dtype: Any) -> torch.Tensor:
    """Return a copy of `x` with another dtype.

    Floats become integers by truncation towards zero, and everything but 0 becomes True (NaN
    too). Integers wrap around, complex numbers lose their imaginary part. The result never shares
    memory with `x`, also when the dtype stays.

    The gradient passes between floating and complex dtypes. It ends at integers and bool, where
    torch has none; real Paddle 3.3.1 lets it through unchanged.

    Args:
        x: a tensor of any shape.
        dtype: a Paddle or torch dtype, or what `numpy.dtype` takes (``'float32'``, ``float``).

    Raises:
        ValueError: when `x` is no tensor, or there is no such tensor dtype.
        TypeError: when `dtype` is no dtype.

    Example:
        >>> import paddle_compat as paddle
        >>> paddle.cast(paddle.to_tensor([-1.7, 0.0, 1.7]), 'int32')
        tensor([-1,  0,  1], dtype=torch.int32)
    """
    require_tensor("cast", "x", x)
    target = numpy_dtype(dtype)
    if x.is_complex() and not target.is_complex:
        # `x != 0` looks at both parts, the conversion of the real part at one.
        x = x != 0 if target is torch.bool else x.real
    return x.to(target, copy=True)
