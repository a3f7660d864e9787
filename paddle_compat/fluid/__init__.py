"""The 1.x face: `paddle.fluid`, on torch tensors."""

from paddle_compat.errors import unsupported_attribute
from paddle_compat.fluid import layers

__all__ = ["layers"]

__getattr__ = unsupported_attribute(
    __name__,
    "paddle.fluid",
    offered="fluid.layers.sigmoid_focal_loss, called with torch tensors",
    section="What is offered",
)
