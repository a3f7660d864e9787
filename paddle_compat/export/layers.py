"""Modules that generated source has beside torch's own."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["BatchNorm2d"]


class BatchNorm2d(torch.nn.BatchNorm2d):
    """Like torch's, but it remembers the variance of the batch's elements, divided by their number.

    torch remembers an estimate, divided by one less. The momentum is torch's, 1 - Paddle's.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalised input, and remember its statistics while training."""
        count = input.numel() // input.shape[1]
        if not self.training:
            return super().forward(input)
        if count == 1:
            return input.clone()
        assert self.running_var is not None
        assert self.momentum is not None
        kept = self.running_var * (1 - self.momentum)
        result = super().forward(input)
        with torch.no_grad():
            self.running_var.sub_((self.running_var - kept) / count)
        return result
