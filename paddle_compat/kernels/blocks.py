"""What the sweeps share: blocks and the threads that work on them, memory order, dtypes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["SMALL", "Pass", "compute_dtype", "flatten", "run_blocks", "unflatten"]

# torch runs an operation on fewer than 2**15 elements in the calling thread. A block stays below
# that, a multiple of 256 as `pointwise.total` likes, and its scratch fits a second-level cache.
_BLOCK = (1 << 15) - 256
# Up to here blocks, scratch and threads take longer to prepare than they save.
SMALL = _BLOCK
# Python holds its lock for a part of each operation, which more threads than this only wait for.
_MOST_THREADS = 8
# An accelerator wants few, large launches; the bound is there for its memory alone.
_ACCELERATOR_BLOCK = 1 << 24


@dataclass(frozen=True)
class Pass:
    """What one sweep computed: every element's loss or, 0-D in double, their total; the slope."""

    loss: Tensor
    slope: Tensor | None


def compute_dtype(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype to compute in: single precision for the half-precision types."""
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype


def run_blocks(
    work: Callable[[int, slice, list[Tensor]], None],
    size: int,
    buffers: int,
    dtype: torch.dtype,
    device: torch.device,
    unit: int = 1,
) -> int:
    """Cut `size` elements into blocks of whole units and do the work on each.

    On the CPU as many threads as torch may use take one block after the other. That needs no
    barrier at the end of every operation, where torch's own threads wait for the slowest: on a
    machine that is busy otherwise those waits cost many times the work.

    Args:
        work: called with a block's number, its elements and scratch of its length.
        size: the number of elements, at least 1.
        buffers: the number of scratch tensors for each thread.
        dtype: their dtype.
        device: their device.
        unit: the number of elements that stay together.

    Returns:
        The number of blocks.
    """
    step = _BLOCK if device.type == "cpu" else _ACCELERATOR_BLOCK
    step = min(max(step // unit, 1) * unit, size)
    count = -(-size // step)
    threads = 1
    if device.type == "cpu":
        threads = min(torch.get_num_threads(), _MOST_THREADS, count)
    scratch = torch.empty((threads, buffers, step), dtype=dtype, device=device)
    numbers = iter(range(count))
    lock = threading.Lock()

    def take_blocks(own: Tensor) -> None:
        whole = own.unbind()
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            start = number * step
            length = min(step, size - start)
            part = list(whole if length == step else own[:, :length].unbind())
            work(number, slice(start, start + length), part)

    if threads == 1:
        take_blocks(scratch[0])
        return count
    # torch keeps these modes for each thread.
    inference = torch.is_inference_mode_enabled()

    def help_out(own: Tensor) -> None:
        with torch.inference_mode() if inference else torch.no_grad():
            take_blocks(own)

    # Threads of this call alone: a pool that stays would not survive a fork.
    with ThreadPoolExecutor(threads - 1) as pool:
        helpers = [pool.submit(help_out, scratch[i]) for i in range(1, threads)]
        help_out(scratch[0])
        for helper in helpers:
            helper.result()
    return count


def flatten(tensors: Sequence[Tensor]) -> tuple[list[Tensor], list[int] | None]:
    """Return 1-D tensors over the same elements, and the dimension order they follow.

    They are views where the tensors are dense in one common order (channels-last, say), and
    copies otherwise. The order is None for the ordinary, contiguous one.
    """
    if all(t.is_contiguous() for t in tensors):
        return [t.view(-1) for t in tensors], None
    first = tensors[0]
    order = sorted(range(first.ndim), key=first.stride, reverse=True)
    if all(t.permute(order).is_contiguous() for t in tensors):
        return [t.permute(order).view(-1) for t in tensors], order
    return [t.reshape(-1) for t in tensors], None


def unflatten(flat: Tensor, shape: torch.Size, order: list[int] | None) -> Tensor:
    """Undo `flatten` for one tensor."""
    if order is None:
        return flat.view(shape)
    inverse = sorted(range(len(order)), key=order.__getitem__)
    return flat.view([shape[dim] for dim in order]).permute(inverse)
