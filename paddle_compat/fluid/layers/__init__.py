"""The layers of `paddle.fluid`, on torch tensors."""

from paddle_compat.errors import unsupported_attribute
from paddle_compat.fluid.layers import detection
from paddle_compat.fluid.layers.detection import sigmoid_focal_loss

__all__ = ["detection", "sigmoid_focal_loss"]

__getattr__ = unsupported_attribute(
    __name__, "paddle.fluid.layers", offered="sigmoid_focal_loss", section="What is offered"
)
