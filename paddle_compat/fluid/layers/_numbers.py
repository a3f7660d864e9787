"""Arguments that are whole numbers, or tensors that hold one each, or a tensor of them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from paddle_compat.fluid import unique_name
from paddle_compat.fluid.layers._shapes import is_tensor

__all__ = ["known_numbers", "spend_constants", "whole_numbers"]


def whole_numbers(values: Sequence[int | Tensor] | Tensor) -> list[int]:
    """Return the numbers, read from the tensors where they are held by such."""
    if isinstance(values, Tensor):
        return [int(value) for value in values.reshape(-1).tolist()]
    return [int(value) for value in values]


def known_numbers(values: Any, count: int) -> list[int | None]:
    """Return the numbers as far as they are known before the run."""
    if is_tensor(values):
        return [None] * count
    return [None if is_tensor(value) else int(value) for value in values]


def spend_constants(values: Any, temporary: Callable[[], str]) -> None:
    """Give away the names of the constants that Paddle makes of ints beside variables."""
    if isinstance(values, (list, tuple)) and any(map(is_tensor, values)):
        for value in values:
            if not is_tensor(value):
                temporary()
                unique_name.generate("fill_constant")
