"""What the proposals of an image learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from paddle_compat.kernels.detection.pixels import pixel_deltas, pixel_overlaps
from paddle_compat.kernels.detection.sampling import sample

__all__ = ["Choice", "ProposalTargets", "expand_by_class", "proposal_targets"]

# Overlaps that differ by less than this float32 are one.
_SAME = 9.999999747378752e-06


@dataclass(frozen=True)
class Choice:
    """Which proposals learn.

    Attributes:
        batch: how many at most.
        foreground: how many of them learn a box at most.
        positive: foreground from this overlap on.
        highest: background below this overlap,
        lowest: and from this one on.
        random: whether those that are too many are left out at random.
        every: whether all proposals learn that have an area, and the ground truth does not; the
            first proposals, as many as there are boxes, are then taken to be in the original
            image, as real Paddle takes them.
    """

    batch: int
    foreground: int
    positive: float
    highest: float
    lowest: float
    random: bool
    every: bool


@dataclass(frozen=True)
class ProposalTargets:
    """What they learn: first the foreground.

    Attributes:
        boxes: [P, 4], in the network's image.
        labels: [P] of the classes' dtype; 0 is background.
        deltas: [F, 4]: what the foreground learns of its boxes.
    """

    boxes: Tensor
    labels: Tensor
    deltas: Tensor


def proposal_targets(
    rois: Tensor,
    classes: Tensor,
    crowd: Tensor,
    boxes: Tensor,
    scale: Tensor,
    weights: Sequence[float],
    choice: Choice,
) -> ProposalTargets:
    """Choose among an image's ground truth and its proposals, and tell what each learns.

    Args:
        rois: [R, 4], in the network's image.
        classes: [G].
        crowd: [G]: boxes with another number than 0 are no proposals, though others may learn
            them.
        boxes: [G, 4], in the original image.
        scale: [], of the network's image.
        weights: 4 numbers, that deltas are divided by.
        choice: which learn.
    """
    count = boxes.shape[0]
    if choice.every:
        candidates = torch.cat([rois[:count], rois[count:] / scale])
    else:
        candidates = torch.cat([boxes, rois / scale])
    overlaps = pixel_overlaps(candidates, boxes)
    best = overlaps.new_zeros(overlaps.shape[0])
    if count:
        best = overlaps.amax(1)
    best[:count].masked_fill_(crowd[: best.shape[0]] != 0, -1)
    possible = torch.ones_like(best, dtype=torch.bool)
    if choice.every:
        possible &= ~(candidates[:, 2:] - candidates[:, :2] + 1 <= 0).any(1)
    first = boxes.new_zeros(overlaps.shape[0], dtype=torch.int64)
    positive = best >= choice.positive
    foreground = possible & positive
    if count:
        same = (best[:, None] - overlaps).abs() < _SAME
        first = same.to(torch.uint8).argmax(1)
        foreground &= same.any(1)
    else:
        foreground &= False
    background = possible & ~positive & (best >= choice.lowest) & (best < choice.highest)
    chosen, others = foreground.nonzero().view(-1), background.nonzero().view(-1)
    if not choice.every:
        chosen = sample(chosen, max(min(choice.foreground, chosen.shape[0]), 0), choice.random)
        others = sample(others, max(choice.batch - chosen.shape[0], 0), choice.random)
    matches = first[chosen]
    labels = classes.new_zeros(chosen.shape[0] + others.shape[0])
    labels[: chosen.shape[0]] = classes[matches]
    deltas = pixel_deltas(candidates[chosen], boxes[matches], boxes.new_tensor(weights))
    return ProposalTargets(candidates[torch.cat([chosen, others])] * scale, labels, deltas)


def expand_by_class(deltas: Tensor, labels: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return deltas at their classes' columns, and 1 there.

    Args:
        deltas: [F, 4].
        labels: [P], of which the first F are the deltas'; below `count`.
        count: of the classes.

    Returns:
        [P, 4 count] each; 0 elsewhere, and in rows with a label of 0 or less.
    """
    spread = deltas.new_zeros((labels.shape[0], count, 4))
    weights = torch.zeros_like(spread)
    rows = (labels[: deltas.shape[0]] > 0).nonzero().view(-1)
    columns = labels[rows].long()
    spread[rows, columns] = deltas[rows]
    weights[rows, columns] = 1
    return spread.flatten(1), weights.flatten(1)
