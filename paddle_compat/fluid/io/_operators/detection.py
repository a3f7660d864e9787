"""The forms of detection: anchors, boxes, suppression, regions and targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paddle_compat.fluid.io._operators.forms import Arguments, Call, Forms, form, same
from paddle_compat.fluid.io._operators.suppression import multiclass_nms_with_index
from paddle_compat.fluid.layers.detection.levels import _spread_over
from paddle_compat.fluid.layers.detection.ssd import _detections

__all__ = ["FORMS"]


def _steps(arguments: Arguments) -> dict[str, Any]:
    width, height = arguments["steps"]
    return {"step_w": width, "step_h": height}


def _step(call: Call) -> Arguments:
    return {"steps": [call.attrs["step_w"], call.attrs["step_h"]]}


def _spread(call: Call) -> Callable[..., Any]:
    return _spread_over(call.attrs["max_level"] - call.attrs["min_level"] + 1)


def _plain_suppression(call: Call) -> bool:
    """Tell whether suppression is as `detection_output` asks for it, of pictures' boxes."""
    others = (call.attrs[name] for name in ("background_label", "normalized", "nms_eta"))
    pictures = all(len(scores.shape) == 3 for scores in call.inputs["Scores"])
    return tuple(others) == (0, True, 1.0) and pictures


def _numbers(*names: str) -> Callable[[Arguments], dict[str, Any]]:
    """Return what tells lists that the layer takes as one number too."""

    def told(arguments: Arguments) -> dict[str, Any]:
        found = {}
        for name in names:
            value = arguments[name]
            if value is not None:
                found[name] = list(value) if isinstance(value, (list, tuple)) else [value]
        return found

    return told


def _priors(arguments: Arguments) -> dict[str, Any]:
    told = {**_numbers("min_sizes", "max_sizes", "aspect_ratios")(arguments), **_steps(arguments)}
    if (told.get("max_sizes") or [0])[0] <= 0:
        told["max_sizes"] = []  # the layer's way to say that there are none
    return told


_SUPPRESS = "score_threshold nms_top_k keep_top_k nms_threshold normalized nms_eta background_label"
_POOL = "spatial_scale pooled_height pooled_width"

