"""`paddle.tensor.logic`: greater_equal."""

from __future__ import annotations

import torch

from paddle_compat.tensor._arguments import require_tensor

__all__ = ["greater_equal"]


def greater_equal(x: torch.Tensor, y: torch.Tensor, name: str | None = None) -> torch.Tensor:
    """Return ``x >= y`` elementwise, as a bool tensor of the broadcast shape, without gradient.

    Two tensors of different dtypes compare in the wider one if both are floating. A 0-D tensor
    counts as a number and compares with every dtype. NaN is greater than nothing.

    Args:
        x: a real tensor of any shape.
        y: a real tensor whose shape broadcasts with that of `x`.
        name: ignored, as in Paddle's dynamic mode.

    Raises:
        ValueError: when `x` or `y` is no tensor (a number neither), or their shapes do not
            broadcast.
        TypeError: for different dtypes that are not both floating, unless one tensor is 0-D; and
            for complex numbers, which real Paddle 3.3.1 orders lexicographically.

    Example:
        >>> import paddle_compat as paddle
        >>> paddle.greater_equal(paddle.to_tensor([0., 1., 2.]), paddle.to_tensor(1.0))
        tensor([False,  True,  True])
    """
    require_tensor("greater_equal", "x", x)
    require_tensor("greater_equal", "y", y)
    if x.is_complex() or y.is_complex():
        raise TypeError("greater_equal(): complex numbers have no order; compare real or abs parts")
    both_floating = x.is_floating_point() and y.is_floating_point()
    if x.dtype != y.dtype and not both_floating and x.ndim > 0 and y.ndim > 0:
        raise TypeError(
            f"greater_equal(): {x.dtype} and {y.dtype} do not mix, only floating dtypes do; "
            "cast one of the two"
        )
    lengths = zip(reversed(x.shape), reversed(y.shape), strict=False)
    if any(a != b and a != 1 and b != 1 for a, b in lengths):
        raise ValueError(
            f"greater_equal(): shapes {list(x.shape)} and {list(y.shape)} do not broadcast"
        )
    return torch.ge(x, y)
