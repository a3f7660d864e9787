"""`paddle.fluid.clip`: limits of gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle_compat.errors import unsupported_attribute

__all__ = ["GradientClipBase"]


class GradientClipBase:
    """What limits gradients; called with pairs of a parameter and its gradient."""

    def __call__(self, params_grads: Sequence[Any]) -> list[Any]:
        """Record the limits; return pairs with the limited gradients."""
        raise NotImplementedError


def append_gradient_clip_ops(params_grads: Sequence[Any]) -> list[Any]:
    """Record the limits that `set_gradient_clip` put on parameters."""
    return list(params_grads)


__getattr__ = unsupported_attribute(
    __name__, "paddle.fluid.clip", offered=__all__, section="Legacy programs"
)
