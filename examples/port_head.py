"""The head of `port_head_fluid.py` in plain PyTorch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

Parameters = dict[str, Tensor]


def head(features: Tensor, parameters: Parameters) -> dict[str, Tensor]:
    """Return logits [locations, classes], box deltas [locations, 4] and a quality [images, 1]."""

    def conv(x: Tensor, index: int, padding: int = 0) -> Tensor:
        weight, bias = (parameters[f"conv2d_{index}.{kind}_0"] for kind in ("w", "b"))
        return functional.conv2d(x, weight, bias, padding=padding)

    x = conv(features, 0, padding=1).relu()
    logits, deltas = conv(x, 1), conv(x, 2)
    # Paddle keeps the weight of a linear layer as [in, out].
    weight, bias = parameters["fc_0.w_0"], parameters["fc_0.b_0"]
    return {
        "logits": logits.permute(0, 2, 3, 1).reshape(-1, logits.shape[1]),
        "deltas": deltas.permute(0, 2, 3, 1).reshape(-1, 4),
        "quality": functional.linear(x.mean((2, 3)), weight.t(), bias).sigmoid(),
    }


def focal_loss(logits: Tensor, targets: Tensor, alpha: float, gamma: float) -> Tensor:
    """Return the focal loss of every logit."""
    p = logits.sigmoid()
    p_t = torch.where(targets, p, 1 - p)
    alpha_t = torch.where(targets, alpha, 1 - alpha)
    cross_entropy = functional.binary_cross_entropy_with_logits(
        logits, targets.float(), reduction="none"
    )
    return alpha_t * (1 - p_t) ** gamma * cross_entropy


def class_loss(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    """Return the focal loss over the foreground count; label 0 is background, -1 is ignored."""
    targets = label == torch.arange(1, logits.shape[1] + 1)
    loss = focal_loss(logits, targets, alpha=0.25, gamma=2.0)
    return loss.masked_fill(label == -1, 0).sum() / fg_num.clamp(min=1)


def box_loss(deltas: Tensor, targets: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    """Return the smooth L1 loss of the foreground rows over their count."""
    loss = functional.smooth_l1_loss(deltas, targets, reduction="none", beta=1 / 9)
    return (loss * (label > 0)).sum() / fg_num


def losses(
    features: Tensor, label: Tensor, targets: Tensor, fg_num: Tensor, parameters: Parameters
) -> list[Tensor]:
    """Return both losses of a batch."""
    found = head(features, parameters)
    return [
        class_loss(found["logits"], label, fg_num),
        box_loss(found["deltas"], targets, label, fg_num),
    ]
