"""The report as text: the counts, every failure with its numbers, and what was waived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from paddle_compat.conformance.verify.model import Mismatch, Report, Result

__all__ = ["failure", "summary", "to_text", "told_apart"]

_WIDTH = 100
_FAULTS = {"ours": "ours", "paddle": "Paddle's", "both": "ours and Paddle's"}
_REFERENCES = {
    "exact": "exact",
    "declared": "declared right",
    "recorded": "recorded",
    "paddle": "Paddle",
}


def to_text(report: Report) -> str:
    """Return the report for a person in a terminal."""
    return "\n".join([*_lines(report), summary(report), ""])


def summary(report: Report) -> str:
    """Return the verdict in one line."""
    counts = ", ".join(f"{count} {status}" for status, count in report.counts.items())
    cases = len({result.case for result in report.results})
    stopped = {"": "", "budget": "; out of time", "interrupted": "; interrupted"}[report.stopped]
    word = "FAILED" if report.failed else "ok"
    return f"{word}: {len(report.results)} checks of {cases} cases: {counts}{stopped}"


def _lines(report: Report) -> Iterator[str]:
    env = report.environment
    yield (
        f"paddle_compat {env.package}, torch {env.torch}, Python {env.python}, {env.platform}; "
        f"seed {report.seed}"
    )
    for version, build in report.builds.items():
        yield f"Paddle {version}: {report.against}{f', {build}' if build else ''}"
    yield ""
    yield from _matrix(report)
    failures = [result for result in report.results if result.status == "fail"]
    for result in failures:
        yield from failure(result)
    waivers = Counter(waiver for result in report.results for waiver in result.waivers)
    if waivers:
        yield f"waived, {len(waivers)} known differences:"
        width = max(len(waiver) for waiver in waivers)
        for waiver, count in waivers.items():
            told = _short(report.waivers.get(waiver, ""), width)
            yield f"  {waiver:<{width}}  {count:>4}  {told}"
        yield ""
    reasons = Counter(result.reason for result in report.results if result.status == "unsupported")
    for reason, count in reasons.items():
        yield f"unsupported, {count}: {reason}"
    if reasons:
        yield ""


def _short(told: str, used: int) -> str:
    room = max(_WIDTH - used - 10, 20)
    return told if len(told) <= room else told[: room - 1].rstrip() + "…"


def _matrix(report: Report) -> Iterator[str]:
    """Tell the counts by group of APIs: the losses, the layers together, the kinds of programs."""
    groups: dict[tuple[str, str], Counter[str]] = {}
    for result in report.results:
        layer = result.api.startswith("fluid.layers.") and not result.api.endswith("focal_loss")
        group = "fluid.layers.*" if layer else result.api
        groups.setdefault((group, result.version), Counter())[result.status] += 1
    width = max((len(group) for group, _ in groups), default=0)
    yield f"{'':<{width}}  {'Paddle':<8} {'pass':>6} {'waived':>6} {'fail':>6} {'unsupported':>11}"
    for (group, version), counts in groups.items():
        yield (
            f"{group:<{width}}  {version:<8} {counts['pass']:>6} {counts['waived']:>6} "
            f"{counts['fail']:>6} {counts['unsupported']:>11}"
        )
    yield ""


def failure(result: Result) -> Iterator[str]:
    """Yield the lines that tell a failure: each mismatch, whose fault it is, the command."""
    yield f"FAIL {result.case}, Paddle {result.version}"
    for mismatch in result.mismatches:
        yield f"  {mismatch.part}: {mismatch.rule}: {mismatch.detail}"
        yield from (f"    {line}" for line in _numbers(mismatch))
        yield f"    fault: {_FAULTS[mismatch.blame]}"
    yield f"  again: {result.reproduce}"
    yield ""


def told_apart(numbers: Sequence[float | None]) -> list[str]:
    """Return numbers with as many digits as tell them apart; nothing where there is none."""
    given = [number for number in numbers if number is not None]
    # Nine digits tell float32 numbers apart, 17 any two.
    short = {f"{number:.9g}" for number in given}
    digits = 9 if len(short) == len(set(given)) else 17
    return ["" if number is None else f"{number:.{digits}g}" for number in numbers]


def _numbers(mismatch: Mismatch) -> Iterator[str]:
    names = ("ours", "Paddle", _REFERENCES[mismatch.reference])
    numbers = told_apart((mismatch.ours, mismatch.paddle, mismatch.exact))
    known = [f"{name} {number}" for name, number in zip(names, numbers, strict=True) if number]
    if not known:
        return
    yield f"worst at {mismatch.index}: {', '.join(known)}"
    off = [
        f"{name} is off by {error:.3g}{f' ({ulp:.3g} ulp)' if ulp is not None else ''}"
        for name, error, ulp in (
            ("ours", mismatch.error_ours, mismatch.ulp_ours),
            ("Paddle", mismatch.error_paddle, mismatch.ulp_paddle),
        )
        if error is not None
    ]
    if off:
        yield ", ".join(off)
