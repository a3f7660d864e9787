"""Levels of detail: how the rows of a tensor fall into sequences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["Lod", "as_lod", "attach", "fits", "fitting", "lengths_of", "lod_of"]

Lod = tuple[Tensor, ...]
"""The lengths of each level's sequences, outermost first: int64, on the CPU; () is none."""

_ATTRIBUTE = "fluid_lod"


def as_lod(lengths: Iterable[Sequence[int]]) -> Lod:
    """Return levels of lengths as layers take them."""
    return tuple(torch.tensor(list(level), dtype=torch.int64) for level in lengths)


def lengths_of(lod: Lod) -> list[list[int]]:
    """Return what `as_lod` was made from."""
    return [level.tolist() for level in lod]


def attach(tensor: Any, lod: Lod) -> None:
    """Let a tensor outside of programs carry a level of detail; it goes with the object."""
    setattr(tensor, _ATTRIBUTE, lod)


def lod_of(value: Any) -> Any:
    """Return what a tensor, or each tensor of a list, carries."""
    if isinstance(value, (list, tuple)):
        return [lod_of(item) for item in value]
    return getattr(value, _ATTRIBUTE, ())


def fitting(value: Tensor, lod: Lod) -> Lod:
    """Return levels of detail that a value took from another one, if it has as many rows."""
    return lod if fits(lengths_of(lod), value.shape[0] if value.ndim else 1) else ()


def fits(lengths: Sequence[Sequence[int]], rows: int) -> bool:
    """Tell whether each level counts the next one's sequences, and the last one the rows."""
    sizes = [*(len(level) for level in lengths[1:]), rows]
    return all(
        all(length >= 0 for length in level) and sum(level) == size
        for level, size in zip(lengths, sizes, strict=False)
    )
