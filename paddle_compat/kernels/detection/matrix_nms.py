"""Matrix NMS: scores decay by their overlaps with higher ones, all at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from paddle_compat.kernels.detection.nms import Overlap, box_rows
from paddle_compat.kernels.detection.std_heap import first_by_falling_key

__all__ = ["MatrixRule", "matrix_nms"]

# How many candidates are decayed at once.
_BLOCK = 128


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
    labels, decayed = [scores.new_empty(0)], [scores.new_empty(0)]
    indices = [scores.new_empty(0, dtype=torch.int64)]
    offset = 0.0 if rule.normalized else 1.0
    # NaN is not left out.
    above = ~(scores <= rule.score_threshold)
    for label in range(len(scores)):
        if label == rule.background:
            continue
        found = above[label].nonzero().flatten()
        score = scores[label, found]
        most = len(found) if rule.nms_top_k < 0 else min(len(found), rule.nms_top_k)
        order = first_by_falling_key(score, most)
        found, score = found[order], score[order]
        rows, overlap = box_rows(boxes[found], offset)
        score = _decays(rows, overlap, rule.sigma) * score
        kept = ~(score <= rule.post_threshold)
        # Unless it is the best one's.
        kept[:1] = score[:1] > rule.post_threshold
        labels.append(torch.full_like(score[kept], label))
        indices.append(found[kept])
        decayed.append(score[kept])
    score = torch.cat(decayed)
    most = len(score) if rule.keep_top_k < 0 else min(len(score), rule.keep_top_k)
    order = first_by_falling_key(score, most)
    return torch.cat(labels)[order], torch.cat(indices)[order], score[order]


def _decays(rows: Tensor, overlap: Overlap, sigma: float | None) -> Tensor:
    """Return what each candidate's score is multiplied by, [K], the best candidate first."""
    count = rows.shape[1]
    # Each one's largest overlap with a better one.
    largest = rows.new_zeros(count)
    factors = rows.new_ones(count)
    for start in range(0, count, _BLOCK):
        end = min(start + _BLOCK, count)
        shared = overlap(rows[:, None, start:end], rows[:, :end, None])
        worse = torch.ones_like(shared, dtype=torch.bool).tril_(-start)
        # What is NaN neither counts nor decays.
        passed_over = worse | shared.isnan()
        largest[start:end] = shared.masked_fill(passed_over, 0).amax(0)
        factor = _decay(shared, largest[:end, None], sigma)
        factor.masked_fill_(passed_over | factor.isnan(), math.inf)
        factors[start:end] = factor.amin(0).clamp_(max=1)
    return factors


def _decay(overlap: Tensor, largest: Tensor, sigma: float | None) -> Tensor:
    """Return how a better candidate, with its own largest overlap, decays a score."""
    if sigma is not None:
        return ((largest * largest - overlap * overlap) * sigma).exp_()
    # In float64, whatever the boxes are.
    return ((1 - overlap.double()) / (1 - largest.double())).to(overlap.dtype)
