"""A region proposal network's boxes: decoded, clipped, sieved and suppressed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from paddle_compat.kernels.detection.nms import greedy_nms
from paddle_compat.kernels.detection.std_sort import falling_order, falling_selection

__all__ = ["Sieve", "proposals"]

# Sides grow by no more than this factor; the logarithm is rounded where it is compared.
_MOST_GROWTH = math.log(1000.0 / 16.0)


@dataclass(frozen=True)
class Sieve:
    """Which boxes are proposed.

    Attributes:
        before: how many of the best scores are looked at; 0 or less for all of them.
        after: how many are proposed at most; 0 or less for any number.
        threshold: a box that overlaps a better one more is left out; 0 or less leaves none out.
        eta: what the threshold is multiplied by after each proposal, while it is above 0.5.
        side: the shortest side in the original image; 1 at least.
    """

    before: int
    after: int
    threshold: float
    eta: float
    side: float


def proposals(
    scores: Tensor,
    deltas: Tensor,
    size: Tensor,
    anchors: Tensor,
    variances: Tensor,
    sieve: Sieve,
) -> tuple[Tensor, Tensor]:
    """Return an image's proposals and their scores, the best first.

    Where boxes are not suppressed, they are left in the order that the best are found in.

    Args:
        scores: [A, H, W].
        deltas: [4 A, H, W].
        size: the image's height, width and scale, [3].
        anchors: [H W A, 4].
        variances: [H W A, 4].
        sieve: which boxes are proposed.

    Returns:
        [P, 4] and [P].
    """
    count, height, width = scores.shape
    flat = scores.permute(1, 2, 0).reshape(-1)
    # A threshold that is not a number leaves the best one alone.
    suppressing = not sieve.threshold <= 0
    chosen = _best(flat, sieve.before, ranked=suppressing)
    cell, kind = chosen // count, chosen % count
    codes = deltas.reshape(count, 4, height * width)[kind, :, cell]
    boxes = _decode(codes, anchors[chosen], variances[chosen])
    limits = torch.stack([size[1], size[0], size[1], size[0]]) - 1
    boxes = boxes.minimum(limits).clamp_(min=0)
    kept = _kept(boxes, size, sieve.side).nonzero().view(-1)
    boxes, best = boxes[kept], flat[chosen[kept]]
    if suppressing:
        most = sieve.after if sieve.after > 0 else None
        picked = greedy_nms(boxes, sieve.threshold, eta=sieve.eta, offset=1.0, most=most)[:most]
        boxes, best = boxes[picked], best[picked]
    return boxes, best


def _best(scores: Tensor, count: int, *, ranked: bool) -> Tensor:
    """Return where the best scores are.

    Args:
        scores: [K].
        count: how many; 0 or less for all of them.
        ranked: whether the best come first, and of equal ones what C++'s algorithms bring further
            behind; otherwise all are left as those bring them.
    """
    # Not a number is worse than anything.
    known = scores.nan_to_num(-torch.inf, torch.inf, -torch.inf)
    some = 0 < count < known.shape[0]
    if ranked or not some:
        values, order = known.topk(count) if some else known.sort(descending=True, stable=True)
        equal = bool((values[1:] == values[:-1]).any())
        if not equal and not (some and int((known >= values[-1]).sum()) > count):
            return order
    chosen = falling_selection(known, count) if some else falling_order(known)
    if not ranked:
        return chosen
    chosen = chosen.flip(0)
    return chosen[known[chosen].sort(descending=True, stable=True).indices]


def _decode(deltas: Tensor, anchors: Tensor, variances: Tensor) -> Tensor:
    """Return the boxes that deltas make of anchors."""
    size = anchors[:, 2:] - anchors[:, :2] + 1
    centre = anchors[:, :2] + 0.5 * size
    scaled = variances * deltas
    middle = scaled[:, :2] * size + centre
    half = scaled[:, 2:].clamp(max=_MOST_GROWTH).exp() * size / 2
    return torch.cat([middle - half, middle + half - 1], 1)


def _kept(boxes: Tensor, size: Tensor, side: float) -> Tensor:
    """Return which boxes are long enough in the original image, with a centre in this one."""
    height, width, scale = size[:3]
    extent = boxes[:, 2:] - boxes[:, :2]
    long = (extent / scale + 1 >= max(side, 1.0)).all(1)
    centre = boxes[:, :2] + (extent + 1) / 2
    inside: Tensor = (centre[:, 0] <= width) & (centre[:, 1] <= height)
    return inside.logical_and_(long)
