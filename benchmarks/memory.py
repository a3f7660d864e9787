"""Bytes kept for backward and peak memory, from the allocator's own log.

Every allocation and release of torch's CPU allocator is an event of `torch.profiler`: what an
implementation keeps cannot hide from it, be it saved by autograd, held by a custom function's
context or captured in a closure. The profiler sees the calling thread, autograd's and torch's
own: what code allocates in Python threads that it starts itself is not counted.
"""

from __future__ import annotations

import gc
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

__all__ = ["Memory", "measure"]


@dataclass(frozen=True)
class Memory:
    """What one implementation needs.

    Attributes:
        saved: bytes an element that stay between forward and backward, inputs included, the
            result aside.
        peak: the most that was allocated at any time of forward and backward, result and
            gradient aside, in [N, C] buffers.
    """

    saved: float
    peak: float


def _balance(work: Callable[[], object]) -> list[int]:
    """Return the balance of allocated bytes after each allocation and release made by `work`.

    What `work` returns stays alive until the end.
    """
    gc.collect()
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True) as profiler:
        kept = work()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(path))
        trace = json.loads(path.read_text())
    del kept
    events = [event for event in trace["traceEvents"] if event.get("name") == "[memory]"]
    events.sort(key=lambda event: float(event["ts"]))
    balance, total = [0], 0
    for event in events:
        total += int(event["args"]["Bytes"])
        balance.append(total)
    return balance


def measure(make: Callable[[], tuple[Tensor, ...]], loss: Callable[..., Tensor]) -> Memory:
    """Measure ``loss(*inputs)``, where `make` returns fresh inputs, the logits first."""
    reference = make()
    elements = reference[0].numel()
    buffer = elements * reference[0].element_size()

    def forward() -> object:
        inputs = tuple(tensor.clone() for tensor in reference)
        inputs[0].detach_().requires_grad_()
        # From here the inputs live only where the graph holds them.
        return loss(*inputs)

    result = loss(*reference)
    result_bytes = result.numel() * result.element_size()
    del result
    saved = _balance(forward)[-1] - result_bytes

    logit, *rest = (tensor.clone() for tensor in reference)
    logit.detach_().requires_grad_()

    def both() -> object:
        result = loss(logit, *rest)
        (result.sum() if result.ndim else result).backward()  # type: ignore[no-untyped-call]
        return result

    peak = max(_balance(both)) - result_bytes - buffer
    return Memory(saved / elements, peak / buffer)
