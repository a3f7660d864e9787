"""YOLOv3: loss and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import (
    check_number,
    check_same_dtype,
    check_tensor,
    check_type,
    dtypes,
)
from paddle_compat.fluid.layers._shapes import fits, torch_dtype_of
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.detection._arguments import (
    FLOATS,
    check_flags,
    check_shape,
)
from paddle_compat.kernels.detection import yolo as kernel

__all__ = ["yolo_box", "yolov3_loss"]


def _whole(layer: str, name: str, value: Any, least: int = 1) -> int:
    check_type(layer, name, value, int, "an int")
    if value < least:
        raise ValueError(f"{layer}: {name} must be at least {least}, but it is {value}")
    return int(value)


def _wholes(layer: str, name: str, values: Any) -> list[int]:
    """Return a list of ints."""
    check_type(layer, name, values, (list, tuple), "a list of ints")
    for value in values:
        check_type(layer, f"an item of {name}", value, int, "an int")
    return [int(value) for value in values]


def _anchors(layer: str, anchors: Any) -> list[int]:
    sizes = _wholes(layer, "anchors", anchors)
    if not sizes or len(sizes) % 2 or min(sizes) <= 0:
        raise ValueError(
            f"{layer}: anchors must be width, height, width, height, ... in pixels, all above 0, "
            f"but it is {sizes}"
        )
    return sizes


def _scale(layer: str, value: Any) -> float:
    check_number(layer, "scale_x_y", value)
    return single(value)


def _check_map(layer: str, x: Any, anchors: int, classes: int) -> None:
    shape = tuple(x.shape)
    if len(shape) != 4:
        raise ValueError(f"{layer}: x must be [N, C, H, W], but its shape is {list(shape)}")
    channels = anchors * (5 + classes)
    if not fits(shape[1], channels):
        raise ValueError(
            f"{layer}: x must have {channels} channels, 5 + {classes} classes for each of "
            f"{anchors} anchors, but it has {shape[1]}"
        )


def _check_loss(
    x: Any,
    gt_box: Any,
    gt_label: Any,
    anchors: Any,
    anchor_mask: Any,
    class_num: Any,
    ignore_thresh: Any,
    downsample_ratio: Any,
    gt_score: Any,
    use_label_smooth: Any,
    scale_x_y: Any,
) -> kernel.Head:
    """Check everything but the tensors' values; return what the head predicts."""
    name = "yolov3_loss"
    floats = {"x": x, "gt_box": gt_box}
    if gt_score is not None:
        floats["gt_score"] = gt_score
    for key, value in floats.items():
        check_tensor(name, key, stand_in(value), FLOATS)
    check_tensor(name, "gt_label", stand_in(gt_label), dtypes("int32"))
    check_type(name, "ignore_thresh", ignore_thresh, float, "a float")
    check_type(name, "use_label_smooth", use_label_smooth, bool, "True or False")
    classes = _whole(name, "class_num", class_num)
    sizes, chosen = _anchors(name, anchors), _wholes(name, "anchor_mask", anchor_mask)
    count = len(sizes) // 2
    if not chosen or not all(0 <= index < count for index in chosen):
        raise ValueError(
            f"{name}: anchor_mask must tell some of {count} anchors by their numbers, from 0 to "
            f"{count - 1}, but it is {chosen}"
        )
    check_same_dtype(name, **floats)
    _check_map(name, x, len(chosen), classes)
    if not fits(x.shape[2], x.shape[3]):
        raise ValueError(
            f"{name}: x must be as high as wide, but its shape is {list(x.shape)}; pad the images"
        )
    check_shape(name, "gt_box", gt_box, x.shape[0], "B", 4)
    each = (x.shape[0], gt_box.shape[1])
    check_shape(name, "gt_label", gt_label, *each, allowed=dtypes("int32"))
    if gt_score is not None:
        check_shape(name, "gt_score", gt_score, *each)
    stride = _whole(name, "downsample_ratio", downsample_ratio)
    return kernel.Head(sizes, chosen, classes, stride, _scale(name, scale_x_y))


def _loss_rule(arguments: dict[str, Any]) -> Signature:
    _check_loss(**arguments)
    x = arguments["x"]
    return (x.shape[0],), torch_dtype_of(x)


