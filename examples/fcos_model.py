"""FCOS for `paddle.fluid` 1.8: heads that all levels share, and the three losses."""

from __future__ import annotations

import math
from typing import Any

import paddle.fluid as fluid
from detector_parts import head_conv, tower
from paddle.fluid.initializer import Constant
from paddle.fluid.param_attr import ParamAttr

PRIOR = 0.01


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
