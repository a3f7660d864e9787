"""SSD: heads, loss and detections."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from paddle_compat.fluid import _lod
from paddle_compat.fluid.layer_helper import LayerHelper
from paddle_compat.fluid.layers.detection.anchors import prior_box
from paddle_compat.fluid.layers.detection.boxes import box_coder, iou_similarity
from paddle_compat.fluid.layers.detection.matching import (
    bipartite_match,
    mine_hard_examples,
    target_assign,
)
from paddle_compat.fluid.layers.loss import softmax_with_cross_entropy
from paddle_compat.fluid.layers.nn.arithmetic import scale
from paddle_compat.fluid.layers.nn.conv import conv2d
from paddle_compat.fluid.layers.nn.cut import slice as cut
from paddle_compat.fluid.layers.nn.losses import smooth_l1
from paddle_compat.fluid.layers.nn.reduce import reduce_sum
from paddle_compat.fluid.layers.nn.shape import flatten, reshape, transpose
from paddle_compat.fluid.layers.nn.shape import shape as shape_of
from paddle_compat.fluid.layers.tensor.moved import cast, concat

__all__ = ["multi_box_head", "ssd_loss"]


def _without_gradient(value: Any) -> Any:
    """Stop the gradient at a variable or tensor."""
    if isinstance(value, Tensor):
        return value.detach()
    value.stop_gradient = True
    return value


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
    if mining_type != "max_negative":
        raise ValueError(f"ssd_loss: mining_type must be 'max_negative', but it is {mining_type!r}")
    if len(confidence.shape) != 3:
        raise ValueError(
            f"ssd_loss: confidence must be [N, P, C], but its shape is {list(confidence.shape)}"
        )
    sizes = shape_of(confidence)
    _check_known(confidence, gt_box)
    overlap = _levels_as(iou_similarity(x=gt_box, y=prior_box), gt_box)
    matches, distances = bipartite_match(overlap, match_type, overlap_threshold)

    rank = len(gt_label.shape)
    labels = reshape(gt_label, shape=[0] * (rank - 1) + [-1, 1])
    labels = _levels_as(_without_gradient(labels), gt_label)
    target, _ = target_assign(labels, matches, mismatch_value=background_label)
    logits = flatten(confidence, axis=2)
    classes = _without_gradient(flatten(cast(target, dtype="int64"), axis=2))
    loss = softmax_with_cross_entropy(logits, classes)
    rows = _without_gradient(cut(sizes, axes=[0], starts=[0], ends=[2]))
    loss = _without_gradient(reshape(loss, shape=(-1, 0), actual_shape=rows))
    negatives, matches = helper.append(
        mine_hard_examples, loss, matches, distances, neg_pos_ratio, neg_overlap, sample_size
    )

    codes = box_coder(
        prior_box=prior_box,
        prior_box_var=prior_box_var,
        target_box=gt_box,
        code_type="encode_center_size",
    )
    boxes, box_weights = target_assign(
        _levels_as(codes, gt_box), matches, mismatch_value=background_label
    )
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


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _check_lengths(inputs: Sequence[Any], **lists: Any) -> None:
    for name, values in lists.items():
        if values is not None and not (_is_list(values) and len(values) == len(inputs)):
            told = f"{len(values)} entries" if _is_list(values) else repr(values)
            raise ValueError(
                f"multi_box_head: {name} must be a list with an entry for each of {len(inputs)} "
                f"inputs, but it is {told}"
            )


def _sizes(
    count: int, base_size: float, min_ratio: Any, max_ratio: Any
) -> tuple[list[float], list[float]]:
    """Return the smallest and largest size of each level, from parts of the image in percent."""
    for name, value in (("min_ratio", min_ratio), ("max_ratio", max_ratio)):
        if not isinstance(value, int):
            raise TypeError(
                f"multi_box_head: {name} must be an int, a part of base_size in percent, but it is "
                f"{value!r}; or else give min_sizes and max_sizes"
            )
    step = math.floor((max_ratio - min_ratio) / (count - 2))
    if step == 0:
        raise ValueError(
            f"multi_box_head: max_ratio must be above min_ratio by at least {count - 2}, but they "
            f"are {max_ratio} and {min_ratio}"
        )
    ratios = range(min_ratio, max_ratio + 1, step)
    small = [base_size * ratio / 100.0 for ratio in ratios]
    large = [base_size * (ratio + step) / 100.0 for ratio in ratios]
    return [base_size * 0.10, *small], [base_size * 0.20, *large]


def _check_heads(inputs: Any, min_sizes: Any, max_sizes: Any) -> None:
    if not _is_list(inputs):
        raise ValueError(
            f"multi_box_head: inputs must be a list of tensors, but it is {type(inputs).__name__}"
        )
    given = {"min_sizes": min_sizes, "max_sizes": max_sizes}
    few = len(inputs) <= 2
    for name, values in given.items():
        if few and (values is None or len(values) != len(inputs)):
            raise AssertionError(
                f"multi_box_head: {name} must have an entry for each of {len(inputs)} inputs, but "
                f"it is {values!r}"
            )
    if not few and (min_sizes is None) != (max_sizes is None):
        raise TypeError("multi_box_head: min_sizes and max_sizes must be given together")


def multi_box_head(
    inputs: Sequence[Any],
    image: Any,
    base_size: float,
    num_classes: int,
    aspect_ratios: Sequence[Any] | None,
    min_ratio: int | None = None,
    max_ratio: int | None = None,
    min_sizes: Sequence[Any] | None = None,
    max_sizes: Sequence[Any] | None = None,
    steps: Sequence[float] | None = None,
    step_w: Sequence[float] | None = None,
    step_h: Sequence[float] | None = None,
    offset: float = 0.5,
    variance: Sequence[float] = [0.1, 0.1, 0.2, 0.2],
    flip: bool = True,
    clip: bool = False,
    kernel_size: int | Sequence[int] = 1,
    pad: int | Sequence[int] = 0,
    stride: int | Sequence[int] = 1,
    name: str | None = None,
    min_max_aspect_ratios_order: bool = False,
) -> tuple[Any, Any, Any, Any]:
    """Return SSD's predictions on several feature maps, and the prior boxes that they are for.

    Every map gets a convolution for the boxes, one for the classes, and prior boxes.

    Args:
        inputs: float32, [N, C, H, W] each.
        image: float32, [N, C', H', W'].
        base_size: the image's size, that ratios are of.
        num_classes: how many classes, background included.
        aspect_ratios: for each map a ratio, or several; None for squares alone.
        min_ratio: with max_ratio, for more than two maps, where sizes are None: the range of the
            maps' sizes but the first, in percent of base_size, in even steps; the first has 10 to
            20 percent.
        max_ratio: see min_ratio.
        min_sizes: for each map a size in pixels, or several.
        max_sizes: likewise, larger.
        steps: for each map, pixels that a cell is wide and high.
        step_w: for each map, pixels that a cell is wide; 0 for what fills the image.
        step_h: for each map, pixels that a cell is high; not looked at without step_w.
        offset: where in its cell a box's centre is.
        variance: 4 numbers, handed on for each box.
        flip: whether the inverse of each ratio counts too.
        clip: whether prior boxes end at the image's edges.
        kernel_size: of the convolutions; likewise pad and stride.
        pad: see kernel_size.
        stride: see kernel_size.
        name: not used.
        min_max_aspect_ratios_order: as `prior_box` has it.

    Returns:
        Boxes' codes [N, P, 4], classes' logits [N, P, num_classes], prior boxes [P, 4] and their
        variances [P, 4]; of a single map, all that is not reshaped: [N, 4 P], [N, P num_classes]
        and [H, W, A, 4].

    Raises:
        TypeError: ratios are no ints, or an argument is no such tensor.
        AssertionError: there are one or two maps, and not as many sizes.
        ValueError: a list has not an entry for each map.

    Source:
        ``paddle.fluid.layers.multi_box_head``, PaddlePaddle 1.8.
    """
    _check_heads(inputs, min_sizes, max_sizes)
    if len(inputs) > 2 and min_sizes is None and max_sizes is None:
        min_sizes, max_sizes = _sizes(len(inputs), base_size, min_ratio, max_ratio)
    assert min_sizes is not None
    assert max_sizes is not None
    _check_lengths(inputs, aspect_ratios=aspect_ratios, step_h=step_h, step_w=step_w, steps=steps)
    if min(len(min_sizes), len(max_sizes)) < len(inputs):
        raise ValueError(
            f"multi_box_head: min_sizes and max_sizes must have an entry for each of {len(inputs)} "
            f"inputs, but they have {len(min_sizes)} and {len(max_sizes)}"
        )
    if steps is not None:
        step_w = step_h = steps
    if step_w and not step_h:
        raise TypeError("multi_box_head: step_h must be given with step_w")
    codes: list[Any] = []
    logits: list[Any] = []
    boxes, variances = [], []
    for i, one in enumerate(inputs):
        ratios = [] if aspect_ratios is None else aspect_ratios[i]
        step = [step_w[i], step_h[i]] if step_w and step_h else [0.0, 0.0]
        box, beside = prior_box(
            one,
            image,
            min_sizes[i] if _is_list(min_sizes[i]) else [min_sizes[i]],
            max_sizes[i] if _is_list(max_sizes[i]) else [max_sizes[i]],
            ratios,
            variance,
            flip,
            clip,
            step,
            offset,
            None,
            min_max_aspect_ratios_order,
        )
        boxes.append(box)
        variances.append(beside)
        for found, filters in ((codes, 4), (logits, num_classes)):
            value = conv2d(
                input=one,
                num_filters=box.shape[2] * filters,
                filter_size=kernel_size,
                padding=pad,
                stride=stride,
            )
            found.append(flatten(transpose(value, perm=[0, 2, 3, 1]), axis=1))
    if len(boxes) == 1:
        return codes[0], logits[0], boxes[0], variances[0]
    flat = [
        [flatten(value, axis=3) for value in pair] for pair in zip(boxes, variances, strict=True)
    ]
    every, beside = (_without_gradient(concat(list(values))) for values in zip(*flat, strict=True))
    places = reshape(concat(codes, axis=1), shape=[0, -1, 4])
    shown = reshape(concat(logits, axis=1), shape=[0, -1, num_classes])
    return places, shown, every, beside
