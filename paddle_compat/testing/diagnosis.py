"""Finds the likely cause of a mismatch, by trying."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from paddle_compat.testing.causes_calls import call_trials
from paddle_compat.testing.causes_inputs import input_trials
from paddle_compat.testing.causes_numbers import number_trials, numbers_of
from paddle_compat.testing.causes_outputs import constant_ratio, output_trials, reduced
from paddle_compat.testing.comparison import Mismatch
from paddle_compat.testing.port import Answer, Port, tensors
from paddle_compat.testing.recorder import Case, leaves
from paddle_compat.testing.tolerance import Options
from paddle_compat.testing.trial import BESIDES, Trial

__all__ = ["Diagnosis", "Subject", "diagnose"]


@dataclass(frozen=True)
class Subject:
    """A case, what the port gave, and what was wrong with that."""

    case: Case
    port: Port
    answer: Answer
    mismatches: Sequence[Mismatch]

    @cached_property
    def numbers(self) -> dict[str, float]:
        """The plain numbers of the call and of what the port calls, by how they are told."""
        return {
            f"{name} of {owner}" if owner else f"`{name}`": value
            for owner, given in numbers_of(self.port, self.case).items()
            for name, value in given.items()
        }

    @property
    def paths(self) -> tuple[str, ...]:
        """The results that differ."""
        return tuple(dict.fromkeys(m.part for m in self.mismatches if m.part.startswith("output")))


@dataclass(frozen=True)
class Diagnosis:
    """What would make failing cases match, by case, and what else was seen.

    Attributes:
        causes: for each case, the causes of which every one makes it match. Where some explain all
            failing cases, and leave every agreeing case so, those alone.
        seen: for each case, what is true of its numbers without explaining them.
        complete: whether everything was tried before the time was over.
    """

    causes: dict[str, tuple[str, ...]]
    seen: dict[str, tuple[str, ...]]
    complete: bool = True


class _TimeIsOver(Exception):  # noqa: N818 - a way out
    pass


def diagnose(
    failing: Sequence[Subject], agreeing: Sequence[Subject], options: Options, seconds: float
) -> Diagnosis:
    """Try the causes that are known; the port is called once for each.

    Args:
        failing: what did not match.
        agreeing: cases of the same port that did.
        options: what a match is.
        seconds: how long to try.
    """
    end = time.monotonic() + seconds

    def tick() -> None:
        if time.monotonic() > end:
            raise _TimeIsOver

    found: dict[str, tuple[str, ...]] = {}
    complete = True
    first, *others = failing
    try:
        found[first.case.name] = tuple(_causes(first, options, tick))
        common = [
            cause
            for cause in found[first.case.name]
            if all(_explains(s, cause, first.paths, options, tick) for s in others)
            and all(_leaves_alone(s, cause, first.paths, options, tick) for s in agreeing)
        ]
        if common:
            found = {subject.case.name: tuple(common) for subject in failing}
        else:
            for subject in others:
                found[subject.case.name] = tuple(_causes(subject, options, tick))
    except _TimeIsOver:
        complete = False
    seen = {subject.case.name: tuple(_seen(subject)) for subject in failing}
    return Diagnosis(found, seen, complete)


def _first_trials(subject: Subject) -> Iterator[Trial]:
    yield from number_trials(subject.port, subject.case)
    yield from input_trials(subject.port, subject.case)
    yield from call_trials(subject.port, subject.case)


def _last_trials(
    subject: Subject,
    answer: Answer,
    paths: Collection[str],
    *,
    likely: bool = True,
    factors_only: bool = False,
) -> Iterator[Trial]:
    if answer.error is not None or subject.case.error is not None or not paths:
        return
    yield from output_trials(
        subject.port,
        subject.case,
        answer,
        paths,
        subject.numbers,
        likely=likely,
        factors_only=factors_only,
    )


def _all_paths(case: Case) -> tuple[str, ...]:
    return tuple(path for path, _ in leaves(case.outputs, "output"))


def _causes(subject: Subject, options: Options, tick: Callable[[], None]) -> Iterator[str]:
    """Yield the causes of a failing case: single ones; else pairs of an early and a late one."""
    case, found = subject.case, []
    if case.error is not None:
        return  # Paddle refuses this input: the port has to check it
    for trial in (*_first_trials(subject), *_last_trials(subject, subject.answer, subject.paths)):
        tick()
        if trial.matches(case, options):
            found.append(trial.cause)
    if found:
        yield from dict.fromkeys(found)
        return
    paths = subject.paths or _all_paths(case)
    for first in _first_trials(subject):
        tick()
        answer = first.answer(case, backward=False)
        for last in _last_trials(subject, answer, paths, factors_only=True):
            tick()
            trial = first.then(last)
            if trial.matches(case, options):
                yield trial.cause


def _explains(
    subject: Subject,
    cause: str,
    paths: Collection[str],
    options: Options,
    tick: Callable[[], None],
) -> bool:
    """Tell whether a cause makes another failing case match."""
    tick()
    trial = _named(subject, cause, paths)
    return trial is not None and trial.matches(subject.case, options)


def _leaves_alone(
    subject: Subject,
    cause: str,
    paths: Collection[str],
    options: Options,
    tick: Callable[[], None],
) -> bool:
    """Tell whether a case that agrees still does so with a cause mended."""
    tick()
    trial = _named(subject, cause, paths)
    return trial is None or trial.matches(subject.case, options)


def _named(subject: Subject, cause: str, paths: Collection[str]) -> Trial | None:
    """Return the trial of that cause for another case, if it has one."""
    if subject.case.error is not None:
        return None
    early, _, late = cause.partition(BESIDES)
    first = next((t for t in _first_trials(subject) if t.cause == early), None)
    if first is not None and not late:
        return first
    answer = subject.answer if first is None else first.answer(subject.case, backward=False)
    lasts = _last_trials(subject, answer, paths or _all_paths(subject.case), likely=False)
    last = next((t for t in lasts if t.cause == (late or early)), None)
    return last if first is None or last is None else first.then(last)


def _seen(subject: Subject) -> Iterator[str]:
    """Yield what is true of the numbers, though it explains nothing yet."""
    if subject.case.error is not None or subject.answer.error is not None:
        return
    recorded = dict(leaves(subject.case.outputs, "output"))
    found = tensors(subject.answer.outputs)
    for path in subject.paths:
        if path not in recorded or path not in found:
            continue
        told = reduced(subject.case, subject.answer, path)
        if told is not None:
            yield told
        ratio = constant_ratio(found[path], recorded[path])
        if ratio is not None and not math.isclose(ratio, 1.0, rel_tol=1e-4):
            yield f"every number of {path} in Paddle is the port's times {ratio:.6g}"
    for mismatch in subject.mismatches:
        path = mismatch.part.removeprefix("gradient of ")
        ours, theirs = subject.answer.gradients.get(path), subject.case.gradients.get(path)
        if mismatch.part != path and ours is not None and theirs is not None:
            ratio = constant_ratio(ours, theirs)
            if ratio is not None and not math.isclose(ratio, 1.0, rel_tol=1e-4):
                what = f"every number of the {mismatch.part} in Paddle"
                yield f"{what} is the port's times {ratio:.6g}"
