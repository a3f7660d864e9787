"""Launches of the Triton kernels: which variant of a kernel, over which grid, on which device."""

from __future__ import annotations

import contextlib
import copy
import math
import struct
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from paddle_compat.kernels import layout
from paddle_compat.kernels.blocks import compute_dtype

__all__ = ["Launch", "Numbers"]

# The elements of a block, the blocks that one program adds up, the partial sums of a block of the
# last pass: sums are made in an order that depends on these and on the number of elements alone.
_BLOCK, _STEPS, _FINISH_BLOCK = 1024, 8, 1024
# Interpreted, every operation on a block is a call of NumPy: few blocks, as large as needed.
_INTERPRETED_BLOCK = 1 << 16
# Twice the largest exponent that is raised to by multiplication.
_MOST_HALVES = 63
# No contraction: the kernels say themselves where two roundings are one.
_OPTIONS = {"num_warps": 4, "enable_fp_fusion": False}


@dataclass(frozen=True)
class Numbers:
    """The hyper-parameters as an operator takes them.

    Attributes:
        positive_at: a 0-D tensor of the weight of label 1, or None: then `positive` counts.
        negative_at: likewise of label 0.
        positive: the weight of label 1.
        negative: the weight of label 0.
        gamma: the focusing exponent.
        ceiling: as in `Focal`.
        ignored: as in `Focal`.
    """

    positive_at: Tensor | None
    negative_at: Tensor | None
    positive: float
    negative: float
    gamma: float
    ceiling: float | None
    ignored: int | None


