"""Proposals of a region proposal network, and what they learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid._lod import Lod
from paddle_compat.fluid.layers._checks import check_number, check_tensor, check_type, dtypes
from paddle_compat.fluid.layers._shapes import fits, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.detection import _images
from paddle_compat.kernels.detection import proposal_targets as targets
from paddle_compat.kernels.detection import proposals as kernel

__all__ = ["generate_proposal_labels", "generate_proposals"]

_SINGLE = dtypes("float32")
_FLOATS = dtypes("float32", "float64")
_INT = dtypes("int32")


def _check_proposals(
    scores: Any,
    bbox_deltas: Any,
    im_info: Any,
    anchors: Any,
    variances: Any,
    pre_nms_top_n: Any,
    post_nms_top_n: Any,
    nms_thresh: Any,
    min_size: Any,
    eta: Any,
) -> None:
    """Check all but values."""
    name = "generate_proposals"
    check_tensor(name, "scores", stand_in(scores), _SINGLE)
    check_tensor(name, "bbox_deltas", stand_in(bbox_deltas), _SINGLE)
    # Paddle checks for both kinds of floats, and then reads it as the scores'.
    check_tensor(name, "im_info", stand_in(im_info), _FLOATS)
    check_tensor(name, "anchors", stand_in(anchors), _SINGLE)
    check_tensor(name, "variances", stand_in(variances), _SINGLE)
    _images.check_alike(name, scores=scores, im_info=im_info)
    check_type(name, "pre_nms_top_n", pre_nms_top_n, int, "an int")
    check_type(name, "post_nms_top_n", post_nms_top_n, int, "an int")
    check_number(name, "nms_thresh", nms_thresh)
    check_number(name, "min_size", min_size)
    check_number(name, "eta", eta)
    _images.check_columns(name, "scores", scores, None, None, None)
    images, kinds, height, width = scores.shape
    wanted = (images, 4 * kinds if kinds >= 0 else -1, height, width)
    if len(bbox_deltas.shape) != 4 or not all(map(fits, bbox_deltas.shape, wanted)):
        raise ValueError(
            f"{name}: bbox_deltas must be [N, 4 A, H, W] where scores are [N, A, H, W], but they "
            f"are {list(bbox_deltas.shape)} and {list(scores.shape)}"
        )
    _images.check_im_info(name, im_info, images)
    for what, value in (("anchors", anchors), ("variances", variances)):
        _check_anchors(what, tuple(value.shape), (height, width, kinds))


def _check_anchors(name: str, shape: tuple[int, ...], cells: tuple[int, ...]) -> None:
    if -1 in shape or -1 in cells:
        return
    if torch.Size(shape).numel() != 4 * torch.Size(cells).numel():
        raise ValueError(
            f"generate_proposals: {name} must be [H, W, A, 4], {[*cells, 4]} for these scores, but "
            f"the shape is {list(shape)}"
        )


def _proposals_rule(arguments: dict[str, Any]) -> list[Signature]:
    _check_proposals(**arguments)
    kind = torch_dtype_of(arguments["scores"])
    return [((-1, 4), kind), ((-1, 1), kind), ((-1,), torch.int64)]


@layer(
    "generate_proposals",
    infer=_proposals_rule,
    stop_gradient=True,
    ragged={0: 0, 1: 0},
    lod_level=0,
)
def _proposals(
    scores: Tensor,
    bbox_deltas: Tensor,
    im_info: Tensor,
    anchors: Tensor,
    variances: Tensor,
    pre_nms_top_n: int,
    post_nms_top_n: int,
    nms_thresh: float,
    min_size: float,
    eta: float,
    name: str | None = None,
) -> tuple[Any, ...]:
    """Return boxes, their scores, and where each image's end."""
    _check_proposals(
        scores,
        bbox_deltas,
        im_info,
        anchors,
        variances,
        pre_nms_top_n,
        post_nms_top_n,
        nms_thresh,
        min_size,
        eta,
    )
    sieve = kernel.Sieve(
        pre_nms_top_n, post_nms_top_n, single(nms_thresh), single(eta), single(min_size)
    )
    anchors, variances = anchors.reshape(-1, 4), variances.reshape(-1, 4)
    boxes, best = [scores.new_empty((0, 4))], [scores.new_empty(0)]
    for image in range(scores.shape[0]):
        found, theirs = kernel.proposals(
            scores[image], bbox_deltas[image], im_info[image], anchors, variances, sieve
        )
        boxes.append(found)
        best.append(theirs)
    lengths = [len(found) for found in best[1:]]
    ends = torch.tensor(lengths, dtype=torch.int64, device=scores.device).cumsum(0)
    return torch.cat(boxes), torch.cat(best)[:, None], ends, _images.as_level(lengths)


