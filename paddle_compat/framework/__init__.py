"""Paddle's `paddle.framework`: its dtypes, and its files."""

from __future__ import annotations

from paddle_compat.errors import unsupported_attribute
from paddle_compat.framework import dtype
from paddle_compat.framework.io import load, save

__all__ = ["dtype", "load", "save"]

__getattr__ = unsupported_attribute(
    __name__,
    "paddle.framework",
    offered="the dtypes, in paddle_compat.framework.dtype and as paddle_compat.float32 and so on; "
    "and save and load",
    section="What is offered",
)
