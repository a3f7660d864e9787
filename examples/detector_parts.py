"""Parts of detectors for `paddle.fluid` 1.8: ResNet-18, feature pyramid, and towers of heads.

Layers are functions that append to the default program, as detection code of that time was
written; parameters are named, and heads share theirs across levels by name.
"""

from __future__ import annotations

from typing import Any

import paddle.fluid as fluid
from paddle.fluid.initializer import Constant, Normal, Xavier
from paddle.fluid.param_attr import ParamAttr
from paddle.fluid.regularizer import L2Decay

# The channels and the stride of the stages of the residual network.
STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))
BLOCKS_PER_STAGE = 2
PYRAMID_CHANNELS = 128
HEAD_CONVOLUTIONS = 2
GROUPS = 32


def conv_affine(
    x: Any, channels: int, size: int, stride: int, name: str, act: str | None, scale: float = 1.0
) -> Any:
    """Append a convolution without bias, and a scale and shift of each channel."""
    x = fluid.layers.conv2d(
        x,
        num_filters=channels,
        filter_size=size,
        stride=stride,
        padding=(size - 1) // 2,
        param_attr=ParamAttr(name=name + "_weights"),
        bias_attr=False,
    )
    weight, shift = (
        fluid.layers.create_parameter(
            shape=[channels],
            dtype=x.dtype,
            attr=ParamAttr(name=name + suffix, regularizer=L2Decay(0.0)),
            default_initializer=Constant(value),
        )
        for suffix, value in (("_scale", scale), ("_offset", 0.0))
    )
    return fluid.layers.affine_channel(x, scale=weight, bias=shift, act=act)


def residual_block(x: Any, channels: int, stride: int, name: str) -> Any:
    """Append two 3 x 3 convolutions beside a shortcut."""
    branch = conv_affine(x, channels, 3, stride, name + "_branch2a", act="relu")
    # A small scale keeps activations level, since nothing here divides by a batch's spread.
    branch = conv_affine(branch, channels, 3, 1, name + "_branch2b", act=None, scale=0.3)
    if stride != 1 or x.shape[1] != channels:
        x = conv_affine(x, channels, 1, stride, name + "_branch1", act=None)
    return fluid.layers.elementwise_add(x=x, y=branch, act="relu")


def resnet18(image: Any, narrow: int = 1) -> list[Any]:
    """Return the features of strides 8, 16 and 32; of that many times fewer channels."""
    x = conv_affine(image, 64 // narrow, 7, 2, "conv1", act="relu")
    x = fluid.layers.pool2d(x, pool_size=3, pool_type="max", pool_stride=2, pool_padding=1)
    features = []
    for stage, (channels, stride) in enumerate(STAGES):
        for block in range(BLOCKS_PER_STAGE):
            name = f"res{stage + 2}{'ab'[block]}"
            x = residual_block(x, channels // narrow, stride if block == 0 else 1, name)
        features.append(x)
    return features[1:]


def pyramid_conv(x: Any, size: int, stride: int, name: str, channels: int) -> Any:
    """Append a convolution to the pyramid's channels; its bias learns at twice the rate."""
    fan_out = channels * size * size
    return fluid.layers.conv2d(
        x,
        channels,
        size,
        stride=stride,
        padding=(size - 1) // 2,
        param_attr=ParamAttr(name=name + "_w", initializer=Xavier(fan_out=fan_out)),
        bias_attr=ParamAttr(
            name=name + "_b",
            initializer=Constant(0.0),
            learning_rate=2.0,
            regularizer=L2Decay(0.0),
        ),
        name=name,
    )


def feature_pyramid(features: list[Any], narrow: int = 1) -> list[Any]:
    """Return P3 to P7: laterals with what lies above added, and two levels further up."""
    channels = PYRAMID_CHANNELS // narrow
    top_down = None
    levels: list[Any] = []
    for index in reversed(range(len(features))):
        lateral = pyramid_conv(features[index], 1, 1, f"fpn_lateral_{index + 3}", channels)
        if top_down is not None:
            above = fluid.layers.resize_nearest(top_down, scale=2.0)
            lateral = fluid.layers.elementwise_add(x=above, y=lateral)
        top_down = lateral
        levels.insert(0, pyramid_conv(lateral, 3, 1, f"fpn_p{index + 3}", channels))
    levels.append(pyramid_conv(levels[-1], 3, 2, "fpn_p6", channels))
    levels.append(pyramid_conv(fluid.layers.relu(levels[-1]), 3, 2, "fpn_p7", channels))
    return levels


def head_conv(x: Any, channels: int, name: str, bias: float = 0.0) -> Any:
    """Append a 3 x 3 convolution of a head, whose parameters every level finds by name."""
    return fluid.layers.conv2d(
        input=x,
        num_filters=channels,
        filter_size=3,
        stride=1,
        padding=1,
        param_attr=ParamAttr(name=name + "_w", initializer=Normal(loc=0.0, scale=0.01)),
        bias_attr=ParamAttr(
            name=name + "_b",
            initializer=Constant(value=bias),
            learning_rate=2.0,
            regularizer=L2Decay(0.0),
        ),
    )


def tower(x: Any, name: str, narrow: int = 1) -> Any:
    """Append convolutions with group normalization and ReLU."""
    for index in range(HEAD_CONVOLUTIONS):
        part = f"{name}_{index}"
        x = head_conv(x, PYRAMID_CHANNELS // narrow, part)
        x = fluid.layers.group_norm(
            x,
            groups=GROUPS,
            epsilon=1e-5,
            param_attr=ParamAttr(
                name=part + "_gn_scale", initializer=Constant(1.0), regularizer=L2Decay(0.0)
            ),
            bias_attr=ParamAttr(
                name=part + "_gn_offset", initializer=Constant(0.0), regularizer=L2Decay(0.0)
            ),
            act="relu",
        )
    return x
