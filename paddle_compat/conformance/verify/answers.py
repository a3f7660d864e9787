"""Real Paddle's answers to cases: recorded ones, or a live Paddle's."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from paddle_compat.conformance import ours, scans, snippet_vectors, vectors_file
from paddle_compat.conformance.call import Call, Outcome
from paddle_compat.conformance.oracles import Oracle, SubprocessOracle
from paddle_compat.conformance.repeated import repeat_outcome
from paddle_compat.conformance.snippets import Answer, Snippet, answer_ours, answer_paddle
from paddle_compat.conformance.verify.selection import (
    TIMES,
    Case,
    call_cases,
    long_cases,
    snippet_cases,
)
from paddle_compat.conformance.workers import wire

__all__ = ["Given", "Recorded", "ask", "ask_ours", "recorded"]

Given: TypeAlias = Outcome | Answer
"""What somebody answered: an outcome to a call, an answer to a snippet."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """The recordings that are part of the package.

    Attributes:
        cases: what is recorded, in the order of all cases.
        builds: the wheel of each recorded version.
        answers: by version, the answers by the case's id.
    """

    cases: tuple[Case, ...]
    builds: Mapping[str, str]
    answers: Mapping[str, Mapping[str, Given]] = field(default_factory=dict)


@lru_cache(maxsize=1)
def recorded() -> Recorded:
    """Read the recordings."""
    answers: dict[str, dict[str, Given]] = {}
    calls: list[Call] = []
    outcomes: list[tuple[str, int, Outcome]] = []
    builds = {}
    for path in (vectors_file.VECTORS, scans.VECTORS):
        vectors = vectors_file.load(path)
        builds.update({version: build.wheel for version, build in vectors.builds.items()})
        for version, given in vectors.outcomes.items():
            outcomes += [(version, len(calls) + place, outcome) for place, outcome in given.items()]
        calls += vectors.calls
    of_calls = list(call_cases(calls))
    for version, place, outcome in outcomes:
        answers.setdefault(version, {})[of_calls[place].id] = outcome
    of_long = list(long_cases(of_calls))
    short_ids = {id(case.asked): case.id for case in of_calls}
    for known in answers.values():
        for case in of_long:
            assert case.short is not None
            short = known.get(short_ids[id(case.short)])
            if isinstance(short, Outcome):
                known[case.id] = repeat_outcome(case.short, short, TIMES)
    kept = snippet_vectors.load()
    of_snippets = [case for case in snippet_cases() if _name(case) in kept]
    for case in of_snippets:
        answers.setdefault(snippet_vectors.VERSION, {})[case.id] = kept[_name(case)]
    return Recorded((*of_calls, *of_long, *of_snippets), builds, answers)


def _name(case: Case) -> str:
    return case.asked.name


def ask(oracle: Oracle, case: Case) -> Given:
    """Ask a live Paddle; a call that kills it is answered by how it died."""
    if isinstance(case.asked, Call):
        return oracle.evaluate([case.asked])[0]
    assert isinstance(oracle, SubprocessOracle)
    return answer_paddle(oracle, case.asked)


def ask_ours(case: Case) -> Given:
    """Ask `paddle_compat`; what goes wrong outside the question's own code is an answer too.

    What the question's code prints, warns of and logs is not the report's.
    """
    if isinstance(case.asked, Call):
        return ours.evaluate([case.asked])[0]
    assert isinstance(case.asked, Snippet)
    try:
        with _quiet():
            return answer_ours(case.asked)
    except Exception as error:
        return Answer({**wire.describe_error(error), "phase": "process"}, {})


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
