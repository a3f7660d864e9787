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

import torch
from torch import Tensor

__all__ = ["DENSE_BUFFERS", "ONE_SIDED_BUFFERS", "dense", "mend_infinite", "one_sided", "total"]

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
    scratch: Sequence[Tensor],
    loss: Tensor,
    slope: Tensor | None,
) -> None:
    """Write the loss of negatives with these logits, and its slope, into `loss` and `slope`.

    A positive with logit x is a negative with logit -x and the opposite slope. `weight` is a
    number or of the logits' shape; `gamma` is finite and >= 0.
    """
    p, n, entropy, factor = scratch
    torch.sigmoid(logit, out=p)
    torch.sigmoid(torch.neg(logit, out=n), out=n)
    torch.minimum(p, n, out=factor).neg_().log1p_()
    torch.clamp_min(logit, 0, out=entropy).sub_(factor)
    if gamma == 0:
        factor.fill_(1)
    else:
        _power(p, gamma, factor)
    factor.mul_(weight)
    torch.mul(factor, entropy, out=loss)
    if slope is not None:
        p.addcmul_(n, entropy.clamp_max_(_LARGE), value=gamma)
        torch.mul(factor, p, out=slope)


def dense(
    logit: Tensor,
    label: Tensor,
    gamma: float,
    positive: float,
    negative: float,
    scratch: Sequence[Tensor],
    loss: Tensor | None,
    slope: Tensor | None,
) -> Tensor:
    """Return the loss of these logits and labels, and write its slope into `slope`.

    The loss lies in `loss`, or in scratch where that is None. `gamma` is finite and >= 0; labels
    may be any number. Infinite logits come out as NaN: `mend_infinite` puts their limits in.
    Ignored labels are the caller's to mask.
    """
    p, n, miss, entropy, weight, mixed = scratch
    torch.sigmoid(logit, out=p)
    torch.sigmoid(torch.neg(logit, out=n), out=n)
    torch.minimum(p, n, out=miss).neg_().log1p_()
    torch.clamp_min(logit, 0, out=entropy).addcmul_(logit, label, value=-1).sub_(miss)
    torch.lerp(p, n, label, out=miss)
    torch.sub(1, label, out=weight).mul_(negative).add_(label, alpha=positive)
    if slope is not None:
        # d miss/dx * cross_entropy, and d cross_entropy/dx = p - y, each without cancellation.
        torch.mul(p, n, out=mixed)
        mixed.addcmul_(mixed, label, value=-2).mul_(entropy)
        torch.lerp(p, n.neg_(), label, out=n)
    if gamma >= 1:
        if gamma == 2:
            weight.mul_(miss)
        elif gamma > 1:
            weight.mul_(_power(miss, gamma - 1, p))
        entropy.mul_(miss)
        n.mul_(miss)
    elif gamma > 0:
        weight.mul_(_power(miss, gamma, p))
        if slope is not None:
            # miss ** (gamma - 1) would overflow; where miss underflows the product is 0 anyway.
            mixed.div_(miss.clamp_min_(torch.finfo(miss.dtype).tiny))
    if slope is not None:
        if gamma > 0:
            n.add_(mixed, alpha=gamma)
        torch.mul(weight, n, out=slope)
    return torch.mul(weight, entropy, out=entropy if loss is None else loss)


def mend_infinite(
    logit: Tensor,
    label: Tensor,
    gamma: float,
    positive: float,
    negative: float,
    loss: Tensor,
    slope: Tensor | None,
) -> None:
    """Put the limits for infinite logits into `loss` and `slope`, in place.

    With v the label's weight on the wrong side (1 - y at +inf, y at -inf) the slope tends to
    ``weight * v ** (gamma + 1)`` outwards, and the loss is that times infinity, or 0 with it.
    """
    infinite = logit.isinf()
    wrong = torch.where(logit > 0, 1 - label, label)
    limit = (label * positive + (1 - label) * negative) * wrong.pow(gamma) * wrong
    zero = torch.zeros_like(limit)
    loss.copy_(torch.where(infinite, torch.where(limit == 0, zero, limit * logit.abs()), loss))
    if slope is not None:
        slope.copy_(torch.where(infinite, limit * logit.sign(), slope))


def total(values: Tensor) -> Tensor:
    """Sum a 1-D tensor in double, 0-D, at single-precision speed (rows of 256 first)."""
    if values.dtype == torch.float64 or values.numel() < 4096:
        return values.sum(dtype=torch.float64)
    whole = values.numel() // 256 * 256
    rows = values[:whole].view(-1, 256).sum(1).sum(dtype=torch.float64)
    return rows + values[whole:].sum(dtype=torch.float64)
