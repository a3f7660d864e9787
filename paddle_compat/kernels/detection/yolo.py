"""YOLOv3: the loss of a head, and the boxes and scores that it predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from paddle_compat.kernels import pages
from paddle_compat.kernels.detection.overlap import intersections

__all__ = ["Head", "yolo_box", "yolov3_loss"]

# How many overlaps are worked on at once: what fits a core's cache, or what fills a device.
_BLOCK_CPU = 1 << 16
_BLOCK_DEVICE = 1 << 25
_SMALLEST_SIDE = 1e-6
_POSITIVE = 1e-5
_IGNORED = -1


@dataclass(frozen=True)
class Head:
    """What a head predicts.

    Attributes:
        anchors: width, height, width, … of all anchors, in pixels.
        chosen: which of them this head has.
        classes: how many classes.
        stride: how many pixels a cell spans.
        scale: how far a centre may move around its cell: 1 is up to its edges.
    """

    anchors: Sequence[int]
    chosen: Sequence[int]
    classes: int
    stride: int
    scale: float = 1.0


@dataclass(frozen=True)
class _Positives:
    """The predictions that a ground truth box was assigned to, in order; K of them.

    Attributes:
        image: [K], the image of each.
        cell: [K], its place among N * anchors * H * W predictions.
        last: [K], whether no later box was assigned to the same prediction.
        goal: [K, 4], what x and y (behind a sigmoid), w and h (logarithms) should be.
        weight: [K, 1], of the box's own loss.
        score: [K, 1].
        classes: [K, classes], the targets.
    """

    image: Tensor
    cell: Tensor
    last: Tensor
    goal: Tensor
    weight: Tensor
    score: Tensor
    classes: Tensor


def yolov3_loss(
    x: Tensor,
    boxes: Tensor,
    labels: Tensor,
    scores: Tensor | None,
    head: Head,
    threshold: float,
    smooth: bool,
) -> Tensor:
    """Return each image's loss of a head.

    Args:
        x: [N, anchors * (5 + classes), H, W] of floats.
        boxes: [N, B, 4] of x's dtype: centre, width and height, in units of the image; one whose
            width or height is 0 is none.
        labels: [N, B] of integers.
        scores: [N, B] of x's dtype, what each box counts; None is 1.
        head: what it predicts.
        threshold: predictions that overlap a box more than this, and are not assigned one, are
            not told to be background.
        smooth: whether targets of classes stay a little away from 0 and 1.

    Returns:
        [N]. The gradient reaches x, once.

    Raises:
        ValueError: a box's centre is outside the map.
    """
    loss: Tensor = _Loss.apply(  # type: ignore[no-untyped-call]
        x.contiguous(), boxes, labels, scores, head, threshold, smooth
    )
    return loss


class _Loss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        boxes: Tensor,
        labels: Tensor,
        scores: Tensor | None,
        head: Head,
        threshold: float,
        smooth: bool,
    ) -> Tensor:
        count, _, height, width = x.shape
        planes = x.reshape(count, len(head.chosen), 5 + head.classes, height * width)
        valid = ~(boxes[..., 2:].double() < _SMALLEST_SIDE).any(-1)
        positives = _assign(boxes, labels, scores, valid, head, (height, width), smooth)
        objects = _ignored(planes, boxes, valid, head, (height, width), threshold)
        objects.view(-1)[positives.cell[positives.last]] = positives.score[positives.last, 0]
        ctx.save_for_backward(x, objects, *vars(positives).values())
        ctx.planes = planes.shape
        total = _background_loss(planes[:, :, 4], objects)
        rows = _rows(planes, positives.cell)
        boxes_loss = torch.cat(
            [
                _cross_entropy(rows[:, :2], positives.goal[:, :2]),
                (rows[:, 2:4] - positives.goal[:, 2:]).abs(),
            ],
            1,
        )
        boxes_loss = (boxes_loss * positives.weight).sum(1, dtype=torch.float64)
        classes_loss = _cross_entropy(rows[:, 5:], positives.classes) * positives.score
        boxes_loss += classes_loss.sum(1, dtype=torch.float64)
        return total.index_add_(0, positives.image, boxes_loss).to(x.dtype)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        x, objects, *fields = ctx.saved_tensors
        positives = _Positives(*fields)
        planes = x.reshape(ctx.planes)
        # Most of it stays 0: what takes time is memory that was never touched.
        result = pages.empty(planes.shape, x.dtype, x.device).zero_()
        chance = planes[:, :, 4].sigmoid()
        slope = torch.where(objects > _POSITIVE, (chance - 1) * objects, chance)
        slope.masked_fill_(~(objects > -0.5), 0)
        torch.mul(slope, upstream[:, None, None], out=result[:, :, 4])
        # Where boxes share a prediction the real kernel overwrites: only the last one teaches it.
        last = positives.last
        goal, rows = positives.goal[last], _rows(planes, positives.cell[last])
        incoming = upstream[positives.image[last], None]
        centre = rows[:, :2].sigmoid() - goal[:, :2]
        size = torch.where(rows[:, 2:4] > goal[:, 2:], 1.0, -1.0).to(x.dtype)
        place = torch.cat([centre, size], 1) * positives.weight[last] * incoming
        kind = (rows[:, 5:].sigmoid() - positives.classes[last]) * positives.score[last] * incoming
        where = _places(planes.shape, positives.cell[last])
        flat = result.view(-1)
        flat[where[:, :4]], flat[where[:, 5:]] = place, kind
        return result.reshape(x.shape), None, None, None, None, None, None


def _places(shape: torch.Size, cell: Tensor) -> Tensor:
    """Return where the elements of each prediction are, [K, 5 + classes], in the flat input."""
    length, area = shape[2:]
    first = cell.div(area, rounding_mode="floor") * (length * area) + cell % area
    return first[:, None] + area * torch.arange(length, device=cell.device)


def _rows(planes: Tensor, cell: Tensor) -> Tensor:
    return planes.reshape(-1)[_places(planes.shape, cell)]


def _cross_entropy(logit: Tensor, target: Tensor) -> Tensor:
    return torch.nn.functional.binary_cross_entropy_with_logits(logit, target, reduction="none")


def _background_loss(logit: Tensor, objects: Tensor) -> Tensor:
    """Return each image's loss of telling boxes from background, in double."""
    softplus = torch.nn.functional.softplus
    positive = objects > _POSITIVE
    loss = softplus(torch.where(positive, -logit, logit))
    weight = torch.where(positive, objects, (objects > -0.5).to(loss.dtype))
    # Not a product alone: what is ignored counts nothing, however large.
    loss = (loss * weight).masked_fill_(weight == 0, 0)
    return loss.flatten(1).sum(1, dtype=torch.float64)


