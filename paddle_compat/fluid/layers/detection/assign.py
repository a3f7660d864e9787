"""Which anchors learn which ground truth: RPN's and RetinaNet's assignment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid._lod import Lod
from paddle_compat.fluid.layers._checks import check_number, check_tensor, check_type, dtypes
from paddle_compat.fluid.layers._shapes import torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.detection import _images
from paddle_compat.fluid.layers.nn.pick import gather
from paddle_compat.fluid.layers.nn.shape import reshape
from paddle_compat.kernels.detection import assign as kernel

__all__ = ["retinanet_target_assign", "rpn_target_assign"]

_FLOATS = dtypes("float32", "float64")
_INT = dtypes("int32")


def _check_predictions(
    layer: str, bbox_pred: Any, cls_logits: Any, anchor_box: Any, anchor_var: Any
) -> None:
    check_tensor(layer, "bbox_pred", stand_in(bbox_pred), _FLOATS)
    check_tensor(layer, "cls_logits", stand_in(cls_logits), _FLOATS)
    check_tensor(layer, "anchor_box", stand_in(anchor_box), _FLOATS)
    check_tensor(layer, "anchor_var", stand_in(anchor_var), _FLOATS)
    for name, value in (("bbox_pred", bbox_pred), ("cls_logits", cls_logits)):
        if len(value.shape) == 3 and 0 <= value.shape[1] < anchor_box.shape[0]:
            raise ValueError(
                f"{layer}: {name} must have a row for each of the {anchor_box.shape[0]} anchors of "
                f"an image, but its shape is {list(value.shape)}"
            )


def _check_images(
    layer: str, anchor_box: Any, gt_boxes: Any, is_crowd: Any, im_info: Any, gt_labels: Any = None
) -> None:
    """Check what anchors are assigned by. No value is read."""
    check_tensor(layer, "anchor_box", stand_in(anchor_box), _FLOATS)
    check_tensor(layer, "gt_boxes", stand_in(gt_boxes), _FLOATS)
    check_tensor(layer, "is_crowd", stand_in(is_crowd), _INT)
    check_tensor(layer, "im_info", stand_in(im_info), _FLOATS)
    _images.check_alike(layer, anchor_box=anchor_box, gt_boxes=gt_boxes, im_info=im_info)
    _images.check_columns(layer, "anchor_box", anchor_box, 4)
    _images.check_columns(layer, "gt_boxes", gt_boxes, 4)
    _images.check_im_info(layer, im_info)
    if gt_labels is not None:
        check_tensor(layer, "gt_labels", stand_in(gt_labels), _INT)
        _images.check_columns(layer, "gt_labels", gt_labels, 1)


def _per_image(
    anchors: Tensor,
    gt_boxes: Tensor,
    is_crowd: Tensor,
    im_info: Tensor,
    lengths: list[int],
    rules: kernel.Rules,
    straddle: float = -1.0,
) -> Iterator[tuple[kernel.Assignment, Tensor]]:
    """Yield each image's assignment, and which rows of the ground truth it was made of."""
    start = 0
    for image, length in enumerate(lengths):
        rows = start + (is_crowd.reshape(-1)[start : start + length] == 0).nonzero().view(-1)
        start += length
        height, width, scale = im_info[image, :3]
        boxes = gt_boxes[rows] * scale
        if straddle < 0:
            yield kernel.assign(anchors, boxes, rules), rows
            continue
        inside = kernel.inside(anchors, height, width, straddle).nonzero().view(-1)
        yield kernel.assign(anchors[inside], boxes, rules).among(inside), rows


def _retinanet_rule(arguments: dict[str, Any]) -> list[Signature]:
    tensors = dict(arguments)
    for name in ("positive_overlap", "negative_overlap"):
        check_number("retinanet_target_assign", name, tensors.pop(name))
    _check_images("retinanet_target_assign", **tensors)
    kind = torch_dtype_of(arguments["anchor_box"])
    index: Signature = ((-1,), torch.int32)
    boxes: Signature = ((-1, 4), kind)
    column: Signature = ((-1, 1), torch.int32)
    return [index, index, column, boxes, boxes, column]


