"""Paddle's `paddle.tensor`: the few tensor functions that losses are fed with.

They take and return plain `torch.Tensor` objects.
"""

from __future__ import annotations

from paddle_compat.errors import unsupported_attribute
from paddle_compat.tensor.creation import to_tensor
from paddle_compat.tensor.logic import greater_equal
from paddle_compat.tensor.manipulation import cast
from paddle_compat.tensor.math import sum  # noqa: A004 - Paddle's name

__all__ = ["cast", "greater_equal", "sum", "to_tensor"]

__getattr__ = unsupported_attribute(
    __name__,
    "paddle.tensor",
    offered="to_tensor, cast, sum, greater_equal, and for the rest torch's own functions",
    section="What is offered",
)
