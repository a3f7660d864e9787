"""The usual way to write this loss in PyTorch: a formula composed of whole-tensor operations.

It is what the libraries of detection models contain, and the peer that matters most. `by_class`
starts from class indices, and so has to make the one-hot and leave out ignored rows itself.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own abbreviation
from torch import Tensor

__all__ = ["by_class", "dense", "reference"]


def dense(logit: Tensor, label: Tensor, gamma: float = 2.0, alpha: float = 0.25) -> Tensor:
    """Return every element's loss for labels of the logits' shape."""
    p = torch.sigmoid(logit)
    entropy = F.binary_cross_entropy_with_logits(logit, label, reduction="none")
    p_t = p * label + (1 - p) * (1 - label)
    loss = entropy * ((1 - p_t) ** gamma)
    return (alpha * label + (1 - alpha) * (1 - label)) * loss


def by_class(
    logit: Tensor, label: Tensor, foreground: Tensor, gamma: float = 2.0, alpha: float = 0.25
) -> Tensor:
    """Return every element's loss for labels [N, 1] in -1..C, divided by max(foreground, 1)."""
    index = label.squeeze(1).long()
    one_hot = F.one_hot(index.clamp(min=0), logit.shape[1] + 1)[:, 1:].to(logit.dtype)
    # One factor a row for both: the cheapest way to leave rows out and to divide.
    row = (label != -1).to(logit.dtype) / foreground.clamp(min=1)
    return dense(logit, one_hot, gamma, alpha) * row


def reference(
    logit: Tensor, label: Tensor, foreground: Tensor | None, rows: int = 10_000
) -> tuple[float, Tensor]:
    """Return the total loss and its gradient, computed in double, some rows at a time."""
    total, gradient = 0.0, torch.empty_like(logit)
    for start in range(0, len(logit), rows):
        here = slice(start, start + rows)
        x = logit[here].detach().double().requires_grad_()
        if foreground is None:
            loss = dense(x, label[here].double()).sum()
        else:
            loss = by_class(x, label[here], foreground).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        assert x.grad is not None
        gradient[here] = x.grad
        total += loss.item()
    return total, gradient.detach()
