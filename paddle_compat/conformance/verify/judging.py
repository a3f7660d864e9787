"""The verdict on one case: agreement, a known difference, or a fault and whose it is."""

from __future__ import annotations

from paddle_compat.conformance.call import Call, Outcome
from paddle_compat.conformance.snippets import Answer, Snippet
from paddle_compat.conformance.verify import judging_calls, judging_snippets
from paddle_compat.conformance.verify.answers import Given
from paddle_compat.conformance.verify.selection import Case
from paddle_compat.conformance.verify.verdict import Verdict

__all__ = ["judge"]


def judge(
    case: Case, ours: Given, paddle: Given, version: str, before: Given | None = None
) -> Verdict:
    """Judge two answers to a case.

    Args:
        case: the question.
        ours: our answer.
        paddle: real Paddle's.
        version: its version.
        before: what this version is recorded to have answered, where `paddle` is another answer.
    """
    asked = case.asked
    if isinstance(asked, Call):
        assert isinstance(ours, Outcome)
        assert isinstance(paddle, Outcome)
        return judging_calls.judge(asked, case, ours, paddle, version)
    assert isinstance(asked, Snippet)
    assert isinstance(ours, Answer)
    assert isinstance(paddle, Answer)
    assert before is None or isinstance(before, Answer)
    return judging_snippets.judge(asked, ours, paddle, before)
