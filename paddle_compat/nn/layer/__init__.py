"""`paddle.nn.layer`: the modules."""

from paddle_compat.nn.layer.loss import SigmoidFocalLoss

__all__ = ["SigmoidFocalLoss"]
