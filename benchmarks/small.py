"""A few elements, where dispatch is the cost; and many, where memory is; and threads."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import formula
import torch
from measure import Peer, Times, interleave, seconds_of
from peers import COMPOSED, CheckFailedError
from report import Report, Target, print_table
from scenarios import FLUID, FUNCTIONAL, MODULE, Sizes
from torch import Tensor
from workload import BACKGROUND_MIX, POSITIVE_MIX, make

from paddle_compat.fluid.layers import sigmoid_focal_loss as fluid_loss
from paddle_compat.nn import SigmoidFocalLoss
from paddle_compat.nn.functional import sigmoid_focal_loss

__all__ = ["run_scaling", "run_small", "run_threads"]

_SMALL = (1, 80, 800, 8000)
# "Flat": the dearest of the sizes costs at most twice the cheapest, an element. Up to the
# processor's cache an element is cheaper, since no fresh memory has to be had for it.
_FLAT = 2.0
# "Scales": two threads are worth at least this many.
_SPEED_UP = 1.5


def _step(logit: Tensor, loss: Callable[[], Tensor], backward: bool) -> Callable[[], None]:
    def forward_and_backward() -> None:
        logit.grad = None
        result = loss()
        total = result.sum() if result.ndim else result
        total.backward()  # type: ignore[no-untyped-call]

    def forward() -> None:
        with torch.no_grad():
            result = loss()
            if result.ndim:
                result.sum()

    return forward_and_backward if backward else forward


def run_small(report: Report, sizes: Sizes) -> None:
    """Time 1 to 8000 elements: every face against the formula from the same labels."""
    lines = [line for elements in _SMALL for line in _small(report, sizes, elements)]
    header = ["", "N*C", "min us", "median us", "composed, min us", "x composed"]
    print_table("small inputs: dispatch is the cost", header, lines)


def _small(report: Report, sizes: Sizes, elements: int) -> Iterator[list[str]]:
    """Yield a line for each face and direction, and add its target."""
    classes = min(elements, 80)
    work = make(elements // classes, classes, POSITIVE_MIX)
    x, hard, label, foreground = work.logit, work.hard, work.label, work.foreground
    dense: dict[str, Callable[[], Tensor]] = {
        FUNCTIONAL: functools.partial(sigmoid_focal_loss, x, hard),
        MODULE: functools.partial(SigmoidFocalLoss(reduction="sum"), x, hard),
        COMPOSED: functools.partial(_composed_sum, x, hard),
    }
    by_class: dict[str, Callable[[], Tensor]] = {
        FLUID: functools.partial(fluid_loss, x, label, foreground),
        COMPOSED: functools.partial(formula.by_class, x, label, foreground),
    }
    for losses in (dense, by_class):
        _agree(losses)
        for backward in (True, False):
            direction = "forward and backward" if backward else "forward alone"
            found = [
                Peer(name, seconds_of(_step(x, loss, backward), sizes.small_calls))
                for name, loss in losses.items()
            ]
            interleave(found, 1, 1)
            times = interleave(found, sizes.small_rounds, 0)
            composed = times[COMPOSED].least
            for name in losses:
                if name == COMPOSED:
                    continue
                least, ratio = times[name].least, composed / times[name].least
                if backward:
                    target = f"N*C = {elements}: {name}, against composed"
                    report.targets.append(Target(target, True, 1, ratio))
                figures = (least, times[name].median, composed)
                yield [
                    f"{name}, {direction}",
                    str(elements),
                    *(f"{seconds * 1e6:.4g}" for seconds in figures),
                    f"{ratio:.3g}",
                ]


def _composed_sum(logit: Tensor, label: Tensor) -> Tensor:
    return formula.dense(logit, label).sum()


def _agree(losses: dict[str, Callable[[], Tensor]]) -> None:
    """Check that all give the same total."""
    with torch.no_grad():
        totals = {name: loss().sum().item() for name, loss in losses.items()}
    for name, total in totals.items():
        if not abs(total - totals[COMPOSED]) <= 1e-5 * abs(totals[COMPOSED]):
            raise CheckFailedError(f"{name} gives {total}, composed {totals[COMPOSED]}")


def run_scaling(report: Report, sizes: Sizes) -> None:
    """Print the cost of one element for ever larger inputs."""
    lines: list[list[str]] = []
    costs: dict[str, list[float]] = {FLUID: [], FUNCTIONAL: []}
    for elements in sizes.scaling:
        work = make(elements // 80, 80, BACKGROUND_MIX)
        x = work.logit
        losses: dict[str, Callable[[], Tensor]] = {
            FLUID: functools.partial(fluid_loss, x, work.label, work.foreground),
            FUNCTIONAL: functools.partial(sigmoid_focal_loss, x, work.hard),
        }
        calls = max(1, 2_000_000 // elements)
        found = [
            Peer(name, seconds_of(_step(x, loss, backward=True), calls))
            for name, loss in losses.items()
        ]
        interleave(found, 1, 1)
        times = interleave(found, sizes.rounds if elements < 5e7 else 4, 0)
        per_element = {name: times[name].least / work.elements * 1e9 for name in losses}
        for name, cost in per_element.items():
            costs[name].append(cost)
        lines.append([f"{elements:.0e}", *(f"{cost:.3g}" for cost in per_element.values())])
    print_table("ns/element by size, forward and backward", ["elements", FLUID, FUNCTIONAL], lines)
    for name, values in costs.items():
        label = f"dearest / cheapest element, {sizes.scaling[0]:.0e} to {sizes.scaling[-1]:.0e}"
        report.targets.append(Target(f"{label}: {name}", False, _FLAT, max(values) / min(values)))


def run_threads(report: Report, sizes: Sizes) -> None:
    """Print what a second thread is worth."""
    before = torch.get_num_threads()
    work = make(sizes.rows, sizes.classes, BACKGROUND_MIX)
    x = work.logit
    losses: dict[str, Callable[[], Tensor]] = {
        FLUID: functools.partial(fluid_loss, x, work.label, work.foreground),
        FUNCTIONAL: functools.partial(sigmoid_focal_loss, x, work.hard),
        COMPOSED: functools.partial(_composed_sum, x, work.hard),
    }

    def with_threads(threads: int, step: Callable[[], None]) -> Callable[[], float]:
        run = seconds_of(step)

        def timed() -> float:
            torch.set_num_threads(threads)
            return run()

        return timed

    found = [
        Peer(f"{name}, {threads}", with_threads(threads, _step(x, loss, backward=True)))
        for name, loss in losses.items()
        for threads in (1, 2)
    ]
    try:
        interleave(found, 1, 1)
        times: dict[str, Times] = interleave(found, sizes.rounds, 0)
    finally:
        torch.set_num_threads(before)
    lines = []
    for name in losses:
        one, two = (times[f"{name}, {threads}"].least for threads in (1, 2))
        lines.append([name, f"{one * 1e3:.4g}", f"{two * 1e3:.4g}", f"{one / two:.3g}"])
        if name != COMPOSED:
            report.targets.append(
                Target(f"speed-up by a second thread: {name}", True, _SPEED_UP, one / two)
            )
    print_table("threads", ["", "1 thread, min ms", "2 threads, min ms", "speed-up"], lines)