@layer(
    "retinanet_target_assign",
    infer=_retinanet_rule,
    stop_gradient=True,
    lods=("gt_boxes", "gt_labels", "is_crowd"),
    ragged={2: 0, 3: 1, 4: 1, 5: 2},
    lod_level=0,
)
def _retinanet(
    anchor_box: Tensor,
    gt_boxes: Tensor,
    gt_labels: Tensor,
    is_crowd: Tensor,
    im_info: Tensor,
    positive_overlap: float,
    negative_overlap: float,
    *,
    gt_boxes_lod: Lod = (),
    gt_labels_lod: Lod = (),
    is_crowd_lod: Lod = (),
) -> tuple[Any, ...]:
    """Return indices of boxes and of scores, labels, deltas, weights and counts."""
    name = "retinanet_target_assign"
    _check_images(name, anchor_box, gt_boxes, is_crowd, im_info, gt_labels)
    lengths = _images.image_lengths(
        name,
        {
            "gt_boxes": (gt_boxes, gt_boxes_lod),
            "gt_labels": (gt_labels, gt_labels_lod),
            "is_crowd": (is_crowd, is_crowd_lod),
        },
        im_info.shape[0],
    )
    rules = kernel.Rules(single(positive_overlap), single(negative_overlap))
    located, scored, labels, deltas, weights, counts = [], [], [], [], [], []
    found = _per_image(anchor_box, gt_boxes, is_crowd, im_info, lengths, rules)
    for image, (assigned, rows) in enumerate(found):
        located.append(assigned.located + image * anchor_box.shape[0])
        scored.append(assigned.scored + image * anchor_box.shape[0])
        label = gt_labels.new_zeros((assigned.scored.shape[0], 1))
        fakes = assigned.located.shape[0] - assigned.foreground
        label[: assigned.foreground] = gt_labels[rows[assigned.matches[fakes:]]]
        labels.append(label)
        deltas.append(assigned.deltas)
        weights.append(assigned.weights)
        counts.append(assigned.located.shape[0] + 1)
    return (
        torch.cat(located).int(),
        torch.cat(scored).int(),
        torch.cat(labels),
        torch.cat(deltas),
        torch.cat(weights),
        torch.tensor(counts, dtype=torch.int32, device=anchor_box.device)[:, None],
        _lod_of(scored),
        _lod_of(located),
        _images.as_level([1] * len(lengths)),
    )


def _lod_of(parts: list[Tensor]) -> Lod:
    return _images.as_level([part.shape[0] for part in parts])


def retinanet_target_assign(
    bbox_pred: Any,
    cls_logits: Any,
    anchor_box: Any,
    anchor_var: Any,
    gt_boxes: Any,
    gt_labels: Any,
    is_crowd: Any,
    im_info: Any,
    num_classes: int = 1,
    positive_overlap: float = 0.5,
    negative_overlap: float = 0.4,
) -> tuple[Any, Any, Any, Any, Any, Any]:
    """Return what RetinaNet's heads predict at the anchors that learn, and what they learn there.

    An anchor is foreground where no other overlaps some box more (by 1e-5), or where it overlaps
    one by `positive_overlap`, unless it overlaps none by `negative_overlap`, which makes it
    background. The others do not learn.

    Args:
        bbox_pred: [N, A, 4], float32 or float64: the predicted deltas.
        cls_logits: [N, A, C], float32 or float64.
        anchor_box: [A, 4], float32 or float64.
        anchor_var: [A, 4]; it is not used.
        gt_boxes: [G, 4] with one level of detail, in the original image; of anchor_box's dtype.
        gt_labels: [G, 1] int32, with the same level: 1 to C.
        is_crowd: [G] or [G, 1] int32, with the same level: boxes with another number than 0 are
            left out.
        im_info: [N, 3], height, width and scale of each image, of anchor_box's dtype; boxes are
            multiplied by the scale.
        num_classes: C.
        positive_overlap: rounded to float32, as the other is.
        negative_overlap: likewise.

    Returns:
        The logits [F + B, C] of each image's foreground and then its background; the deltas
        [F', 4] of its foreground; the labels of the former, [F + B, 1] int32, 0 for background;
        the targets of the latter, [F', 4], and their weights, [F', 4]; and F' plus 1
        of each image, [N, 1] int32. All but the first two have a level of
        detail. Gradients reach `bbox_pred` and `cls_logits`.

    Raises:
        TypeError: an argument has the wrong type or dtype.
        ValueError: a shape or level of detail is not as above.

    Convention:
        - A width is x2 - x1 + 1.
        - An anchor that would be foreground but for `negative_overlap` leaves a row of weight 0,
          the image's first such anchor, at the head of its deltas: F' counts these too.
        - An image without boxes, or with nothing but crowd, has background alone; the real
          operator ends with an error or ends the process.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> def feed(rows, dtype):
        ...     tensor = fluid.LoDTensor()
        ...     tensor.set(torch.tensor(rows, dtype=dtype).numpy(), fluid.CPUPlace())
        ...     tensor.set_recursive_sequence_lengths([[1]])
        ...     return tensor
        >>> anchors = torch.tensor([[0.0, 0, 9, 9], [5, 5, 14, 14], [40, 40, 49, 49]])
        >>> results = fluid.layers.retinanet_target_assign(
        ...     torch.zeros(1, 3, 4), torch.zeros(1, 3, 2), anchors, torch.ones(3, 4),
        ...     feed([[0, 0, 9, 8]], torch.float32), feed([[2]], torch.int32),
        ...     feed([0], torch.int32), torch.tensor([[64.0, 64, 1]]), num_classes=2)
        >>> results[2].flatten().tolist(), results[5].tolist()
        ([2, 0, 0], [[2]])

    Source:
        ``paddle.fluid.layers.retinanet_target_assign``, PaddlePaddle 1.8; Lin et al., "Focal Loss
        for Dense Object Detection", 2017.
    """
    _check_predictions("retinanet_target_assign", bbox_pred, cls_logits, anchor_box, anchor_var)
    located, scored, labels, deltas, weights, counts = _retinanet(
        anchor_box,
        gt_boxes,
        gt_labels,
        is_crowd,
        im_info,
        positive_overlap,
        negative_overlap,
    )
    logits = reshape(cls_logits, (-1, num_classes))
    predicted = reshape(bbox_pred, (-1, 4))
    return gather(logits, scored), gather(predicted, located), labels, deltas, weights, counts


