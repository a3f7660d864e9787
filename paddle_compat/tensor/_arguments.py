"""Checks of arguments that the tensor functions share."""

from __future__ import annotations

import torch

__all__ = ["require_tensor"]


def require_tensor(function: str, argument: str, value: object) -> torch.Tensor:
    """Return `value` if it is a tensor; numbers, lists and arrays are refused, as Paddle does.

    Raises:
        ValueError: for anything but a `torch.Tensor`.
    """
    if isinstance(value, torch.Tensor):
        return value
    raise ValueError(
        f"{function}(): argument '{argument}' must be a Tensor, but got "
        f"{type(value).__name__}; paddle_compat.to_tensor makes one"
    )
