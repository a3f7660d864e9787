"""A region proposal network's boxes: decoded, clipped, sieved and suppressed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from paddle_compat.kernels.detection.nms import greedy_nms

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

    Of equal scores the later cell goes first where boxes are suppressed, and else the earlier one,
    as in real Paddle.

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
    chosen = _best(flat, sieve.before, later=suppressing)
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


def _best(scores: Tensor, count: int, *, later: bool) -> Tensor:
    """Return where the best scores are, the best first, and of equal ones the later or earlier."""
    # Not a number is worse than anything.
    known = scores.nan_to_num(-torch.inf, torch.inf, -torch.inf)
    places = torch.arange(known.shape[0], device=known.device)
    if 0 < count < known.shape[0]:
        least = known.topk(count, sorted=False).values.min()
        above = (known > least).nonzero().view(-1)
        ties = (known == least).nonzero().view(-1)
        places = torch.cat([above, ties[above.shape[0] - count :]]).sort().values
    places = places.flip(0) if later else places
    return places[known[places].sort(descending=True, stable=True).indices]


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
