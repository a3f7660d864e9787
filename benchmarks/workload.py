"""What every implementation is timed on: logits, and labels in three forms."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own abbreviation
from torch import Tensor

__all__ = ["BACKGROUND_MIX", "POSITIVE_MIX", "Mix", "Workload", "make"]


@dataclass(frozen=True)
class Mix:
    """The shares of rows whose label is -1 (ignored) and 1..C (positive); the rest is 0."""

    name: str
    ignored: float
    positive: float


# What an anchor-based detector sees: nearly every anchor is background.
BACKGROUND_MIX = Mix("3 % ignored, 1 % positive, 96 % background", 0.03, 0.01)
POSITIVE_MIX = Mix("every row positive", 0.0, 1.0)


@dataclass(frozen=True)
class Workload:
    """One problem of N rows and C classes, float32.

    Attributes:
        logit: [N, C], a leaf that requires a gradient.
        label: [N, 1] int32 in -1..C, as the fluid operator takes it.
        foreground: [1] int32, the number of positive rows.
        hard: [N, C] of 0 and 1.
        soft: [N, C], between 0 and 1.
    """

    logit: Tensor
    label: Tensor
    foreground: Tensor
    hard: Tensor
    soft: Tensor

    @property
    def elements(self) -> int:
        """The number of logits."""
        return self.logit.numel()


def make(rows: int, classes: int, mix: Mix = BACKGROUND_MIX, seed: int = 0) -> Workload:
    """Draw a problem: logits around the -3 of a detector's early training."""
    random = torch.Generator().manual_seed(seed)
    logit = torch.randn(rows, classes, generator=random).mul_(2).sub_(3).requires_grad_()
    kind = torch.rand(rows, 1, generator=random)
    label = torch.randint(1, classes + 1, (rows, 1), generator=random, dtype=torch.int32)
    label[kind >= mix.positive] = 0
    label[kind >= 1 - mix.ignored] = -1
    foreground = (label > 0).sum().to(torch.int32).reshape(1)
    hard = F.one_hot(label.squeeze(1).long().clamp(min=0), classes + 1)[:, 1:].float()
    soft = torch.rand(rows, classes, generator=random)
    return Workload(logit, label, foreground, hard.contiguous(), soft)
