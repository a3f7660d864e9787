"""A small detection head as it was written for `paddle.fluid` 1.8: what is to be ported.

`port_head.py` is the port, `test_port_head.py` holds it to this file.
"""

from __future__ import annotations

from typing import Any

import paddle.fluid as fluid

CLASSES = 3


def head(features: Any) -> dict[str, Any]:
    """Return logits [locations, classes], box deltas [locations, 4] and a quality [images, 1]."""
    x = fluid.layers.conv2d(features, num_filters=8, filter_size=3, padding=1, act="relu")
    logits = fluid.layers.conv2d(x, num_filters=CLASSES, filter_size=1)
    deltas = fluid.layers.conv2d(x, num_filters=4, filter_size=1)
    pooled = fluid.layers.pool2d(x, pool_type="avg", global_pooling=True)
    quality = fluid.layers.fc(pooled, size=1, act="sigmoid")
    return {
        "logits": fluid.layers.reshape(fluid.layers.transpose(logits, [0, 2, 3, 1]), [-1, CLASSES]),
        "deltas": fluid.layers.reshape(fluid.layers.transpose(deltas, [0, 2, 3, 1]), [-1, 4]),
        "quality": quality,
    }


def class_loss(logits: Any, label: Any, fg_num: Any) -> Any:
    """Return the focal loss over the foreground count; label 0 is background, -1 is ignored."""
    loss = fluid.layers.sigmoid_focal_loss(logits, label, fg_num, gamma=2.0, alpha=0.25)
    return fluid.layers.reduce_sum(loss)


def box_loss(deltas: Any, targets: Any, label: Any, fg_num: Any) -> Any:
    """Return the smooth L1 loss of the foreground rows over their count."""
    zero = fluid.layers.fill_constant(shape=[1], dtype="int32", value=0)
    positive = fluid.layers.cast(fluid.layers.greater_than(label, zero), "float32")
    weight = fluid.layers.expand(positive, [1, 4])
    loss = fluid.layers.smooth_l1(deltas, targets, weight, weight, sigma=3.0)
    return fluid.layers.reduce_sum(loss) / fluid.layers.cast(fg_num, "float32")


def losses(features: Any, label: Any, targets: Any, fg_num: Any) -> list[Any]:
    """Return both losses of a batch."""
    found = head(features)
    return [
        class_loss(found["logits"], label, fg_num),
        box_loss(found["deltas"], targets, label, fg_num),
    ]
