"""The large problems: N rows of C classes, every face, every peer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import formula
import memory
import peers
from measure import Peer, interleave, seconds_of
from peers import COMPILED, COMPOSED, PADDLE_1, PADDLE_3
from report import Report, Row, Scenario, Target
from torch import Tensor
from workload import BACKGROUND_MIX, POSITIVE_MIX, Workload, make

from paddle_compat.fluid.layers import sigmoid_focal_loss as fluid_loss
from paddle_compat.nn import SigmoidFocalLoss
from paddle_compat.nn.functional import sigmoid_focal_loss

__all__ = ["FLUID", "FUNCTIONAL", "MODULE", "Available", "Sizes", "run_large"]

FLUID, FUNCTIONAL, MODULE = "ours: fluid", "ours: functional", "ours: Module"
_FUSED_SUM = "compiled, sum fused in"
# What ours may be off by in its total, which accumulates in double: float32 rounds it.
_OWN_TOLERANCE = 1e-6
_FLUID_TOLERANCE = 1e-5  # the [N, C] result is summed by torch, in float32


@dataclass(frozen=True)
class Sizes:
    """How much to measure."""

    rows: int
    classes: int
    rounds: int
    slow_rounds: int
    small_calls: int
    small_rounds: int
    scaling: tuple[int, ...]
    every_variant: bool


@dataclass(frozen=True)
class Available:
    """The peers that this machine has."""

    paddle_3: Any | None
    paddle_1: Path | None
    compiler: bool


def run_large(report: Report, sizes: Sizes, have: Available) -> None:
    """Time and print every large scenario, and add its targets."""
    for number, mix in enumerate((BACKGROUND_MIX, POSITIVE_MIX)):
        work = make(sizes.rows, sizes.classes, mix)
        name = f"fluid face, forward and backward, {mix.name}"
        _by_class(report, name, work, sizes, have, full=number == 0 or sizes.every_variant)
        _fluid_targets(report, report.scenarios[name], mix.name)
    work = make(sizes.rows, sizes.classes)
    for label_name, label in (("hard", work.hard), ("soft", work.soft)):
        for reduction in ("sum", "mean"):
            if (label_name, reduction) == ("soft", "mean") and not sizes.every_variant:
                continue
            first = (label_name, reduction) == ("hard", "sum")
            name = f"dense {label_name} labels, {reduction}, forward and backward"
            _dense(report, name, work, label, reduction, sizes, have, full=first)
            _dense_targets(report, report.scenarios[name], label_name, reduction)
    name = "dense hard labels, sum, forward alone without gradient"
    _forward(report, name, work, sizes, have)
    for ours in (FUNCTIONAL, MODULE):
        ratio = report.scenarios[name].ratio(ours, COMPOSED)
        report.targets.append(Target(f"forward alone: {ours}, against composed", True, 12, ratio))
    _gammas(report, work, sizes)


def _finish(
    report: Report,
    name: str,
    work: Workload,
    sizes: Sizes,
    found: Sequence[Peer],
    needs: dict[str, memory.Memory],
) -> None:
    times = interleave(found, sizes.rounds, sizes.slow_rounds)
    rows = {peer.name: Row(peer.name, times[peer.name], needs.get(peer.name)) for peer in found}
    report.scenarios[name] = scenario = Scenario(name, work.elements, rows)
    order = (COMPOSED, COMPILED, PADDLE_3, PADDLE_1)
    report.print_scenario(scenario, [peer for peer in order if peer in rows])


def _compiled(report: Report, build: Callable[[], Peer]) -> Iterator[Peer]:
    """Yield the compiled peer; nothing, and the reason in the report, where it does not build."""
    if COMPILED in report.skipped:
        return
    try:
        yield build()
    except peers.CheckFailedError:
        raise
    except Exception as error:  # what a missing C++ compiler raises differs by version
        lines = str(error).strip().splitlines()
        report.skipped[COMPILED] = f"{type(error).__name__}: {lines[0] if lines else ''}"


def _by_class(
    report: Report, name: str, work: Workload, sizes: Sizes, have: Available, *, full: bool
) -> None:
    x, label, foreground = work.logit, work.label, work.foreground
    expected = peers.expect(work, label, by_class=True)
    found: list[Peer] = []
    needs: dict[str, memory.Memory] = {}
    inputs = (x.detach(), label, foreground)
    for peer, function, tolerance in (
        (FLUID, fluid_loss, _FLUID_TOLERANCE),
        (COMPOSED, formula.by_class, None),
    ):
        loss = functools.partial(function, x, label, foreground)
        found.append(peers.torch_peer(peer, x, loss, expected, tolerance))
        if full:
            needs[peer] = memory.measure(lambda: inputs, function)
    if have.compiler and full:
        fused = peers.compiled(_summed_by_class)
        plain = peers.compiled(formula.by_class)
        for peer, function in ((COMPILED, plain), (_FUSED_SUM, fused)):
            loss = functools.partial(function, x, label, foreground)
            build = functools.partial(peers.torch_peer, peer, x, loss, expected)
            for built in _compiled(report, build):
                found.append(built)
                needs[peer] = memory.measure(lambda: inputs, function)
    if have.paddle_3 is not None and full:
        found.append(peers.paddle_3(have.paddle_3, work, label, "none", expected, backward=True))
    if have.paddle_1 is None or not full:
        _finish(report, name, work, sizes, found, needs)
        return
    with peers.Paddle1(have.paddle_1, work, expected) as worker:
        _finish(report, name, work, sizes, [*found, worker.peer()], needs)


def _summed_by_class(logit: Tensor, label: Tensor, foreground: Tensor) -> Tensor:
    return formula.by_class(logit, label, foreground).sum()


def _composed(logit: Tensor, label: Tensor, reduction: str) -> Tensor:
    loss = formula.dense(logit, label)
    return loss.mean() if reduction == "mean" else loss.sum()


def _dense(
    report: Report,
    name: str,
    work: Workload,
    label: Tensor,
    reduction: str,
    sizes: Sizes,
    have: Available,
    *,
    full: bool,
) -> None:
    x = work.logit
    expected = peers.expect(work, label, mean=reduction == "mean")
    found: list[Peer] = []
    needs: dict[str, memory.Memory] = {}
    for peer, function, tolerance in (
        (FUNCTIONAL, functools.partial(sigmoid_focal_loss, reduction=reduction), _OWN_TOLERANCE),
        (MODULE, SigmoidFocalLoss(reduction=reduction), _OWN_TOLERANCE),
        (COMPOSED, functools.partial(_composed, reduction=reduction), None),
    ):
        loss = functools.partial(function, x, label)
        found.append(peers.torch_peer(peer, x, loss, expected, tolerance))
        if full:
            needs[peer] = memory.measure(lambda: (x.detach(), label), function)
    if have.compiler and full:
        fast = peers.compiled(functools.partial(_composed, reduction=reduction))
        build = functools.partial(
            peers.torch_peer, COMPILED, x, functools.partial(fast, x, label), expected
        )
        for built in _compiled(report, build):
            found.append(built)
            needs[COMPILED] = memory.measure(lambda: (x.detach(), label), fast)
    if have.paddle_3 is not None and (full or sizes.every_variant):
        found.append(peers.paddle_3(have.paddle_3, work, label, reduction, expected, backward=True))
    _finish(report, name, work, sizes, found, needs)


def _forward(report: Report, name: str, work: Workload, sizes: Sizes, have: Available) -> None:
    x, label = work.logit, work.hard
    expected = peers.expect(work, label)
    module = SigmoidFocalLoss(reduction="sum")
    found = [
        peers.no_gradient(
            FUNCTIONAL, lambda: sigmoid_focal_loss(x, label), expected, _OWN_TOLERANCE
        ),
        peers.no_gradient(MODULE, lambda: module(x, label), expected, _OWN_TOLERANCE),
        peers.no_gradient(COMPOSED, lambda: _composed(x, label, "sum"), expected),
    ]
    if have.compiler:
        function = peers.compiled(functools.partial(_composed, reduction="sum"))
        loss = functools.partial(function, x, label)
        found += _compiled(report, functools.partial(peers.no_gradient, COMPILED, loss, expected))
    if have.paddle_3 is not None and sizes.every_variant:
        found.append(peers.paddle_3(have.paddle_3, work, label, "sum", expected, backward=False))
    _finish(report, name, work, sizes, found, {})


def _gammas(report: Report, work: Workload, sizes: Sizes) -> None:
    """Time other exponents against gamma = 2, in both faces."""
    x = work.logit
    gammas = (2.0, 1.5, 0.5, 3.0)
    for face, name in ((FUNCTIONAL, "dense hard labels"), (FLUID, "class-index labels")):
        found = []
        for gamma in gammas:
            if face == FUNCTIONAL:
                loss = functools.partial(sigmoid_focal_loss, x, work.hard, gamma=gamma)
            else:
                loss = functools.partial(fluid_loss, x, work.label, work.foreground, gamma)
            found.append(Peer(f"{face}, gamma {gamma:g}", _unchecked(x, loss)))
        title = f"other exponents, {name}, forward and backward"
        _finish(report, title, work, sizes, found, {})
        scenario = report.scenarios[title]
        for gamma in gammas[1:]:
            ratio = scenario.ratio(f"{face}, gamma 2", f"{face}, gamma {gamma:g}")
            report.targets.append(
                Target(f"gamma {gamma:g} against gamma 2: {face}, its time", False, 2.5, ratio)
            )


def _unchecked(logit: Tensor, loss: Callable[[], Tensor]) -> Callable[[], float]:
    def step() -> None:
        logit.grad = None
        result = loss()
        total = result.sum() if result.ndim else result
        total.backward()  # type: ignore[no-untyped-call]
        logit.grad = None

    step()
    return seconds_of(step)


def _fluid_targets(report: Report, scenario: Scenario, mix: str) -> None:
    for peer, bound in ((COMPOSED, 10), (PADDLE_1, 15), (PADDLE_3, 20), (COMPILED, 1)):
        ratio = scenario.ratio(FLUID, peer)
        reason = report.skipped.get(peer, "left out of the short run")
        report.targets.append(
            Target(f"fluid face, {mix}, against {peer}", True, bound, ratio, reason)
        )
    if scenario.rows[FLUID].memory is not None:
        _memory_targets(report, scenario, FLUID, f"fluid face, {mix}", 8.1)


def _dense_targets(report: Report, scenario: Scenario, label: str, reduction: str) -> None:
    for ours in (FUNCTIONAL, MODULE):
        for peer, bound in ((COMPOSED, 8), (PADDLE_3, 20)):
            ratio = scenario.ratio(ours, peer)
            reason = report.skipped.get(peer, "left out of the short run")
            name = f"{ours}, {label} labels, {reduction}, against {peer}"
            report.targets.append(Target(name, True, bound, ratio, reason))
        if (label, reduction) == ("hard", "sum"):
            _memory_targets(report, scenario, ours, ours, 12)


def _memory_targets(report: Report, scenario: Scenario, row: str, name: str, saved: float) -> None:
    needs = scenario.rows[row].memory
    assert needs is not None
    report.targets.append(
        Target(f"{name}: bytes an element saved for backward", False, saved, needs.saved)
    )
    report.targets.append(
        Target(f"{name}: peak extra memory in [N, C] buffers", False, 0.2, needs.peak)
    )
