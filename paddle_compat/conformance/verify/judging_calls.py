"""The verdict on a call of the focal loss, by the exact value and the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from paddle_compat.conformance import compare, quirks, record
from paddle_compat.conformance.bad_input import bad_input
from paddle_compat.conformance.call import Array, Call, Outcome
from paddle_compat.conformance.compare import Finding
from paddle_compat.conformance.exact import Quantity
from paddle_compat.conformance.oracles import release
from paddle_compat.conformance.quirk import Quirk, within
from paddle_compat.conformance.verify.model import Blame, Mismatch
from paddle_compat.conformance.verify.verdict import Verdict, blamed, ulps

__all__ = ["judge", "measured"]


def measured(version: str) -> str:
    """Return the version whose ledger holds for a version: itself, or the newest one before it.

    What the newest measured version does is expected of its successors until they are measured.
    """
    older = [known for known in record.VERSIONS if release(known) <= release(version)]
    kin = [known for known in older if (release(known) < (2,)) == (release(version) < (2,))]
    return max(kin or record.VERSIONS[1:2], key=release)


def judge(
    call: Call, reproduced: Quirk | None, ours: Outcome, paddle: Outcome, version: str
) -> Verdict:
    """Judge two outcomes of a call: see `paddle_compat.conformance.verify.judging.judge`.

    Args:
        call: the call.
        reproduced: the ledger's entry that the call is the reproduction of.
        ours: our outcome.
        paddle: Paddle's.
        version: its version.
    """
    version = measured(version)
    if reproduced is not None:
        wrong = _occurs(reproduced, ours, paddle, version)
        if wrong is not None:
            return Verdict("fail", mismatches=(wrong,))
    found = compare.compare(call, ours, paddle, version)
    if found:
        return Verdict("fail", mismatches=_told(call, found, ours, paddle))
    excused = compare.compare(call, ours, paddle, version, excuse=False)
    waivers = _waivers(call, excused, paddle, version)
    if reproduced is not None and within(version, reproduced.since, reproduced.until):
        # An entry may be about what is within the tolerance, and excuse nothing.
        waivers = tuple(dict.fromkeys((reproduced.id, *waivers)))
    if not waivers:
        return Verdict("pass")
    known = {quirk.id: quirk.summary for quirk in quirks.LEDGER}
    reason = " ".join(known[waiver] for waiver in waivers)
    return Verdict("waived", waivers, _told(call, excused, ours, paddle), reason)


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


def _told(
    call: Call, findings: Sequence[Finding], ours: Outcome, paddle: Outcome
) -> tuple[Mismatch, ...]:
    """Return the first finding of each part with its numbers and whose fault it is."""
    parts: dict[str, Finding] = {}
    for finding in findings:
        parts.setdefault(finding.part, finding)
    return tuple(_mismatch(call, finding, ours, paddle) for finding in parts.values())


def _mismatch(call: Call, finding: Finding, ours: Outcome, paddle: Outcome) -> Mismatch:
    if finding.bad is None:
        return Mismatch(
            finding.part, finding.rule, finding.detail, _blame_of_form(call, finding, ours, paddle)
        )
    truth = compare.truth_of(call)
    quantity = truth.value if finding.part == "value" else truth.gradients[finding.part]
    mine, theirs = (compare.arrays_of(given)[finding.part] for given in (ours, paddle))
    errors = quantity.error(mine), quantity.error(theirs)
    index = _worst(finding.bad, quantity, errors)
    right = [
        bool(compare.is_exact(call, finding.part, given, quantity)[index])
        for given in (mine, theirs)
    ]
    blame = blamed(right[0], right[1])
    if all(right):
        blame = "ours" if errors[0][index] >= errors[1][index] else "paddle"
    exact = float(quantity.high[index])
    return Mismatch(
        finding.part,
        finding.rule,
        f"{int(finding.bad.sum())} of {finding.bad.size} elements",
        blame,
        "exact",
        int(finding.bad.sum()),
        index,
        float(mine[index]),
        float(theirs[index]),
        exact,
        float(errors[0][index]),
        float(errors[1][index]),
        ulps(float(errors[0][index]), exact, mine.dtype),
        ulps(float(errors[1][index]), exact, theirs.dtype),
    )


def _worst(
    bad: npt.NDArray[np.bool_], quantity: Quantity, errors: tuple[Array, Array]
) -> tuple[int, ...]:
    """Return the bad element whose worse answer is furthest off, for its size."""
    scale = np.maximum(np.maximum(quantity.weight, quantity.magnitude), 1e-300)
    with np.errstate(over="ignore", invalid="ignore"):
        off = np.nan_to_num(np.maximum(*errors) / scale, nan=np.inf)
    off = np.where(bad, off, -1.0)
    return tuple(int(i) for i in np.unravel_index(int(off.argmax()), bad.shape))


@lru_cache(maxsize=4)
def _refused(face: str) -> frozenset[str]:
    """Return the names of the calls that are there to be refused."""
    return frozenset(bad.call.name for bad in bad_input(face))


def _blame_of_form(call: Call, finding: Finding, ours: Outcome, paddle: Outcome) -> Blame:
    """Return whose fault a wrong ending, shape, dtype or missing gradient is."""
    if paddle.kind == "crash":
        return "paddle"
    if ours.value is None or paddle.value is None:
        # What is refused, and by which error, Paddle defines; an ordinary call has an answer.
        ordinary = call.name.removesuffix(", static") not in _refused(call.face)
        return "paddle" if ordinary and ours.value is not None else "ours"
    mine, theirs = compare.arrays_of(ours), compare.arrays_of(paddle)
    if finding.part not in mine or finding.part not in theirs:
        return "paddle" if finding.part in mine else "ours"
    truth = compare.truth_of(call)
    quantity = truth.value if finding.part == "value" else truth.gradients[finding.part]
    shape = quantity.high.shape
    if mine[finding.part].shape == theirs[finding.part].shape:
        return "ours"
    return blamed(mine[finding.part].shape == shape, theirs[finding.part].shape == shape)