def _check_sampling(
    rpn_batch_size_per_im: Any,
    rpn_straddle_thresh: Any,
    rpn_fg_fraction: Any,
    rpn_positive_overlap: Any,
    rpn_negative_overlap: Any,
    use_random: Any,
) -> None:
    name = "rpn_target_assign"
    check_type(name, "rpn_batch_size_per_im", rpn_batch_size_per_im, int, "an int")
    if rpn_batch_size_per_im < 1:
        raise ValueError(
            f"{name}: rpn_batch_size_per_im must be at least 1, but it is {rpn_batch_size_per_im}"
        )
    check_number(name, "rpn_straddle_thresh", rpn_straddle_thresh)
    check_number(name, "rpn_fg_fraction", rpn_fg_fraction)
    check_number(name, "rpn_positive_overlap", rpn_positive_overlap)
    check_number(name, "rpn_negative_overlap", rpn_negative_overlap)
    check_type(name, "use_random", use_random, (int, type(None)), "True or False")


def _rpn_rule(arguments: dict[str, Any]) -> list[Signature]:
    sampling = dict(arguments)
    tensors = {
        name: sampling.pop(name) for name in ("anchor_box", "gt_boxes", "is_crowd", "im_info")
    }
    _check_sampling(**sampling)
    _check_images("rpn_target_assign", **tensors)
    index: Signature = ((-1,), torch.int32)
    boxes: Signature = ((-1, 4), torch_dtype_of(tensors["anchor_box"]))
    return [index, index, ((-1, 1), torch.int32), boxes, boxes]


@layer(
    "rpn_target_assign",
    infer=_rpn_rule,
    stop_gradient=True,
    lods=("gt_boxes", "is_crowd"),
    ragged={2: 0, 3: 1, 4: 1},
    lod_level=0,
)
def _rpn(
    anchor_box: Tensor,
    gt_boxes: Tensor,
    is_crowd: Tensor,
    im_info: Tensor,
    rpn_batch_size_per_im: int,
    rpn_straddle_thresh: float,
    rpn_fg_fraction: float,
    rpn_positive_overlap: float,
    rpn_negative_overlap: float,
    use_random: bool,
    *,
    gt_boxes_lod: Lod = (),
    is_crowd_lod: Lod = (),
) -> tuple[Any, ...]:
    """Return indices of boxes and of scores, labels, deltas and weights."""
    name = "rpn_target_assign"
    _check_images(name, anchor_box, gt_boxes, is_crowd, im_info)
    _check_sampling(
        rpn_batch_size_per_im,
        rpn_straddle_thresh,
        rpn_fg_fraction,
        rpn_positive_overlap,
        rpn_negative_overlap,
        use_random,
    )
    lengths = _images.image_lengths(
        name,
        {"gt_boxes": (gt_boxes, gt_boxes_lod), "is_crowd": (is_crowd, is_crowd_lod)},
        im_info.shape[0],
    )
    fraction = single(rpn_fg_fraction)
    rules = kernel.Rules(
        single(rpn_positive_overlap),
        single(rpn_negative_overlap),
        rpn_batch_size_per_im if fraction > 0 else None,
        int(single(fraction * rpn_batch_size_per_im)),
        use_random is None or bool(use_random),
    )
    straddle = single(rpn_straddle_thresh)
    located, scored, labels, deltas, weights = [], [], [], [], []
    found = _per_image(anchor_box, gt_boxes, is_crowd, im_info, lengths, rules, straddle)
    for image, (assigned, _) in enumerate(found):
        located.append(assigned.located + image * anchor_box.shape[0])
        scored.append(assigned.scored + image * anchor_box.shape[0])
        label = is_crowd.new_zeros((assigned.scored.shape[0], 1))
        label[: assigned.foreground] = 1
        labels.append(label)
        deltas.append(assigned.deltas)
        weights.append(assigned.weights)
    places = rpn_batch_size_per_im * len(lengths)
    for indices in (located, scored):
        needed = sum(index.shape[0] for index in indices)
        if needed > places:
            raise ValueError(
                f"{name}: {needed} anchors are to learn, where rpn_batch_size_per_im leaves room "
                f"for {places}; use an rpn_fg_fraction above 0 and up to 1, but it is "
                f"{rpn_fg_fraction}"
            )
    return (
        torch.cat(located).int(),
        torch.cat(scored).int(),
        torch.cat(labels),
        torch.cat(deltas),
        torch.cat(weights),
        _lod_of(scored),
        _lod_of(located),
    )


