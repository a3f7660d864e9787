"""The verdict on a call of the focal loss, by the exact value and the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from paddle_compat.conformance import compare, quirks, record
from paddle_compat.conformance.bad_input import bad_input
from paddle_compat.conformance.call import Array, Call, Outcome
from paddle_compat.conformance.compare import Finding
from paddle_compat.conformance.exact import Quantity, Truth
from paddle_compat.conformance.oracles import release
from paddle_compat.conformance.quirk import Quirk, within
from paddle_compat.conformance.verify.model import Blame, Mismatch
from paddle_compat.conformance.verify.selection import Case
from paddle_compat.conformance.verify.verdict import Verdict, blamed, ulps

__all__ = ["judge", "measured"]


def measured(version: str) -> str:
    """Return the version whose ledger holds for a version: itself, or the newest one before it.

    What the newest measured version does is expected of its successors until they are measured.
    """
    first = release(version) < (2,)
    kin = [known for known in record.VERSIONS if (release(known) < (2,)) == first]
    older = [known for known in kin if release(known) <= release(version)]
    return max(older, key=release) if older else min(kin, key=release)


def judge(call: Call, case: Case, ours: Outcome, paddle: Outcome, version: str) -> Verdict:
    """Judge two outcomes of a case's call: see `paddle_compat.conformance.verify.judging.judge`."""
    version = measured(version)
    reproduced = case.quirk
    if reproduced is not None:
        wrong = _occurs(reproduced, ours, paddle, version)
        if wrong is not None:
            return Verdict("fail", mismatches=(wrong,))
    truth = None
    if ours.value is not None and paddle.value is not None:
        truth = case.truth()
    # What the ledger excuses is a part of what there is without it.
    excused = compare.compare(call, ours, paddle, version, truth, excuse=False)
    found = excused and compare.compare(call, ours, paddle, version, truth)
    if found:
        return Verdict("fail", mismatches=_told(_Judge(call, ours, paddle, truth, version), found))
    waivers = _waivers(call, excused, paddle, version)
    if reproduced is not None and within(version, reproduced.since, reproduced.until):
        # An entry may be about what is within the tolerance, and excuse nothing.
        waivers = tuple(dict.fromkeys((reproduced.id, *waivers)))
    if not waivers:
        return Verdict("pass")
    reason = " ".join(quirks.SUMMARIES[waiver] for waiver in waivers)
    told = _told(_Judge(call, ours, paddle, truth, None), excused)
    return Verdict("waived", waivers, told, reason)


def _occurs(quirk: Quirk, ours: Outcome, paddle: Outcome, version: str) -> Mismatch | None:
    """Hold the reproduction of an entry to what the entry says of this version and of us."""
    has = within(version, quirk.since, quirk.until)
    if quirk.shown_by(paddle, quirk.paddle) != has:
        rule = "a waiver that no longer occurs" if has else "a quirk of other versions occurs"
        told = f"{quirk.id} says {quirk.paddle} of {quirk.since} to {quirk.until}"
        return Mismatch(quirk.part, rule, f"{told}; Paddle {paddle}", "paddle", "declared")
    if not quirk.shown_by(ours, quirk.ours):
        told = f"{quirk.id} says that ours gives {quirk.ours}; ours {ours}"
        return Mismatch(quirk.part, "the ledger's own answer", told, "ours", "declared")
    return None


def _waivers(
    call: Call, findings: Sequence[Finding], paddle: Outcome, version: str
) -> tuple[str, ...]:
    """Return the ids of the entries that excuse these findings."""
    ids = []
    for quirk in quirks.LEDGER:
        for finding in findings:
            bad = finding.bad
            if finding.part == "outcome" or bad is None:
                if quirks.excuses_outcome(call, version, (quirk,)):
                    ids.append(quirk.id)
                continue
            given = compare.arrays_of(paddle)[finding.part]
            mask = quirks.excused(call, finding.part, given, version, (quirk,))
            if (mask & bad).any():
                ids.append(quirk.id)
    return tuple(dict.fromkeys(ids))


