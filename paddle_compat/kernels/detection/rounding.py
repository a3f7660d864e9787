"""Numbers as 1.8's operators hold and round them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["exact_sqrt", "held", "round_away"]


def exact_sqrt(values: Tensor) -> Tensor:
    """Return square roots, correctly rounded; torch's own of float32 are not always."""
    return values.double().sqrt().to(values.dtype)


def held(values: Sequence[float], dtype: torch.dtype) -> Tensor:
    """Return attributes, which are float32, as a tensor of a dtype."""
    return torch.tensor(values, dtype=torch.float32).to(dtype)


def round_away(values: Tensor) -> Tensor:
    """Round halves away from zero, as C does; `torch.round` takes them to even numbers."""
    whole = values.trunc()
    return whole + torch.where((values - whole).abs() >= 0.5, values.sign(), 0)