FORMS: Forms = {
    **same(
        "anchor_generator",
        "Input:input",
        "Anchors Variances",
        "anchor_sizes aspect_ratios variances:variance stride offset",
        told=_numbers("anchor_sizes", "aspect_ratios"),
    ),
    **same(
        "prior_box",
        "Input:input Image:image",
        "Boxes Variances",
        "min_sizes max_sizes aspect_ratios variances:variance flip clip offset "
        "min_max_aspect_ratios_order",
        ignored="steps",
        told=_priors,
        read=_step,
        uses="step_w step_h",
    ),
    **same(
        "density_prior_box",
        "Input:input Image:image",
        "Boxes Variances",
        "densities fixed_sizes fixed_ratios variances:variance clip offset flatten_to_2d",
        ignored="steps",
        told=_steps,
        read=_step,
        uses="step_w step_h",
    ),
    **same(
        "bipartite_match",
        "DistMat:dist_matrix",
        "ColToRowMatchIndices ColToRowMatchDist",
        "match_type dist_threshold",
    ),
    **same("box_clip", "Input:input ImInfo:im_info", "Output"),
    **same(
        "box_coder",
        "PriorBox:prior_box PriorBoxVar:prior_box_var TargetBox:target_box",
        "OutputBox",
        "variance:prior_box_var code_type box_normalized axis",
    ),
    **same(
        "box_decoder_and_assign",
        "PriorBox:prior_box PriorBoxVar:prior_box_var TargetBox:target_box BoxScore:box_score",
        "DecodeBox OutputAssignBox",
        "box_clip",
    ),
    **same("iou_similarity", "X:x Y:y", "Out", "box_normalized"),
    **same("polygon_box_transform", "Input:input", "Output"),
    **same("multiclass_nms", "BBoxes:bboxes Scores:scores", "Out", _SUPPRESS),
    "multiclass_nms2": (
        form(
            _detections,
            "BBoxes:bboxes Scores:scores",
            "Out Index",
            "score_threshold nms_top_k keep_top_k nms_threshold",
            fits=_plain_suppression,
        ),
        form(multiclass_nms_with_index, "BBoxes:bboxes Scores:scores", "Out Index", _SUPPRESS),
    ),
    **same("locality_aware_nms", "BBoxes:bboxes Scores:scores", "Out", _SUPPRESS),
    **same(
        "matrix_nms",
        "BBoxes:bboxes Scores:scores",
        "Out Index",
        "score_threshold post_threshold nms_top_k keep_top_k use_gaussian gaussian_sigma "
        "background_label normalized",
    ),
    **same(
        "retinanet_detection_output",
        "BBoxes:bboxes Scores:scores Anchors:anchors ImInfo:im_info",
        "Out",
        "score_threshold nms_top_k keep_top_k nms_threshold",
        ignored="nms_eta",
        fixed={"nms_eta": 1.0},
    ),
    **same(
        "yolo_box",
        "X:x ImgSize:img_size",
        "Boxes Scores",
        "anchors class_num conf_thresh downsample_ratio clip_bbox scale_x_y",
    ),
    **same(
        "generate_proposals",
        "Scores:scores BboxDeltas:bbox_deltas ImInfo:im_info Anchors:anchors Variances:variances",
        "RpnRois RpnRoiProbs RpnRoisLod",
        "pre_nms_topN:pre_nms_top_n post_nms_topN:post_nms_top_n nms_thresh min_size eta",
    ),
    "distribute_fpn_proposals": (
        form(
            _spread,
            "FpnRois:fpn_rois",
            "MultiFpnRois RestoreIndex",
            "min_level max_level refer_level refer_scale",
            made=True,
        ),
    ),
    **same(
        "collect_fpn_proposals",
        "MultiLevelRois:multi_rois MultiLevelScores:multi_scores",
        "FpnRois",
        "post_nms_topN:post_nms_top_n",
    ),
    **same(
        "roi_align",
        "X:input ROIs:regions RoisLod:offsets",
        "Out",
        "pooled_height:height pooled_width:width spatial_scale:scale sampling_ratio:ratio",
    ),
    **same(
        "roi_pool",
        "X:input ROIs:regions RoisLod:offsets",
        "Out",
        "pooled_height:height pooled_width:width spatial_scale:scale",
    ),
    **same("prroi_pool", "X:input ROIs:rois BatchRoINums:batch_roi_nums", "Out", _POOL),
    **same("psroi_pool", "X:input ROIs:rois", "Out", f"output_channels {_POOL}"),
    **same(
        "roi_perspective_transform",
        "X:input ROIs:rois",
        "Out Mask TransformMatrix",
        "transformed_height transformed_width spatial_scale",
    ),
    **same(
        "target_assign",
        "X:input MatchIndices:matched_indices NegIndices:negative_indices",
        "Out OutWeight",
        "mismatch_value",
    ),
    **same(
        "mine_hard_examples",
        "ClsLoss:losses MatchIndices:matches MatchDist:distances",
        "NegIndices UpdatedMatchIndices",
        "neg_pos_ratio:ratio neg_dist_threshold:threshold sample_size",
    ),
    **same(
        "rpn_target_assign",
        "Anchor:anchor_box GtBoxes:gt_boxes IsCrowd:is_crowd ImInfo:im_info",
        "LocationIndex ScoreIndex TargetLabel TargetBBox BBoxInsideWeight",
        "rpn_batch_size_per_im rpn_straddle_thresh rpn_fg_fraction rpn_positive_overlap "
        "rpn_negative_overlap use_random",
    ),
    **same(
        "retinanet_target_assign",
        "Anchor:anchor_box GtBoxes:gt_boxes GtLabels:gt_labels IsCrowd:is_crowd ImInfo:im_info",
        "LocationIndex ScoreIndex TargetLabel TargetBBox BBoxInsideWeight ForegroundNumber",
        "positive_overlap negative_overlap",
    ),
    **same(
        "generate_proposal_labels",
        "RpnRois:rpn_rois GtClasses:gt_classes IsCrowd:is_crowd GtBoxes:gt_boxes ImInfo:im_info",
        "Rois LabelsInt32 BboxTargets BboxInsideWeights BboxOutsideWeights",
        "batch_size_per_im fg_fraction fg_thresh bg_thresh_hi bg_thresh_lo bbox_reg_weights "
        "class_nums use_random is_cls_agnostic is_cascade_rcnn",
    ),
    **same(
        "generate_mask_labels",
        "ImInfo:im_info GtClasses:gt_classes IsCrowd:is_crowd GtSegms:gt_segms Rois:rois "
        "LabelsInt32:labels_int32",
        "MaskRois RoiHasMaskInt32 MaskInt32",
        "num_classes resolution",
    ),
    **same(
        "yolov3_loss",
        "X:x GTBox:gt_box GTLabel:gt_label GTScore:gt_score",
        "Loss",
        "anchors anchor_mask class_num ignore_thresh downsample_ratio use_label_smooth scale_x_y",
    ),
    **same("sigmoid_focal_loss", "X:x Label:label FgNum:fg_num", "Out", "gamma alpha"),
}
