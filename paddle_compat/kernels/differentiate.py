"""How a focal loss enters autograd: which evaluation runs, and what backward does.

The sweep computes the slope together with the loss, and backward scales that one buffer in
place and hands it on: the gradient is the only large tensor that backward touches. A graph that
is retained and run again, and half-precision logits (whose stored slope would be rounded
twice), compute the slope from the saved inputs in backward instead.
"""

from __future__ import annotations

import abc
from typing import Any

import torch
from torch import Tensor
from torch.autograd.forward_ad import unpack_dual

from paddle_compat.kernels.blocks import Pass, compute_dtype, wide_dtype
from paddle_compat.kernels.hyper import Focal

__all__ = [
    "Problem",
    "collapse",
    "differentiate",
    "evaluate",
    "is_ordinary",
    "transforms_active",
]

_PLAIN = (Tensor, torch.nn.Parameter)
# Private in torch, and the only way to ask; without it torch.func falls back to its own errors.
transforms_active = getattr(torch._C, "_are_functorch_transforms_active", lambda: False)


class Problem(abc.ABC):
    """A loss of logits and labels that has both evaluations."""

    # Whether the sweep takes weights that are 0-D tensors.
    tensor_weights = False

    def __init__(self, focal: Focal) -> None:
        self.focal = focal

    @abc.abstractmethod
    def composed(self, logit: Tensor, label: Tensor) -> Tensor:
        """Evaluate in plain differentiable operations."""

    @abc.abstractmethod
    def sweep(self, logit: Tensor, label: Tensor, slope: bool, upstream: Tensor | None) -> Pass:
        """Evaluate in blocks. `upstream`, 0-D or of the logits' shape, multiplies the slope."""

    def sweepable(self) -> bool:
        """Whether the sweep takes these hyper-parameters."""
        focal = self.focal
        weights = isinstance(focal.positive, Tensor) or isinstance(focal.negative, Tensor)
        # NaN is neither below 0 nor above: asked this way round it goes to the composed path.
        return focal.gamma >= 0 and (self.tensor_weights or not weights)


def evaluate(problem: Problem, logit: Tensor, label: Tensor) -> Tensor:
    """Evaluate the loss the fast way where that is possible, else in composed operations."""
    if not (is_ordinary(logit, label) and problem.sweepable()):
        return problem.composed(logit, label)
    if torch.is_grad_enabled() and (logit.requires_grad or label.requires_grad):
        loss: Tensor = _Sweep.apply(logit, label, problem)  # type: ignore[no-untyped-call]
        return loss
    return problem.sweep(logit, label, False, None).loss


def is_ordinary(*tensors: Tensor) -> bool:
    """Whether each tensor holds plain numbers that eager code may read and write in place."""
    # The compiler's question comes first: it must not have to trace the others.
    if torch.compiler.is_compiling() or torch._C._is_tracing() or transforms_active():
        return False
    for tensor in tensors:
        if (
            type(tensor) not in _PLAIN
            or tensor.layout != torch.strided
            or tensor.is_meta
            or unpack_dual(tensor).tangent is not None  # type: ignore[no-untyped-call]
        ):
            return False
    return True


class _Sweep(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logit: Tensor, label: Tensor, problem: Problem) -> Tensor:
        early = ctx.needs_input_grad[0] and compute_dtype(logit.dtype) == logit.dtype
        done = problem.sweep(logit, label, early, None)
        ctx.save_for_backward(logit, label)
        ctx.set_materialize_grads(False)
        ctx.problem = problem
        # A list, so that exactly one backward can take the buffer, from whichever thread.
        ctx.slope = [] if done.slope is None else [done.slope]
        return done.loss

    @staticmethod
    def backward(ctx: Any, upstream: Tensor | None) -> tuple[Tensor | None, Tensor | None, None]:
        if upstream is None:
            return None, None, None
        needs = ctx.needs_input_grad
        if torch.is_grad_enabled() or needs[1]:
            logit, label = ctx.saved_tensors
            return *differentiate(ctx.problem, logit, label, upstream, needs), None
        upstream = collapse(upstream)
        try:
            slope: Tensor = ctx.slope.pop()
        except IndexError:
            logit, label = ctx.saved_tensors
            return ctx.problem.sweep(logit, label, True, upstream).slope, None, None
        # Reading one number back is free on the CPU and stalls an accelerator.
        if upstream.ndim or not upstream.is_cpu or upstream.item() != 1:
            slope.mul_(upstream)
        return slope, None, None


def collapse(upstream: Tensor) -> Tensor:
    """Return the one number that a gradient expanded from a number holds, 0-D, else itself."""
    if upstream.ndim == 0 or any(upstream.stride()) or upstream.numel() == 0:
        return upstream
    return upstream[(0,) * upstream.ndim]


def differentiate(
    problem: Problem, logit: Tensor, label: Tensor, upstream: Tensor, needs: tuple[bool, ...]
) -> tuple[Tensor | None, Tensor | None]:
    """Return the gradients by differentiating the composed evaluation, in double.

    Where a graph is being created the result is differentiable again. Double keeps the second
    derivatives in range, whose intermediate factors square what single precision holds.
    """
    graph = torch.is_grad_enabled()
    with torch.enable_grad():
        # Aliases: a label that depends on the logits must not be counted into their gradient.
        sources = [logit, label] if graph else [logit.detach(), label.detach()]
        aliases = [
            source.view_as(source) if source.requires_grad else source.requires_grad_(need)
            for source, need in zip(sources, needs, strict=False)
        ]
        loss = problem.composed(aliases[0].to(wide_dtype(logit.device)), aliases[1])
        wanted = [alias for alias, need in zip(aliases, needs, strict=False) if need]
        found = iter(torch.autograd.grad(loss, wanted, upstream.to(loss.dtype), create_graph=graph))
    return (next(found) if needs[0] else None), (next(found) if needs[1] else None)
