"""The loss and its slope for a block of elements, written into reused scratch memory.

The cost of a focal loss in eager torch is memory traffic, not arithmetic: a formula composed
of fifteen operations streams fifteen fresh tensors through memory. Here every operation writes
into scratch that stays in cache, and the order below is chosen for few passes and few buffers.

"Slope" is d loss / d logit. Values keep their relative accuracy on both sides: with
``p = sigmoid(x)`` and ``n = sigmoid(-x)`` no ``1 - p`` is ever formed, and
``softplus(x) = max(x, 0) - log1p(-min(p, n))``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from paddle_compat.kernels.blocks import wide_dtype
from paddle_compat.kernels.hyper import Focal

__all__ = [
    "DENSE_BUFFERS",
    "ONE_SIDED_BUFFERS",
    "Scratch",
    "dense",
    "mend_infinite",
    "one_sided",
    "total",
]

# Where to write intermediate values; None has torch allocate them.
Scratch: TypeAlias = Sequence[Tensor | None]
# Scratch tensors that each function needs, each as large as the block.
DENSE_BUFFERS = 6
ONE_SIDED_BUFFERS = 4

# Any finite value that no useful softplus reaches: keeps 0 * inf out of the slope.
_LARGE = 1e30


def _power(base: Tensor, exponent: float, out: Tensor) -> Tensor:
    """Write ``base ** exponent`` into `out`, which is not `base`; halves and integers are cheap."""
    if exponent in (1.5, 2.5):
        torch.sqrt(base, out=out).mul_(base)
        return out.mul_(base) if exponent == 2.5 else out
    return torch.pow(base, exponent, out=out)  # itself one cheap pass for 0.5, 2 and 3


def one_sided(
    logit: Tensor,
    gamma: float,
    weight: float | Tensor,
    scratch: Scratch,
    loss: Tensor,
    slope: Tensor | None,
) -> None:
    """Write the loss of negatives with these logits, and its slope, into `loss` and `slope`.

    A positive with logit x is a negative with logit -x and the opposite slope. `weight` is a
    number, 0-D or of the logits' shape; `gamma` is finite and >= 0.
    """
    p, n, entropy, factor = scratch
    p = torch.sigmoid(logit, out=p)
    n = torch.neg(logit, out=n).sigmoid_()
    factor = torch.minimum(p, n, out=factor).neg_().log1p_()
    entropy = torch.clamp_min(logit, 0, out=entropy).sub_(factor)
    if gamma == 0:
        factor.fill_(1)
    else:
        _power(p, gamma, factor)
    factor.mul_(weight)
    # A weight of 0 makes nothing even of an infinite loss.
    if isinstance(weight, Tensor):
        entropy = torch.where(weight == 0, entropy.clamp_max(_LARGE), entropy)
    elif weight == 0:
        entropy.clamp_max_(_LARGE)
    torch.mul(factor, entropy, out=loss)
    if slope is not None:
        p.addcmul_(n, entropy.clamp_max_(_LARGE), value=gamma)
        torch.mul(factor, p, out=slope)


def dense(
    logit: Tensor,
    label: Tensor,
    focal: Focal,
    scratch: Scratch,
    loss: Tensor | None,
    slope: Tensor | None,
    want_slope: bool,
) -> tuple[Tensor, Tensor | None]:
    """Return the loss of these logits and labels and, where wanted, its slope.

    They lie in `loss` and `slope`, or in scratch where those are None. Weights are numbers; gamma
    is >= 0; labels may be any number. Infinite logits come out as NaN: `mend_infinite` puts
    their limits in. Ignored labels are the caller's to mask.
    """
    gamma, positive, negative = focal.exponent, focal.positive, focal.negative
    assert not isinstance(positive, Tensor)
    assert not isinstance(negative, Tensor)
    p, n, miss, entropy, weight, mixed = scratch
    p = torch.sigmoid(logit, out=p)
    n = torch.neg(logit, out=n).sigmoid_()
    miss = torch.minimum(p, n, out=miss).neg_().log1p_()
    entropy = torch.clamp_min(logit, 0, out=entropy).addcmul_(logit, label, value=-1).sub_(miss)
    miss = torch.lerp(p, n, label, out=miss)
    weight = torch.sub(negative, label, alpha=negative, out=weight).add_(label, alpha=positive)
    if want_slope:
        # d miss/dx and d cross_entropy/dx = p - y, each without cancellation.
        mixed = torch.mul(p, n, out=mixed)
        mixed.addcmul_(mixed, label, value=-2)
        n = torch.addcmul(miss, n, label, value=-2, out=n)
    if gamma >= 1:
        if gamma == 2:
            weight.mul_(miss)
        elif gamma > 1:
            weight.mul_(_power(miss, gamma - 1, p))
        if want_slope:
            n.mul_(miss)
    elif gamma > 0:
        weight.mul_(_power(miss, gamma, p))
        if want_slope and mixed is not None:
            # miss ** (gamma - 1) would overflow; where miss underflows the product is 0 anyway.
            mixed.div_(miss.clamp_min_(torch.finfo(miss.dtype).tiny))
    if want_slope:
        if gamma > 0 and mixed is not None:
            n.addcmul_(mixed, entropy, value=gamma)
        slope = torch.mul(weight, n, out=n if slope is None else slope)
    if gamma >= 1:
        entropy.mul_(miss)
    return torch.mul(weight, entropy, out=entropy if loss is None else loss), slope


def mend_infinite(
    logit: Tensor, label: Tensor, focal: Focal, loss: Tensor, slope: Tensor | None
) -> None:
    """Put the limits for infinite logits into `loss` and `slope`, in place.

    With v the label's weight on the wrong side (1 - y at +inf, y at -inf) the slope tends to
    ``weight * v ** (gamma + 1)`` outwards, and the loss is that times infinity, or 0 with it.
    """
    infinite = logit.isinf()
    wrong = torch.where(logit > 0, 1 - label, label)
    weight = label * focal.positive + (1 - label) * focal.negative
    limit = weight * wrong.pow(focal.exponent) * wrong
    away = torch.where(limit == 0, 0.0, logit).abs() * limit
    loss.copy_(torch.where(infinite, away, loss))
    if slope is not None:
        slope.copy_(torch.where(infinite, limit * logit.sign(), slope))


def total(values: Tensor) -> Tensor:
    """Sum in double, 0-D, at single-precision speed: a block first by rows of 256."""
    wide = wide_dtype(values.device)
    if values.dtype == wide or values.ndim != 1 or values.numel() < 4096:
        return values.sum(dtype=wide)
    whole = values.numel() // 256 * 256
    rows = values[:whole].view(-1, 256).sum(1).sum(dtype=torch.float64)
    return rows if whole == values.numel() else rows + values[whole:].sum(dtype=torch.float64)
