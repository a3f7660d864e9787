"""`paddle.fluid.layers.detection`: what detectors are made of."""

from __future__ import annotations

from paddle_compat.fluid import _publish
from paddle_compat.fluid.layers.detection.anchors import (
    anchor_generator,
    density_prior_box,
    prior_box,
)
from paddle_compat.fluid.layers.detection.assign import (
    retinanet_target_assign,
    rpn_target_assign,
)
from paddle_compat.fluid.layers.detection.boxes import (
    box_clip,
    box_coder,
    box_decoder_and_assign,
    iou_similarity,
    polygon_box_transform,
)
from paddle_compat.fluid.layers.detection.focal import (
    sigmoid_focal_loss,
)
from paddle_compat.fluid.layers.detection.levels import (
    collect_fpn_proposals,
    distribute_fpn_proposals,
)
from paddle_compat.fluid.layers.detection.mask_labels import (
    generate_mask_labels,
)
from paddle_compat.fluid.layers.detection.matching import (
    bipartite_match,
    target_assign,
)
from paddle_compat.fluid.layers.detection.nms import (
    locality_aware_nms,
    matrix_nms,
    multiclass_nms,
)
from paddle_compat.fluid.layers.detection.perspective import (
    roi_perspective_transform,
)
from paddle_compat.fluid.layers.detection.proposals import (
    generate_proposal_labels,
    generate_proposals,
)
from paddle_compat.fluid.layers.detection.retinanet import (
    retinanet_detection_output,
)
from paddle_compat.fluid.layers.detection.ssd import (
    detection_output,
    multi_box_head,
    ssd_loss,
)
from paddle_compat.fluid.layers.detection.yolo import (
    yolo_box,
    yolov3_loss,
)

__all__ = [
    "anchor_generator",
    "bipartite_match",
    "box_clip",
    "box_coder",
    "box_decoder_and_assign",
    "collect_fpn_proposals",
    "density_prior_box",
    "detection_output",
    "distribute_fpn_proposals",
    "generate_mask_labels",
    "generate_proposal_labels",
    "generate_proposals",
    "iou_similarity",
    "locality_aware_nms",
    "matrix_nms",
    "multi_box_head",
    "multiclass_nms",
    "polygon_box_transform",
    "prior_box",
    "retinanet_detection_output",
    "retinanet_target_assign",
    "roi_perspective_transform",
    "rpn_target_assign",
    "sigmoid_focal_loss",
    "ssd_loss",
    "target_assign",
    "yolo_box",
    "yolov3_loss",
]

__getattr__ = _publish.publish(__name__, globals(), __all__)
