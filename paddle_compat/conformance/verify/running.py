"""The loop over cases and versions; whatever ends it early, what was found until then is kept."""

from __future__ import annotations

import platform
import random
import shlex
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch

from paddle_compat import __version__
from paddle_compat.conformance import scans
from paddle_compat.conformance.call import Call, Outcome
from paddle_compat.conformance.oracles import Oracle
from paddle_compat.conformance.quirks import SUMMARIES
from paddle_compat.conformance.verify.answers import Given, ask, ask_ours, recorded
from paddle_compat.conformance.verify.judging import judge
from paddle_compat.conformance.verify.model import (
    Curve,
    Environment,
    Report,
    Result,
    Stopped,
    joined,
)
from paddle_compat.conformance.verify.selection import Case, answers_to
from paddle_compat.conformance.verify.verdict import Verdict

__all__ = ["Progress", "Source", "live_source", "recorded_source", "verify"]

Progress = Callable[[int, int, str], None]
"""Is told before each check: how many are done, how many there are, and what comes next."""


@dataclass(frozen=True, eq=False)
class Source:
    """Where one version's answers come from.

    Attributes:
        version: the version of Paddle.
        ask: returns its answer to a case.
        has: tells whether it can be asked; otherwise why not, in words.
        build: the wheel's file name, where it is known.
        live: whether it is a Paddle that runs now.
        spelled: how the command line names it.
    """

    version: str
    ask: Callable[[Case], Given]
    has: Callable[[Case], str]
    build: str = ""
    live: bool = True
    spelled: str = ""


def recorded_source(version: str) -> Source:
    """Return the recorded answers of a version."""
    known = recorded()
    answers = known.answers[version]
    return Source(
        version,
        lambda case: answers[case.id],
        lambda case: "" if case.id in answers else f"no answer of {version} is recorded",
        known.builds.get(version, ""),
        live=False,
        spelled="recorded",
    )


def live_source(oracle: Oracle, build: str = "", spelled: str = "") -> Source:
    """Return a live Paddle, which is asked case by case."""
    version = oracle.version

    def has(case: Case) -> str:
        return "" if answers_to(case.api, version) else f"Paddle {version} has no {case.api}"

    return Source(version, lambda case: ask(oracle, case), has, build, True, spelled or version)


def verify(
    cases: Sequence[Case],
    sources: Sequence[Source],
    *,
    patterns: Sequence[str] = (),
    seed: int = 0,
    budget: float | None = None,
    progress: Progress | None = None,
) -> Report:
    """Judge every case against every version that can answer it.

    A case that no version can answer, or that was not reached, is ``unsupported`` and says why: no
    case is without a result. Ctrl-C ends the run as an exhausted budget does.

    Args:
        cases: the cases.
        sources: the versions.
        patterns: what chose the cases, for the report.
        seed: decides the order in which a budget is spent.
        budget: seconds after which no further case is begun.
        progress: is told how far the run is.
    """
    plan = [(case, source) for case in cases for source in _able(case, sources)]
    order = list(range(len(plan)))
    if budget is not None:
        _mix(order, plan, seed)
    run = _Run(seed)
    results: dict[int, Result] = {}
    stopped: Stopped = ""
    start = time.monotonic()
    try:
        for done, place in enumerate(order):
            if budget is not None and time.monotonic() - start > budget:
                stopped = "budget"
                break
            case, source = plan[place]
            if progress is not None:
                progress(done, len(plan), case.id)
            results[place] = run.check(case, source)
    except KeyboardInterrupt:
        stopped = "interrupted"
    why = {"budget": f"not reached within {budget} s", "interrupted": "the run was interrupted"}
    for place in order:
        if place not in results:
            case, source = plan[place]
            results[place] = _result(
                case, source, Verdict("unsupported", reason=why[stopped]), seed
            )
    told = [results[place] for place in range(len(plan))]
    reached = {case.id for case, _ in plan}
    for case in cases:
        if case.id not in reached:
            reason = "; ".join(source.has(case) for source in sources)
            told.append(_result(case, sources[0], Verdict("unsupported", reason=reason), seed))
    return Report(
        environment(),
        "live" if any(source.live for source in sources) else "recorded",
        {source.version: source.build for source in sources},
        tuple(patterns),
        seed,
        tuple(told),
        joined(run.curves),
        _waivers(cases, told),
        stopped,
    )


def _able(case: Case, sources: Sequence[Source]) -> list[Source]:
    return [source for source in sources if not source.has(case)]


def _mix(order: list[int], plan: Sequence[tuple[Case, Source]], seed: int) -> None:
    """Put checks in an order in which every API comes up early."""
    random.Random(seed).shuffle(order)
    turn: dict[str, int] = {}
    rank = {}
    for place in order:
        api = plan[place][0].api
        turn[api] = rank[place] = turn.get(api, 0) + 1
    order.sort(key=lambda place: rank[place])


class _Run:
    """What checks share: our answers, which do not depend on the version."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.curves: list[Curve] = []
        self._ours: tuple[Case, Given] | None = None

    def check(self, case: Case, source: Source) -> Result:
        """Judge one case against one version."""
        ours = self._answer(case)
        paddle = source.ask(case)
        before = None
        if source.live:
            before = recorded().answers.get(source.version, {}).get(case.id)
        verdict = judge(case, ours, paddle, source.version, before)
        if isinstance(case.asked, Call):
            assert isinstance(ours, Outcome)
            assert isinstance(paddle, Outcome)
            self.curves += scans.curves(case.asked, ours, paddle, source.version)
        return _result(case, source, verdict, self.seed)

    def _answer(self, case: Case) -> Given:
        if self._ours is None or self._ours[0] is not case:
            self._ours = case, ask_ours(case)
        return self._ours[1]


def _result(case: Case, source: Source, verdict: Verdict, seed: int) -> Result:
    drawn = ["--seed", str(seed)] if "::drawn " in case.id else []
    command = ["paddle-compat", "verify", "--against", source.spelled, *drawn, "--", case.id]
    return Result(
        case.id,
        case.api,
        source.version,
        verdict.status,
        verdict.waivers,
        verdict.mismatches,
        verdict.reason,
        shlex.join(command),
    )


def _waivers(cases: Iterable[Case], results: Iterable[Result]) -> Mapping[str, str]:
    """Return what the waivers that occurred are about, by id."""
    known = dict(SUMMARIES)
    for case in cases:
        differs = None if isinstance(case.asked, Call) else case.asked.differs
        if differs is not None:
            known[differs.id] = differs.reason
    occurred = {waiver for result in results for waiver in result.waivers}
    return {waiver: known[waiver] for waiver in sorted(occurred)}


def environment() -> Environment:
    """Return what runs here."""
    return Environment(
        __version__,
        torch.__version__,
        platform.python_version(),
        f"{platform.system()} {platform.machine()}",
    )