def generate_proposals(
    scores: Any,
    bbox_deltas: Any,
    im_info: Any,
    anchors: Any,
    variances: Any,
    pre_nms_top_n: int = 6000,
    post_nms_top_n: int = 1000,
    nms_thresh: float = 0.5,
    min_size: float = 0.1,
    eta: float = 1.0,
    name: str | None = None,
    return_rois_num: bool = False,
) -> tuple[Any, ...]:
    """Return the boxes that a region proposal network proposes.

    The anchors with the best scores are moved by their deltas and clipped to the image; those that
    are too small are left out, and of those that overlap too much all but the best.

    Args:
        scores: [N, A, H, W] float32.
        bbox_deltas: [N, 4 A, H, W] float32.
        im_info: [N, 3] float32: height, width and scale of each image.
        anchors: [H, W, A, 4] float32.
        variances: [H, W, A, 4] float32, that deltas are multiplied by.
        pre_nms_top_n: how many of the best are looked at; 0 or less for all of them.
        post_nms_top_n: how many are proposed at most; 0 or less for any number.
        nms_thresh: a box that overlaps a better one more is left out; 0 or less leaves none out,
            and then `post_nms_top_n` does not hold.
        min_size: the shortest side, in the original image; at least 1.
        eta: below 1, what the threshold is multiplied by after each proposal while it is above 0.5.
        name: names the results.
        return_rois_num: whether to return the third result.

    Returns:
        The boxes, [P, 4] float32, with one level of detail, the best of each image first; their
        scores, [P, 1], likewise; and [N] int64, where each image's proposals end among all (the
        sums of the numbers of proposals so far, as in Paddle). No gradient passes.

    Raises:
        TypeError: an argument has the wrong type or dtype.
        ValueError: a shape is not as above.

    Convention:
        - A width is x2 - x1 + 1.
        - Equal scores are in the order that the C++ library's sort leaves them in, as in Paddle.
        - Where nothing is left out for its overlap, and fewer than all are looked at, the boxes
          are not sorted, as in Paddle.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> anchors = torch.tensor([0.0, 0, 15, 15]).expand(1, 2, 1, 4)
        >>> boxes, scores = fluid.layers.generate_proposals(
        ...     torch.tensor([[[[0.3, 0.9]]]]), torch.zeros(1, 4, 1, 2),
        ...     torch.tensor([[32.0, 32, 1]]), anchors, torch.ones(1, 2, 1, 4))
        >>> boxes.tolist(), [round(score, 2) for score in scores.flatten().tolist()]
        ([[0.0, 0.0, 15.0, 15.0]], [0.9])

    Source:
        ``paddle.fluid.layers.generate_proposals``, PaddlePaddle 1.8; Ren et al., "Faster R-CNN",
        2015.
    """
    rois, best, ends = _proposals(
        scores,
        bbox_deltas,
        im_info,
        anchors,
        variances,
        pre_nms_top_n,
        post_nms_top_n,
        nms_thresh,
        min_size,
        eta,
        name=name,
    )
    return (rois, best, ends) if return_rois_num else (rois, best)


