"""Detections of many classes: greedy suppression within each class, then the best of all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from paddle_compat.kernels.detection.nms import Overlap, box_rows, suppress
from paddle_compat.kernels.detection.polygons import polygon_overlaps, polygon_rows
from paddle_compat.kernels.detection.ranking import ranked

__all__ = ["Rule", "multiclass_nms", "multiclass_nms_of_rois", "overlap_rows"]


# About how many scores are drawn from all.
_SAMPLE = 8192


@dataclass(frozen=True)
class Rule:
    """How detections are chosen.

    Attributes:
        score_threshold: what a score must be above.
        nms_top_k: how many candidates of a class there are at most; any number where negative.
        keep_top_k: how many detections of an image there are at most; any number where negative.
        nms_threshold: the overlap above which the lower score of a class is dropped.
        nms_eta: below 1, what that is multiplied by after each kept candidate, while above 0.5.
        normalized: whether coordinates are positions; else they name pixels that belong to a box.
        background: the class that is not looked at; none where there is no such class.
    """

    score_threshold: float
    nms_top_k: int
    keep_top_k: int
    nms_threshold: float
    nms_eta: float = 1.0
    normalized: bool = True
    background: int = -1


@torch.no_grad()
def multiclass_nms(boxes: Tensor, scores: Tensor, rule: Rule) -> tuple[Tensor, Tensor, list[int]]:
    """Return the detections of images whose classes share their boxes.

    Args:
        boxes: [N, M, D]: four coordinates, or the corners of polygons.
        scores: [N, C, M].
        rule: how they are chosen.

    Returns:
        rows: [K, 2 + D]: label, score and box; by image, label and falling score.
        index: [K] int64: which box of all the N * M each is.
        lengths: how many detections each image has.
    """
    rows, indices, lengths = [], [], []
    count = boxes.shape[1]
    for image in range(len(scores)):
        flat = _choose(boxes[image], scores[image], rule)
        label, index = flat // max(count, 1), flat % max(count, 1)
        score = scores[image].reshape(-1)[flat]
        rows.append(_rows(label, score, boxes[image, index]))
        indices.append(index + image * count)
        lengths.append(len(flat))
    if not rows:
        return boxes.new_empty((0, 2 + boxes.shape[2])), _no_index(boxes), []
    return torch.cat(rows), torch.cat(indices), lengths


@torch.no_grad()
def multiclass_nms_of_rois(
    boxes: Tensor, scores: Tensor, lengths: Sequence[int], rule: Rule
) -> tuple[Tensor, Tensor, list[int]]:
    """Return the detections of images whose regions have a box for each class.

    Args:
        boxes: [M, C, 4], the regions of all images.
        scores: [M, C].
        lengths: how many regions each image has.
        rule: how detections are chosen.

    Returns:
        As `multiclass_nms`, but within a label by region, not by score; an index counts the boxes
        of all M * C.
    """
    rows, indices, counts = [boxes.new_empty((0, 2 + boxes.shape[2]))], [_no_index(boxes)], []
    classes = scores.shape[1]
    start = 0
    for length in lengths:
        box, score = boxes[start : start + length], scores[start : start + length]
        flat = _choose(box.transpose(0, 1), score.t(), rule).sort().values
        label, region = flat // max(length, 1), flat % max(length, 1)
        rows.append(_rows(label, score[region, label], box[region, label]))
        indices.append((region + start) * classes + label)
        counts.append(len(flat))
        start += length
    return torch.cat(rows), torch.cat(indices), counts


def overlap_rows(boxes: Tensor, normalized: bool) -> tuple[Tensor, Overlap]:
    """Return boxes or polygons, [N, D], as `suppress` takes them, and what overlaps them."""
    if boxes.shape[1] == 4:
        return box_rows(boxes, 0.0 if normalized else 1.0)
    return polygon_rows(boxes), polygon_overlaps


def _no_index(like: Tensor) -> Tensor:
    return like.new_empty(0, dtype=torch.int64)


def _rows(label: Tensor, score: Tensor, box: Tensor) -> Tensor:
    return torch.cat((label.to(score.dtype)[:, None], score[:, None], box), 1)


def _choose(boxes: Tensor, scores: Tensor, rule: Rule) -> Tensor:
    """Return the detections of one image as indices into all its scores, by label and rank.

    Args:
        boxes: [M, D], or [C, M, D].
        scores: [C, M].
        rule: how they are chosen.
    """
    if 0 in (rule.nms_top_k, rule.keep_top_k):
        return torch.zeros(0, dtype=torch.int64, device=scores.device)
    key = scores.to(torch.float32)
    count = scores.shape[1]
    if rule.keep_top_k < 0:
        return _suppress(boxes, _above(scores, rule), key, count, rule)
    # What is kept depends on higher scores alone: where enough of the best ones are kept, the
    # others need not be looked at. Every so many scores tell about how high the best ones are.
    stride = max(key.numel() // _SAMPLE, 1)
    sample = key[:, ::stride].nan_to_num(-math.inf)
    if 0 <= rule.background < len(sample):
        sample[rule.background] = -math.inf
    sample = sample.reshape(-1)
    looked_at = 256 + 8 * rule.keep_top_k
    while True:
        rank = -(-looked_at // stride)
        least = sample.topk(rank, sorted=False).values.amin() if rank < len(sample) else -math.inf
        if not least > rule.score_threshold:
            return _suppress(boxes, _above(scores, rule), key, count, rule)
        kept = _suppress(boxes, _above(scores, rule, key >= least), key, count, rule)
        if len(kept) == rule.keep_top_k:
            return kept
        looked_at *= 8


def _above(scores: Tensor, rule: Rule, among: Tensor | None = None) -> Tensor:
    """Return which scores may be detections', as ascending indices into all of them.

    Args:
        scores: [C, M].
        rule: how they are chosen.
        among: [C, M] bool, which are looked at.
    """
    above = scores > rule.score_threshold if among is None else among
    if 0 <= rule.background < len(scores):
        above[rule.background] = False
    found = above.reshape(-1).nonzero().flatten()
    return found if among is None else found[scores.reshape(-1)[found] > rule.score_threshold]


def _suppress(boxes: Tensor, found: Tensor, keys: Tensor, count: int, rule: Rule) -> Tensor:
    """Return which candidates are detections, by label and rank.

    Args:
        boxes: as in `_choose`.
        found: [K], indices into scores [C, count], ascending.
        keys: all scores, as they are compared.
        count: how many boxes there are.
        rule: how detections are chosen.
    """
    label, key = found // max(count, 1), keys.reshape(-1)[found]
    order = ranked(key, label)
    found, key, label = found[order], key[order], label[order]
    lengths = label.bincount()
    if rule.nms_top_k >= 0 and bool((lengths > rule.nms_top_k).any()):
        rank = torch.arange(len(found), device=found.device) - (lengths.cumsum(0) - lengths)[label]
        among = rank < rule.nms_top_k
        found, key, label = found[among], key[among], label[among]
        lengths = lengths.clamp(max=rule.nms_top_k)
    index = found % max(count, 1)
    rows, overlap = overlap_rows(
        boxes[index] if boxes.ndim == 2 else boxes[label, index], rule.normalized
    )
    most = rule.keep_top_k
    kept = suppress(
        rows,
        overlap,
        rule.nms_threshold,
        eta=rule.nms_eta,
        lengths=lengths.tolist(),
        most=None if most < 0 else most,
    )
    if 0 <= most < len(kept):
        kept = kept[ranked(key[kept])[:most].sort().values]
    return found[kept]
