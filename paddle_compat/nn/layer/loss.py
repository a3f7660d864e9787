"""The loss modules."""

from __future__ import annotations

import math
from numbers import Real

import torch
from torch import Tensor

from paddle_compat.kernels.blocks import wide_dtype
from paddle_compat.kernels.focal import Focal, focal_loss, focal_loss_sum
from paddle_compat.kernels.global_sum import global_sum, world_size

__all__ = ["SigmoidFocalLoss"]

_REDUCTIONS = ("mean", "sum", "none")
_NO_BALANCE = -1
_IGNORED_LABEL = -100


class SigmoidFocalLoss(torch.nn.Module):
    r"""Sigmoid focal loss as a module, exact under distributed data-parallel training.

    With p = sigmoid(logit), y = label and p_t = p y + (1 - p)(1 - y):

    .. math::
        loss = (\alpha y + (1 - \alpha)(1 - y)) (1 - p_t)^\gamma \, \mathrm{BCE}(p, y)

    It takes the place of `torch.nn.BCEWithLogitsLoss`, which it equals at
    ``alpha=-1, gamma=0``.

    Args:
        alpha: the weight of label 1, between 0 and 1; 1 - alpha weighs label 0. -1 weighs
            nothing.
        gamma: the focusing exponent, finite and at least 0.
        reduction: 'mean', 'sum' or 'none'.
        gather_distributed: whether 'mean' and 'sum' are taken over all ranks of the default
            process group. None: at every call, over all ranks if there is a group by then. True:
            likewise, and an error if there is none. False: over this rank alone.

    Shapes:
        logit: any, floating. label: the same, 0, 1 or between, of any real dtype. The result is
        0-D, or of that shape for 'none'; its dtype is the two dtypes' common one, and under
        autocast at least float32, as with `torch.nn.BCEWithLogitsLoss`.

    Raises:
        ValueError: on construction, for an argument out of range; on a call, for a label of
            another shape than the logits.
        TypeError: on construction, for an alpha or gamma that is no number; on a call, for
            logits or labels that are no tensors, or logits that are not floating.
        RuntimeError: on a call, with ``gather_distributed=True`` and no process group.

    Convention:
        - denominator of 'mean': the number of all elements, over all ranks, ignored ones
          included.
        - ignored: label -100 contributes exactly 0.
        - distributed: the value is the global batch's on every rank, and the gradients that
          data-parallel training averages over the ranks are the full batch's, for equal,
          unequal and empty shards. Every rank must make the call. 'none' stays local.

    Example:
        >>> import torch
        >>> from paddle_compat.nn import SigmoidFocalLoss
        >>> loss = SigmoidFocalLoss(reduction="sum")
        >>> loss(torch.tensor([0.0, 2.0]), torch.tensor([1.0, 0.0]))
        tensor(1.2809)

    Source:
        Lin et al., "Focal Loss for Dense Object Detection", 2017.
    """

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        reduction: str = "mean",
        gather_distributed: bool | None = None,
    ) -> None:
        super().__init__()
        for name, value in (("alpha", alpha), ("gamma", gamma)):
            if not isinstance(value, Real):
                raise TypeError(f"{name} must be a number, but it is {type(value).__name__}")
        if not 0 <= alpha <= 1 and alpha != _NO_BALANCE:
            raise ValueError(
                f"alpha must lie between 0 and 1, or be -1 for no balancing, but it is {alpha}"
            )
        if not 0 <= gamma < math.inf:
            raise ValueError(f"gamma must be finite and at least 0, but it is {gamma}")
        if reduction not in _REDUCTIONS:
            raise ValueError(f"reduction must be 'mean', 'sum' or 'none', but it is {reduction!r}")
        if gather_distributed is not None and not isinstance(gather_distributed, bool):
            raise ValueError(
                f"gather_distributed must be None, True or False, but it is {gather_distributed!r}"
            )
        self.alpha, self.gamma = float(alpha), float(gamma)
        self.reduction, self.gather_distributed = reduction, gather_distributed

    def extra_repr(self) -> str:
        """Return the arguments, for `repr`."""
        return (
            f"alpha={self.alpha}, gamma={self.gamma}, reduction={self.reduction!r}, "
            f"gather_distributed={self.gather_distributed}"
        )

    def forward(self, logit: Tensor, label: Tensor) -> Tensor:
        """Return the loss of logits and labels of one shape."""
        logit, label, dtype = self._prepared(logit, label)
        positive, negative = self.alpha, 1 - self.alpha
        if self.alpha == _NO_BALANCE:
            positive = negative = 1.0
        focal = Focal(self.gamma, positive, negative, ignored=_IGNORED_LABEL)
        if self.reduction == "none":
            return focal_loss(logit, label, focal)
        mean = self.reduction == "mean"
        if not self._gathers():
            count = float(logit.numel()) if mean else 1.0
            return focal_loss_sum(logit, label, focal, dtype=dtype, divisor=count)
        wide = wide_dtype(logit.device)
        total, count_all = global_sum(
            focal_loss_sum(logit, label, focal, dtype=wide), logit.numel()
        )
        return (total / count_all if mean else total).to(dtype)

    def _gathers(self) -> bool:
        if self.gather_distributed is False:
            return False
        ranks = world_size()
        if self.gather_distributed and ranks is None:
            raise RuntimeError(
                "gather_distributed=True needs a process group: call "
                "torch.distributed.init_process_group first, or leave it None"
            )
        return ranks is not None and ranks > 1

    @staticmethod
    def _prepared(logit: Tensor, label: Tensor) -> tuple[Tensor, Tensor, torch.dtype]:
        """Check the inputs; return them, the logits in the dtype of the result, and that dtype."""
        for name, value in (("logit", logit), ("label", label)):
            if not isinstance(value, Tensor):
                raise TypeError(f"{name} must be a tensor, but it is {type(value).__name__}")
        if not logit.is_floating_point():
            raise TypeError(f"logit must be floating, but it is {logit.dtype}; use logit.float()")
        if label.is_complex():
            raise TypeError(f"label must be real, but it is {label.dtype}; use label.real")
        if logit.shape != label.shape:
            raise ValueError(
                f"label must have the shape of logit, {list(logit.shape)}, but its shape is "
                f"{list(label.shape)}; nothing broadcasts here, use label.expand_as(logit)"
            )
        dtype = logit.dtype
        if label.is_floating_point():
            dtype = torch.promote_types(dtype, label.dtype)
        if torch.is_autocast_enabled(logit.device.type):
            dtype = torch.promote_types(dtype, torch.float32)
        return logit.to(dtype), label, dtype
