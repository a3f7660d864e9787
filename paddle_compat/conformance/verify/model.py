"""What a verification is made of, and what it gives: results, and the report that holds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, get_args

__all__ = [
    "SCHEMA",
    "STATUSES",
    "Blame",
    "Curve",
    "Environment",
    "Mismatch",
    "Report",
    "Result",
    "Status",
    "Stopped",
    "joined",
]

SCHEMA = 1
"""The version of the report's JSON form; it grows when a reader would have to change."""

Status: TypeAlias = Literal["pass", "waived", "fail", "unsupported"]
Blame: TypeAlias = Literal["ours", "paddle", "both"]
Stopped: TypeAlias = Literal["", "budget", "interrupted"]

STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True)
class Mismatch:
    """One way in which the answers to a case disagree.

    Attributes:
        part: ``value``, the input or array whose gradient it is, or ``outcome``.
        rule: what was broken, in a few words.
        detail: the disagreement in words, with the numbers.
        blame: whose answer is wrong.
        reference: what the answers were judged by: ``exact`` (the true value), ``declared`` (what
            a known difference says of the true answer), ``recorded`` (what this Paddle answered
            before), or ``paddle`` (it is the definition).
        elements: how many elements disagree; 0 where it is not about elements.
        index: the worst of them.
        ours: our number there; None where it is not about a number. Numbers may be nan or inf.
        paddle: Paddle's.
        exact: the reference's.
        error_ours: how far ours is from the reference, absolute.
        error_paddle: how far Paddle's is.
        ulp_ours: the same in units in the last place of the reference in the result's dtype.
        ulp_paddle: the same of Paddle's.
    """

    part: str
    rule: str
    detail: str
    blame: Blame
    reference: Literal["exact", "declared", "recorded", "paddle"] = "paddle"
    elements: int = 0
    index: tuple[int, ...] = ()
    ours: float | None = None
    paddle: float | None = None
    exact: float | None = None
    error_ours: float | None = None
    error_paddle: float | None = None
    ulp_ours: float | None = None
    ulp_paddle: float | None = None


@dataclass(frozen=True)
class Result:
    """The verdict on one case against one version of Paddle.

    Attributes:
        case: the case's id, ``api::what is asked``.
        api: the function, layer or kind of program, as a dotted name under ``paddle``; kinds of
            programs begin with ``programs.``.
        version: the version of Paddle.
        status: ``pass``; ``waived``, a known difference occurred; ``fail``; or ``unsupported``,
            nothing was compared.
        waivers: the ids of the known differences that occurred.
        mismatches: what disagrees; of a waived case, what the waivers let pass.
        reason: why it is waived or unsupported, in words.
        reproduce: the command that runs this one case again.
    """

    case: str
    api: str
    version: str
    status: Status
    waivers: tuple[str, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    reason: str = ""
    reproduce: str = ""


@dataclass(frozen=True)
class Curve:
    """How far answers are from the exact value along an axis, for a plot.

    Attributes:
        api: the function.
        version: the version of Paddle.
        dtype: of the logits.
        gamma: the focusing parameter.
        label: the label of every element.
        part: ``value`` or ``gradient`` (by the logit).
        axis: what `x` counts: a ``logit``, or the ``elements`` of a mean.
        x: the places, in rising order.
        exact: the exact values there.
        ours: our absolute errors; None where ours is nan or infinite and the exact value is not.
        paddle: Paddle's.
    """

    api: str
    version: str
    dtype: str
    gamma: float
    label: float
    part: Literal["value", "gradient"]
    axis: Literal["logit", "elements"]
    x: tuple[float, ...]
    exact: tuple[float, ...]
    ours: tuple[float | None, ...]
    paddle: tuple[float | None, ...]


def joined(curves: Iterable[Curve]) -> tuple[Curve, ...]:
    """Put curves that are pieces of one together, in rising order of x.

    The cases of a mean are of one length each, and give one point each.
    """
    pieces: dict[tuple[object, ...], list[Curve]] = {}
    for curve in curves:
        key = (curve.api, curve.version, curve.dtype, curve.gamma, curve.label)
        pieces.setdefault((*key, curve.part, curve.axis), []).append(curve)
    whole = []
    for same in pieces.values():
        same.sort(key=lambda curve: curve.x[:1])
        whole.append(
            replace(
                same[0],
                x=tuple(x for curve in same for x in curve.x),
                exact=tuple(exact for curve in same for exact in curve.exact),
                ours=tuple(error for curve in same for error in curve.ours),
                paddle=tuple(error for curve in same for error in curve.paddle),
            )
        )
    return tuple(whole)


@dataclass(frozen=True)
class Environment:
    """What was verified, and on what.

    Attributes:
        package: the version of `paddle_compat`.
        torch: of torch.
        python: of Python.
        platform: the system and processor.
    """

    package: str
    torch: str
    python: str
    platform: str


@dataclass(frozen=True)
class Report:
    """Everything a run found out.

    Attributes:
        environment: what was verified, and on what.
        against: ``recorded`` or ``live``.
        builds: the versions of Paddle in rising order, each with its wheel's file name (empty
            where it is not known).
        patterns: the patterns that chose the cases; empty for all.
        seed: the seed of the drawn cases and of the order.
        results: one for each selected case and version, in the order of the list of cases.
        curves: for the plots.
        waivers: by id, what every waiver in the results is about.
        stopped: why the run ended early, if it did: the cases that were not reached are
            ``unsupported``, and say so.
    """

    environment: Environment
    against: Literal["recorded", "live"]
    builds: Mapping[str, str]
    patterns: tuple[str, ...]
    seed: int
    results: tuple[Result, ...]
    curves: tuple[Curve, ...] = ()
    waivers: Mapping[str, str] = field(default_factory=dict)
    stopped: Stopped = ""

    @property
    def counts(self) -> dict[Status, int]:
        """How many results have each status; they add up to the results."""
        counted = Counter(result.status for result in self.results)
        return {status: counted[status] for status in STATUSES}

    @property
    def failed(self) -> bool:
        """Whether any case failed."""
        return any(result.status == "fail" for result in self.results)

    def matrix(self) -> dict[str, dict[str, dict[Status, int]]]:
        """Return the counts by API and version, both in the order in which they occur."""
        counted: dict[str, dict[str, Counter[Status]]] = {}
        for result in self.results:
            by_version = counted.setdefault(result.api, {})
            by_version.setdefault(result.version, Counter())[result.status] += 1
        return {
            api: {
                version: {status: counts[status] for status in STATUSES}
                for version, counts in by_version.items()
            }
            for api, by_version in counted.items()
        }
