"""What checks look at in place of a variable."""

from __future__ import annotations

from typing import Any

import torch

from paddle_compat.fluid._variable import Variable

__all__ = ["stand_in"]


def stand_in(value: Any) -> Any:
    """Return an empty tensor of a variable's dtype; anything else as it is."""
    if isinstance(value, Variable):
        return torch.empty(0, dtype=value.torch_dtype, device="meta")
    return value
