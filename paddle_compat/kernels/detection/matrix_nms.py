"""Matrix NMS: scores decay by their overlaps with higher ones, all at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from paddle_compat.kernels.detection.groups import beside_each_other
from paddle_compat.kernels.detection.nms import Overlap, box_rows
from paddle_compat.kernels.detection.std_heap import first_by_falling_key

__all__ = ["MatrixRule", "matrix_nms"]

# How many candidates, and how many pairs of them, are worked on at once.
_ELEMENTS = 1 << 12
_PAIRS = 1 << 18


@dataclass(frozen=True)
class MatrixRule:
    """How detections are chosen.

    Attributes:
        score_threshold: scores up to it are not looked at.
        post_threshold: decayed scores up to it are left out.
        nms_top_k: how many candidates of a class there are at most; any number where negative.
        keep_top_k: how many detections of an image there are at most; any number where negative.
        sigma: the factor in the exponent of a Gaussian decay; None for a linear one.
        normalized: whether coordinates are positions; else they name pixels that belong to a box.
        background: the class that is not looked at; none where there is no such class.
    """

    score_threshold: float
    post_threshold: float
    nms_top_k: int
    keep_top_k: int
    sigma: float | None
    normalized: bool
    background: int


@torch.no_grad()
def matrix_nms(boxes: Tensor, scores: Tensor, rule: MatrixRule) -> tuple[Tensor, Tensor, list[int]]:
    """Return the detections of images.

    Args:
        boxes: [N, M, 4].
        scores: [N, C, M].
        rule: how they are chosen.

    Returns:
        rows: [K, 6]: label, decayed score and box; by image and falling score.
        index: [K] int64: which box of all the N * M each is.
        lengths: how many detections each image has.
    """
    rows = [boxes.new_empty((0, 6))]
    indices = [boxes.new_empty(0, dtype=torch.int64)]
    lengths = []
    for image in range(len(scores)):
        label, index, score = _choose(boxes[image], scores[image], rule)
        rows.append(torch.cat((label[:, None], score[:, None], boxes[image, index]), 1))
        indices.append(index + image * boxes.shape[1])
        lengths.append(len(index))
    return torch.cat(rows), torch.cat(indices), lengths


def _choose(boxes: Tensor, scores: Tensor, rule: MatrixRule) -> tuple[Tensor, Tensor, Tensor]:
    """Return an image's detections: labels in the scores' dtype, indices and scores."""
    # NaN is not left out.
    above = ~(scores <= rule.score_threshold)
    found = [_best(above[label], scores[label], rule.nms_top_k) for label in range(len(scores))]
    if 0 <= rule.background < len(found):
        found[rule.background] = found[rule.background][:0]
    lengths = [len(one) for one in found]
    index = torch.cat(found) if found else above.new_empty(0, dtype=torch.int64)
    sizes = torch.tensor(lengths, dtype=torch.int64, device=scores.device)
    label = torch.repeat_interleave(sizes)
    score = scores[label, index]
    rows, overlap = box_rows(boxes[index], 0.0 if rule.normalized else 1.0)
    factors = torch.ones_like(score)
    for grid, within in beside_each_other(lengths, rows.device, elements=_ELEMENTS, short=64):
        dense = rows[:, grid.flatten()].reshape(len(rows), *grid.shape)
        factors[grid[within]] = _decays(dense, overlap, rule.sigma)[within]
    score = factors * score
    kept = ~(score <= rule.post_threshold)
    # The best one of a class is asked the other way round, which tells for NaN.
    first = (sizes.cumsum(0) - sizes)[sizes > 0]
    kept[first] = score[first] > rule.post_threshold
    label, index, score = label[kept], index[kept], score[kept]
    most = len(score) if rule.keep_top_k < 0 else min(len(score), rule.keep_top_k)
    order = first_by_falling_key(score, most)
    return label[order].to(score.dtype), index[order], score[order]


def _best(above: Tensor, scores: Tensor, most: int) -> Tensor:
    """Return the indices of a class's candidates, the best first."""
    found = above.nonzero().flatten()
    count = len(found) if most < 0 else min(len(found), most)
    return found[first_by_falling_key(scores[found], count)]


def _decays(rows: Tensor, overlap: Overlap, sigma: float | None) -> Tensor:
    """Return what each candidate's score is multiplied by.

    Args:
        rows: [D, G, K], the candidates of groups beside each other, each group's best first.
        overlap: gives their overlaps.
        sigma: as in `MatrixRule`.

    Returns:
        [G, K].
    """
    groups, count = rows.shape[1:]
    # Each one's largest overlap with a better one.
    largest = rows.new_zeros((groups, count))
    factors = rows.new_ones((groups, count))
    block = max(_PAIRS // (groups * count), 8)
    for start in range(0, count, block):
        end = min(start + block, count)
        shared = overlap(rows[:, :, None, start:end], rows[:, :, :end, None])
        worse = torch.ones(shared.shape[1:], dtype=torch.bool, device=rows.device).tril_(-start)
        shared.masked_fill_(worse, 0)
        most = shared.amax(1)
        # What is NaN does not count.
        if bool(most.isnan().any()):
            most = shared.nan_to_num(0.0, math.inf, -math.inf).amax(1)
        largest[:, start:end] = most
        # What does not overlap decays nothing, unless an overlap was above 1 or sigma is negative.
        counts = shared != 0
        if (sigma or 0) < 0 or bool((largest > 1).any()):
            counts = ~worse.expand_as(shared)
        group, one, other = counts.nonzero(as_tuple=True)
        factor = _decay(shared[group, one, other], largest[group, one], sigma)
        factor.masked_fill_(factor.isnan(), math.inf)
        factors.view(-1).scatter_reduce_(0, group * count + start + other, factor, "amin")
    return factors


def _decay(overlap: Tensor, largest: Tensor, sigma: float | None) -> Tensor:
    """Return how better candidates, each with its own largest overlap, decay scores."""
    if sigma is not None:
        return ((largest * largest - overlap * overlap) * sigma).exp_()
    # In float64, whatever the boxes are.
    return ((1 - overlap.double()) / (1 - largest.double())).to(overlap.dtype)
