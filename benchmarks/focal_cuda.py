"""Measure the fused focal loss on a CUDA device: bytes a second against a copy's, and peers.

    python benchmarks/focal_cuda.py [--short]

Prints a table for each face, dtype, size and pass: times, bytes moved a second as a part of what
a device-to-device copy of as many bytes reaches, ratios to the formula composed of torch
operations, eager and compiled, and memory beside inputs, result and gradient. Last comes every
target with its verdict. Without a CUDA device it says so and measures nothing. The exit status
is 1 only where an implementation does not compute the loss that it is timed for.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

if importlib.util.find_spec("paddle_compat") is None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import formula
import torch
from cuda_device import Device, Need
from measure import Times
from report import Report, Target, print_table
from torch import Tensor

from paddle_compat.fluid.layers import sigmoid_focal_loss as by_class
from paddle_compat.kernels.paths import Path as FocalPath
from paddle_compat.kernels.paths import focal_path
from paddle_compat.nn.functional import sigmoid_focal_loss as dense

CLASSES = 80
FUSED, DEFAULT, COMPOSED, COMPILED = "fused", "default path", "composed", "composed, compiled"
FLUID, FUNCTIONAL = "class indices, every element", "dense labels, sum"
COPY = "copy"
# What single and half precision may be off by, as a part of the largest gradient there is.
_TOLERANCES = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
# Up to here a reference in double is computed; larger problems repeat the same kernels.
_CHECKED = 10**7


@dataclass(frozen=True)
class Problem:
    """One face on so many elements.

    Attributes:
        face: which of the two.
        logit: [N, C], a leaf that requires a gradient.
        label: [N, 1] int32, or [N, C] of 0 and 1 in the logits' dtype.
        foreground: [1] int32.
    """

    face: str
    logit: Tensor
    label: Tensor
    foreground: Tensor

    def moved(self, backward: bool) -> int:
        """Return the bytes that cannot be spared: inputs read, result and gradient written."""
        read = self.logit.nbytes + self.label.nbytes
        written = self.logit.nbytes if self.face == FLUID else 0
        return read + written + (read + self.logit.nbytes if backward else 0)

    def losses(self, compiled: bool) -> Iterator[tuple[str, Callable[[], Tensor]]]:
        """Yield the implementations."""
        yield FUSED, functools.partial(self._ours, "triton")
        yield DEFAULT, functools.partial(self._ours, "auto")
        composed = _composed_by_class if self.face == FLUID else _composed_sum
        arguments = (self.logit, self.label, self.foreground)
        yield COMPOSED, functools.partial(composed, *arguments)
        if compiled:
            made = torch.compile(composed, dynamic=False, fullgraph=True)
            yield COMPILED, functools.partial(made, *arguments)

    def _ours(self, path: FocalPath) -> Tensor:
        with focal_path(path):
            if self.face == FLUID:
                return by_class(self.logit, self.label, self.foreground)
            return dense(self.logit, self.label)

    def gradient(self, loss: Tensor) -> Tensor:
        """Run backward from ones that take no memory."""
        return torch.autograd.grad(loss, self.logit, loss.new_ones(()).expand_as(loss))[0]


def _composed_by_class(logit: Tensor, label: Tensor, foreground: Tensor) -> Tensor:
    return formula.by_class(logit, label, foreground)


def _composed_sum(logit: Tensor, label: Tensor, _foreground: Tensor) -> Tensor:
    return formula.dense(logit, label).sum()


def make(face: str, elements: int, dtype: torch.dtype, device: str) -> Problem:
    """Draw a problem, as a detector early in training has it."""
    rows = max(elements // CLASSES, 1)
    random = torch.Generator(device).manual_seed(0)
    draw = functools.partial(torch.randn, generator=random, device=device)
    logit = draw(rows, CLASSES, dtype=dtype).mul_(2).sub_(3).requires_grad_()
    kind = torch.rand(rows, 1, generator=random, device=device)
    label = torch.randint(1, CLASSES + 1, (rows, 1), generator=random, device=device).int()
    label[kind > 0.01] = 0
    label[kind > 0.97] = -1
    foreground = (label > 0).sum().int().reshape(1)
    if face == FUNCTIONAL:
        label = (label == torch.arange(1, CLASSES + 1, device=device)).to(dtype)
    return Problem(face, logit, label, foreground)


class WrongError(AssertionError):
    """An implementation that does not compute the loss it is timed for."""


def check(problem: Problem, name: str, loss: Callable[[], Tensor]) -> None:
    """Raise WrongError where the gradient or the total is not the right one."""
    result = loss()
    gradient = problem.gradient(result).double()
    foreground = problem.foreground if problem.face == FLUID else None
    x = problem.logit.detach().double().requires_grad_()
    total, expected = formula.reference(x, problem.label, foreground, rows=100_000)
    tolerance = _TOLERANCES[problem.logit.dtype]
    error = (gradient - expected).abs().max() / expected.abs().max()
    off = abs(result.double().sum().item() - total) / abs(total)
    # Totals of half-precision terms, and totals in it.
    allowed = 1e-2 if problem.logit.dtype == torch.float32 else 5e-2
    if not (error.item() <= tolerance and off <= allowed):
        raise WrongError(f"{name}: gradient off by {error.item():.1e}, total by {off:.1e}")


def measure(
    report: Report, device: Device, problem: Problem, rounds: int, *, compiled: bool
) -> None:
    """Time one problem, forward alone and with backward, print both tables, add the targets."""
    steps: dict[bool, dict[str, Callable[[], object]]] = {False: {}, True: {}}
    needs: dict[str, Need] = {}
    for name, loss in problem.losses(compiled):
        try:
            if problem.logit.numel() <= _CHECKED:
                check(problem, name, loss)
            else:
                problem.gradient(loss())
            needs[name] = device.need(loss, problem.gradient)
        except torch.cuda.OutOfMemoryError:
            report.skipped[f"{name}, {_title(problem)}"] = "out of memory"
            continue
        steps[False][name] = functools.partial(_forward, loss)
        steps[True][name] = functools.partial(_both, problem, loss)
    for backward, of in steps.items():
        moved = problem.moved(backward)
        times = device.times({COPY: device.copy(moved), **of}, rounds)
        _print(problem, backward, moved, times, needs)
        if not device.rehearsal:
            _targets(report, problem, backward, times, needs)


def _forward(loss: Callable[[], Tensor]) -> Tensor:
    with torch.no_grad():
        return loss()


def _both(problem: Problem, loss: Callable[[], Tensor]) -> Tensor:
    return problem.gradient(loss())


def _title(problem: Problem) -> str:
    kind = str(problem.logit.dtype).removeprefix("torch.")
    return f"{problem.face}, {kind}, {problem.logit.numel():.0e} elements"


def _pass(backward: bool) -> str:
    return "forward and backward" if backward else "forward"


def _print(
    problem: Problem, backward: bool, moved: int, times: dict[str, Times], needs: dict[str, Need]
) -> None:
    peers = [name for name in (COMPOSED, COMPILED) if name in times]
    header = ["", "min us", "median us", "GB/s", "of copy", *(f"x {peer}" for peer in peers)]
    header += ["kept B/element", "peak buffers"]
    lines = []
    for name, found in times.items():
        seconds = found.least
        figures = [seconds * 1e6, found.median * 1e6, moved / seconds / 1e9]
        ratios = [times[peer].least / seconds for peer in (COPY, *peers)]
        cells = [f"{figure:.4g}" for figure in (*figures, *ratios)]
        need = needs.get(name)
        memory = ["-", "-"]
        if need is not None:
            kept = need.kept / problem.logit.numel()
            memory = [f"{kept:.2f}", f"{need.peak / problem.logit.nbytes:.2f}"]
        lines.append([name, *cells, *memory])
    print_table(f"{_title(problem)}, {_pass(backward)}", header, lines)


def _targets(
    report: Report,
    problem: Problem,
    backward: bool,
    times: dict[str, Times],
    needs: dict[str, Need],
) -> None:
    if FUSED not in times:
        return
    own, elements = times[FUSED].least, problem.logit.numel()
    title = f"{_title(problem)}, {_pass(backward)}"

    def against(peer: str, bound: float) -> None:
        ratio = times[peer].least / own if peer in times else None
        reason = "it did not run"
        report.targets.append(Target(f"{title}: against {peer}", True, bound, ratio, reason))

    if elements >= 0.99e8:
        against(COPY, 0.85)
        against(COMPOSED, 8)
        against(COMPILED, 1.5)
    if elements <= 1e4:
        against(COMPOSED, 1)
    if backward:
        peak = needs[FUSED].peak / problem.logit.nbytes
        # Of a few elements the allocator rounds every tensor up.
        if elements >= 1e6:
            name = f"{title}: peak extra memory in [N, C] buffers"
            report.targets.append(Target(name, False, 0.2, peak))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="three sizes instead of six")
    parser.add_argument("--rehearse", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if not torch.cuda.is_available() and not options.rehearse:
        print("no CUDA device was found: nothing was measured")
        return 0
    start = time.perf_counter()
    device, report = Device(options.rehearse), Report()
    sizes, rounds = [10**power for power in range(4, 10)], 20
    if options.short:
        sizes, rounds = [10**4, 10**6, 10**8], 8
    if options.rehearse:
        sizes, rounds = [800], 2
    print("# Sigmoid focal loss on a CUDA device")
    for line in device.describe():
        print(f"- {line}")
    print(
        f"- C={CLASSES}, gamma 2, alpha 0.25; all of a table ran turn by turn, fastest runs count"
    )
    try:
        for face in (FLUID, FUNCTIONAL):
            for dtype in (torch.float32, torch.bfloat16):
                for size in sizes:
                    torch.compiler.reset()
                    problem = make(face, size, dtype, device.name)
                    compiled = not options.rehearse
                    measure(report, device, problem, rounds, compiled=compiled)
                    del problem
    except WrongError as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    report.finish(time.perf_counter() - start)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
