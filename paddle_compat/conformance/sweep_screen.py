"""The arithmetic of the sweep: exact values of both sides of 0, and the screen they are held to.

`compare` decides about single elements with mpmath. A sweep has billions of them, so all go
through a vectorised screen first, which asks the same three questions of a reference in double.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

__all__ = ["CEILING", "Side", "Tally", "reference", "screen"]

CEILING = 126 * float(np.log(2.0))
"""What the fluid loss of a positive saturates at, ``-log(FLT_MIN)``."""

_SINGLE = torch.finfo(torch.float32)


class Side(NamedTuple):
    """The unweighted loss and slope of negatives."""

    loss: Tensor
    slope: Tensor


def reference(magnitude: Tensor, gamma: float) -> tuple[Side, Side]:
    """Return the exact values of negatives at logits +magnitude and at -magnitude, in double.

    Positives have the same values at the opposite sign, and the opposite slope.

    The tests hold it to mpmath: relative error below 1e-15 at every magnitude whose values
    float32 can tell from 0. That is 1e-8 of a float32 rounding.

    Args:
        magnitude: float64, at least 0; infinity gives the limits, and nan gives nan.
        gamma: the focusing exponent, at least 0.
    """
    e = torch.exp(-magnitude)
    share = 1 / (1 + e)
    tail = torch.log1p(e)
    other = e * share
    # The clamp keeps 0 * infinity out of the slope at an infinite logit.
    entropy = magnitude + tail
    bounded = entropy.clamp_max(1e300)
    near = torch.ones_like(share) if gamma == 0 else share**gamma
    far = torch.ones_like(share) if gamma == 0 else other**gamma
    return (
        Side(near * entropy, near * (gamma * other * bounded + share)),
        Side(far * tail, far * (gamma * share * tail + other)),
    )


@dataclass
class Tally:
    """What a sweep found out about one quantity of one label.

    Attributes:
        elements: how many passed.
        error: the largest distance of ours from the exact value, in units of the row's scale.
        relative: the same in float32 epsilons of the exact value; what is below the smallest
            normal float32 does not count.
        paddle: the largest distance of Paddle's from the exact value, in units of the scale.
        apart: the largest distance of ours from Paddle's, likewise.
        worse: by how many epsilons of the exact value ours is further away than Paddle's, at most.
        excused: how many differ from Paddle where the ledger says why.
        judged: how many the screen left to `compare`.
    """

    elements: int = 0
    error: float = 0.0
    relative: float = 0.0
    paddle: float = 0.0
    apart: float = 0.0
    worse: float = 0.0
    excused: int = 0
    judged: int = 0

    def add(self, other: Tally) -> None:
        """Join with the tally of other elements."""
        for name in ("elements", "excused", "judged"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("error", "relative", "paddle", "apart", "worse"):
            setattr(self, name, max(getattr(self, name), getattr(other, name)))


def screen(
    ours: Tensor,
    paddle: Tensor | None,
    truth: Tensor,
    weight: float,
    tolerance: float,
    roundings: float,
    excused: Tensor | None = None,
) -> tuple[Tensor | None, Tally]:
    """Ask the questions of `compare` of many float32 elements at once, at least as strictly.

    Returns the elements that fail, as a mask (None for none), and a tally of the others. All
    whose error is infinite or not a number fail here; only `compare` knows what is right there.

    Args:
        ours: what is checked.
        paddle: real Paddle's answers.
        truth: the exact values.
        weight: the row's weight; the scale is this or the exact value, if larger.
        tolerance: what ours may be off, from the exact value and from Paddle, in that unit.
        roundings: by how many epsilons ours may be further from the exact value than Paddle's.
        excused: where Paddle's answer is known to be wrong.
    """
    got = ours.double()
    error = (got - truth).abs_()
    size = truth.abs()
    scale = size.clamp_min(weight).clamp_min_(1e-300)
    # Below the smallest normal number nothing is asked of relative accuracy: whether subnormal
    # results exist at all is the processor's mode.
    unit = size.clamp_min(_SINGLE.tiny).mul_(_SINGLE.eps)
    measures = {"error": error / scale, "relative": (error - _SINGLE.tiny) / unit}
    failed = ~(measures["error"] <= tolerance)
    if paddle is not None:
        theirs = paddle.double()
        apart = (got - theirs).abs_().div_(scale)
        theirs.sub_(truth).abs_()
        failed |= error > torch.maximum(theirs, roundings * unit + weight * _SINGLE.tiny)
        far = ~(apart <= tolerance)
        if excused is None:
            measures |= {"apart": apart, "paddle": theirs / scale}
            measures["worse"] = error.sub_(theirs).sub_(_SINGLE.tiny).div_(unit)
        else:
            far &= ~excused
        failed |= far
    count = int(failed.count_nonzero())
    if count:
        measures = {name: values[~failed] for name, values in measures.items()}
    tally = Tally(ours.numel() - count)
    for name, values in measures.items():
        setattr(tally, name, max(float(values.max()), 0.0) if values.numel() else 0.0)
    return (failed if count else None), tally
