"""FCOS for `paddle.fluid` 1.8: ResNet-18, feature pyramid, shared heads and the three losses.

Layers are functions that append to the default program, as detection code of that time was
written; parameters are named, and the heads share theirs across levels by name.
"""

from __future__ import annotations

import math
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
PRIOR = 0.01


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


def resnet18(image: Any) -> list[Any]:
    """Return the features of strides 8, 16 and 32."""
    x = conv_affine(image, 64, 7, 2, "conv1", act="relu")
    x = fluid.layers.pool2d(x, pool_size=3, pool_type="max", pool_stride=2, pool_padding=1)
    features = []
    for stage, (channels, stride) in enumerate(STAGES):
        for block in range(BLOCKS_PER_STAGE):
            name = f"res{stage + 2}{'ab'[block]}"
            x = residual_block(x, channels, stride if block == 0 else 1, name)
        features.append(x)
    return features[1:]


def pyramid_conv(x: Any, size: int, stride: int, name: str) -> Any:
    """Append a convolution to the pyramid's channels; its bias learns at twice the rate."""
    fan_out = PYRAMID_CHANNELS * size * size
    return fluid.layers.conv2d(
        x,
        PYRAMID_CHANNELS,
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


def feature_pyramid(features: list[Any]) -> list[Any]:
    """Return P3 to P7: laterals with what lies above added, and two levels further up."""
    top_down = None
    levels: list[Any] = []
    for index in reversed(range(len(features))):
        lateral = pyramid_conv(features[index], 1, 1, f"fpn_lateral_{index + 3}")
        if top_down is not None:
            above = fluid.layers.resize_nearest(top_down, scale=2.0)
            lateral = fluid.layers.elementwise_add(x=above, y=lateral)
        top_down = lateral
        levels.insert(0, pyramid_conv(lateral, 3, 1, f"fpn_p{index + 3}"))
    levels.append(pyramid_conv(levels[-1], 3, 2, "fpn_p6"))
    levels.append(pyramid_conv(fluid.layers.relu(levels[-1]), 3, 2, "fpn_p7"))
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


def tower(x: Any, name: str) -> Any:
    """Append convolutions with group normalization and ReLU."""
    for index in range(HEAD_CONVOLUTIONS):
        part = f"{name}_{index}"
        x = head_conv(x, PYRAMID_CHANNELS, part)
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


def heads(levels: list[Any], classes: int) -> tuple[list[Any], list[Any], list[Any]]:
    """Return for each level the logits, the four positive distances, and the centerness."""
    logits, distances, centerness = [], [], []
    for index, level in enumerate(levels):
        features = tower(level, "head_class")
        logits.append(
            head_conv(features, classes, "head_class_out", bias=-math.log((1 - PRIOR) / PRIOR))
        )
        features = tower(level, "head_box")
        centerness.append(head_conv(features, 1, "head_centerness_out"))
        raw = head_conv(features, 4, "head_box_out")
        scale = fluid.layers.create_parameter(
            shape=[1],
            dtype="float32",
            attr=ParamAttr(name=f"head_box_scale_{index}", learning_rate=2.0),
            default_initializer=Constant(1.0),
        )
        distances.append(fluid.layers.exp(fluid.layers.elementwise_mul(raw, scale)))
    return logits, distances, centerness


def rows(levels: list[Any], channels_first: bool) -> Any:
    """Lay the locations of all levels below each other: [locations, channels]."""
    flat = []
    for x in levels:
        if channels_first:
            x = fluid.layers.transpose(x, perm=[0, 2, 3, 1])
        flat.append(fluid.layers.flatten(x, axis=3))
    return fluid.layers.concat(flat, axis=0)


def box_loss(predicted: Any, target: Any, foreground: Any, kind: str) -> Any:
    """Return -log(IoU) or 1 - GIoU of each location; background, where no box is, gives 0.

    Args:
        predicted: distances [M, 4] to the left, top, right and bottom side, positive.
        target: distances [M, 4]; 0 for background.
        foreground: [M], 1 for foreground and 0 for background.
        kind: `iou` or `giou`.
    """
    p = [predicted[:, i] for i in range(4)]
    t = [target[:, i] for i in range(4)]
    least = [fluid.layers.elementwise_min(a, b) for a, b in zip(p, t)]  # noqa: B905
    overlap = (least[0] + least[2]) * (least[1] + least[3])
    p_area = (p[0] + p[2]) * (p[1] + p[3])
    t_area = (t[0] + t[2]) * (t[1] + t[3])
    union = p_area + t_area - overlap
    iou = overlap / union
    if kind == "iou":
        # The logarithm of a background's 0 would be infinite, and infinite times 0 is NaN.
        return -fluid.layers.log(iou * foreground + (1.0 - foreground))
    most = [fluid.layers.elementwise_max(a, b) for a, b in zip(p, t)]  # noqa: B905
    hull = (most[0] + most[2]) * (most[1] + most[3])
    return (1.0 - (iou - (hull - union) / hull)) * foreground


def losses(
    outputs: tuple[list[Any], list[Any], list[Any]],
    targets: tuple[list[Any], list[Any], list[Any]],
    kind: str,
) -> tuple[Any, Any, Any]:
    """Return the focal, the box and the centerness loss, each of shape [1].

    Args:
        outputs: what `heads` gives.
        targets: for each level the labels, the distances and the centerness, channels last.
        kind: of box loss, `iou` or `giou`.
    """
    logits, distances, centerness = (rows(levels, channels_first=True) for levels in outputs)
    label, wanted, wanted_centerness = (rows(levels, channels_first=False) for levels in targets)
    for target in (label, wanted, wanted_centerness):
        target.stop_gradient = True

    zero = fluid.layers.fill_constant(shape=[1], dtype="int32", value=0)
    foreground = fluid.layers.cast(label > zero, dtype="float32")  # [M, 1]
    foreground.stop_gradient = True
    count = fluid.layers.reduce_sum(foreground)
    fg_num = fluid.layers.cast(count, dtype="int32")
    focal = fluid.layers.sigmoid_focal_loss(logits, label, fg_num, gamma=2.0, alpha=0.25)

    # Locations count by how central they are in their box.
    weight = wanted_centerness * foreground
    weight_sum = fluid.layers.reduce_sum(weight) + 1e-6
    row = fluid.layers.reshape(foreground, shape=[-1])
    box = box_loss(distances, wanted, row, kind)
    box = fluid.layers.elementwise_mul(box, weight, axis=0)

    center = fluid.layers.sigmoid_cross_entropy_with_logits(centerness, wanted_centerness)
    center = fluid.layers.elementwise_mul(center, foreground, axis=0)
    return (
        fluid.layers.reduce_sum(focal),
        fluid.layers.reduce_sum(box) / weight_sum,
        fluid.layers.reduce_sum(center) / (count + 1e-6),
    )
