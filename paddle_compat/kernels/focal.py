"""Sigmoid focal loss: the one implementation behind every face.

`focal_loss` and `focal_loss_sum` take labels of the logits' shape, `focal_loss_by_class` takes
class indices. `paths` chooses between evaluations of the same loss:

- the sweeps (`dense`, `by_class`), which compute the loss and its hand-derived slope in one
  pass over cache-sized blocks, for ordinary tensors in eager mode;
- the composed operations (`composed`), where torch itself transforms or compiles the code, and
  for second derivatives, gradients of labels and hyper-parameters that are tensors.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from paddle_compat.kernels import by_class, composed, dense
from paddle_compat.kernels.blocks import Pass, compute_dtype, wide_dtype
from paddle_compat.kernels.differentiate import Problem
from paddle_compat.kernels.hyper import Focal
from paddle_compat.kernels.paths import evaluate

__all__ = ["Focal", "focal_loss", "focal_loss_by_class", "focal_loss_sum"]


def focal_loss(logit: Tensor, label: Tensor, focal: Focal) -> Tensor:
    """Return the loss of every element, in the logits' shape and dtype.

    Args:
        logit: any shape, float16, bfloat16, float32 or float64.
        label: of the same shape, any real dtype; differentiable where it is floating.
        focal: the hyper-parameters.
    """
    return evaluate(Elementwise(focal), logit, label)


def focal_loss_sum(
    logit: Tensor, label: Tensor, focal: Focal, *, dtype: torch.dtype, divisor: float = 1.0
) -> Tensor:
    """Return the sum of the loss over all elements, divided by `divisor`, 0-D, in `dtype`.

    The sum accumulates in double on the CPU and on CUDA. The arguments are `focal_loss`'s.
    """
    return evaluate(Total(focal, dtype, divisor), logit, label)


def focal_loss_by_class(logit: Tensor, column: Tensor, focal: Focal) -> Tensor:
    """Return the loss of every element, in the logits' shape [N, C] and dtype.

    Args:
        logit: [N, C], float16, bfloat16, float32 or float64.
        column: [N, 1] of integers, the positive column of each row; a row whose column is
            outside of 0..C-1 has none, and one whose column is `focal.ignored` contributes nothing.
        focal: the hyper-parameters; the weights may be 0-D tensors.
    """
    return evaluate(ByClass(focal), logit, column)


class Elementwise(Problem):
    def composed(self, logit: Tensor, label: Tensor) -> Tensor:
        x = logit.to(compute_dtype(logit.dtype))
        return composed.dense(x, label.to(x.dtype), self.focal).to(logit.dtype)

    def sweep(self, logit: Tensor, label: Tensor, slope: bool, upstream: Tensor | None) -> Pass:
        return dense.sweep(
            logit, label, self.focal, elementwise=True, slope=slope, upstream=upstream
        )


class Total(Problem):
    def __init__(self, focal: Focal, dtype: torch.dtype, divisor: float) -> None:
        super().__init__(focal)
        self.dtype, self.divisor = dtype, divisor

    def composed(self, logit: Tensor, label: Tensor) -> Tensor:
        x = logit.to(compute_dtype(logit.dtype))
        loss = composed.dense(x, label.to(x.dtype), self.focal)
        wide = wide_dtype(loss.device)
        return self._finish(loss.sum(dtype=wide))

    def sweep(self, logit: Tensor, label: Tensor, slope: bool, upstream: Tensor | None) -> Pass:
        done = dense.sweep(
            logit,
            label,
            self.focal,
            elementwise=False,
            slope=slope,
            scale=1 / self.divisor if self.divisor else math.inf,
            upstream=upstream,
        )
        return Pass(self._finish(done.loss), done.slope)

    def _finish(self, total: Tensor) -> Tensor:
        return (total if self.divisor == 1 else total / self.divisor).to(self.dtype)


class ByClass(Problem):
    tensor_weights = True

    def composed(self, logit: Tensor, column: Tensor) -> Tensor:
        x = logit.to(compute_dtype(logit.dtype))
        return composed.by_class(x, column, self.focal).to(logit.dtype)

    def sweep(self, logit: Tensor, column: Tensor, slope: bool, upstream: Tensor | None) -> Pass:
        return by_class.sweep(logit, column, self.focal, slope=slope, upstream=upstream)
