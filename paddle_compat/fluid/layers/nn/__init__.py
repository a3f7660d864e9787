"""`paddle.fluid.layers.nn`: the layers that networks are made of."""

from __future__ import annotations

from paddle_compat.fluid.layers import _publish
from paddle_compat.fluid.layers.nn.activation import leaky_relu, relu, softmax
from paddle_compat.fluid.layers.nn.arithmetic import mean, scale, sum  # noqa: A004 - Paddle's name
from paddle_compat.fluid.layers.nn.conv import (
    conv2d,
)
from paddle_compat.fluid.layers.nn.elementwise import (
    elementwise_add,
    elementwise_div,
    elementwise_floordiv,
    elementwise_max,
    elementwise_min,
    elementwise_mod,
    elementwise_mul,
    elementwise_pow,
    elementwise_sub,
)
from paddle_compat.fluid.layers.nn.linear import fc, mul
from paddle_compat.fluid.layers.nn.norm import (
    affine_channel,
    group_norm,
)
from paddle_compat.fluid.layers.nn.pool import (
    pool2d,
)
from paddle_compat.fluid.layers.nn.reduce import (
    reduce_all,
    reduce_any,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from paddle_compat.fluid.layers.nn.resize import (
    image_resize,
    image_resize_short,
    resize_bilinear,
    resize_nearest,
)
from paddle_compat.fluid.layers.nn.shape import reshape

__all__ = [
    "affine_channel",
    "conv2d",
    "elementwise_add",
    "elementwise_div",
    "elementwise_floordiv",
    "elementwise_max",
    "elementwise_min",
    "elementwise_mod",
    "elementwise_mul",
    "elementwise_pow",
    "elementwise_sub",
    "fc",
    "group_norm",
    "image_resize",
    "image_resize_short",
    "leaky_relu",
    "mean",
    "mul",
    "pool2d",
    "reduce_all",
    "reduce_any",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "relu",
    "reshape",
    "resize_bilinear",
    "resize_nearest",
    "scale",
    "softmax",
    "sum",
]

__getattr__ = _publish.publish(__name__, globals(), __all__)
