"""The focal loss in fused Triton kernels: one pass over the logits, nothing kept, no waiting.

The forward pass reads logits and labels and writes the loss, or the sum of it; the backward pass
reads them again and writes the gradient: arithmetic costs a GPU less than the memory traffic of a
slope that is kept. Nothing is read back from the device, so that launches run ahead of it and a
CUDA graph can hold them.

Both are operators of torch's registry too, which `torch.compile` takes into its graphs as they
are. In eager mode they are called without the registry, whose dispatch takes longer than a small
kernel. Derivatives of second order and of labels come from the composed operations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from paddle_compat.kernels import differentiate, focal
from paddle_compat.kernels.differentiate import Problem
from paddle_compat.kernels.hyper import Focal
from paddle_compat.kernels.launch import Launch, Numbers

__all__ = ["evaluate", "gradient_operator", "loss_operator"]

_COMMON = (
    "Tensor logit, Tensor label, Tensor? positive_at, Tensor? negative_at, float positive, "
    "float negative, float gamma, float? ceiling, int? ignored, bool by_class"
)


def evaluate(problem: Problem, logit: Tensor, label: Tensor) -> Tensor:
    """Evaluate a loss by the fused kernels, or in composed operations where those do not.

    Raises:
        RuntimeError: the kernels cannot run: there is no Triton, or the tensors are not on CUDA.
    """
    if torch.compiler.is_compiling():
        differentiated = torch.is_grad_enabled() and label.requires_grad
        if differentiated or differentiate.transforms_active() or not _takes(problem, logit, label):
            return problem.composed(logit, label)
        loss: Tensor = loss_operator(*_arguments(problem, logit, label))
        return loss
    if not (differentiate.is_ordinary(logit, label) and _takes(problem, logit, label)):
        return problem.composed(logit, label)
    if torch.is_grad_enabled() and (logit.requires_grad or label.requires_grad):
        apply: Callable[..., Tensor] = _Fused.apply
        return apply(*_arguments(problem, logit, label))
    return _loss(*_arguments(problem, logit, label))


def _takes(problem: Problem, logit: Tensor, label: Tensor) -> bool:
    """Whether the kernels compute this."""
    positive, negative, gamma = problem.focal.positive, problem.focal.negative, problem.focal.gamma
    if isinstance(positive, Tensor) and isinstance(negative, Tensor):
        return isinstance(problem, focal.ByClass) and all(
            weight.ndim == 0 and weight.device == logit.device and not weight.requires_grad
            for weight in (positive, negative)
        )
    numbers = not isinstance(positive, Tensor) and not isinstance(negative, Tensor)
    # The last: a gamma that is no number.
    return numbers and label.device == logit.device and gamma == gamma


def _arguments(problem: Problem, logit: Tensor, label: Tensor) -> tuple[Any, ...]:
    """Return the loss operator's arguments."""
    hyper = problem.focal
    weights, nothing = (hyper.positive, hyper.negative), (None, None)
    in_memory = isinstance(hyper.positive, Tensor)
    at, numbers = (weights, (0.0, 0.0)) if in_memory else (nothing, weights)
    total, divisor = None, 1.0
    if isinstance(problem, focal.Total):
        total, divisor = problem.dtype, problem.divisor
    by_class = isinstance(problem, focal.ByClass)
    shape = hyper.gamma, hyper.ceiling, hyper.ignored, by_class
    return logit, label, *at, *numbers, *shape, total, divisor


def _loss(
    logit: Tensor,
    label: Tensor,
    positive_at: Tensor | None,
    negative_at: Tensor | None,
    positive: float,
    negative: float,
    gamma: float,
    ceiling: float | None,
    ignored: int | None,
    by_class: bool,
    total: torch.dtype | None,
    divisor: float,
) -> Tensor:
    """Return every element's loss, like the logits; or their sum over `divisor`, in `total`."""
    numbers = Numbers(positive_at, negative_at, positive, negative, gamma, ceiling, ignored)
    launch = Launch(logit, label, numbers, by_class)
    if total is None:
        return launch.loss(torch.empty_like(logit))
    return launch.total(logit.new_empty((), dtype=total), divisor)


