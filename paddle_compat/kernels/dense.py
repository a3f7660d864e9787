"""One sweep over logits and labels of the same shape, in cache-sized blocks."""

from __future__ import annotations

import math

from torch import Tensor

from paddle_compat.kernels import pages, pointwise
from paddle_compat.kernels.blocks import (
    SMALL,
    Pass,
    blocks,
    compute_dtype,
    flatten,
    sum_totals,
    unflatten,
)
from paddle_compat.kernels.hyper import Focal

__all__ = ["sweep"]

_ALLOCATE = (None,) * pointwise.DENSE_BUFFERS


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
    if logit.numel() <= SMALL:
        return _sweep_at_once(logit, label, focal, elementwise, slope, scale, upstream)
    upstreams = [] if upstream is None or upstream.ndim == 0 else [upstream]
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
        factor = flat[2][part] if upstreams else upstream
        loss, total, _ = _block(
            x, y, focal, scratch[:count], loss_out, slope_out, slope, scale, factor
        )
        totals.append(total)
        if not same:
            if losses is not None:
                losses[part] = loss
            if slopes is not None and slope_out is not None:
                slopes[part] = slope_out
    return Pass(
        sum_totals(totals) if losses is None else unflatten(losses, logit.shape, order),
        None if slopes is None else unflatten(slopes, logit.shape, order),
    )


def _sweep_at_once(
    logit: Tensor,
    label: Tensor,
    focal: Focal,
    elementwise: bool,
    slope: bool,
    scale: float,
    upstream: Tensor | None,
) -> Pass:
    """Do without blocks and scratch, whose preparation outweighs the work on a few elements."""
    dtype = compute_dtype(logit.dtype)
    x = logit if logit.dtype == dtype else logit.to(dtype)
    y = label if label.dtype == dtype else label.to(dtype)
    loss, total, slopes = _block(x, y, focal, _ALLOCATE, None, None, slope, scale, upstream)
    if dtype != logit.dtype:
        loss = loss.to(logit.dtype)
        slopes = None if slopes is None else slopes.to(logit.dtype)
    return Pass(loss if elementwise else total, slopes)


def _block(
    x: Tensor,
    y: Tensor,
    focal: Focal,
    scratch: pointwise.Scratch,
    loss_out: Tensor | None,
    slope_out: Tensor | None,
    slope: bool,
    scale: float,
    upstream: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Evaluate one block, special values included; return its loss, total and slope."""
    loss, slope_out = pointwise.dense(x, y, focal, scratch, loss_out, slope_out, slope)
    total = pointwise.total(loss)
    if _is_special(total, y, focal):
        pointwise.mend_infinite(x, y, focal, loss, slope_out)
        if focal.ignored is not None:
            ignored = y.trunc() == focal.ignored
            loss.masked_fill_(ignored, 0)
            if slope_out is not None:
                slope_out.masked_fill_(ignored, 0)
        total = pointwise.total(loss)
    if slope_out is not None:
        if scale != 1:
            slope_out.mul_(scale)
        if upstream is not None:
            slope_out.mul_(upstream)
    return loss, total, slope_out


def _is_special(total: Tensor, label: Tensor, focal: Focal) -> bool:
    """Whether a block may hold infinite logits or ignored labels.

    To read one number back is free on the CPU and stalls an accelerator, which therefore
    always takes the careful way.
    """
    if total.device.type != "cpu" or not math.isfinite(total.item()):
        return True
    if focal.ignored is None or label.numel() == 0:
        return False
    # `not >` rather than `<=`: a NaN label must not hide an ignored one.
    return not label.amin().item() > focal.ignored
