"""`paddle.fluid.layers.loss`: losses."""

from __future__ import annotations

from paddle_compat.fluid import _publish
from paddle_compat.fluid.layers.loss.classes import cross_entropy, softmax_with_cross_entropy
from paddle_compat.fluid.layers.loss.elements import (
    huber_loss,
    kldiv_loss,
    mse_loss,
    sigmoid_cross_entropy_with_logits,
    square_error_cost,
)

__all__ = [
    "cross_entropy",
    "huber_loss",
    "kldiv_loss",
    "mse_loss",
    "sigmoid_cross_entropy_with_logits",
    "softmax_with_cross_entropy",
    "square_error_cost",
]

__getattr__ = _publish.publish(__name__, globals(), __all__)
