"""Weighted sums of a table's rows: what sampling between the cells of a feature map comes down to.

With the channels last, a map is a table with a row for each cell, and a sample is a short weighted
sum of rows. The sums of a bag and their gradient, which is a weighted sum of the result's rows, are
one operation of torch's, which reads each row in one go.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["add_rows_back", "dots", "sum_rows", "weighted_rows"]

_SUM = 0


def sum_rows(table: Tensor, rows: Tensor, weights: Tensor, starts: Tensor) -> Tensor:
    """Return the weighted sum of each bag of rows.

    Args:
        table: [V, C] of floats.
        rows: [K] of int32 or int64: which rows, bag after bag.
        weights: [K], in the table's dtype.
        starts: [B], in the dtype of rows: where each bag begins; an empty bag's sum is 0.

    Returns:
        [B, C].
    """
    if not len(starts) or not len(rows) or not table.shape[1]:
        return table.new_zeros(len(starts), table.shape[1])
    return torch.nn.functional.embedding_bag(
        rows, table, starts, mode="sum", per_sample_weights=weights
    )


def add_rows_back(
    upstream: Tensor, rows: Tensor, weights: Tensor, bags: Tensor, count: int
) -> Tensor:
    """Return the gradient of `sum_rows` by its table.

    Args:
        upstream: [B, C], the gradient of the result.
        rows: [K].
        weights: [K].
        bags: [K], in the dtype of rows: the bag that each belongs to.
        count: how many rows the table has.

    Returns:
        [count, C]. Each row's terms are added in the order of the bags, so that the same input
        gives the same bits.
    """
    order = rows.argsort(stable=True)
    found = torch.bincount(rows, minlength=count)
    starts = (found.cumsum(0) - found).to(rows.dtype)
    return sum_rows(upstream, bags[order], weights[order], starts)


class _Weighted(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, table: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
        ctx.save_for_backward(rows, weights)
        ctx.count = len(table)
        starts = torch.arange(0, rows.numel(), rows.shape[1], dtype=rows.dtype, device=rows.device)
        return sum_rows(table, rows.reshape(-1), weights.reshape(-1), starts)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, None, None]:
        rows, weights = ctx.saved_tensors
        bags = torch.arange(len(rows), dtype=rows.dtype, device=rows.device)
        bags = bags[:, None].expand(rows.shape).reshape(-1)
        flat = (rows.reshape(-1), weights.reshape(-1), bags)
        return add_rows_back(upstream.contiguous(), *flat, ctx.count), None, None


def dots(upstream: Tensor, table: Tensor, rows: Tensor, bags: Tensor, starts: Tensor) -> Tensor:
    """Return the gradient of `sum_rows` by its weights.

    Args:
        upstream: [B, C], the gradient of the result.
        table: [V, C].
        rows: [K].
        bags: [K], the bag that each belongs to.
        starts: [B], where each bag begins.

    Returns:
        [K].
    """
    if not len(rows) or not table.shape[1]:
        return table.new_zeros(len(rows))
    products: Tensor = torch.ops.aten._embedding_bag_per_sample_weights_backward(
        upstream, table, rows, starts, bags, _SUM
    )
    return products


def weighted_rows(table: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
    """Return a weighted sum of rows for each row of indices, differentiable once.

    Args:
        table: [V, C] of floats.
        rows: [B, T] of int32 or int64.
        weights: [B, T], in the table's dtype.

    Returns:
        [B, C]. The gradient reaches the table.
    """
    result: Tensor = _Weighted.apply(table, rows, weights)  # type: ignore[no-untyped-call]
    return result
