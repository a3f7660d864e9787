"""SSD: loss and detections, and the heads."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid import _lod
from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer, unwrapped
from paddle_compat.fluid._lod import Lod, as_lod
from paddle_compat.fluid.layer_helper import LayerHelper
from paddle_compat.fluid.layers._checks import check_same_dtype, check_tensor, check_type, dtypes
from paddle_compat.fluid.layers._shapes import torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.detection._arguments import (
    check_shape,
    without_gradient,
)
from paddle_compat.fluid.layers.detection._multi_box import multi_box_head
from paddle_compat.fluid.layers.detection.boxes import box_coder, iou_similarity
from paddle_compat.fluid.layers.detection.matching import (
    bipartite_match,
    mine_hard_examples,
    target_assign,
)
from paddle_compat.fluid.layers.detection.nms import multiclass_nms
from paddle_compat.fluid.layers.loss import softmax_with_cross_entropy
from paddle_compat.fluid.layers.nn.activation import softmax
from paddle_compat.fluid.layers.nn.arithmetic import scale
from paddle_compat.fluid.layers.nn.cut import slice as cut
from paddle_compat.fluid.layers.nn.losses import smooth_l1
from paddle_compat.fluid.layers.nn.reduce import reduce_sum
from paddle_compat.fluid.layers.nn.shape import flatten, reshape, transpose
from paddle_compat.fluid.layers.nn.shape import shape as shape_of
from paddle_compat.fluid.layers.tensor.moved import cast
from paddle_compat.kernels.detection import multiclass

__all__ = ["detection_output", "multi_box_head", "ssd_loss"]


def _levels_as(value: Any, source: Any) -> Any:
    """Let an eager tensor have another's levels of detail, as a variable has by itself."""
    if isinstance(value, Tensor):
        _lod.attach(value, _lod.lod_of(source))
    return value


def _weighted(value: Any, weight: float) -> Any:
    return scale(value, scale=float(weight)) if isinstance(value, Tensor) else value * float(weight)


def _check_known(confidence: Any, gt_box: Any) -> None:
    """Refuse what 1.8 cannot build: it takes the number of boxes for that of images."""
    images, boxes = confidence.shape[0], gt_box.shape[0]
    if not isinstance(gt_box, Tensor) and -1 not in (images, boxes) and images != boxes:
        raise ValueError(
            f"ssd_loss: confidence is of {images} images and gt_box of {boxes} boxes, and in a "
            "program one of both numbers must be unknown; declare it as -1"
        )