class Launch:
    """Logits, labels and hyper-parameters, and what is computed of them.

    Args:
        logit: [N, C] where labels are class indices, else any shape.
        label: [N, 1] class indices, or of the logits' shape, any real dtype.
        numbers: the hyper-parameters.
        by_class: which of the two the labels are.

    Raises:
        RuntimeError: there is no Triton, or it does not run on the tensors' device.
    """

    def __init__(self, logit: Tensor, label: Tensor, numbers: Numbers, by_class: bool) -> None:
        triton_focal = _kernels_for(logit.device)
        self._kernels: Any = triton_focal
        self._logit = logit
        self._label = label.view(torch.uint8) if label.dtype == torch.bool else label
        self._by_class = by_class
        interpreted = triton_focal.INTERPRETED
        self._block, self._options = _BLOCK, _OPTIONS
        if interpreted:
            enough = 1 << max(logit.numel() - 1, 1).bit_length()
            self._block, self._options = min(enough, _INTERPRETED_BLOCK), {}
        weights = numbers.positive_at, numbers.negative_at
        # Where a weight is a number, its pointer is not followed.
        self._weights = [logit if at is None else at for at in weights]
        # Beyond that exponent nothing changes, and 0 * infinity stays out of the slope.
        gamma = min(numbers.gamma, 1e30)
        at_least_one = gamma >= 1 and not by_class
        exponent = gamma + (gamma < 0) - at_least_one
        self._numbers = [
            _bits(number) for number in (gamma, exponent, numbers.positive, numbers.negative)
        ]
        dtype = str(compute_dtype(logit.dtype)).removeprefix("torch.")
        self._constants: dict[str, Any] = {
            "CLASSES": logit.shape[1] if by_class else 0,
            "WEIGHTS": numbers.positive_at is not None,
            "HAS_CEILING": numbers.ceiling is not None,
            "CEILING": numbers.ceiling or 0.0,
            "HAS_IGNORED": numbers.ignored is not None,
            "IGNORED": numbers.ignored or 0,
            "HALVES": _halves(exponent),
            "NEGATIVE": gamma < 0,
            "AT_LEAST_ONE": at_least_one,
            "COMPUTE": getattr(triton_focal.tl, dtype),
            "BLOCK": self._block,
        }

    def loss(self, out: Tensor) -> Tensor:
        """Write every element's loss into a tensor like the logits, and return it."""
        if out.numel() == 0:
            return out
        order = self._order(out)
        if order is None:
            return out.copy_(self._copied().loss(_contiguous(out)))
        *_, of_out = order.strides
        with _on(out):
            self._kernels.loss[self._grid(self._block)](
                *(self._logit, self._label, *self._weights, out, *self._plan(order)),
                *(*of_out, *self._numbers),
                **self._settings(order),
            )
        return out

    def total(self, out: Tensor, divisor: float) -> Tensor:
        """Write the sum of the losses, divided by a number, into a 0-D tensor, and return it."""
        if self._logit.numel() == 0:
            return out.fill_(0 / divisor if divisor else math.nan)
        order = self._order()
        if order is None:
            return self._copied().total(out, divisor)
        grid = self._grid(self._block * _STEPS)
        partial = torch.empty(grid, dtype=torch.float64, device=out.device)
        with _on(out):
            self._kernels.partial_sums[grid](
                *(self._logit, self._label, *self._weights, partial, *self._plan(order)),
                *self._numbers,
                **self._settings(order),
                STEPS=_STEPS,
            )
            self._kernels.finish[(1,)](
                partial, out, grid[0], _bits(divisor), BLOCK=_FINISH_BLOCK, **self._options
            )
        return out

    def gradient(self, upstream: Tensor, out: Tensor, divisor: float) -> Tensor:
        """Write the gradient into a tensor like the logits, and return it.

        Args:
            upstream: 0-D, and divided by a number; or of the logits' shape.
            out: where the gradient goes.
            divisor: that number.
        """
        if out.numel() == 0:
            return out
        one = upstream.ndim == 0
        order = self._order(out) if one else self._order(upstream, out)
        if order is None:
            return out.copy_(
                self._copied().gradient(upstream.contiguous(), _contiguous(out), divisor)
            )
        *_, of_upstream, of_out = order.strides
        with _on(out):
            self._kernels.gradient[self._grid(self._block)](
                *(self._logit, self._label, *self._weights, upstream, out, *self._plan(order)),
                *(*of_upstream, *of_out, *self._numbers, _bits(divisor)),
                **self._settings(order),
                ONE=one,
            )
        return out

    def _order(self, *others: Tensor) -> layout.Layout | None:
        """Return an order for the tensors, logits and labels first; None where there is none."""
        slack = self._block * _STEPS
        if self._by_class:
            return layout.by_rows(self._logit, self._label, others, slack)
        return layout.common([self._logit, self._label, *others], slack)

    def _copied(self) -> Launch:
        """Return this with logits and labels in the ordinary order."""
        other = copy.copy(self)
        other._logit, other._label = self._logit.contiguous(), self._label.contiguous()
        return other

    def _plan(self, order: layout.Layout) -> list[int]:
        of_logit, of_label, *_ = order.strides
        return [self._logit.numel(), *order.sizes[1:], *of_logit, *of_label]

    def _settings(self, order: layout.Layout) -> dict[str, Any]:
        own = {"OUTER": order.outer, "FLAT": order.flat, "WIDE": order.wide}
        return {**self._constants, **own, **self._options}

    def _grid(self, elements: int) -> tuple[int]:
        return (-(-self._logit.numel() // elements),)


def _kernels_for(device: torch.device) -> Any:
    """Return the module of the kernels; importing it imports Triton."""
    try:
        from paddle_compat.kernels import triton_focal
    except ImportError as error:
        raise RuntimeError(
            f"the fused focal loss needs Triton, which cannot be imported ({error}); "
            "pip install triton, or choose another path: PADDLE_COMPAT_FOCAL=auto"
        ) from error
    if device.type != "cuda" and not triton_focal.INTERPRETED:
        raise RuntimeError(
            f"the fused focal loss runs on CUDA tensors, but these are on {device}; move them, "
            "choose another path (PADDLE_COMPAT_FOCAL=auto), or, to test without a GPU, set "
            "TRITON_INTERPRET=1 before the program starts"
        )
    return triton_focal


def _on(tensor: Tensor) -> contextlib.AbstractContextManager[object]:
    """Make a tensor's device the current one: kernels go to that device's current stream."""
    if not tensor.is_cuda:
        return contextlib.nullcontext()
    return torch.cuda.device(tensor.device)


def _contiguous(tensor: Tensor) -> Tensor:
    return torch.empty_like(tensor, memory_format=torch.contiguous_format)


def _halves(exponent: float) -> int:
    """Return twice an exponent that multiplications and a square root raise to, else -1."""
    halves = 2 * exponent
    return int(halves) if 0 <= halves <= _MOST_HALVES and halves % 1 == 0 else -1


def _bits(number: float) -> int:
    """Return the integer whose 64 bits are a number's: Triton takes floats in single precision."""
    return int(struct.unpack("<q", struct.pack("<d", number))[0])