def _assign(
    boxes: Tensor,
    labels: Tensor,
    scores: Tensor | None,
    valid: Tensor,
    head: Head,
    size: tuple[int, int],
    smooth: bool,
) -> _Positives:
    """Assign to each box the prediction at its centre whose anchor is the most like it."""
    height, width = size
    extent = head.stride * height
    anchors = boxes.new_tensor(head.anchors).reshape(-1, 2) / extent
    common = boxes[..., None, 2:].minimum(anchors).prod(-1)
    union = anchors.prod(-1) + boxes[..., None, 2:].prod(-1) - common
    overlap = (common / union).nan_to_num(0, posinf=float("inf"))
    # The first of the best.
    order = torch.arange(len(anchors), device=boxes.device)
    best = torch.where(overlap == overlap.amax(-1, keepdim=True), order, len(anchors)).amin(-1)
    slots = [head.chosen.index(i) if i in head.chosen else -1 for i in range(len(anchors))]
    slot = torch.tensor(slots, device=boxes.device)[best]
    image, box = (valid & (slot >= 0)).nonzero(as_tuple=True)
    found, slot, anchor = boxes[image, box], slot[image, box], anchors[best[image, box]]
    grid = found.new_tensor([width, height])
    corner = (found[:, :2] * grid).trunc()
    inside = corner[:, 1] * width + corner[:, 0]
    if not bool(((inside >= 0) & (inside < height * width)).all()):
        raise ValueError(
            "yolov3_loss: the centre of a gt_box is outside the image; boxes are [x, y, w, h] with "
            "the centre first, divided by the image's width and height, so that all are in [0, 1]"
        )
    cell = (image * len(head.chosen) + slot) * (height * width) + inside.long()
    number = torch.arange(1, len(cell) + 1, device=cell.device)
    latest = number.new_zeros(len(boxes) * len(head.chosen) * height * width)
    latest.scatter_reduce_(0, cell, number, "amax")
    score = found.new_ones(len(cell), 1) if scores is None else scores[image, box, None]
    goal = torch.cat([found[:, :2] * height - corner, (found[:, 2:] / anchor).log()], 1)
    share = min(1 / head.classes, 1 / 40) if smooth else 0.0
    hot = labels[image, box, None] == torch.arange(head.classes, device=boxes.device)
    return _Positives(
        image,
        cell,
        latest[cell] == number,
        goal,
        (2 - found[:, 2:3] * found[:, 3:4]) * score,
        score,
        torch.full_like(hot, share, dtype=boxes.dtype).masked_fill_(hot, 1 - share),
    )