def ssd_loss(
    location: Any,
    confidence: Any,
    gt_box: Any,
    gt_label: Any,
    prior_box: Any,
    prior_box_var: Any = None,
    background_label: int = 0,
    overlap_threshold: float = 0.5,
    neg_pos_ratio: float = 3.0,
    neg_overlap: float = 0.5,
    loc_loss_weight: float = 1.0,
    conf_loss_weight: float = 1.0,
    match_type: str = "per_prediction",
    mining_type: str = "max_negative",
    normalize: bool = True,
    sample_size: int | None = None,
) -> Any:
    """Return SSD's loss for each image: where the boxes are, and what they show.

    Prior boxes are matched with ground truth; of those without a match, the ones with the largest
    loss count as background, `neg_pos_ratio` times as many as there are matches. The loss is the
    softmax cross entropy of the classes and the smooth L1 loss of the codes of what is matched.

    Args:
        location: float32, [N, P, 4]: codes of boxes, on the prior ones.
        confidence: float32, [N, P, C]: logits.
        gt_box: float32, [G, 4], with one level of detail that tells the boxes of each image.
        gt_label: int32 or float32, [G, 1], with the same level of detail.
        prior_box: float32, [P, 4].
        prior_box_var: float32, [P, 4], or a list of 4 numbers.
        background_label: an int: the class of what is not matched.
        overlap_threshold: of ``'per_prediction'``: what an overlap must be at least.
        neg_pos_ratio: how many times as many negatives as matches there are at most.
        neg_overlap: a negative overlaps its best ground truth by less.
        loc_loss_weight: the weight of the boxes' loss.
        conf_loss_weight: the weight of the classes' loss.
        match_type: ``'bipartite'`` or ``'per_prediction'``, as `bipartite_match` has it.
        mining_type: ``'max_negative'``, the only one that there is.
        normalize: whether the losses are divided by the number of matches in the batch.
        sample_size: not used.

    Returns:
        [N, 1] float32. Gradients reach location and confidence. An image without ground truth
        contributes nothing, and counts nothing; a batch without any is 0 / 0 where it is
        normalized, as in Paddle.

    Raises:
        TypeError: an argument is no such tensor.
        ValueError: mining_type is another, or shapes or levels of detail do not fit.

    Source:
        ``paddle.fluid.layers.ssd_loss``, PaddlePaddle 1.8; Liu et al., "SSD: Single Shot MultiBox
        Detector", 2016.
    """
    helper = LayerHelper("ssd_loss")
    confidence, gt_box, gt_label = map(unwrapped, (confidence, gt_box, gt_label))
    if mining_type != "max_negative":
        raise ValueError(f"ssd_loss: mining_type must be 'max_negative', but it is {mining_type!r}")
    if len(confidence.shape) != 3:
        raise ValueError(
            f"ssd_loss: confidence must be [N, P, C], but its shape is {list(confidence.shape)}"
        )
    labels = stand_in(gt_label)
    if getattr(labels, "dtype", None) != torch.float32:
        check_tensor("ssd_loss", "gt_label", labels, dtypes("int32"))
    sizes = shape_of(confidence)
    _check_known(confidence, gt_box)
    overlap = iou_similarity(x=gt_box, y=prior_box)
    matches, distances = bipartite_match(overlap, match_type, overlap_threshold)

    # Paddle has -1 for the last size, which nothing tells of a batch without any label.
    rank, last = len(gt_label.shape), gt_label.shape[-1]
    labels = reshape(gt_label, shape=[0] * (rank - 1) + [last, 1])
    labels = _levels_as(without_gradient(labels), gt_label)
    target, _ = target_assign(labels, matches, mismatch_value=background_label)
    logits = flatten(confidence, axis=2)
    classes = without_gradient(flatten(cast(target, dtype="int64"), axis=2))
    loss = softmax_with_cross_entropy(logits, classes)
    rows = without_gradient(cut(sizes, axes=[0], starts=[0], ends=[2]))
    loss = without_gradient(reshape(loss, shape=(-1, 0), actual_shape=rows))
    negatives, matches = helper.append(
        mine_hard_examples, loss, matches, distances, neg_pos_ratio, neg_overlap, sample_size
    )

    codes = box_coder(
        prior_box=prior_box,
        prior_box_var=prior_box_var,
        target_box=gt_box,
        code_type="encode_center_size",
    )
    boxes, box_weights = target_assign(codes, matches, mismatch_value=background_label)
    target, class_weights = target_assign(
        labels, matches, negative_indices=negatives, mismatch_value=background_label
    )
    classes = cast(flatten(target, axis=2), dtype="int64")
    class_loss = softmax_with_cross_entropy(logits, classes)
    class_loss = class_loss * flatten(class_weights, axis=2)

    box_loss = smooth_l1(flatten(location, axis=2), flatten(boxes, axis=2))
    box_loss = box_loss * flatten(box_weights, axis=2)
    loss = _weighted(class_loss, conf_loss_weight) + _weighted(box_loss, loc_loss_weight)
    loss = reshape(loss, shape=(-1, 0), actual_shape=rows)
    loss = reduce_sum(loss, dim=1, keep_dim=True)
    return loss / reduce_sum(box_weights) if normalize else loss


