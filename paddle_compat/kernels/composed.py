"""The loss as plain differentiable torch operations: no loop, no custom gradient.

What torch differentiates, transforms or compiles by itself goes through here: `torch.compile`,
`torch.func`, forward-mode AD, second derivatives, gradients with respect to soft labels, and
hyper-parameters that are tensors. Each function is smooth for every finite logit, so that every
order of derivative is right, at 0 too.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own abbreviation
from torch import Tensor

from paddle_compat.kernels.hyper import Focal

__all__ = ["by_class", "dense"]


def _modulator_times_entropy(miss: Tensor, entropy: Tensor, gamma: float) -> Tensor:
    """``miss ** gamma * entropy``, with a finite derivative where `miss` underflows to 0."""
    tiny = torch.finfo(miss.dtype).tiny
    if gamma == 0:
        return entropy
    if not gamma < 0:
        # Added where `miss` vanishes, so that its powers gamma - 1 and gamma - 2, which the
        # derivatives hold, stay in range against the squares of what vanishes with it.
        floor = max(tiny, 1e-100)
        kept = miss + torch.where(miss < floor, floor, torch.zeros_like(miss))
        return kept.pow(gamma) * entropy
    # Both factors of miss ** gamma * entropy leave the range on the easy side, where
    # entropy / miss tends to 1: raise to gamma + 1 and multiply by that ratio instead.
    easy = miss < tiny
    safe = torch.where(easy, tiny, miss)
    return torch.where(easy, 1.0, entropy / safe) * (
        torch.ones_like(safe) if gamma == -1 else safe.pow(gamma + 1)
    )


def dense(logit: Tensor, label: Tensor, focal: Focal) -> Tensor:
    """Return the loss of every element; `label` is of the logits' shape and dtype."""
    ignored = None if focal.ignored is None else label.trunc() == focal.ignored
    if ignored is not None:
        # Taken out beforehand too: a NaN that is masked in the loss would return in gradients.
        logit = torch.where(ignored, 0.0, logit)
        label = torch.where(ignored, 0.0, label)
    infinite = logit.isinf()
    x = torch.where(infinite, 0.0, logit)
    # torch's derivative of a sigmoid is (1 - p) * p: of the smaller one it does not cancel.
    small = torch.sigmoid(torch.where(x < 0, x, -x))
    p, n = torch.where(x < 0, small, 1 - small), torch.where(x < 0, 1 - small, small)
    entropy = (label - 1) * F.logsigmoid(-x) - label * F.logsigmoid(x)
    weight = label * focal.positive + (1 - label) * focal.negative
    loss = weight * _modulator_times_entropy(p * (1 - label) + n * label, entropy, focal.exponent)
    # The limits: with v the label's weight on the wrong side, a line of slope
    # weight * v ** (gamma + 1), and 0 where that slope is.
    wrong = torch.where(infinite, torch.where(logit > 0, 1 - label, label), 1.0)
    slope = weight * wrong.pow(focal.exponent) * wrong
    limit = slope * torch.where(slope == 0, 0.0, logit).abs()
    loss = torch.where(infinite, limit, loss)
    return loss if ignored is None else loss.masked_fill(ignored, 0)


def by_class(logit: Tensor, column: Tensor, focal: Focal) -> Tensor:
    """Return the loss of every element; `column`, [N, 1], holds each row's positive column.

    A `column` outside of 0..C-1 is a row without a positive; `focal.ignored` is such a column.
    """
    one_hot = column == torch.arange(logit.shape[1], device=column.device)
    ignored = None if focal.ignored is None else column == focal.ignored
    if ignored is not None:
        logit = torch.where(ignored, 0.0, logit)
    rows = Focal(focal.gamma, focal.positive, focal.negative)
    loss = dense(logit, one_hot.to(logit.dtype), rows)
    if focal.ceiling is not None:
        # Saturate the value and keep the slope. Past the ceiling `miss` is 1 to the last bit.
        entropy = -F.logsigmoid(logit.detach())
        excess = torch.where(
            one_hot & (entropy > focal.ceiling), loss - focal.positive * focal.ceiling, 0.0
        )
        loss = torch.where(excess.isinf(), focal.positive * focal.ceiling, loss - excess.detach())
    return loss if ignored is None else loss.masked_fill(ignored, 0)
