"""What tests of layers on sequences share: tensors with a level of detail."""

from __future__ import annotations

from typing import Any

import numpy as np

from paddle_compat import fluid

__all__ = ["lengths", "levelled"]


def levelled(rows: Any, *levels: list[int], dtype: str = "float32") -> Any:
    """Return an eager tensor with levels of detail."""
    tensor = fluid.create_lod_tensor(np.asarray(rows, dtype), list(levels), fluid.CPUPlace())
    with fluid.dygraph.guard():
        return fluid.dygraph.to_variable(tensor)


def lengths(tensor: Any) -> list[list[int]]:
    """Return a tensor's levels of detail."""
    found: list[list[int]] = fluid.LoDTensor(tensor).recursive_sequence_lengths()
    return found
