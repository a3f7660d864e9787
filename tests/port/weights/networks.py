"""Torch modules that weights are ported for; the command is given this file too."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Network(nn.Module):
    """The network that `legacy_network.py` and the tests build in Paddle."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        # Square: its shape does not tell which side is which.
        self.fc = nn.Linear(16, 16)
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.bn(self.conv(x))).flatten(1)
        out: Tensor = self.head(self.norm(torch.relu(self.fc(x))))
        return out


class Tied(nn.Module):
    """A matrix that two layers share."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5, 3)
        self.out = nn.Linear(3, 5, bias=False)
        self.out.weight = self.embedding.weight


class Plain(nn.Module):
    """Matrices that no layer of torch's holds."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(2, 3))
        self.square = nn.Parameter(torch.zeros(3, 3))


def lazy() -> nn.Module:
    return nn.LazyLinear(2)


def needs_more(size: int) -> nn.Module:
    return nn.Linear(size, size)


def no_module() -> str:
    return "text"


MADE = nn.Linear(2, 2)
"""A module that is there."""
NUMBER = 3
