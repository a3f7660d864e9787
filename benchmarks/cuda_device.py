"""Time, memory and the rate of copies of a CUDA device; or of the CPU, to rehearse without one."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from measure import Peer, Times, interleave

__all__ = ["Device", "Need"]

# Short runs are repeated: events of a GPU resolve half a microsecond, its launches take more.
_LEAST_SECONDS = 2e-3
_MOST_CALLS = 200


@dataclass(frozen=True)
class Need:
    """The memory of one forward and backward, in bytes, inputs, result and gradient aside.

    Attributes:
        kept: what stays between the two.
        peak: the most at any time.
    """

    kept: int
    peak: int


class Device:
    """Where everything is measured.

    Args:
        rehearsal: use the CPU: every line of the benchmark runs, and no figure means anything.
    """

    def __init__(self, rehearsal: bool) -> None:
        self.rehearsal = rehearsal
        self.name = "cpu" if rehearsal else "cuda"

    def describe(self) -> list[str]:
        """Return lines that tell what the figures are of."""
        if self.rehearsal:
            return ["REHEARSAL on the CPU, kernels interpreted: no figure means anything"]
        import triton

        found = torch.cuda.get_device_properties(0)
        return [
            f"{found.name}, {found.multi_processor_count} multiprocessors, "
            f"{found.total_memory / 2**30:.0f} GiB, compute capability {found.major}.{found.minor}",
            f"torch {torch.__version__}, CUDA {torch.version.cuda}, Triton {triton.__version__}",
        ]

    def seconds_of(self, step: Callable[[], object]) -> Callable[[], float]:
        """Return a function that runs a step some times, and returns the seconds of one."""
        for _ in range(3):
            step()
        once = self._seconds(step, 1)
        calls = max(1, min(_MOST_CALLS, int(_LEAST_SECONDS / max(once, 1e-7))))
        if self.rehearsal:
            calls = 1
        return lambda: self._seconds(step, calls)

    def _seconds(self, step: Callable[[], object], calls: int) -> float:
        if self.rehearsal:
            start = time.perf_counter()
            for _ in range(calls):
                step()
            return (time.perf_counter() - start) / calls
        event: Callable[..., torch.cuda.Event] = torch.cuda.Event
        first, last = event(enable_timing=True), event(enable_timing=True)
        torch.cuda.synchronize()
        first.record()
        for _ in range(calls):
            step()
        last.record()
        last.synchronize()
        return float(first.elapsed_time(last)) / 1e3 / calls

    def times(self, steps: dict[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
        """Time steps turn by turn."""
        peers = [Peer(name, self.seconds_of(step)) for name, step in steps.items()]
        return interleave(peers, rounds, rounds)

    def copy(self, moved: int) -> Callable[[], object]:
        """Return a step that copies, and moves so many bytes: half are read, half written."""
        source = torch.zeros(max(moved // 2, 16), dtype=torch.uint8, device=self.name)
        target = torch.empty_like(source)
        return lambda: target.copy_(source)

    def need(self, forward: Callable[[], torch.Tensor], backward: Callable[..., object]) -> Need:
        """Measure the memory of a forward pass and of the backward pass from its result."""
        if self.rehearsal:
            backward(forward())
            return Need(0, 0)
        gc.collect()
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        loss = forward()
        kept = torch.cuda.memory_allocated() - before - loss.nbytes
        gradient = backward(loss)
        torch.cuda.synchronize()
        peak = torch.cuda.max_memory_allocated() - before - loss.nbytes
        assert isinstance(gradient, torch.Tensor)
        return Need(kept, peak - gradient.nbytes)