def _gradient(
    upstream: Tensor,
    logit: Tensor,
    label: Tensor,
    positive_at: Tensor | None,
    negative_at: Tensor | None,
    positive: float,
    negative: float,
    gamma: float,
    ceiling: float | None,
    ignored: int | None,
    by_class: bool,
    divisor: float,
) -> Tensor:
    """Return the gradient of the logits, like them; `upstream` is 0-D or of their shape."""
    upstream = differentiate.collapse(upstream)
    if upstream.ndim and divisor != 1:
        upstream, divisor = upstream / divisor, 1.0
    numbers = Numbers(positive_at, negative_at, positive, negative, gamma, ceiling, ignored)
    launch = Launch(logit, label, numbers, by_class)
    return launch.gradient(upstream, torch.empty_like(logit), divisor)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, ctx.positive, ctx.negative, ctx.gamma, ctx.ceiling, ctx.ignored = inputs[:9]
    ctx.by_class, ctx.total, ctx.divisor = inputs[9:]
    ctx.save_for_backward(*tensors)


def _differentiate(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
    """Return the gradients by the composed operations, differentiable again."""
    logit, label, positive_at, negative_at = ctx.saved_tensors
    positive = ctx.positive if positive_at is None else positive_at
    negative = ctx.negative if negative_at is None else negative_at
    hyper = Focal(ctx.gamma, positive, negative, ctx.ceiling, ctx.ignored)
    problem: Problem = focal.Elementwise(hyper)
    if ctx.by_class:
        problem = focal.ByClass(hyper)
    elif ctx.total is not None:
        problem = focal.Total(hyper, ctx.total, ctx.divisor)
    needs = ctx.needs_input_grad[:2]
    found = differentiate.differentiate(problem, logit, label, upstream, needs)
    return *found, *(None,) * 10


def _backward(ctx: Any, upstream: Tensor, gradient: Any) -> tuple[Tensor | None, ...]:
    if torch.is_grad_enabled() or ctx.needs_input_grad[1]:
        return _differentiate(ctx, upstream)
    numbers = ctx.positive, ctx.negative, ctx.gamma, ctx.ceiling, ctx.ignored, ctx.by_class
    # What divides a sum divides nothing where there is none.
    divisor = 1.0 if ctx.total is None else ctx.divisor
    found = gradient(upstream, *ctx.saved_tensors, *numbers, divisor)
    return found, *(None,) * 11


class _Fused(torch.autograd.Function):
    # With a `setup_context` apart, torch inspects the signature in every call.
    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> Tensor:
        loss = _loss(*arguments)
        _keep(ctx, arguments, loss)
        return loss

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        return _backward(ctx, upstream, _gradient)


loss_operator = torch.library.custom_op(
    "paddle_compat::focal_loss",
    _loss,
    mutates_args=(),
    schema=f"({_COMMON}, ScalarType? total, float divisor) -> Tensor",
)
gradient_operator = torch.library.custom_op(
    "paddle_compat::focal_loss_gradient",
    _gradient,
    mutates_args=(),
    schema=f"(Tensor upstream, {_COMMON}, float divisor) -> Tensor",
)


@loss_operator.register_fake
def _(logit: Tensor, *arguments: Any) -> Tensor:
    total = arguments[-2]
    return torch.empty_like(logit) if total is None else logit.new_empty((), dtype=total)


@gradient_operator.register_fake
def _(upstream: Tensor, logit: Tensor, *arguments: Any) -> Tensor:
    return torch.empty_like(logit)


loss_operator.register_autograd(
    lambda ctx, upstream: _backward(ctx, upstream, gradient_operator), setup_context=_keep
)