def _check_labels(
    rpn_rois: Any,
    gt_classes: Any,
    is_crowd: Any,
    gt_boxes: Any,
    im_info: Any,
    batch_size_per_im: Any,
    fg_fraction: Any,
    fg_thresh: Any,
    bg_thresh_hi: Any,
    bg_thresh_lo: Any,
    bbox_reg_weights: Any,
    class_nums: Any,
    use_random: Any,
    is_cls_agnostic: Any,
    is_cascade_rcnn: Any,
) -> None:
    """Check all but values."""
    name = "generate_proposal_labels"
    check_tensor(name, "rpn_rois", stand_in(rpn_rois), _FLOATS)
    check_tensor(name, "gt_classes", stand_in(gt_classes), _INT)
    check_tensor(name, "is_crowd", stand_in(is_crowd), _INT)
    check_tensor(name, "gt_boxes", stand_in(gt_boxes), _FLOATS)
    check_tensor(name, "im_info", stand_in(im_info), _FLOATS)
    _images.check_alike(name, rpn_rois=rpn_rois, gt_boxes=gt_boxes, im_info=im_info)
    check_type(name, "batch_size_per_im", batch_size_per_im, int, "an int")
    for what, number in (
        ("fg_fraction", fg_fraction),
        ("fg_thresh", fg_thresh),
        ("bg_thresh_hi", bg_thresh_hi),
        ("bg_thresh_lo", bg_thresh_lo),
    ):
        check_number(name, what, number)
    if not isinstance(bbox_reg_weights, (list, tuple)) or len(bbox_reg_weights) != 4:
        raise ValueError(
            f"{name}: bbox_reg_weights must be 4 numbers, but it is {bbox_reg_weights!r}"
        )
    if not any(isinstance(number, float) for number in bbox_reg_weights):
        raise TypeError(f"{name}: bbox_reg_weights must be floats, but it is {bbox_reg_weights!r}")
    for number in bbox_reg_weights:
        check_type(name, "bbox_reg_weights", number, (int, float), "numbers")
    check_type(name, "class_nums", class_nums, int, "an int, the number of classes")
    if class_nums < 1 or (is_cls_agnostic and class_nums < 2):
        raise ValueError(
            f"{name}: class_nums must count the background and at least one class, but it is "
            f"{class_nums}"
        )
    for what, flag in (
        ("use_random", use_random),
        ("is_cls_agnostic", is_cls_agnostic),
        ("is_cascade_rcnn", is_cascade_rcnn),
    ):
        check_type(name, what, flag, (int, type(None)), "True or False")
    _images.check_columns(name, "rpn_rois", rpn_rois, 4)
    _images.check_columns(name, "gt_boxes", gt_boxes, 4)
    _images.check_im_info(name, im_info)


def _labels_rule(arguments: dict[str, Any]) -> list[Signature]:
    _check_labels(**arguments)
    kind = torch_dtype_of(arguments["rpn_rois"])
    wide: Signature = ((-1, 4 * arguments["class_nums"]), kind)
    return [((-1, 4), kind), ((-1, 1), torch.int32), wide, wide, wide]


