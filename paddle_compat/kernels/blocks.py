"""What the sweeps share: block sizes, scratch, memory order, totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = [
    "SMALL",
    "Pass",
    "blocks",
    "compute_dtype",
    "flatten",
    "sum_totals",
    "unflatten",
    "wide_dtype",
]

# Elements of a block for each thread: torch splits an operation among threads from 2**15
# elements on, and a block has to be long against what starting them costs, with its scratch
# still in cache.
_BLOCK_PER_THREAD = 1 << 17
# Up to here one thread does the work, in less time than blocks and scratch take to prepare.
SMALL = 1 << 15
# An accelerator wants few, large launches; the bound is there for its memory alone.
_ACCELERATOR_BLOCK = 1 << 24


@dataclass(frozen=True)
class Pass:
    """What one sweep computed: every element's loss or, 0-D in double, their total; the slope."""

    loss: Tensor
    slope: Tensor | None


def compute_dtype(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype to compute in: single precision for the half-precision types."""
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype


def wide_dtype(device: torch.device) -> torch.dtype:
    """Return the dtype that sums accumulate in: double, but where the device has none."""
    return torch.float32 if device.type == "mps" else torch.float64


def blocks(
    size: int, buffers: int, dtype: torch.dtype, device: torch.device, unit: int = 1
) -> Iterator[tuple[slice, list[Tensor]]]:
    """Cut `size` elements into blocks of whole units; yield each with scratch of its length."""
    step = torch.get_num_threads() * _BLOCK_PER_THREAD
    if device.type != "cpu":
        step = _ACCELERATOR_BLOCK
    step = min(max(step // unit, 1) * unit, size)
    scratch = torch.empty((buffers, step), dtype=dtype, device=device)
    for start in range(0, size, step):
        length = min(step, size - start)
        part = scratch if length == step else scratch[:, :length]
        yield slice(start, start + length), list(part.unbind())


def flatten(tensors: Sequence[Tensor]) -> tuple[list[Tensor], list[int] | None]:
    """Return 1-D tensors over the same elements, and the dimension order they follow.

    They are views where the tensors are dense in one common order (channels-last, say), and
    copies otherwise. The order is None for the ordinary, contiguous one.
    """
    if all(t.is_contiguous() for t in tensors):
        return [t.view(-1) for t in tensors], None
    first = tensors[0]
    order = sorted(range(first.ndim), key=first.stride, reverse=True)
    if all(t.permute(order).is_contiguous() for t in tensors):
        return [t.permute(order).view(-1) for t in tensors], order
    return [t.reshape(-1) for t in tensors], None


def unflatten(flat: Tensor, shape: torch.Size, order: list[int] | None) -> Tensor:
    """Undo `flatten` for one tensor."""
    if order is None:
        return flat.view(shape)
    inverse = sorted(range(len(order)), key=order.__getitem__)
    return flat.view([shape[dim] for dim in order]).permute(inverse)


def sum_totals(totals: list[Tensor]) -> Tensor:
    """Add the blocks' totals, 0-D, in their dtype."""
    return totals[0] if len(totals) == 1 else torch.stack(totals).sum()
