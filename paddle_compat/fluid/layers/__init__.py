"""The layers of `paddle.fluid`: functions of torch tensors, and of a program's variables."""

from __future__ import annotations

from paddle_compat.errors import unsupported_attribute
from paddle_compat.fluid.layers import (
    control_flow,
    detection,
    io,
    learning_rate_scheduler,
    loss,
    math_op_patch,
    nn,
    ops,
    tensor,
)
from paddle_compat.fluid.layers.control_flow import *  # noqa: F403
from paddle_compat.fluid.layers.detection import *  # noqa: F403
from paddle_compat.fluid.layers.io import *  # noqa: F403
from paddle_compat.fluid.layers.learning_rate_scheduler import *  # noqa: F403
from paddle_compat.fluid.layers.loss import *  # noqa: F403
from paddle_compat.fluid.layers.nn import *  # noqa: F403
from paddle_compat.fluid.layers.ops import *  # noqa: F403
from paddle_compat.fluid.layers.tensor import *  # noqa: F403

_MODULES = (nn, io, tensor, control_flow, ops, detection, loss, learning_rate_scheduler)

__all__ = [name for module in _MODULES for name in module.__all__]

math_op_patch.monkey_patch_variable()


__getattr__ = unsupported_attribute(
    __name__, "paddle.fluid.layers", offered=__all__, section="Legacy programs"
)
