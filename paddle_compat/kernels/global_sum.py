"""Sums over the ranks of a process group, exact under gradient averaging."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ["global_sum", "world_size"]


def world_size() -> int | None:
    """Return the number of ranks of the default process group, or None where there is none now."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else None


def global_sum(local: Tensor, count: float) -> tuple[Tensor, Tensor]:
    """Return the sums over all ranks of `local` and of `count`, each 0-D, with one all-reduce.

    The gradient of `local` is the result's times the number of ranks. Data-parallel training
    averages gradients over the ranks; a global sum needs their sum, and this factor makes one
    of the other. Two numbers travel, whatever the size of the batch.
    """
    total, counts = _GlobalSum.apply(local, count)  # type: ignore[no-untyped-call]
    return total, counts


class _GlobalSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, local: Tensor, count: float) -> tuple[Tensor, Tensor]:
        pair = torch.stack([local, torch.full_like(local, count)])
        dist.all_reduce(pair)
        ctx.ranks = dist.get_world_size()
        counts = pair[1].clone()
        ctx.mark_non_differentiable(counts)
        return pair[0].clone(), counts

    @staticmethod
    def backward(ctx: Any, upstream: Tensor, _counts: Tensor) -> tuple[Tensor, None]:
        return upstream * ctx.ranks, None
