"""Which anchors of an image learn a box, which learn that there is none, and which learn nothing.

An anchor is a candidate where no other overlaps some box more, or where it overlaps one enough.
It is background where it overlaps none enough for that; a candidate too, which then leaves a row
of weight 0 in its stead, so that there is always something to regress.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from paddle_compat.kernels.detection.overlap import intersections
from paddle_compat.kernels.detection.pixels import pixel_deltas, pixel_overlaps
from paddle_compat.kernels.detection.sampling import sample

__all__ = ["Assignment", "Rules", "assign", "inside"]

# Overlaps that differ by less than this float32 are one.
_SAME = 9.999999747378752e-06
# Of a block of overlaps; what its boxes do not reach is left out of that.
_ELEMENTS = 1 << 19
_FEWEST = 256
_ELEMENTS_OF_ACCELERATOR = 1 << 26


@dataclass(frozen=True)
class Rules:
    """How anchors are told apart.

    Attributes:
        positive: from this overlap on an anchor is a candidate.
        negative: below this overlap it is background.
        batch: how many anchors learn; None for all of them.
        foreground: how many of them learn a box.
        random: whether the others are left out at random.
    """

    positive: float
    negative: float
    batch: int | None = None
    foreground: int = 0
    random: bool = False


@dataclass(frozen=True)
class Assignment:
    """What an image's anchors learn.

    Attributes:
        located: [F'] int64: the anchors whose boxes learn; first those of weight 0, which all
            are the first candidate, then the foreground in the anchors' order.
        scored: [F + B] int64: the anchors whose scores learn: the foreground, then the background.
        foreground: F, of these `scored`.
        matches: [F'] int64: the box of each that is located.
        deltas: [F', 4]: what each learns of its box.
        weights: [F', 4]: 0 or 1.
    """

    located: Tensor
    scored: Tensor
    foreground: int
    matches: Tensor
    deltas: Tensor
    weights: Tensor

    def among(self, anchors: Tensor) -> Assignment:
        """Return the same for a list of anchors, of which this one's are those of these indices."""
        return replace(self, located=anchors[self.located], scored=anchors[self.scored])


def assign(anchors: Tensor, boxes: Tensor, rules: Rules) -> Assignment:
    """Assign an image's boxes to anchors.

    Args:
        anchors: [A, 4].
        boxes: [G, 4], of the same dtype; where there are none, every anchor is background.
        rules: how anchors are told apart.
    """
    candidates, background = _candidates(anchors, boxes, rules)
    chosen = candidates
    if rules.batch is not None:
        chosen = sample(candidates, rules.foreground, rules.random)
        background = sample(background, rules.batch - chosen.shape[0], rules.random)
    state = torch.zeros(anchors.shape[0], dtype=torch.int8, device=anchors.device)
    state[chosen] = 1
    fakes = int(state[background].sum())
    state[background] = -1
    foreground = (state == 1).nonzero().view(-1)
    located = torch.cat([chosen[:1].expand(fakes), foreground])
    sorted_background = (state == -1).nonzero().view(-1)
    nearest = anchors[located]
    matches = located.new_empty(0)
    if located.shape[0]:
        overlaps = pixel_overlaps(boxes, nearest)
        matches = overlaps.masked_fill_(boxes.isnan().any(1)[:, None], -1).argmax(0)
    weights = anchors.new_ones((located.shape[0], 4))
    weights[:fakes] = 0
    return Assignment(
        located,
        torch.cat([foreground, sorted_background]),
        foreground.shape[0],
        matches,
        pixel_deltas(nearest, boxes[matches]),
        weights,
    )


def inside(anchors: Tensor, height: Tensor, width: Tensor, straddle: float) -> Tensor:
    """Return which anchors lie in the image, [A] bool.

    Args:
        anchors: [A, 4].
        height: the image's, [].
        width: likewise.
        straddle: how far they may reach beyond it; below 0 as far as they like.
    """
    if straddle < 0:
        return anchors.new_ones(anchors.shape[0], dtype=torch.bool)
    near = (anchors[:, :2] >= -straddle).all(1)
    return near & (anchors[:, 2] < width + straddle) & (anchors[:, 3] < height + straddle)


def _candidates(anchors: Tensor, boxes: Tensor, rules: Rules) -> tuple[Tensor, Tensor]:
    """Return the candidates and the background, in the anchors' order."""
    count = boxes.shape[0]
    if not count or not anchors.shape[0]:
        every = torch.arange(anchors.shape[0], device=anchors.device)
        return every[:0], every if rules.negative > 0 else every[:0]
    # All overlaps at once would be hundreds of megabytes, most of them 0: blocks of anchors, which
    # are neighbours, are held to the boxes that reach them, and again only where a box may find
    # its best anchor.
    blocks = _blocks(anchors, count)
    near = _reach(blocks, boxes)
    highest = anchors.new_zeros(near.shape)
    best = anchors.new_zeros(blocks.shape[::2])
    for block, which, most, row in zip(blocks, near, best, highest, strict=True):
        overlaps = pixel_overlaps(boxes[which], block.t())
        if overlaps.shape[0]:
            torch.amax(overlaps, 0, out=most)
            row[which] = overlaps.amax(1)
    # A box that is not one has no best anchor.
    top = highest.amax(0).masked_fill_(boxes.isnan().any(1), torch.inf)
    candidate = best >= rules.positive
    again = near & (highest > top - 2 * _SAME)
    # Boxes that no anchor reaches are overlapped equally by all of them.
    candidate |= (~near & (top < _SAME)).any(1)[:, None]
    for index in again.any(1).nonzero().view(-1).tolist():
        which = again[index]
        distance = pixel_overlaps(boxes[which], blocks[index].t()).sub_(top[which, None]).abs_()
        candidate[index] |= (distance < _SAME).any(0)
    size = anchors.shape[0]
    background = best.view(-1)[:size] < rules.negative
    return candidate.view(-1)[:size].nonzero().view(-1), background.nonzero().view(-1)


def _blocks(anchors: Tensor, count: int) -> Tensor:
    """Return anchors in blocks of one size, [blocks, 4, anchors]; the last one fills up its own."""
    size = _ELEMENTS // count if anchors.is_cpu else _ELEMENTS_OF_ACCELERATOR // count
    size = min(max(size, _FEWEST), anchors.shape[0])
    places = torch.arange(-(-anchors.shape[0] // size) * size, device=anchors.device)
    filled = anchors[places.clamp_(max=anchors.shape[0] - 1)]
    return filled.view(-1, size, 4).mT.contiguous()


def _reach(blocks: Tensor, boxes: Tensor) -> Tensor:
    """Return which boxes may share something with which block of anchors, [blocks, G]."""
    ends = torch.cat([blocks[:, :2].amin(2), blocks[:, 2:].amax(2)], 1)
    # Not a number may be anywhere.
    return ~(intersections(ends, boxes, 1.0) <= 0)