@layer(infer=_loss_rule, no_gradient=("gt_box", "gt_score"), after=2, shares=None)
def yolov3_loss(
    x: Tensor,
    gt_box: Tensor,
    gt_label: Tensor,
    anchors: Sequence[int],
    anchor_mask: Sequence[int],
    class_num: int,
    ignore_thresh: float,
    downsample_ratio: int,
    gt_score: Tensor | None = None,
    use_label_smooth: bool = True,
    name: str | None = None,
    scale_x_y: float = 1.0,
) -> Tensor:
    r"""Return YOLOv3's loss of one head, for each image.

    Each box is predicted at the cell of its centre, by the anchor whose sides are the most like
    its own, if this head has that anchor. There the loss is the cross entropy of the centre, the
    absolute difference of the sides' logarithms, both weighted by 2 - w h, and the cross entropy
    of the classes. Everywhere it is the cross entropy of there being a box; predictions that
    overlap a box more than `ignore_thresh` without being told one are left out of that.

    Args:
        x: [N, anchors (5 + classes), H, H] of float32 or float64: for each of the head's anchors
            x, y, w, h, whether there is a box, and the classes.
        gt_box: [N, B, 4] of x's dtype: centre, width and height in units of the image. Those
            without width or height are padding.
        gt_label: [N, B] of int32.
        anchors: width, height, width, height, ... of all heads' anchors, in pixels.
        anchor_mask: which of them are this head's, by number.
        class_num: how many classes.
        ignore_thresh: a float.
        downsample_ratio: how many pixels a cell is wide.
        gt_score: [N, B] of x's dtype: what each box counts; None is 1.
        use_label_smooth: whether the classes' targets are min(1 / classes, 1 / 40) away from 0
            and 1.
        name: names the result.
        scale_x_y: how far a predicted centre may be from its cell's, in cells; it matters to what
            overlaps a box alone.

    Returns:
        [N]. Its gradient reaches x, once: it cannot be differentiated again.

    Raises:
        TypeError: an argument is of another type or dtype.
        ValueError: shapes do not fit, a box's centre is outside the image, or a number is out of
            range.

    Convention:
        - Where several boxes are told one prediction, each adds to the loss, and the last one
          alone to the gradient, as in 1.8.
        - The absolute difference of a prediction that is just right has the slope -1.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> x = torch.zeros(1, 7, 2, 2, requires_grad=True)
        >>> box = torch.tensor([[[0.25, 0.25, 0.5, 0.5]]])
        >>> label = torch.zeros(1, 1, dtype=torch.int32)
        >>> loss = fluid.layers.yolov3_loss(x, box, label, [16, 16], [0], 2, 0.7, 16)
        >>> [round(value, 4) for value in loss.tolist()]
        [6.5849]

    Source:
        ``paddle.fluid.layers.yolov3_loss``, PaddlePaddle 1.8; Redmon and Farhadi, "YOLOv3: An
        Incremental Improvement", 2018.
    """
    head = _check_loss(
        x,
        gt_box,
        gt_label,
        anchors,
        anchor_mask,
        class_num,
        ignore_thresh,
        downsample_ratio,
        gt_score,
        use_label_smooth,
        scale_x_y,
    )
    return kernel.yolov3_loss(
        x, gt_box, gt_label, gt_score, head, single(ignore_thresh), use_label_smooth
    )


def _check_box(
    x: Any,
    img_size: Any,
    anchors: Any,
    class_num: Any,
    conf_thresh: Any,
    downsample_ratio: Any,
    clip_bbox: Any,
    scale_x_y: Any,
) -> kernel.Head:
    """Check everything but the tensors' values; return what the head predicts."""
    name = "yolo_box"
    check_tensor(name, "x", stand_in(x), FLOATS)
    check_tensor(name, "img_size", stand_in(img_size), dtypes("int32"))
    check_type(name, "conf_thresh", conf_thresh, float, "a float")
    classes, sizes = _whole(name, "class_num", class_num), _anchors(name, anchors)
    _check_map(name, x, len(sizes) // 2, classes)
    check_shape(name, "img_size", img_size, x.shape[0], 2, allowed=dtypes("int32"))
    check_flags(name, clip_bbox=clip_bbox)
    stride = _whole(name, "downsample_ratio", downsample_ratio)
    every = range(len(sizes) // 2)
    return kernel.Head(sizes, every, classes, stride, _scale(name, scale_x_y))


def _box_rule(arguments: dict[str, Any]) -> list[Signature]:
    head = _check_box(**arguments)
    x = arguments["x"]
    height, width = x.shape[2:]
    rows = height * width * len(head.chosen) if min(height, width) > 0 else -1
    dtype = torch_dtype_of(x)
    return [((x.shape[0], rows, 4), dtype), ((x.shape[0], rows, head.classes), dtype)]


@layer(infer=_box_rule, no_gradient=True, shares=None)
def yolo_box(
    x: Tensor,
    img_size: Tensor,
    anchors: Sequence[int],
    class_num: int,
    conf_thresh: float,
    downsample_ratio: int,
    clip_bbox: bool = True,
    name: str | None = None,
    scale_x_y: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Return the boxes that one of YOLOv3's heads predicts, and their scores.

    Args:
        x: [N, anchors (5 + classes), H, W] of float32 or float64, as `yolov3_loss` takes it.
        img_size: [N, 2] of int32: each image's height and width in pixels.
        anchors: width, height, width, height, ... of this head's anchors, in pixels.
        class_num: how many classes.
        conf_thresh: a float: a prediction less sure than this has zeros in both results.
        downsample_ratio: how many pixels a cell is wide.
        clip_bbox: whether boxes are clipped to their image.
        name: names the results.
        scale_x_y: how far a centre may be from its cell's, in cells.

    Returns:
        Boxes [N, anchors H W, 4], x1, y1, x2, y2 in pixels, one anchor after the other; and
        scores [N, anchors H W, classes]. No gradient passes.

    Raises:
        TypeError: an argument is of another type or dtype.
        ValueError: shapes do not fit, or a number is out of range.

    Convention:
        A cell's height is an image's height divided by H, and so is its width: maps are square.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> size = torch.tensor([[32, 32]], dtype=torch.int32)
        >>> boxes, scores = fluid.layers.yolo_box(
        ...     torch.zeros(1, 7, 2, 2), size, [16, 16], 2, 0.01, 16
        ... )
        >>> boxes[0, 0].tolist(), scores[0, 0].tolist()
        ([0.0, 0.0, 16.0, 16.0], [0.25, 0.25])

    Source:
        ``paddle.fluid.layers.yolo_box``, PaddlePaddle 1.8.
    """
    head = _check_box(
        x, img_size, anchors, class_num, conf_thresh, downsample_ratio, clip_bbox, scale_x_y
    )
    with torch.no_grad():
        clip = clip_bbox is None or bool(clip_bbox)
        return kernel.yolo_box(x, img_size, head, single(conf_thresh), clip)
