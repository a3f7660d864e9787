"""Numbers as Paddle's operators hold them."""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["attribute", "single"]


def single(value: float) -> float:
    """Return a number rounded to float32, as attributes are, whatever the tensors' dtype."""
    return float(np.float32(value))


def attribute(value: float, dtype: torch.dtype) -> float | int:
    """Return a number as an attribute that is cast to a tensor's dtype."""
    rounded = single(value)
    return rounded if dtype.is_floating_point else int(rounded)