@dataclass(frozen=True, eq=False)
class _Judge:
    """A call with both outcomes and the true one; without a version nothing is excused."""

    call: Call
    ours: Outcome
    paddle: Outcome
    truth: Truth | None
    version: str | None

    def quantity(self, part: str) -> Quantity:
        """Return the exact value of a part."""
        assert self.truth is not None
        return self.truth.value if part == "value" else self.truth.gradients[part]

    def excused(self, part: str, paddle: Array) -> npt.NDArray[np.bool_]:
        """Tell which elements of Paddle's are known to be wrong."""
        if self.version is None:
            return np.zeros(paddle.shape, np.bool_)
        return quirks.excused(self.call, part, paddle, self.version)


def _told(judged: _Judge, findings: Sequence[Finding]) -> tuple[Mismatch, ...]:
    """Return the first finding of each part with its numbers and whose fault it is."""
    parts: dict[str, Finding] = {}
    for finding in findings:
        parts.setdefault(finding.part, finding)
    return tuple(_mismatch(judged, finding) for finding in parts.values())


def _mismatch(judged: _Judge, finding: Finding) -> Mismatch:
    part, bad = finding.part, finding.bad
    if bad is None:
        return Mismatch(part, finding.rule, finding.detail, _blame_of_form(judged, finding))
    quantity = judged.quantity(part)
    mine, theirs = (compare.arrays_of(given)[part] for given in (judged.ours, judged.paddle))
    errors = quantity.error(mine), quantity.error(theirs)
    wrong = [bad & ~compare.is_exact(judged.call, part, one, quantity) for one in (mine, theirs)]
    # What is known of Paddle's is not what failed.
    wrong[1] &= ~judged.excused(part, theirs)
    blame = blamed(not wrong[0].any(), not wrong[1].any())
    where, off = bad, np.maximum(*errors)
    if wrong[0].any() or wrong[1].any():
        where = {"ours": wrong[0], "paddle": wrong[1], "both": wrong[0] | wrong[1]}[blame]
        off = {"ours": errors[0], "paddle": errors[1], "both": off}[blame]
    index = _worst(where, quantity, off)
    if not (wrong[0].any() or wrong[1].any()):
        # Both are near enough to the exact value, and too far from each other.
        blame = "ours" if errors[0][index] >= errors[1][index] else "paddle"
    exact = float(quantity.high[index])
    return Mismatch(
        part,
        finding.rule,
        f"{int(bad.sum())} of {bad.size} elements",
        blame,
        "exact",
        int(bad.sum()),
        index,
        float(mine[index]),
        float(theirs[index]),
        exact,
        float(errors[0][index]),
        float(errors[1][index]),
        ulps(float(errors[0][index]), exact, mine.dtype),
        ulps(float(errors[1][index]), exact, theirs.dtype),
    )


def _worst(bad: npt.NDArray[np.bool_], quantity: Quantity, error: Array) -> tuple[int, ...]:
    """Return the bad element that is furthest off, for its size."""
    scale = np.maximum(np.maximum(quantity.weight, quantity.magnitude), 1e-300)
    with np.errstate(over="ignore", invalid="ignore"):
        off = np.where(bad, np.nan_to_num(error / scale, nan=np.inf), -1.0)
    return tuple(int(i) for i in np.unravel_index(int(off.argmax()), bad.shape))


@lru_cache(maxsize=4)
def _refused(face: str) -> frozenset[str]:
    """Return the names of the calls that are there to be refused."""
    return frozenset(bad.call.name for bad in bad_input(face))


def _blame_of_form(judged: _Judge, finding: Finding) -> Blame:
    """Return whose fault a wrong ending, shape, dtype or missing gradient is."""
    call, ours, paddle = judged.call, judged.ours, judged.paddle
    if paddle.kind == "crash":
        return "paddle"
    if ours.value is None or paddle.value is None:
        # What is refused, and by which error, Paddle defines; an ordinary call has an answer.
        ordinary = call.name.removesuffix(", static") not in _refused(call.face)
        return "paddle" if ordinary and ours.value is not None else "ours"
    mine, theirs = compare.arrays_of(ours), compare.arrays_of(paddle)
    if finding.part not in mine or finding.part not in theirs:
        return "paddle" if finding.part in mine else "ours"
    shape = judged.quantity(finding.part).high.shape
    if mine[finding.part].shape == theirs[finding.part].shape:
        return "ours"
    return blamed(mine[finding.part].shape == shape, theirs[finding.part].shape == shape)
