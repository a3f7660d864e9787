"""RetinaNet for `paddle.fluid` 1.8: heads and anchors of five levels, losses, detections."""

from __future__ import annotations

import math
from typing import Any

import paddle.fluid as fluid
from detector_parts import head_conv, tower
from rectangles import STRIDES

PRIOR = 0.01
# The side of the smallest anchor of a level, in strides, and how many there are to an octave.
BASE_SIZE, SCALES = 4.0, 3
RATIOS = (0.5, 1.0, 2.0)
GAMMA, ALPHA, SIGMA = 2.0, 0.25, 3.0


def anchors_of(level: Any, stride: int) -> Any:
    """Return the anchors of one level: [anchors, 4] as x1 y1 x2 y2, and their variances."""
    sizes = [stride * BASE_SIZE * 2 ** (index / float(SCALES)) for index in range(SCALES)]
    found = fluid.layers.anchor_generator(
        input=level,
        anchor_sizes=sizes,
        aspect_ratios=list(RATIOS),
        variance=[1.0, 1.0, 1.0, 1.0],
        stride=[float(stride), float(stride)],
    )
    return [fluid.layers.reshape(x, shape=[-1, 4]) for x in found]


def by_anchor(x: Any, channels: int) -> Any:
    """Turn a map [N, anchors * channels, H, W] into rows [N, H * W * anchors, channels]."""
    x = fluid.layers.transpose(x, perm=[0, 2, 3, 1])
    return fluid.layers.reshape(x, shape=[0, -1, channels])


def heads(levels: list[Any], classes: int, narrow: int = 1) -> dict[str, list[Any]]:
    """Return for each level the logits, the boxes against the anchors, anchors and variances."""
    outputs: dict[str, list[Any]] = {"logits": [], "boxes": [], "anchors": [], "variances": []}
    count = SCALES * len(RATIOS)
    bias = -math.log((1 - PRIOR) / PRIOR)
    for level, stride in zip(levels, STRIDES):  # noqa: B905
        logits = head_conv(
            tower(level, "head_class", narrow), count * classes, "head_class_out", bias
        )
        boxes = head_conv(tower(level, "head_box", narrow), count * 4, "head_box_out")
        outputs["logits"].append(by_anchor(logits, classes))
        outputs["boxes"].append(by_anchor(boxes, 4))
        anchors, variances = anchors_of(level, stride)
        outputs["anchors"].append(anchors)
        outputs["variances"].append(variances)
    return outputs


def losses(
    outputs: dict[str, list[Any]], truth: dict[str, Any], image_info: Any, classes: int
) -> tuple[Any, Any, Any]:
    """Return the focal loss and the loss of the boxes, of shape [1], and the foreground's count.

    Args:
        outputs: what `heads` gives.
        truth: `box` [G, 4], `label` [G, 1] and `crowd` [G, 1], with an entry for each image.
        image_info: [N, 3]: height, width and scale of each image.
        classes: how many there are.
    """
    scores, location, label, target, weight, count = fluid.layers.retinanet_target_assign(
        bbox_pred=fluid.layers.concat(outputs["boxes"], axis=1),
        cls_logits=fluid.layers.concat(outputs["logits"], axis=1),
        anchor_box=fluid.layers.concat(outputs["anchors"], axis=0),
        anchor_var=fluid.layers.concat(outputs["variances"], axis=0),
        gt_boxes=truth["box"],
        gt_labels=truth["label"],
        is_crowd=truth["crowd"],
        im_info=image_info,
        num_classes=classes,
        positive_overlap=0.5,
        negative_overlap=0.4,
    )
    fg_num = fluid.layers.reduce_sum(count)
    focal = fluid.layers.sigmoid_focal_loss(
        x=scores, label=label, fg_num=fg_num, gamma=GAMMA, alpha=ALPHA
    )
    box = fluid.layers.smooth_l1(
        x=location, y=target, inside_weight=weight, outside_weight=weight, sigma=SIGMA
    )
    return fluid.layers.reduce_sum(focal), fluid.layers.reduce_sum(box) / fg_num, fg_num


def detections(outputs: dict[str, list[Any]], image_info: Any, score_threshold: float) -> Any:
    """Return what is found: rows of class, score, x1, y1, x2, y2, with an entry for each image.

    Args:
        outputs: what `heads` gives.
        image_info: [N, 3]: height, width and scale of each image.
        score_threshold: what a score must exceed, except on the coarsest level.
    """
    return fluid.layers.retinanet_detection_output(
        bboxes=outputs["boxes"],
        scores=[fluid.layers.sigmoid(logits) for logits in outputs["logits"]],
        anchors=outputs["anchors"],
        im_info=image_info,
        score_threshold=score_threshold,
        nms_top_k=1000,
        keep_top_k=100,
        nms_threshold=0.5,
    )
