"""`paddle.fluid.layers.nn`: the layers that networks are made of."""

from __future__ import annotations

from paddle_compat.fluid import _publish
from paddle_compat.fluid.layers.nn.activation import (
    brelu,
    elu,
    hard_sigmoid,
    hard_swish,
    leaky_relu,
    maxout,
    prelu,
    relu,
    relu6,
    selu,
    soft_relu,
    softmax,
    stanh,
    swish,
)
from paddle_compat.fluid.layers.nn.adaptive_pool import (
    adaptive_pool2d,
)
from paddle_compat.fluid.layers.nn.arithmetic import mean, scale, sum  # noqa: A004 - Paddle's name
from paddle_compat.fluid.layers.nn.batch_norm import (
    batch_norm,
)
from paddle_compat.fluid.layers.nn.conv import (
    conv2d,
)
from paddle_compat.fluid.layers.nn.conv_transpose import (
    conv2d_transpose,
)
from paddle_compat.fluid.layers.nn.counter import (
    autoincreased_step_counter,
)
from paddle_compat.fluid.layers.nn.cut import slice, strided_slice  # noqa: A004 - Paddle's name
from paddle_compat.fluid.layers.nn.deformable import deformable_conv
from paddle_compat.fluid.layers.nn.dropout import (
    dropout,
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
from paddle_compat.fluid.layers.nn.join import multiplex, split, stack, unstack
from paddle_compat.fluid.layers.nn.linear import fc, mul
from paddle_compat.fluid.layers.nn.losses import (
    dice_loss,
    l2_normalize,
    label_smooth,
    log_loss,
    smooth_l1,
)
from paddle_compat.fluid.layers.nn.norm import (
    affine_channel,
    group_norm,
    instance_norm,
    layer_norm,
    lrn,
)
from paddle_compat.fluid.layers.nn.pick import (
    gather,
    gather_nd,
    one_hot,
    scatter,
    scatter_nd,
    scatter_nd_add,
    topk,
    where,
)
from paddle_compat.fluid.layers.nn.pointwise import (
    clip,
    clip_by_norm,
    log,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    pow,  # noqa: A004 - Paddle's name
    sign,
)
from paddle_compat.fluid.layers.nn.pool import (
    pool2d,
)
from paddle_compat.fluid.layers.nn.product import matmul
from paddle_compat.fluid.layers.nn.psroi import prroi_pool, psroi_pool
from paddle_compat.fluid.layers.nn.rearrange import (
    pixel_shuffle,
    unfold,
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
from paddle_compat.fluid.layers.nn.repeat import (
    expand,
    expand_as,
    pad,
    pad2d,
    pad_constant_like,
)
from paddle_compat.fluid.layers.nn.resize import (
    image_resize,
    image_resize_short,
    resize_bilinear,
    resize_nearest,
)
from paddle_compat.fluid.layers.nn.roi import roi_align, roi_pool
from paddle_compat.fluid.layers.nn.shape import (
    flatten,
    rank,
    reshape,
    shape,
    size,
    squeeze,
    transpose,
    unsqueeze,
)

__all__ = [
    "adaptive_pool2d",
    "affine_channel",
    "autoincreased_step_counter",
    "batch_norm",
    "brelu",
    "clip",
    "clip_by_norm",
    "conv2d",
    "conv2d_transpose",
    "deformable_conv",
    "dice_loss",
    "dropout",
    "elementwise_add",
    "elementwise_div",
    "elementwise_floordiv",
    "elementwise_max",
    "elementwise_min",
    "elementwise_mod",
    "elementwise_mul",
    "elementwise_pow",
    "elementwise_sub",
    "elu",
    "expand",
    "expand_as",
    "fc",
    "flatten",
    "gather",
    "gather_nd",
    "group_norm",
    "hard_sigmoid",
    "hard_swish",
    "image_resize",
    "image_resize_short",
    "instance_norm",
    "l2_normalize",
    "label_smooth",
    "layer_norm",
    "leaky_relu",
    "log",
    "log_loss",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "lrn",
    "matmul",
    "maxout",
    "mean",
    "mul",
    "multiplex",
    "one_hot",
    "pad",
    "pad2d",
    "pad_constant_like",
    "pixel_shuffle",
    "pool2d",
    "pow",
    "prelu",
    "prroi_pool",
    "psroi_pool",
    "rank",
    "reduce_all",
    "reduce_any",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "relu",
    "relu6",
    "reshape",
    "resize_bilinear",
    "resize_nearest",
    "roi_align",
    "roi_pool",
    "scale",
    "scatter",
    "scatter_nd",
    "scatter_nd_add",
    "selu",
    "shape",
    "sign",
    "size",
    "slice",
    "smooth_l1",
    "soft_relu",
    "softmax",
    "split",
    "squeeze",
    "stack",
    "stanh",
    "strided_slice",
    "sum",
    "swish",
    "topk",
    "transpose",
    "unfold",
    "unsqueeze",
    "unstack",
    "where",
]

__getattr__ = _publish.publish(__name__, globals(), __all__)
