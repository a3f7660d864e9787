"""`paddle.nn.functional`, on torch tensors."""

from paddle_compat.errors import unsupported_attribute
from paddle_compat.nn.functional.loss import sigmoid_focal_loss

__all__ = ["sigmoid_focal_loss"]

__getattr__ = unsupported_attribute(
    __name__,
    "paddle.nn.functional",
    offered="sigmoid_focal_loss, and torch.nn.functional itself",
    section="What is offered",
)
