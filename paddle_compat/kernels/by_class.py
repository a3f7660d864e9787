"""One sweep over logits [N, C] whose labels are class indices, in cache-sized blocks.

All elements are evaluated as negatives, then the one positive of each row is put right: no
one-hot [N, C] exists at any time, but for tensors that fit in cache.
"""

from __future__ import annotations

import torch
from torch import Tensor

from paddle_compat.kernels import dense, pages, pointwise
from paddle_compat.kernels.blocks import SMALL, Pass, blocks, compute_dtype
from paddle_compat.kernels.hyper import Focal

__all__ = ["sweep"]

_ALLOCATE = (None,) * pointwise.ONE_SIDED_BUFFERS


def sweep(
    logit: Tensor,
    column: Tensor,
    focal: Focal,
    *,
    slope: bool,
    upstream: Tensor | None = None,
) -> Pass:
    """Compute every element's loss and its slope.

    Args:
        logit: [N, C], any floating dtype.
        column: [N, 1] of integers, the positive column of each row; outside of 0..C-1 there
            is none.
        focal: weights that are numbers or 0-D tensors, and a gamma >= 0; rows whose column is
            `focal.ignored` contribute nothing.
        slope: compute the slope, in the logits' dtype.
        upstream: a factor of the slope, 0-D or [N, C].
    """
    if logit.numel() == 0:
        return Pass(torch.empty_like(logit), torch.empty_like(logit) if slope else None)
    if logit.numel() <= SMALL and logit.device.type == "cpu":
        result = _sweep_at_once(logit, column, focal, slope, upstream)
    else:
        result = _sweep_in_blocks(logit.contiguous(), column, focal, slope, upstream)
    if focal.ignored is not None:
        _zero_rows(column == focal.ignored, result)
    return result


def _sweep_at_once(
    logit: Tensor, column: Tensor, focal: Focal, slope: bool, upstream: Tensor | None
) -> Pass:
    """Do without blocks: for a few elements a one-hot costs less than to treat rows apart."""
    label = torch.eq(column, torch.arange(logit.shape[1])).to(compute_dtype(logit.dtype))
    unmasked = Focal(focal.gamma, focal.positive, focal.negative)
    result = dense.sweep(logit, label, unmasked, elementwise=True, slope=slope, upstream=upstream)
    if focal.ceiling is not None and not logit.amin().item() >= -focal.ceiling:
        saturated = (label == 1) & (logit < -focal.ceiling)
        result.loss.masked_fill_(saturated, focal.positive * focal.ceiling)
    return result


def _sweep_in_blocks(
    logit: Tensor, column: Tensor, focal: Focal, slope: bool, upstream: Tensor | None
) -> Pass:
    """Evaluate block by block: beside the results only scratch of a few blocks is allocated."""
    rows = _Rows(logit, column, focal, slope)
    classes, device, dtype = logit.shape[1], logit.device, compute_dtype(logit.dtype)
    same = logit.dtype == dtype
    losses = pages.empty(logit.shape, logit.dtype, device)
    slopes = pages.empty(logit.shape, logit.dtype, device) if slope else None
    count = pointwise.ONE_SIDED_BUFFERS
    for part, flat in blocks(logit.numel(), count + (0 if same else 3), dtype, device, classes):
        here = slice(part.start // classes, part.stop // classes)
        scratch = [buffer.view(-1, classes) for buffer in flat]
        x = logit[here] if same else scratch.pop().copy_(logit[here])
        loss_out = losses[here] if same else scratch.pop()
        slope_out = None
        if slopes is not None:
            slope_out = slopes[here] if same else scratch.pop()
        factor = upstream[here] if upstream is not None and upstream.ndim else upstream
        _block(x, rows, here, focal, scratch[:count], loss_out, slope_out, factor)
        if not same:
            losses[here] = loss_out
            if slopes is not None and slope_out is not None:
                slopes[here] = slope_out
    return Pass(losses, slopes)


def _block(
    x: Tensor,
    rows: _Rows,
    here: slice,
    focal: Focal,
    scratch: pointwise.Scratch,
    loss_out: Tensor,
    slope_out: Tensor | None,
    upstream: Tensor | None,
) -> None:
    """Evaluate these rows as negatives and put their positives in."""
    pointwise.one_sided(x, focal.exponent, focal.negative, scratch, loss_out, slope_out)
    loss_out.scatter_(1, rows.at[here], rows.loss[here])
    if slope_out is not None and rows.slope is not None:
        slope_out.scatter_(1, rows.at[here], rows.slope[here])
        if upstream is not None:
            slope_out.mul_(upstream)


class _Rows:
    """The element of each row that its label points at: where it is, its loss and its slope.

    A row without a positive points at some element of it, whose values it repeats.
    Every tensor is [N, 1].
    """

    def __init__(self, logit: Tensor, column: Tensor, focal: Focal, slope: bool) -> None:
        self.at = column.clamp(0, logit.shape[1] - 1).long()
        is_positive = self.at == column
        x = logit.gather(1, self.at).to(compute_dtype(logit.dtype))
        x = torch.where(is_positive, -x, x)
        weight = torch.zeros_like(x).add_(focal.negative).masked_fill_(is_positive, focal.positive)
        self.loss = torch.empty_like(x)
        self.slope = torch.empty_like(x) if slope else None
        pointwise.one_sided(x, focal.exponent, weight, _ALLOCATE, self.loss, self.slope)
        if focal.ceiling is not None:
            # Past the ceiling the modulator is 1 to the last bit, so the loss saturates alone.
            saturated = is_positive & (x > focal.ceiling)
            self.loss.masked_fill_(saturated, focal.positive * focal.ceiling)
        if self.slope is not None:
            self.slope = torch.where(is_positive, -self.slope, self.slope)


def _zero_rows(ignored: Tensor, result: Pass) -> None:
    tensors = [result.loss] if result.slope is None else [result.loss, result.slope]
    if not ignored.is_cpu:
        # It would stall on reading the number of rows.
        for tensor in tensors:
            tensor.masked_fill_(ignored, 0)
    elif ignored.any().item():
        rows = ignored.squeeze(1).nonzero().squeeze(1)
        for tensor in tensors:
            tensor.index_fill_(0, rows, 0)