def rpn_target_assign(
    bbox_pred: Any,
    cls_logits: Any,
    anchor_box: Any,
    anchor_var: Any,
    gt_boxes: Any,
    is_crowd: Any,
    im_info: Any,
    rpn_batch_size_per_im: int = 256,
    rpn_straddle_thresh: float = 0.0,
    rpn_fg_fraction: float = 0.5,
    rpn_positive_overlap: float = 0.7,
    rpn_negative_overlap: float = 0.3,
    use_random: bool = True,
) -> tuple[Any, Any, Any, Any, Any]:
    """Return what a region proposal network predicts at the anchors that learn, and their targets.

    Anchors are told apart as by `retinanet_target_assign`, but only those within the image, and
    only some of them learn.

    Args:
        bbox_pred: [N, A, 4], float32 or float64: the predicted deltas.
        cls_logits: [N, A, 1], float32 or float64.
        anchor_box: [A, 4], float32 or float64.
        anchor_var: [A, 4]; it is not used.
        gt_boxes: [G, 4] with one level of detail, in the original image; of anchor_box's dtype.
        is_crowd: [G] or [G, 1] int32, with the same level: boxes with another number than 0 are
            left out.
        im_info: [N, 3], height, width and scale of each image, of anchor_box's dtype.
        rpn_batch_size_per_im: how many anchors of an image learn at most.
        rpn_straddle_thresh: how far an anchor may reach beyond the image; below 0 it may anyhow.
        rpn_fg_fraction: which part of them is foreground at most; with 0 or less none is left
            out.
        rpn_positive_overlap: foreground from here on.
        rpn_negative_overlap: background below.
        use_random: whether the anchors that are too many are left out at random, by torch's
            generator; otherwise the last ones are.

    Returns:
        The logits [F + B, 1] of each image's foreground and then its background; the deltas
        [F', 4] of its foreground; the labels of the former, [F + B, 1] int32, 1 and 0; the targets
        of the latter, [F', 4], and their weights, [F', 4]. The last three have a level of detail.
        Gradients reach `bbox_pred` and `cls_logits`.

    Raises:
        TypeError: an argument has the wrong type or dtype.
        ValueError: a shape or level of detail is not as above; or more anchors are to learn than
            may, as none is left out.

    Convention:
        - As of `retinanet_target_assign`.
        - Each image draws for itself. In real Paddle all images of a batch draw alike, so that
          equal images have equal samples; the programs' random seed governs neither.

    Source:
        ``paddle.fluid.layers.rpn_target_assign``, PaddlePaddle 1.8; Ren et al., "Faster R-CNN",
        2015.
    """
    _check_predictions("rpn_target_assign", bbox_pred, cls_logits, anchor_box, anchor_var)
    located, scored, labels, deltas, weights = _rpn(
        anchor_box,
        gt_boxes,
        is_crowd,
        im_info,
        rpn_batch_size_per_im,
        rpn_straddle_thresh,
        rpn_fg_fraction,
        rpn_positive_overlap,
        rpn_negative_overlap,
        use_random,
    )
    logits = reshape(cls_logits, (-1, 1))
    predicted = reshape(bbox_pred, (-1, 4))
    return gather(logits, scored), gather(predicted, located), labels, deltas, weights
