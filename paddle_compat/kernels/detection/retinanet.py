"""RetinaNet's detections in one image, from the heads' outputs on each level of the pyramid."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from paddle_compat.kernels.detection.nms import greedy_nms
from paddle_compat.kernels.detection.ranking import best, ranked

__all__ = ["detections"]


@torch.no_grad()
def detections(
    deltas: Sequence[Tensor],
    scores: Sequence[Tensor],
    anchors: Sequence[Tensor],
    image: Tensor,
    *,
    score_threshold: float,
    nms_top_k: int,
    keep_top_k: int,
    nms_threshold: float,
) -> Tensor:
    """Return the detections in an image.

    Args:
        deltas: for each level [M, 4], how anchors are moved and scaled.
        scores: for each level [M, C].
        anchors: for each level [M, 4], with their last pixels.
        image: height, width and scale.
        score_threshold: what a score must be above; on the last level it is 0 instead.
        nms_top_k: how many boxes of each level are looked at; all of them where it is negative.
        keep_top_k: how many detections there are at most; any number where it is negative.
        nms_threshold: the overlap above which the lower score of a class is dropped.

    Returns:
        [K, 6]: label from 1, score, x1, y1, x2, y2; the highest score first.
    """
    boxes, values, labels = [], [], []
    last = len(scores) - 1
    for level, (delta, score, anchor) in enumerate(zip(deltas, scores, anchors, strict=True)):
        classes = max(score.shape[1], 1)
        found = best(score.reshape(-1), score_threshold if level < last else 0.0, nms_top_k)
        row = found // classes
        boxes.append(_decode(delta[row], anchor[row], image))
        values.append(score.reshape(-1)[found])
        labels.append(found % classes)
    box, value, label = torch.cat(boxes), torch.cat(values), torch.cat(labels)
    # By class, each by score, each in the order of the levels.
    order = ranked(value, label)
    box, value, label = box[order], value[order], label[order]
    lengths = label.bincount().tolist()
    most = None if keep_top_k < 0 else keep_top_k
    kept = greedy_nms(box, nms_threshold, offset=1.0, lengths=lengths, most=most)
    kept = kept[ranked(value[kept])[:most]]
    return torch.column_stack(((label[kept] + 1).to(value.dtype), value[kept], box[kept]))


def _decode(deltas: Tensor, anchors: Tensor, image: Tensor) -> Tensor:
    """Return boxes in the original image, [K, 4]."""
    height, width, scale = image[:3].unbind()
    sizes = anchors[:, 2:] - anchors[:, :2] + 1
    centers = deltas[:, :2] * sizes + (anchors[:, :2] + sizes / 2)
    halves = deltas[:, 2:].exp() * sizes / 2
    boxes = torch.cat((centers - halves, centers + halves - 1), 1) / scale
    far = _rounded(torch.stack((width, height)) / scale) - 1
    return boxes.minimum(far.repeat(2)).clamp_(min=0)


def _rounded(x: Tensor) -> Tensor:
    """Round, halves away from zero."""
    whole = x.trunc()
    return torch.where((x - whole).abs() >= 0.5, whole + x.sign(), whole)
