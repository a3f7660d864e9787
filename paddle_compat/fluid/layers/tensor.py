"""`paddle.fluid.layers.tensor`: making tensors, and changing their dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paddle_compat.fluid._dtypes import as_torch_dtype
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid.layers import _publish
from paddle_compat.fluid.layers._checks import check_tensor, dtypes
from paddle_compat.fluid.layers._layer import layer

__all__ = ["cast", "fill_constant"]

_CAST = dtypes("bool", "float16", "float32", "float64", "int32", "int64", "uint8")
_FILLED = dtypes("bool", "float16", "float32", "float64", "int32", "int64")


@layer
def cast(x: Tensor, dtype: Any) -> Tensor:
    """Return a tensor in another dtype; floats are truncated to integers.

    Args:
        x: bool, float16, float32, float64, int32, int64 or uint8.
        dtype: a name, a numpy dtype, a `VarType`.

    Raises:
        TypeError: x is no such tensor, or dtype none at all.
        ValueError: fluid has no such dtype.

    Source:
        ``paddle.fluid.layers.cast``, PaddlePaddle 1.8.
    """
    check_tensor("cast", "x", x, _CAST)
    wanted = as_torch_dtype(dtype)
    return x.to(wanted) if x.dtype != wanted else x.clone()


def _fill_rule(arguments: dict[str, Any]) -> Signature:
    shape, dtype = arguments["shape"], arguments["dtype"]
    _check_fill(shape, dtype, arguments["value"])
    if isinstance(shape, (list, tuple)):
        known = tuple(size if isinstance(size, int) else -1 for size in shape)
    else:
        known = (-1,) * max(shape.shape[0], 1)
    return known, as_torch_dtype(dtype)


def _check_fill(shape: Any, dtype: Any, value: Any) -> None:
    if not isinstance(shape, (list, tuple)) and not hasattr(shape, "shape"):
        raise TypeError(
            f"fill_constant: shape must be a list or tuple, but it is {type(shape).__name__}"
        )
    if isinstance(shape, (list, tuple)):
        if not shape:
            raise AssertionError("fill_constant: shape must have at least one size; use [1]")
        if any(isinstance(size, int) and size < 0 for size in shape):
            raise ValueError(
                f"fill_constant: sizes must not be negative, but shape is {list(shape)}"
            )
    check_tensor("fill_constant", "dtype", torch.empty(0, dtype=as_torch_dtype(dtype)), _FILLED)
    if not hasattr(value, "shape"):
        float(value)


@layer(infer=_fill_rule, stop_gradient=True, creates=True)
def fill_constant(
    shape: Sequence[int | Tensor] | Tensor,
    dtype: Any,
    value: float | Tensor,
    force_cpu: bool = False,
    out: Any = None,
    name: str | None = None,
) -> Tensor:
    """Return a tensor of one value.

    Args:
        shape: sizes; some may be tensors [1], or the whole a tensor of int32.
        dtype: bool, float16, float32, float64, int32 or int64, in any way to write a dtype.
        value: a number (truncated for integers), or a tensor [1].
        force_cpu: not used.
        out: a variable that takes the value, in a program.
        name: names the result.

    Raises:
        TypeError: an argument has the wrong type.
        AssertionError: shape is empty.
        ValueError: a size is negative.

    Source:
        ``paddle.fluid.layers.fill_constant``, PaddlePaddle 1.8.
    """
    _check_fill(shape, dtype, value)
    sizes = shape.tolist() if isinstance(shape, Tensor) else [int(size) for size in shape]
    wanted = as_torch_dtype(dtype)
    if isinstance(value, Tensor):
        return value.to(wanted).expand(sizes).clone()
    if wanted.is_floating_point:
        return torch.full(sizes, float(value), dtype=wanted)
    number = int(float(value)) if not isinstance(value, int) else value
    if wanted == torch.bool:
        return torch.full(sizes, bool(number), dtype=wanted)
    whole = int(np.array(number).astype(str(wanted).removeprefix("torch.")))
    return torch.full(sizes, whole, dtype=wanted)


__getattr__ = _publish.publish(__name__, globals(), __all__)
