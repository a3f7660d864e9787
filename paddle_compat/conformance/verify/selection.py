"""Every case that there is to verify, and the choice of some of them by pattern."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from paddle_compat.conformance import cases, compare, drawn, exact, record, scans
from paddle_compat.conformance.call import FLUID, FUNCTIONAL, MODULE, Call
from paddle_compat.conformance.oracles import release
from paddle_compat.conformance.quirk import Quirk
from paddle_compat.conformance.quirks import LEDGER
from paddle_compat.conformance.repeated import is_elementwise, repeat, truth_of_repeat
from paddle_compat.conformance.snippet_cases import TABLES
from paddle_compat.conformance.snippets import Snippet

__all__ = [
    "Case",
    "answers_to",
    "call_cases",
    "choose",
    "live_cases",
    "long_cases",
    "snippet_cases",
]

TIMES = 256
"""How often a long case repeats the rows of a short one: some 1e5 elements."""

_LONG_GAMMAS = (0.5, 3.0)

PROGRAMS = frozenset(
    {"detectors", "idioms", "lods", "optimizers", "parameters", "scripts", "training"}
)
"""The tables whose snippets are about programs rather than about one layer."""


@dataclass(frozen=True, eq=False)
class Case:
    """One question to Paddle and to us.

    Attributes:
        id: ``api::what is asked``, unique.
        api: the function or layer under ``paddle``, or ``programs.table``.
        asked: the question.
        quirk: the ledger's entry that the question reproduces, where it is there for one.
        short: the call whose rows the question repeats `TIMES` times, where it does.
    """

    id: str
    api: str
    asked: Call | Snippet
    quirk: Quirk | None = None
    short: Call | None = None

    def truth(self) -> exact.Truth | None:
        """Return the exact answer to a call; None for a snippet."""
        if self.short is not None:
            return truth_of_repeat(self.short, TIMES)
        return compare.truth_of(self.asked) if isinstance(self.asked, Call) else None


def answers_to(api: str, version: str) -> bool:
    """Tell whether a version of Paddle has what a case is about."""
    return (release(version) < (2,)) != (api in (FUNCTIONAL, MODULE))


def call_cases(calls: Iterable[Call]) -> Iterator[Case]:
    """Make a case of each call; calls of one name are numbered."""
    reproduced = {f"quirk {quirk.id}": quirk for quirk in LEDGER}
    seen: dict[str, int] = {}
    for call in calls:
        told = f"{call.face}::{call.name.removeprefix('fluid ').removeprefix('functional ')}"
        seen[told] = seen.get(told, 0) + 1
        number = f" #{seen[told]}" if seen[told] > 1 else ""
        yield Case(told + number, call.face, call, reproduced.get(call.name))


def long_cases(cases: Iterable[Case]) -> Iterator[Case]:
    """Make long cases of some short ones: other code runs for them, here and in Paddle."""
    for case in cases:
        call = case.asked
        if (
            isinstance(call, Call)
            and case.quirk is None
            and "::grid (" in case.id
            and is_elementwise(call)
            and call.mode == "dygraph"
            and call.attrs["gamma"] in _LONG_GAMMAS
            and call.attrs["alpha"] == 0.25
        ):
            long = repeat(call, TIMES)
            yield Case(f"{case.id} x {TIMES}", case.api, long, short=call)


def snippet_cases() -> Iterator[Case]:
    """Make a case of each snippet."""
    for table, snippets in TABLES.items():
        for snippet in snippets:
            api = f"programs.{table}"
            if table not in PROGRAMS:
                layer = re.search(r"(?:layers|fluid)\.(\w+)\(", snippet.source)
                api = "fluid.layers." + (layer[1] if layer else "operators")
            yield Case(f"{api}::{snippet.name}", api, snippet)


@lru_cache(maxsize=4)
def live_cases(seed: int) -> tuple[Case, ...]:
    """Return every case that a live Paddle is asked, drawn ones among them."""
    calls = itertools.chain.from_iterable(
        (*record.calls_of(face), *_more(face), *scans.scan_calls(face), *drawn.calls(face, seed))
        for face in (FLUID, FUNCTIONAL, MODULE)
    )
    of_calls = list(call_cases(calls))
    return (*of_calls, *long_cases(of_calls), *snippet_cases())


def _more(face: str) -> Iterator[Call]:
    """Yield the rest of the grids that recordings hold a part of."""
    known = {call.name for call in record.calls_of(face)}
    grids = {
        FLUID: (cases.fluid_grid(random=4), cases.fluid_batches(mode="static")),
        FUNCTIONAL: (cases.functional_grid(random=4), cases.functional_reductions()),
    }
    for call in itertools.chain.from_iterable(grids.get(face, ())):
        if call.name not in known:
            yield call


def choose(cases: Iterable[Case], patterns: Sequence[str]) -> list[Case]:
    """Return the cases that any of the patterns is about, all of them without patterns.

    A pattern is an id; or a part of one; or, with an asterisk in it, the whole of one in which
    asterisks stand for anything.
    """
    every = list(cases)
    if not patterns:
        return every
    ids = {case.id for case in every}
    matchers = [_matcher(pattern, ids) for pattern in patterns]
    return [case for case in every if any(matcher.search(case.id) for matcher in matchers)]


def _matcher(pattern: str, ids: set[str]) -> re.Pattern[str]:
    if pattern in ids:
        return re.compile(rf"\A{re.escape(pattern)}\Z")
    if "*" in pattern:
        return re.compile(rf"\A{'.*'.join(map(re.escape, pattern.split('*')))}\Z", re.DOTALL)
    return re.compile(re.escape(pattern))
