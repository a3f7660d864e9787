"""`paddle.fluid.layers.detection`: what detectors are made of."""

from __future__ import annotations

from paddle_compat.fluid import _publish
from paddle_compat.fluid.layers.detection import (
    anchors,
    assign,
    boxes,
    focal,
    levels,
    mask_labels,
    matching,
    nms,
    perspective,
    proposals,
    retinanet,
    ssd,
    yolo,
)
from paddle_compat.fluid.layers.detection.anchors import *  # noqa: F403
from paddle_compat.fluid.layers.detection.assign import *  # noqa: F403
from paddle_compat.fluid.layers.detection.boxes import *  # noqa: F403
from paddle_compat.fluid.layers.detection.focal import *  # noqa: F403
from paddle_compat.fluid.layers.detection.levels import *  # noqa: F403
from paddle_compat.fluid.layers.detection.mask_labels import *  # noqa: F403
from paddle_compat.fluid.layers.detection.matching import *  # noqa: F403
from paddle_compat.fluid.layers.detection.nms import *  # noqa: F403
from paddle_compat.fluid.layers.detection.perspective import *  # noqa: F403
from paddle_compat.fluid.layers.detection.proposals import *  # noqa: F403
from paddle_compat.fluid.layers.detection.retinanet import *  # noqa: F403
from paddle_compat.fluid.layers.detection.ssd import *  # noqa: F403
from paddle_compat.fluid.layers.detection.yolo import *  # noqa: F403

_MODULES = (
    anchors,
    assign,
    boxes,
    focal,
    levels,
    mask_labels,
    matching,
    nms,
    perspective,
    proposals,
    retinanet,
    ssd,
    yolo,
)

__all__ = [name for module in _MODULES for name in module.__all__]

__getattr__ = _publish.publish(__name__, globals(), __all__)