def _ignored(
    planes: Tensor,
    boxes: Tensor,
    valid: Tensor,
    head: Head,
    size: tuple[int, int],
    threshold: float,
) -> Tensor:
    """Return -1 for every prediction that overlaps a box of its image enough, [N, anchors, H W]."""
    count, anchors, _, area = planes.shape
    most = int(valid.sum(1).max()) if valid.numel() else 0
    objects = planes.new_zeros(count, anchors, area)
    if threshold < 0:
        objects.fill_(_IGNORED)
    if threshold < 0 or not most:
        return objects
    # Those that are boxes first; the others are put where nothing overlaps them.
    order = valid.long().argsort(dim=1, descending=True, stable=True)[:, :most]
    apart = ~valid.gather(1, order)[..., None]
    boxes = boxes.gather(1, order[..., None].expand(-1, -1, 4))
    near, sides = boxes[..., :2].masked_fill(apart, -1e6), boxes[..., 2:]
    grounds, surfaces = _corners(near, sides), sides.prod(-1, keepdim=True)
    sides = planes.new_tensor([head.anchors[2 * i : 2 * i + 2] for i in head.chosen])
    extent = planes.new_tensor(head.stride * size[0])
    block = max(1, (_BLOCK_CPU if planes.is_cpu else _BLOCK_DEVICE) // most)
    offsets = planes[:, :, :2].sigmoid() * head.scale - 0.5 * (head.scale - 1)
    centres = _pairs((_cells(planes, size) + offsets) / size[0])
    arounds = _pairs(planes[:, :, 2:4].exp() * sides[..., None] / extent)
    for image in range(count):
        best = _best_overlap(centres[image], arounds[image], grounds[image], surfaces[image], block)
        objects[image].masked_fill_((best > threshold).reshape(anchors, area), _IGNORED)
    return objects


def _cells(like: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the column and the row of each cell, [2, H W]."""
    number = torch.arange(size[0] * size[1], device=like.device)
    rows = number.div(size[1], rounding_mode="floor")
    return torch.stack([number - rows * size[1], rows]).to(like.dtype)


def _pairs(planes: Tensor) -> Tensor:
    """Return [N, anchors, 2, H W] with a row for each prediction of an image."""
    return planes.transpose(2, 3).flatten(1, 2)


def _corners(centre: Tensor, sides: Tensor) -> Tensor:
    half = sides / 2
    return torch.cat([centre - half, centre + half], -1)


def _best_overlap(
    centre: Tensor, sides: Tensor, grounds: Tensor, surfaces: Tensor, block: int
) -> Tensor:
    """Return the largest overlap (intersection over union) of each prediction with any box.

    Args:
        centre: [P, 2].
        sides: [P, 2].
        grounds: [B, 4]: the corners of the boxes.
        surfaces: [B, 1], their areas.
        block: how many predictions are worked on at once.
    """
    boxes, area = _corners(centre, sides), sides[:, 0] * sides[:, 1]
    best = torch.empty_like(area)
    for first in range(0, len(area), block):
        part = slice(first, first + block)
        common = intersections(grounds, boxes[part])
        union = (area[part] + surfaces).sub_(common)
        torch.amax(common.div_(union), 0, out=best[part])
    return best


def yolo_box(
    x: Tensor, sizes: Tensor, head: Head, threshold: float, clip: bool
) -> tuple[Tensor, Tensor]:
    """Return the boxes of a head's predictions, and the score of each class.

    Args:
        x: [N, anchors * (5 + classes), H, W] of floats.
        sizes: [N, 2] of integers: height and width of each image, in pixels.
        head: what it predicts, with all of its anchors.
        threshold: a prediction less sure than this has zeros for a box and for scores.
        clip: whether boxes are moved into their image.

    Returns:
        [N, anchors * H * W, 4], x1, y1, x2, y2 in pixels; and [N, anchors * H * W, classes].
    """
    count, _, height, width = x.shape
    rows = len(head.chosen) * height * width
    planes = x.reshape(count, len(head.chosen), 5 + head.classes, height * width)
    sure = planes[:, :, 4:5].sigmoid()
    image = sizes.flip(1).to(x.dtype)[:, None, :, None]
    offsets = planes[:, :, :2].sigmoid() * head.scale - 0.5 * (head.scale - 1)
    centre = (_cells(x, (height, width)) + offsets) * image / height
    anchors = x.new_tensor(head.anchors).reshape(-1, 2, 1)
    sides = planes[:, :, 2:4].exp() * anchors * image / (head.stride * height)
    low, high = centre - sides / 2, centre + sides / 2
    if clip:
        # NaN becomes a corner of the image, as in the real kernel.
        low = torch.where(low > 0, low, 0.0)
        high = torch.where(high < image - 1, high, image - 1)
    unsure = (sure < threshold).transpose(2, 3)
    corners = torch.cat([low, high], 2).transpose(2, 3)
    # One large result, written once and then changed where it is.
    scores = pages.empty((count, len(anchors), height * width, head.classes), x.dtype, x.device)
    scores.copy_(planes[:, :, 5:].transpose(2, 3)).sigmoid_().mul_(sure.transpose(2, 3))
    return (
        corners.masked_fill(unsure, 0).reshape(count, rows, 4),
        scores.masked_fill_(unsure, 0).reshape(count, rows, head.classes),
    )
