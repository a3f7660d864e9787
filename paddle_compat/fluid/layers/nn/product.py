"""Products of matrices and of batches of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import FLOATS, check_tensor
from paddle_compat.fluid.layers._shapes import fits, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["matmul"]


def _as_matrices(
    x: Sequence[int], y: Sequence[int], transpose_x: bool, transpose_y: bool
) -> tuple[list[int], list[int]]:
    """Return both shapes as matrices: a vector is a row on the left, a column on the right."""
    left = [1, *x] if len(x) == 1 else list(x)
    right = [*y, 1] if len(y) == 1 else list(y)
    if transpose_x:
        left[-2:] = left[:-3:-1]
    if transpose_y:
        right[-2:] = right[:-3:-1]
    if not fits(left[-1], right[-2]):
        raise AssertionError(
            f"matmul: the columns of x must be as many as the rows of y, but they are {left[-1]} "
            f"and {right[-2]}, for the shapes {list(x)} and {list(y)}; see transpose_x and "
            "transpose_y"
        )
    for one, other in zip(left[:-2], right[:-2], strict=False):
        if len(left) > 2 and len(right) > 2 and not fits(one, other):
            raise ValueError(
                f"matmul: the leading sizes of x and y must be equal, but the shapes are {list(x)} "
                f"and {list(y)}"
            )
    return left, right


def _check(x: Any, y: Any) -> None:
    check_tensor("matmul", "x", x, FLOATS)
    check_tensor("matmul", "y", y, FLOATS)
    if x.dtype != y.dtype:
        raise ValueError(
            f"matmul: x and y must have one dtype, but they have {x.dtype} and {y.dtype}; use "
            "fluid.layers.cast"
        )


def _rule(arguments: dict[str, Any]) -> Signature:
    x, y = arguments["x"], arguments["y"]
    _check(stand_in(x), stand_in(y))
    flags = (arguments["transpose_x"], arguments["transpose_y"])
    left, right = _as_matrices(x.shape, y.shape, *flags)
    batch = left[:-2] if len(left) >= len(right) else right[:-2]
    rows = left[-2:-1] if len(x.shape) > 1 or arguments["transpose_x"] else []
    columns = right[-1:] if len(y.shape) > 1 or arguments["transpose_y"] else []
    return (*batch, *rows, *columns) or (1,), torch_dtype_of(x)


@layer(infer=_rule, shares="x")
def matmul(
    x: Tensor,
    y: Tensor,
    transpose_x: bool = False,
    transpose_y: bool = False,
    alpha: float = 1.0,
    name: str | None = None,
) -> Tensor:
    """Return the product of two matrices, or of batches of them.

    Args:
        x: float16, float32 or float64; its last two dimensions are the matrix. [K] is a row, which
            the result drops; transposed, it is a column and stays.
        y: of x's dtype, likewise; [K] is a column, which the result drops.
        transpose_x: whether x's matrices are transposed first.
        transpose_y: whether y's are.
        alpha: what the product is multiplied by, rounded to float32.
        name: names the result.

    Raises:
        TypeError: an argument is no tensor of floats.
        AssertionError: the matrices do not fit.
        ValueError: the leading sizes or the dtypes differ.

    Source:
        ``paddle.fluid.layers.matmul``, PaddlePaddle 1.8.
    """
    _check(x, y)
    _as_matrices(x.shape, y.shape, transpose_x, transpose_y)
    left = x.unsqueeze(0) if x.ndim == 1 else x
    right = y.unsqueeze(1) if y.ndim == 1 else y
    left = left.transpose(-1, -2) if transpose_x else left
    right = right.transpose(-1, -2) if transpose_y else right
    product = torch.matmul(left, right)
    if x.ndim == 1 and not transpose_x:
        product = product.squeeze(-2)
    if y.ndim == 1 and not transpose_y:
        product = product.squeeze(-1)
    product = product.reshape(1) if product.ndim == 0 else product
    return product if alpha == 1 else product * single(alpha)
