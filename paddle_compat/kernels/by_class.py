"""One sweep over logits [N, C] whose labels are class indices, in cache-sized blocks.

All elements are evaluated as negatives, then the one positive of each row is put right: no
one-hot [N, C] exists at any time.
"""

from __future__ import annotations

import torch
from torch import Tensor

from paddle_compat.kernels import pages, pointwise
from paddle_compat.kernels.blocks import Pass, blocks, compute_dtype
from paddle_compat.kernels.hyper import Focal

__all__ = ["sweep"]


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
        column: [N] int64, the positive column of each row; outside of 0..C-1 there is none.
        focal: weights that are numbers or 0-D tensors, and a gamma >= 0; rows whose
            column is `focal.ignored` contribute nothing.
        slope: compute the slope, in the logits' dtype.
        upstream: a factor of the slope, 0-D or [N, C].
    """
    gamma, negative = focal.exponent, focal.negative
    logit = logit.contiguous()
    classes = logit.shape[1]
    device, dtype = logit.device, compute_dtype(logit.dtype)
    same = logit.dtype == dtype
    losses = pages.empty(logit.shape, logit.dtype, device)
    slopes = pages.empty(logit.shape, logit.dtype, device) if slope else None
    if logit.numel() == 0:
        return Pass(losses, slopes)
    at = column.clamp(0, classes - 1).unsqueeze(1)
    row_loss, row_slope = _labelled(logit.gather(1, at).to(dtype), column, classes, focal, slope)
    count = pointwise.ONE_SIDED_BUFFERS
    flat, flat_loss = logit.view(-1), losses.view(-1)
    flat_slope = None if slopes is None else slopes.view(-1)
    for part, scratch in blocks(logit.numel(), count + (0 if same else 3), dtype, device, classes):
        x = flat[part] if same else scratch.pop().copy_(flat[part])
        loss_out = flat_loss[part] if same else scratch.pop()
        slope_out = None
        if flat_slope is not None:
            slope_out = flat_slope[part] if same else scratch.pop()
        pointwise.one_sided(x, gamma, negative, scratch[:count], loss_out, slope_out)
        here = slice(part.start // classes, part.stop // classes)
        loss_out.view(-1, classes).scatter_(1, at[here], row_loss[here])
        if slope_out is not None and row_slope is not None:
            slope_out.view(-1, classes).scatter_(1, at[here], row_slope[here])
            if upstream is not None:
                slope_out.view(-1, classes).mul_(upstream[here] if upstream.ndim else upstream)
        if not same:
            flat_loss[part] = loss_out
            if flat_slope is not None and slope_out is not None:
                flat_slope[part] = slope_out
    if focal.ignored is not None:
        _zero_rows(column == focal.ignored, losses, slopes)
    return Pass(losses, slopes)


def _labelled(
    logit: Tensor, column: Tensor, classes: int, focal: Focal, slope: bool
) -> tuple[Tensor, Tensor | None]:
    """Return the loss and slope, [N, 1] each, of the element that each row's label points at.

    A row without a positive points at some element of it, whose values come out unchanged.
    """
    gamma, positive, negative = focal.exponent, focal.positive, focal.negative
    is_positive = ((column >= 0) & (column < classes)).unsqueeze(1)
    x = torch.where(is_positive, -logit, logit)
    weight = torch.zeros_like(x).add_(negative)
    weight = torch.where(is_positive, positive, weight)
    loss, scratch = torch.empty_like(x), list(x.new_empty((4, *x.shape)).unbind())
    slopes = torch.empty_like(x) if slope else None
    pointwise.one_sided(x, gamma, weight, scratch, loss, slopes)
    if focal.ceiling is not None:
        # Past the ceiling the modulator is 1 to the last bit, so the loss saturates alone.
        loss = torch.where(is_positive & (x > focal.ceiling), positive * focal.ceiling, loss)
    if slopes is not None:
        slopes = torch.where(is_positive, -slopes, slopes)
    return loss, slopes


def _zero_rows(ignored: Tensor, losses: Tensor, slopes: Tensor | None) -> None:
    """Zero the ignored rows; those of an accelerator without reading their number back."""
    results = [losses] if slopes is None else [losses, slopes]
    if ignored.device.type != "cpu":
        for result in results:
            result.masked_fill_(ignored.unsqueeze(1), 0)
        return
    chosen = ignored.nonzero().squeeze(1)
    if chosen.numel():
        for result in results:
            result.index_fill_(0, chosen, 0)
