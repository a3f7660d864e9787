"""Checks of two tensors that a loss compares."""

from __future__ import annotations

from typing import Any

import torch

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid.layers._checks import check_tensor
from paddle_compat.fluid.layers._shapes import merge, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["alike", "check_pair"]


def check_pair(layer: str, allowed: tuple[torch.dtype, ...], **pair: Any) -> None:
    """Check that both are tensors of one of the dtypes, and of the same."""
    for name, value in pair.items():
        check_tensor(layer, name, stand_in(value), allowed)
    (one, x), (other, y) = pair.items()
    if torch_dtype_of(x) != torch_dtype_of(y):
        raise ValueError(
            f"{layer}: {one} and {other} must have one dtype, but they have {torch_dtype_of(x)} "
            f"and {torch_dtype_of(y)}; use fluid.layers.cast"
        )


def alike(layer: str, x: Any, y: Any) -> Signature:
    """Check that both have one shape; return what is like the first."""
    merge(layer, "its two tensors", (x.shape, y.shape))
    return tuple(x.shape), torch_dtype_of(x)
