"""Layers that move elements without changing them: reshape and its kin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid.layers._checks import NUMBERS, check_tensor
from paddle_compat.fluid.layers._layer import layer
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["reshape"]


def _check_reshape(rank: int, shape: Any) -> None:
    """Check a new shape as far as it can be without the old one's sizes."""
    if not isinstance(shape, (list, tuple)):
        raise TypeError(f"reshape: shape must be a list or tuple, but it is {type(shape).__name__}")
    if not shape:
        raise AssertionError("reshape: shape must have at least one size, but it is empty")
    unknown = [i for i, size in enumerate(shape) if not isinstance(size, Tensor) and size == -1]
    if len(unknown) > 1:
        raise AssertionError(f"reshape: only one size may be -1, but shape is {list(shape)}")
    for i, size in enumerate(shape):
        if isinstance(size, Tensor):
            continue
        if size == 0 and i >= rank:
            raise AssertionError(
                f"reshape: 0 keeps a size of x, but x has only {rank} dimensions and shape[{i}] is "
                f"0 in {list(shape)}"
            )
        if size < -1:
            raise AssertionError(
                f"reshape: sizes must be positive, 0 (keep x's) or -1 (what is left), but shape is "
                f"{list(shape)}"
            )


def _reshape_rule(arguments: dict[str, Any]) -> Signature:
    x, shape = arguments["x"], arguments["shape"]
    check_tensor("reshape", "x", stand_in(x), NUMBERS)
    given = arguments["actual_shape"]
    if isinstance(shape, (list, tuple)):
        numbers = [size if isinstance(size, int) else 1 for size in shape]
        _check_reshape(len(x.shape), numbers)
        known = [
            -1 if not isinstance(size, int) else x.shape[i] if size == 0 else size
            for i, size in enumerate(shape)
        ]
    elif hasattr(shape, "torch_dtype"):
        return (-1,) * max(shape.shape[0], 1), x.torch_dtype
    else:
        _check_reshape(len(x.shape), shape)
    if given is None and -1 not in x.shape:
        size = math.prod(x.shape)
        if known.count(-1) == 1 and all(isinstance(n, int) for n in shape):
            rest = -math.prod(known)
            if rest == 0 or size % rest:
                raise ValueError(_misfit(x.shape, shape))
            known[known.index(-1)] = size // rest
        elif -1 not in known and math.prod(known) != size:
            raise ValueError(_misfit(x.shape, shape))
    return tuple(known), x.torch_dtype


def _misfit(old: Sequence[int], new: Sequence[int]) -> str:
    return (
        f"reshape: x has {math.prod(old)} elements, shape {list(old)}, which do not fill shape "
        f"{list(new)}"
    )


@layer("reshape2", after=1, infer=_reshape_rule)
def reshape(
    x: Tensor,
    shape: Sequence[int | Tensor] | Tensor,
    actual_shape: Tensor | None = None,
    act: str | None = None,
    inplace: bool = False,
    name: str | None = None,
) -> Tensor:
    """Return the elements in another shape.

    Args:
        x: float16, float32, float64, int32 or int64.
        shape: sizes; 0 keeps x's size there, and one -1 is what is left. Sizes may be tensors
            [1], and the whole may be a tensor of int32.
        actual_shape: goes before `shape`, where the sizes are known only in the run.
        act: an activation of the result.
        inplace: not used; memory is shared where it can be.
        name: names the result.

    Raises:
        TypeError: an argument has the wrong type.
        AssertionError: shape is empty, has two -1, a size below -1, or a 0 beyond x's dimensions.
        ValueError: the elements do not fill the shape.

    Source:
        ``paddle.fluid.layers.reshape``, PaddlePaddle 1.8.
    """
    check_tensor("reshape", "x", x, NUMBERS)
    if actual_shape is not None:
        shape = actual_shape
    if isinstance(shape, Tensor):
        shape = shape.tolist()
    _check_reshape(x.ndim, shape)
    sizes = [int(size) for size in shape]
    sizes = [x.shape[i] if size == 0 else size for i, size in enumerate(sizes)]
    rest = math.prod(size for size in sizes if size != -1)
    if -1 in sizes:
        if rest == 0 or x.numel() % rest:
            raise ValueError(_misfit(x.shape, shape))  # type: ignore[arg-type]
        sizes[sizes.index(-1)] = x.numel() // rest
    elif rest != x.numel():
        raise ValueError(_misfit(x.shape, shape))  # type: ignore[arg-type]
    return torch.reshape(x, sizes)
