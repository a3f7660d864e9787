"""`paddle.fluid.dygraph`: layers that run at once, on torch tensors."""

from __future__ import annotations

from paddle_compat.errors import unsupported_attribute
from paddle_compat.fluid.dygraph import base
from paddle_compat.fluid.dygraph.base import (
    disable_dygraph,
    enable_dygraph,
    enabled,
    grad,
    guard,
    no_grad,
    to_variable,
)

__all__ = [
    "base",
    "disable_dygraph",
    "enable_dygraph",
    "enabled",
    "grad",
    "guard",
    "no_grad",
    "to_variable",
]

__getattr__ = unsupported_attribute(
    __name__,
    "paddle.fluid.dygraph",
    offered=__all__,
    section="Legacy programs",
    instead={"Layer": "torch.nn.Module", "Linear": "torch.nn.Linear", "Conv2D": "torch.nn.Conv2d"},
)
