"""The 2.x face: `paddle.nn`, on torch tensors."""

from paddle_compat.errors import unsupported_attribute
from paddle_compat.nn import functional, layer
from paddle_compat.nn.layer.loss import SigmoidFocalLoss

__all__ = ["SigmoidFocalLoss", "functional", "layer"]

__getattr__ = unsupported_attribute(
    __name__,
    "paddle.nn",
    offered="nn.functional.sigmoid_focal_loss, nn.SigmoidFocalLoss, and torch.nn itself",
    section="What is offered",
)
