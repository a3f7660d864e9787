"""The verdict on a snippet: real Paddle defines what a layer does, but for declared differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import (
    Answer,
    Disagreement,
    Outdated,
    Snippet,
    check,
    compare,
    compare_arrays,
    truth_of,
)
from paddle_compat.conformance.verify.model import Blame, Mismatch
from paddle_compat.conformance.verify.verdict import Verdict, blamed, ulps

__all__ = ["judge"]


def judge(snippet: Snippet, ours: Answer, paddle: Answer, before: Answer | None) -> Verdict:
    """Judge two answers to a snippet: see `paddle_compat.conformance.verify.judging.judge`."""
    found = check(snippet, ours, paddle)
    if found:
        wrong = tuple(_mismatch(snippet, one, ours, paddle, before) for one in found)
        return Verdict("fail", mismatches=wrong)
    if snippet.differs is None:
        return Verdict("pass")
    waived = tuple(
        _mismatch(snippet, one, ours, paddle, before, declared=True)
        for one in compare(snippet, ours, paddle)
    )
    return Verdict("waived", (snippet.differs.id,), waived, snippet.differs.reason)


def _mismatch(
    snippet: Snippet,
    found: Disagreement,
    ours: Answer,
    paddle: Answer,
    before: Answer | None,
    *,
    declared: bool = False,
) -> Mismatch:
    """Tell one disagreement, with whose fault it is.

    The reference is, in this order: what a declared difference says of the array; what this
    version answered when it was recorded; and Paddle itself.
    """
    truth = truth_of(snippet)
    if isinstance(found, Outdated):
        rule = "a waiver that no longer occurs"
        return Mismatch(found.part, rule, str(found), "paddle", "declared")
    rule = "ours is not what was declared" if snippet.differs else "ours is not Paddle's"
    if declared:
        rule = "a declared difference"
    if found.part in truth:
        return _against(found, rule, truth, ours, paddle, snippet, "declared")
    if declared:
        return Mismatch(found.part, rule, str(found), "paddle", "declared")
    if before is not None and compare(snippet, paddle, before):
        blame: Blame = "both" if compare(snippet, ours, before) else "paddle"
        rule = "Paddle is not what it was when it was recorded"
        return _numbers(found, rule, blame, before.arrays, ours, paddle, "recorded")
    return _numbers(found, rule, "ours", paddle.arrays, ours, paddle, "paddle")


def _against(
    found: Disagreement,
    rule: str,
    truth: Mapping[str, Array],
    ours: Answer,
    paddle: Answer,
    snippet: Snippet,
    reference: str,
) -> Mismatch:
    """Judge both answers by the array that is declared right."""
    right = [
        found.part in given.arrays
        and not compare_arrays("", given.arrays[found.part], truth[found.part], snippet.terms)
        for given in (ours, paddle)
    ]
    return _numbers(found, rule, blamed(right[0], right[1]), truth, ours, paddle, reference)


def _numbers(
    found: Disagreement,
    rule: str,
    blame: Blame,
    truth: Mapping[str, Array],
    ours: Answer,
    paddle: Answer,
    reference: str,
) -> Mismatch:
    """Tell a disagreement with the numbers of its worst element, where it has one."""
    told = Mismatch(found.part, rule, str(found), blame, reference)  # type: ignore[arg-type]
    if not found.elements or found.part not in truth:
        return told
    right = truth[found.part]
    given = [answer.arrays.get(found.part) for answer in (ours, paddle)]
    if any(array is None or array.shape != right.shape for array in given):
        return told
    numbers = [float(array[found.worst]) for array in given if array is not None]
    exact = float(right[found.worst])
    errors = [_apart(number, exact) for number in numbers]
    units = [ulps(error, exact, right.dtype) for error in errors]
    return replace(
        told,
        elements=found.elements,
        index=found.worst,
        ours=numbers[0],
        paddle=numbers[1],
        exact=exact,
        error_ours=errors[0],
        error_paddle=errors[1],
        ulp_ours=units[0],
        ulp_paddle=units[1],
    )


def _apart(number: float, exact: float) -> float:
    """Return how far a number is off: 0 from the same inf or nan, inf from another."""
    if number == exact or (np.isnan(number) and np.isnan(exact)):
        return 0.0
    return abs(number - exact) if np.isfinite(number) and np.isfinite(exact) else float("inf")
