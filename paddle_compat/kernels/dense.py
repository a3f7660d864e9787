"""One sweep over logits and labels of the same shape, in cache-sized blocks."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from paddle_compat.kernels import pages, pointwise
from paddle_compat.kernels.blocks import (
    Pass,
    blocks,
    compute_dtype,
    flatten,
    scalars,
    sum_totals,
    unflatten,
)
from paddle_compat.kernels.hyper import Focal

__all__ = ["sweep"]


def sweep(
    logit: Tensor,
    label: Tensor,
    focal: Focal,
    *,
    elementwise: bool,
    slope: bool,
    scale: float = 1.0,
    upstream: Tensor | None = None,
) -> Pass:
    """Compute the loss and its slope.

    Beside the results only scratch of a few blocks is allocated, whatever the tensors' size.

    Args:
        logit: any floating dtype.
        label: any real dtype; read in the dtype computed in.
        focal: hyper-parameters that are numbers, with a gamma >= 0.
        elementwise: return every element's loss instead of their total.
        slope: compute the slope, in the logits' dtype and memory order.
        scale: a factor of the slope.
        upstream: another factor of the slope, 0-D or of the logits' shape.
    """
    gamma, positive, negative = scalars(focal)
    upstreams = [] if upstream is None or upstream.ndim != logit.ndim else [upstream]
    flat, order = flatten([logit, label, *upstreams])
    size, device, dtype = logit.numel(), logit.device, compute_dtype(logit.dtype)
    same = logit.dtype == dtype
    losses = pages.empty(size, logit.dtype, device) if elementwise else None
    slopes = pages.empty(size, logit.dtype, device) if slope else None
    count = pointwise.DENSE_BUFFERS
    buffers = count + (0 if same else 3) + (label.dtype != dtype)
    totals: list[Tensor] = []
    for part, scratch in blocks(size, buffers, dtype, device):
        x = flat[0][part] if same else scratch.pop().copy_(flat[0][part])
        y = flat[1][part] if label.dtype == dtype else scratch.pop().copy_(flat[1][part])
        loss_out = slope_out = None
        if losses is not None:
            loss_out = losses[part] if same else scratch.pop()
        if slopes is not None:
            slope_out = slopes[part] if same else scratch.pop()
        loss = pointwise.dense(
            x, y, gamma, positive, negative, scratch[:count], loss_out, slope_out
        )
        total = pointwise.total(loss)
        if _is_special(total, y, focal):
            pointwise.mend_infinite(x, y, gamma, positive, negative, loss, slope_out)
            _zero_ignored(y, focal, loss, slope_out)
            total = pointwise.total(loss)
        totals.append(total)
        if slope_out is not None:
            if scale != 1:
                slope_out.mul_(scale)
            if upstream is not None:
                slope_out.mul_(flat[2][part] if upstreams else upstream)
        if not same:
            if losses is not None:
                losses[part] = loss
            if slopes is not None and slope_out is not None:
                slopes[part] = slope_out
    return Pass(
        sum_totals(totals, device) if losses is None else unflatten(losses, logit.shape, order),
        None if slopes is None else unflatten(slopes, logit.shape, order),
    )


def _is_special(total: Tensor, label: Tensor, focal: Focal) -> bool:
    """Whether a block may hold infinite logits or ignored labels.

    To read one number back is free on the CPU and stalls an accelerator, which therefore
    always takes the careful way.
    """
    if total.device.type != "cpu" or not math.isfinite(total.item()):
        return True
    # `not >` rather than `<=`: a NaN label must not hide an ignored one.
    return focal.ignored is not None and not label.amin().item() > focal.ignored


def _zero_ignored(label: Tensor, focal: Focal, loss: Tensor, slope: Tensor | None) -> None:
    if focal.ignored is None:
        return
    ignored = torch.trunc(label) == focal.ignored
    loss.masked_fill_(ignored, 0)
    if slope is not None:
        slope.masked_fill_(ignored, 0)
