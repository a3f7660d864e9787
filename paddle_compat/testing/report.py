"""What a replay found, for people."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent

from paddle_compat.testing.comparison import Mismatch

__all__ = ["CaseReport", "ParityError", "Report"]


@dataclass(frozen=True)
class CaseReport:
    """What a replay found in one case.

    Attributes:
        name: the case's.
        paddle: the version that it was recorded from.
        mismatches: every disagreement; empty where the port agrees.
        causes: each of them, mended, would make the case match.
        seen: what is true of the numbers without explaining them.
        notes: what could not be compared, and why.
    """

    name: str
    paddle: str
    mismatches: tuple[Mismatch, ...] = ()
    causes: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the port agrees."""
        return not self.mismatches

    def __str__(self) -> str:
        verdict = "agrees with" if self.ok else "differs from"
        lines = [f"{self.name}: {verdict} Paddle {self.paddle}"]
        lines += [indent(str(mismatch), "    ")[2:] for mismatch in self.mismatches]
        lines += [f"  likely cause: {cause}" for cause in self.causes]
        lines += [f"  seen: {text}" for text in self.seen]
        if not self.ok and not self.causes:
            lines.append("  likely cause: none of those that are known makes it match")
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines)


@dataclass(frozen=True)
class Report:
    """What a replay found.

    Attributes:
        path: the recording.
        cases: a report each, in the recording's order.
        complete: whether every cause was tried before the time was over.
    """

    path: str
    cases: tuple[CaseReport, ...]
    complete: bool = True

    @property
    def ok(self) -> bool:
        """Whether the port agrees in every case."""
        return all(case.ok for case in self.cases)

    @property
    def causes(self) -> tuple[str, ...]:
        """The causes of all cases, each once."""
        return tuple(dict.fromkeys(cause for case in self.cases for cause in case.causes))

    def __str__(self) -> str:
        agreeing = sum(case.ok for case in self.cases)
        lines = [f"{self.path}: {agreeing} of {len(self.cases)} cases agree"]
        lines += [str(case) for case in self.cases if not case.ok or case.notes]
        if not self.complete:
            lines.append("not every cause was tried: the time for that was over")
        return "\n".join(lines)


class ParityError(AssertionError):
    """A port disagrees with Paddle; `report` tells where, and how."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report
