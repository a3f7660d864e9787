"""Gradients of several devices added up, inside the step that computes them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
import torch.distributed as dist
from torch import Tensor

from paddle_compat.fluid._processes import together

__all__ = ["TOGETHER", "Places", "Processes", "Reduction", "added_up"]

# As much as torch's DistributedDataParallel sends at once.
_BUCKET = 25 << 20


class Reduction(Protocol):
    """What a compiled step adds gradients up with.

    Attributes:
        scale: the weight of each device's loss in what is differentiated; None is fed.
        synchronized: whether layers that can take statistics of all devices together do.
    """

    scale: float | None
    synchronized: bool

    def total(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Return the sums over the devices; all of them call it, with the same shapes."""
        ...


# Layers that can work on the batches of all devices as one: how, with a `Reduction` before their
# own arguments.
TOGETHER: dict[Callable[..., Any], Callable[..., Any]] = {}


class _AddedUp(torch.autograd.Function):
    """The sum of a tensor over the devices, and on the way back of its gradient."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, reduction: Reduction) -> Tensor:
        ctx.reduction = reduction
        return reduction.total([value.detach()])[0]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return ctx.reduction.total([grad])[0], None


def added_up(value: Tensor, reduction: Reduction) -> Tensor:
    """Return the sum of a tensor over the devices, which can be differentiated."""
    total: Tensor = _AddedUp.apply(value, reduction)  # type: ignore[no-untyped-call]
    return total


class Processes:
    """The sums over the processes of torch.distributed's group.

    Each process sends its gradients in flat buckets, one after the other, as torch's
    DistributedDataParallel does. That class itself hangs on ``loss.backward()`` of a module; a
    program's step is a function that takes its gradients by `torch.autograd.grad`.

    Args:
        scale: see `Reduction`.
        synchronized: likewise.
    """

    def __init__(self, scale: float | None, synchronized: bool = False) -> None:
        self.scale = scale
        self.synchronized = synchronized

    def total(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Return the sums over the processes.

        Raises:
            RuntimeError: another process has ended, or waits for something else.
        """
        results: list[Tensor] = list(gradients)
        sent = []
        with together("add up its gradients"):
            for bucket in _buckets(gradients):
                flat = torch.cat([gradients[index].reshape(-1) for index in bucket])
                sent.append((bucket, flat, dist.all_reduce(flat, async_op=True)))
            for bucket, flat, work in sent:
                work.wait()
                sizes = [gradients[index].numel() for index in bucket]
                for index, part in zip(bucket, torch.split(flat, sizes), strict=True):
                    results[index] = part.view(gradients[index].shape)
        return results


def _buckets(gradients: Sequence[Tensor]) -> list[list[int]]:
    """Return which gradients go together: of one dtype, up to a size."""
    buckets: list[list[int]] = []
    last: dict[torch.dtype, tuple[list[int], int]] = {}
    for index, gradient in enumerate(gradients):
        size = gradient.numel() * gradient.element_size()
        bucket, held = last.get(gradient.dtype, ([], 0))
        if not bucket or held + size > _BUCKET:
            bucket, held = [], 0
            buckets.append(bucket)
        bucket.append(index)
        last[gradient.dtype] = bucket, held + size
    return buckets


class Places:
    """The sums over the places of one process, each of which a thread works for.

    Args:
        count: how many places there are.
        scale: see `Reduction`.
        synchronized: likewise.
        further: adds up over processes, too.
    """

    def __init__(
        self,
        count: int,
        scale: float | None,
        synchronized: bool = False,
        further: Processes | None = None,
    ) -> None:
        self.scale = scale
        self.synchronized = synchronized
        self._further = further
        self._barrier = threading.Barrier(count)
        self._given: list[Sequence[Tensor]] = [[] for _ in range(count)]
        self._totals: list[Tensor] = []
        self._own = threading.local()

    def enter(self, place: int) -> None:
        """Say which place the calling thread works for."""
        self._own.place = place

    def reset(self) -> None:
        """Begin anew, after a run that failed too."""
        self._barrier.reset()

    def abort(self) -> None:
        """Let the other places' threads fail: this one has."""
        self._barrier.abort()

    def total(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Return the sums over the places.

        Raises:
            threading.BrokenBarrierError: another place has failed.
        """
        self._given[self._own.place] = gradients
        self._barrier.wait()
        if self._own.place == 0:
            try:
                self._add_up()
            except BaseException:
                self.abort()
                raise
        self._barrier.wait()
        devices = [gradient.device for gradient in gradients]
        # A copy of its own: the place may overwrite it.
        return [
            total.to(device, copy=True) for total, device in zip(self._totals, devices, strict=True)
        ]

    def _add_up(self) -> None:
        totals = []
        for first, *others in zip(*self._given, strict=True):
            total = first.clone()
            for other in others:
                total += other.to(total.device)
            totals.append(total)
        self._totals = totals if self._further is None else self._further.total(totals)
