"""Argument rules that the faces share."""

from __future__ import annotations

from numbers import Real

import numpy as np
import torch

__all__ = ["FLOATS", "number"]

FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
"""What a logit may be: Paddle's two dtypes, and two as an extension."""

# A tuple: torch.compile does not trace unions of numpy's types.
_NUMBERS = (float, int, np.number, np.bool_, Real)


def number(name: str, value: object) -> float:
    """Return a number of any kind as a float.

    Raises:
        TypeError: it is no number; the text names the argument `name`.
    """
    if not isinstance(value, _NUMBERS):
        raise TypeError(
            f"{name} must be a number, but it is {type(value).__name__}; pass float({name})"
        )
    return float(value)
