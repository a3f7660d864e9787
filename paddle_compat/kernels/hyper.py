"""The hyper-parameters of a focal loss, as the kernels take them."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ["Focal"]


@dataclass(frozen=True)
class Focal:
    """What a focal loss weighs by, with every dialect's reading already applied.

    The loss of one element with logit x and label y, ``p = sigmoid(x)``, is ::

        weight * miss ** gamma * cross_entropy
        weight        = positive * y + negative * (1 - y)
        miss          = p * (1 - y) + (1 - p) * y
        cross_entropy = softplus(x) - x * y

    Attributes:
        gamma: the focusing exponent.
        positive: the weight of label 1; a tensor broadcasts to the logits.
        negative: the weight of label 0, likewise.
        ceiling: what the cross-entropy of a positive saturates at in the forward value; the
            gradient does not know of it. None: no saturation. Class-index labels only.
        ignored: the label that contributes nothing, matched after truncation to an integer.
            None: every label counts.
    """

    gamma: float
    positive: float | Tensor
    negative: float | Tensor
    ceiling: float | None = None
    ignored: int | None = None

    @property
    def exponent(self) -> float:
        """Gamma, with infinity replaced by a number beyond which nothing changes.

        miss ** gamma is 0 below a miss of 1 either way, and 0 * infinity stays out of the slope.
        """
        return min(self.gamma, 1e30)