@layer(
    infer=_labels_rule,
    stop_gradient=True,
    lods=("rpn_rois", "gt_classes", "is_crowd", "gt_boxes"),
    ragged=dict.fromkeys(range(5), 0),
    lod_level=0,
)
def generate_proposal_labels(  # noqa: D417 - the levels of detail are the arguments' own
    rpn_rois: Tensor,
    gt_classes: Tensor,
    is_crowd: Tensor,
    gt_boxes: Tensor,
    im_info: Tensor,
    batch_size_per_im: int = 256,
    fg_fraction: float = 0.25,
    fg_thresh: float = 0.25,
    bg_thresh_hi: float = 0.5,
    bg_thresh_lo: float = 0.0,
    bbox_reg_weights: Sequence[float] = [0.1, 0.1, 0.2, 0.2],
    class_nums: int | None = None,
    use_random: bool = True,
    is_cls_agnostic: bool = False,
    is_cascade_rcnn: bool = False,
    *,
    rpn_rois_lod: Lod = (),
    gt_classes_lod: Lod = (),
    is_crowd_lod: Lod = (),
    gt_boxes_lod: Lod = (),
) -> tuple[Any, ...]:
    """Return proposals that learn, and what they learn.

    Each image's ground truth is proposed too. A proposal is foreground where it overlaps a box by
    `fg_thresh`, and background where what it overlaps most is in [`bg_thresh_lo`, `bg_thresh_hi`).

    Args:
        rpn_rois: [R, 4] with one level of detail, float32 or float64, in the network's image.
        gt_classes: [G, 1] int32 with one level of detail: 1 to `class_nums` - 1.
        is_crowd: [G, 1] int32, likewise: with another number than 0 a box is not proposed.
        gt_boxes: [G, 4], likewise, in the original image; of rpn_rois's dtype.
        im_info: [N, 3], height, width and scale of each image, of rpn_rois's dtype.
        batch_size_per_im: how many learn in an image at most.
        fg_fraction: which part of them is foreground at most.
        fg_thresh: foreground from here on.
        bg_thresh_hi: background below.
        bg_thresh_lo: background from here on.
        bbox_reg_weights: 4 numbers, that the deltas are divided by.
        class_nums: how many classes there are, the background among them.
        use_random: whether those that are too many are left out at random, by torch's generator;
            otherwise the last ones are.
        is_cls_agnostic: whether all classes learn one box, that of class 1.
        is_cascade_rcnn: whether all proposals learn that have an area, and the ground truth is
            not proposed. `batch_size_per_im` must be large enough.

    Returns:
        The boxes, [P, 4]; their classes, [P, 1] int32, 0 for background; the deltas that they
        learn, [P, 4 class_nums], at their classes' columns; and weights of these, twice, 0 or 1.
        All have one level of detail, the foreground of each image first. No gradient passes.

    Raises:
        TypeError: an argument has the wrong type or dtype.
        ValueError: a shape or level of detail is not as above, or a class is out of range.

    Convention:
        - A width is x2 - x1 + 1.
        - Each image draws for itself, as for `rpn_target_assign`.
        - In an image without boxes everything is background, or nothing; the real operator refuses
          it. An image without proposals has no rows.
        - With `is_cascade_rcnn` the first proposals of an image, as many as it has boxes, are taken
          to be in the original image, and come back multiplied by the scale.

    Source:
        ``paddle.fluid.layers.generate_proposal_labels``, PaddlePaddle 1.8.
    """
    name = "generate_proposal_labels"
    _check_labels(
        rpn_rois,
        gt_classes,
        is_crowd,
        gt_boxes,
        im_info,
        batch_size_per_im,
        fg_fraction,
        fg_thresh,
        bg_thresh_hi,
        bg_thresh_lo,
        bbox_reg_weights,
        class_nums,
        use_random,
        is_cls_agnostic,
        is_cascade_rcnn,
    )
    assert class_nums is not None
    counts = _images.image_lengths(name, {"rpn_rois": (rpn_rois, rpn_rois_lod)}, im_info.shape[0])
    lengths = _images.image_lengths(
        name,
        {
            "gt_classes": (gt_classes, gt_classes_lod),
            "is_crowd": (is_crowd, is_crowd_lod),
            "gt_boxes": (gt_boxes, gt_boxes_lod),
        },
    )
    if len(counts) != len(lengths):
        raise ValueError(
            f"{name}: rpn_rois has rows for {len(counts)} images, but gt_boxes for {len(lengths)}"
        )
    if gt_classes.numel() and int(gt_classes.max()) >= class_nums and not is_cls_agnostic:
        raise ValueError(
            f"{name}: gt_classes must be below class_nums, {class_nums}, but they reach "
            f"{int(gt_classes.max())}"
        )
    choice = targets.Choice(
        batch_size_per_im,
        int(single(single(fg_fraction) * batch_size_per_im) // 1),
        single(fg_thresh),
        single(bg_thresh_hi),
        single(bg_thresh_lo),
        use_random is None or bool(use_random),
        bool(is_cascade_rcnn),
    )
    weights = [single(weight) for weight in bbox_reg_weights]
    boxes, labels, deltas, inside = [], [], [], []
    for image, (rois, classes, crowd, truth) in enumerate(
        zip(
            torch.split(rpn_rois, counts),
            torch.split(gt_classes.reshape(-1), lengths),
            torch.split(is_crowd.reshape(-1), lengths),
            torch.split(gt_boxes, lengths),
            strict=True,
        )
    ):
        if not len(rois):
            # Not even the ground truth is proposed then.
            classes, crowd, truth = classes[:0], crowd[:0], truth[:0]
        found = targets.proposal_targets(
            rois, classes, crowd, truth, im_info[image, 2], weights, choice
        )
        if len(found.deltas) > batch_size_per_im and not choice.every:
            raise ValueError(
                f"{name}: {len(found.deltas)} proposals are to learn a box, of "
                f"{batch_size_per_im} in all; use an fg_fraction up to 1, but it is {fg_fraction}"
            )
        columns = found.labels.clamp(max=1) if is_cls_agnostic else found.labels
        spread, ones = targets.expand_by_class(found.deltas, columns, class_nums)
        boxes.append(found.boxes)
        labels.append(found.labels)
        deltas.append(spread)
        inside.append(ones)
    rows = [len(label) for label in labels]
    if sum(rows) > batch_size_per_im * len(rows):
        raise ValueError(
            f"{name}: {sum(rows)} proposals are to learn, where batch_size_per_im leaves room for "
            f"{batch_size_per_im * len(rows)}; let it be larger, as is_cascade_rcnn leaves none out"
        )
    level = _images.as_level(rows)
    ones = torch.cat(inside)
    return (
        torch.cat(boxes),
        torch.cat(labels)[:, None],
        torch.cat(deltas),
        ones,
        ones.clone(),
        level,
    )