def _check_output(
    bboxes: Any,
    scores: Any,
    nms_threshold: Any,
    nms_top_k: Any,
    keep_top_k: Any,
    score_threshold: Any,
) -> multiclass.Rule:
    """Check what an operator of detections is told; return how it chooses them."""
    name = "detection_output"
    check_shape(name, "loc", bboxes, "N", "M", 4)
    check_shape(name, "scores", scores, "N", "C", bboxes.shape[1])
    check_same_dtype(name, loc=bboxes, scores=scores)
    numbers = {
        "nms_threshold": (nms_threshold, (float,), "a float", 0.3),
        "score_threshold": (score_threshold, (float,), "a float", 0.01),
        "nms_top_k": (nms_top_k, (int,), "an int", 400),
        "keep_top_k": (keep_top_k, (int,), "an int", 200),
    }
    for key, (value, kinds, wanted, _) in numbers.items():
        check_type(name, key, value, kinds, wanted)
    return multiclass.Rule(
        single(score_threshold), nms_top_k, keep_top_k, single(nms_threshold), background=0
    )


def _output_rule(arguments: dict[str, Any]) -> list[Signature]:
    _check_output(**arguments)
    boxes = arguments["bboxes"]
    # What 1.8 declares; in a run, indices are int32.
    return [((boxes.shape[1], 6), torch_dtype_of(boxes)), ((boxes.shape[1], 1), torch.int64)]


@layer(
    "multiclass_nms2", infer=_output_rule, ragged={0: 0, 1: 0}, stop_gradient=True, no_gradient=True
)
def _detections(
    bboxes: Tensor,
    scores: Tensor,
    nms_threshold: float,
    nms_top_k: int,
    keep_top_k: int,
    score_threshold: float,
) -> tuple[Tensor, Tensor, Lod]:
    """Return detections [K, 6], and where among all boxes each was, [K, 1]."""
    rule = _check_output(bboxes, scores, nms_threshold, nms_top_k, keep_top_k, score_threshold)
    rows, index, lengths = multiclass.multiclass_nms(bboxes, scores, rule)
    return rows, index.to(torch.int32)[:, None], as_lod([lengths])


def detection_output(
    loc: Any,
    scores: Any,
    prior_box: Any,
    prior_box_var: Any,
    background_label: int = 0,
    nms_threshold: float = 0.3,
    nms_top_k: int = 400,
    keep_top_k: int = 200,
    score_threshold: float = 0.01,
    nms_eta: float = 1.0,
    return_index: bool = False,
) -> Any:
    """Return SSD's detections: decoded boxes with the softmax of their logits, suppressed.

    Args:
        loc: float32 or float64, [N, M, 4]: codes of boxes, on the prior ones.
        scores: of the same dtype, [N, M, C]: logits.
        prior_box: likewise, [M, 4].
        prior_box_var: likewise, [M, 4], or a list of 4 numbers.
        background_label: not used: class 0 is the background.
        nms_threshold: a candidate is dropped whose overlap with a kept one is above it.
        nms_top_k: how many candidates of a class there are at most; -1 for any number.
        keep_top_k: how many detections an image has at most; -1 for any number.
        score_threshold: what a score must be above.
        nms_eta: not used.
        return_index: whether to tell which box each detection was.

    Returns:
        [K, 6]: label, score and box; its level of detail tells how many each image has. Without
        any, [[-1.0]]. With return_index, a pair of it and of the rows among all N M boxes,
        [K, 1] int32; without any detection, both are empty. No gradient passes.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: shapes do not fit.

    Source:
        ``paddle.fluid.layers.detection_output``, PaddlePaddle 1.8.
    """
    helper = LayerHelper("detection_output")
    boxes = box_coder(
        prior_box=prior_box,
        prior_box_var=prior_box_var,
        target_box=loc,
        code_type="decode_center_size",
    )
    shares = without_gradient(transpose(softmax(scores), perm=[0, 2, 1]))
    if return_index:
        found = helper.append(
            _detections, boxes, shares, nms_threshold, nms_top_k, keep_top_k, score_threshold
        )
        return tuple(found)
    return helper.append(
        multiclass_nms,
        boxes,
        shares,
        score_threshold,
        nms_top_k,
        keep_top_k,
        nms_threshold,
        background_label=0,
    )
