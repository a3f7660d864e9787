"""Paddle's `paddle.framework`: its dtypes."""

from __future__ import annotations

from paddle_compat.errors import unsupported_attribute
from paddle_compat.framework import dtype

__all__ = ["dtype"]

__getattr__ = unsupported_attribute(
    __name__,
    "paddle.framework",
    offered="the dtypes, in paddle_compat.framework.dtype and as paddle_compat.float32 and so on",
    section="What is offered",
)
