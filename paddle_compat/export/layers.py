"""What exported modules use beside torch's own modules and functions."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["AffineChannel", "BatchNorm2d", "FrozenBatchNorm2d", "remember_"]


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


class FrozenBatchNorm2d(torch.nn.BatchNorm2d):
    """Like torch's, but it uses and keeps the statistics that it has, also while training."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalised input."""
        return torch.nn.functional.batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )


class AffineChannel(torch.nn.Module):
    """A factor and a summand for each channel.

    Args:
        num_features: how many channels there are.
        dtype: of both.
    """

    def __init__(self, num_features: int, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(num_features, dtype=dtype))
        self.bias = torch.nn.Parameter(torch.zeros(num_features, dtype=dtype))

    def forward(self, input: Tensor) -> Tensor:
        """Return weight * input + bias, [N, C, ...]."""
        mean, variance = torch.zeros_like(self.bias), torch.ones_like(self.weight)
        return torch.nn.functional.batch_norm(
            input, mean, variance, self.weight, self.bias, eps=0.0
        )


def remember_(held: Tensor, value: Tensor, now: bool = True) -> None:
    """Put a value where another is held.

    Args:
        held: what a module holds.
        value: of its shape and dtype.
        now: whether to; a module that is tested keeps its statistics.
    """
    if now:
        with torch.no_grad():
            held.copy_(value)
