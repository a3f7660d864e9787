"""Locality-aware NMS: neighbours in a row of boxes are merged, then greedy suppression follows."""

from __future__ import annotations

import torch
from torch import Tensor

from paddle_compat.kernels.detection.multiclass import Rule, multiclass_nms, overlap_rows

__all__ = ["locality_aware_nms"]

# How many runs are followed where one begins unforeseen.
_AHEAD = 64


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
    threshold. Where a run begins depends on the one before it, but many can be followed side by
    side: those that begin where a box does not overlap its neighbour. Where a run ends elsewhere,
    the runs that would begin at each of the next boxes are followed.
    """
    count = len(boxes)
    runs = _Runs(boxes, scores, rule)
    begins = torch.ones(count, dtype=torch.bool, device=boxes.device)
    begins[1:] = ~runs.join(boxes[1:], boxes[:-1])
    runs.follow(begins.nonzero().flatten())
    after = runs.ends.tolist()
    starts = []
    start = 0
    while start < count:
        if after[start] < 0:
            ahead = runs.ends[start : start + _AHEAD]
            runs.follow(start + (ahead < 0).nonzero().flatten())
            after[start : start + _AHEAD] = ahead.tolist()
        starts.append(start)
        start = after[start]
    begun = torch.zeros_like(begins)
    begun[starts] = True
    return runs.merged, runs.totals.masked_fill(~begun, torch.nan)


class _Runs:
    """What each run that was followed is merged into."""

    def __init__(self, boxes: Tensor, scores: Tensor, rule: Rule) -> None:
        self.boxes, self.scores, self.rule = boxes, scores, rule
        self.merged, self.totals = boxes.clone(), scores.clone()
        # Where each run ends; -1 where none was followed.
        self.ends = torch.full((len(boxes),), -1, device=boxes.device)

    def join(self, boxes: Tensor, others: Tensor) -> Tensor:
        """Tell which boxes overlap the others, one each, so much that they are merged."""
        rows, overlap = overlap_rows(torch.cat((boxes, others)), self.rule.normalized)
        found = overlap(rows[:, : len(boxes)], rows[:, len(boxes) :])
        return found > self.rule.nms_threshold

    def follow(self, starts: Tensor) -> None:
        """Merge the runs that begin at these boxes."""
        self.ends[starts] = starts + 1
        running, box, total = starts, self.boxes[starts], self.scores[starts]
        while len(running):
            following = self.ends[running]
            inside = following < len(self.boxes)
            if not bool(inside.all()):
                running, following = running[inside], following[inside]
                box, total = box[inside], total[inside]
            joins = self.join(self.boxes[following], box)
            running, following = running[joins], following[joins]
            box, total, score = box[joins], total[joins], self.scores[following]
            sum_of = score + total
            box = self.boxes[following] * score[:, None] + box * total[:, None]
            box, total = box / sum_of[:, None], sum_of
            self.merged[running], self.totals[running] = box, total
            self.ends[running] = following + 1
