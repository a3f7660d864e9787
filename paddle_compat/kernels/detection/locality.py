"""Locality-aware NMS: neighbours in a row of boxes are merged, then greedy suppression follows."""

from __future__ import annotations

import torch
from torch import Tensor

from paddle_compat.kernels.detection.multiclass import Rule, multiclass_nms, overlap_rows

__all__ = ["locality_aware_nms"]


@torch.no_grad()
def locality_aware_nms(
    boxes: Tensor, scores: Tensor, rule: Rule
) -> tuple[Tensor, Tensor, list[int]]:
    """Return the detections of images, of one class.

    Args:
        boxes: [N, M, D]: four coordinates, or the corners of polygons.
        scores: [N, 1, M].
        rule: how they are chosen; its threshold of overlaps is also what neighbours are merged by.

    Returns:
        As `multiclass_nms`.
    """
    merged = [_merge(box, score[0], rule) for box, score in zip(boxes, scores, strict=True)]
    if not merged:
        return multiclass_nms(boxes, scores, rule)
    box, score = (torch.stack(parts) for parts in zip(*merged, strict=True))
    return multiclass_nms(box, score[:, None], rule)


def _merge(boxes: Tensor, scores: Tensor, rule: Rule) -> tuple[Tensor, Tensor]:
    """Return boxes and scores, merged ones where their runs begin; the other scores are NaN.

    A run goes on while the next box overlaps what the run is merged into by more than the
    threshold. Where a run begins depends on the one before it; so the runs that would begin at
    each of the boxes are followed side by side, and then it is seen which ones do begin.
    """
    count = len(boxes)
    begins = torch.arange(count, device=boxes.device)
    ends = begins + 1
    merged, totals = boxes.clone(), scores.clone()
    running = begins
    while len(running):
        following = ends[running]
        inside = following < count
        running, following = running[inside], following[inside]
        box, total = merged[running], totals[running]
        joining, score = boxes[following], scores[following]
        rows, overlap = overlap_rows(torch.cat((joining, box)), rule.normalized)
        joins = overlap(*rows.split_with_sizes([len(joining), len(box)], 1)) > rule.nms_threshold
        running = running[joins]
        weight, score = total[joins, None], score[joins, None]
        sum_of = score + weight
        merged[running] = (joining[joins] * score + box[joins] * weight) / sum_of
        totals[running] = sum_of[:, 0]
        ends[running] += 1
    after = ends.tolist()
    starts = []
    start = 0
    while start < count:
        starts.append(start)
        start = after[start]
    begun = torch.zeros_like(ends, dtype=torch.bool)
    begun[starts] = True
    return merged, totals.masked_fill(~begun, torch.nan)
