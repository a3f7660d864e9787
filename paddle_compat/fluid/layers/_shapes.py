"""Static shapes, with -1 for what a run will tell: how they meet, and what a rule looks at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._variable import Variable

__all__ = ["axis_of", "fits", "is_tensor", "merge", "shape_of", "torch_dtype_of"]


def is_tensor(value: Any) -> bool:
    """Tell whether an argument is a tensor now or in the run."""
    return isinstance(value, (Tensor, Variable))


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the static shape of a variable, or a tensor's shape."""
    return tuple(value.shape)


def torch_dtype_of(value: Any) -> torch.dtype:
    """Return the torch dtype of a variable or tensor."""
    dtype = value.torch_dtype if isinstance(value, Variable) else value.dtype
    assert isinstance(dtype, torch.dtype)
    return dtype


def axis_of(layer: str, name: str, axis: int, rank: int, *, lowest: int | None = None) -> int:
    """Return a dimension counted from 0.

    Raises:
        ValueError: there is no such dimension.
    """
    lowest = -rank if lowest is None else lowest
    if not lowest <= axis < rank:
        raise ValueError(
            f"{layer}: {name} must be in [{lowest}, {rank}) for {rank} dimensions, but it is {axis}"
        )
    return axis % rank


def fits(one: int, other: int) -> bool:
    """Tell whether two static sizes can be the same in a run."""
    return one == other or one < 0 or other < 0


def merge(
    layer: str, name: str, shapes: Iterable[Sequence[int]], free: int | None = None
) -> tuple[int, ...]:
    """Return the shape that these can have in common: a known size goes before an unknown one.

    Args:
        layer: for the error's text.
        name: the argument that lists them.
        shapes: of one rank.
        free: a dimension in which they may differ; the first one's size stands there.

    Raises:
        ValueError: they differ.
    """
    every = [tuple(shape) for shape in shapes]
    common = list(every[0])
    for index, shape in enumerate(every[1:], 1):
        if len(shape) != len(common) or not all(
            fits(a, b) for i, (a, b) in enumerate(zip(common, shape, strict=True)) if i != free
        ):
            where = "" if free is None else f" but for dimension {free}"
            raise ValueError(
                f"{layer}: all of {name} must have one shape{where}, but {name}[0] is "
                f"{list(every[0])} and {name}[{index}] is {list(shape)}"
            )
        common = [b if a < 0 else a for a, b in zip(common, shape, strict=True)]
    if free is not None:
        common[free] = every[0][free]
    return tuple(common)
